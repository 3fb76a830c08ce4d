"""A line that begins with a name: macros, magics without %, calls without parentheses.

    hello             an IPyAutocall object is called, a macro is run
    cd /tmp           %cd /tmp             a magic or an alias, with automagic on
    f a, b            f(a, b)              a callable, with autocall on

Only a cell of a single line is looked at, and variables go before magics: what would
work in Python is left to it. Checkers of extensions (prefilter.py) are asked first.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.autocall import IPyAutocall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

_NOTHING = object()

# What makes the rest of a line the continuation of an expression.
_OPERATORS = tuple("=!<>+-*/%&|^,.:@)]}")
_WORDS = ("is", "not", "in", "and", "or", "if", "else", "for", "async", "as")


def interpret(shell: InteractiveShell, cell: str) -> str:
    """A cell with what its only line means; other cells as they are."""
    line = cell.strip()
    if not line or "\n" in line or line.startswith("get_ipython()."):
        return cell
    manager = shell.__dict__.get("prefilter_manager")
    line = rewritten(shell, line) if manager is None else _by_all(shell, manager, line)
    before = cell[: len(cell) - len(cell.lstrip("\n"))]
    return before + line + "\n"


def _by_all(shell: InteractiveShell, manager: Any, line: str) -> str:
    """What a line means to the checkers of extensions, and to us."""
    from ipcluster.engines.interpreter.errors import UsageError

    try:
        return str(manager.prefilter_line(line))
    except (SyntaxError, UsageError):
        raise
    except Exception as error:
        print(f"A checker of single lines failed: {error!r}", file=sys.stderr)
        return rewritten(shell, line)


def rewritten(shell: InteractiveShell, line: str) -> str:
    """What a line means, by the names in it."""
    name, rest = split_name(line)
    if not name:
        return line
    first = name.partition(".")[0]
    value = _value(shell, first)
    if value is not _NOTHING and first == name:
        if _is_macro(value) and not _code(rest):
            return _macro(shell, value)
        if isinstance(value, IPyAutocall):
            return _autocalled(shell, name, rest, value)
    if is_assignment(rest):
        return line
    if value is _NOTHING and first == name and is_magic(shell, name, rest):
        return f"get_ipython().run_line_magic({name!r}, {rest.strip()!r})"
    if shell.autocall and value is not _NOTHING:
        return _called(shell, line, name, rest, value)
    return line


def split_name(line: str) -> tuple[str, str]:
    """The name with dots that a line begins with, and what stands behind it."""
    end, size = 0, len(line)
    while end < size and (line[end].isalnum() or line[end] in "_."):
        end += 1
    name = line[:end].rstrip(".")
    if not all(part.isidentifier() for part in name.split(".")):
        return "", line
    return name, line[len(name) :]


def is_assignment(rest: str) -> bool:
    """Whether what stands behind a name binds it, compares it, or says its type."""
    rest = rest.lstrip()
    if not rest or rest[0] not in "=+-*/%@&|^<>:,!":
        return False
    return (
        rest[0] in "=:,"
        or rest.startswith("!=")
        or rest[1:2] == "="
        or rest[:3] in ("//=", "**=", "<<=", ">>=")
    )


def _value(shell: InteractiveShell, name: str) -> Any:
    """What a name stands for; `_NOTHING` if for nothing."""
    names = shell.user_ns
    if name in names:
        return names[name]
    if name in shell.user_global_ns:
        return shell.user_global_ns[name]
    import builtins

    return getattr(builtins, name, _NOTHING)


def _code(rest: str) -> str:
    """What stands in the rest of a line, without a comment and a final `;`."""
    from ipcluster.engines.interpreter.transforms.scanning import Scanner

    text = rest.strip()
    if not text or text[0] == "#":
        return ""
    line = next(iter(Scanner(text + "\n").lines()))
    return text[: line.mark if line.kind == "python" else None].rstrip(" ;\t")


# --- macros ---------------------------------------------------------------------------


def _is_macro(value: Any) -> bool:
    module = sys.modules.get("ipcluster.engines.interpreter.history.macro")
    return module is not None and isinstance(value, module.Macro)


def _macro(shell: InteractiveShell, macro: Any) -> str:
    """The Python of a macro, whose text may hold magics and names of other macros."""
    text: str = macro.value
    running = shell.__dict__.setdefault("_macros_inside", [])
    if macro in running:
        from ipcluster.engines.interpreter.errors import UsageError

        raise UsageError("a macro that runs itself would never end")
    running.append(macro)
    try:
        python = shell.input_transformer_manager.transform_cell(text)
        return interpret(shell, python).rstrip("\n")
    finally:
        running.remove(macro)


# --- magics without % -----------------------------------------------------------------


def is_magic(shell: InteractiveShell, name: str, rest: str) -> bool:
    """Whether a line calls a magic by its bare name, which nothing else has."""
    manager = shell.magics_manager
    if not (shell.automagic and manager.auto_magic) or rest[:1] in ("(", "["):
        return False
    if name not in manager.magics["line"] and name not in manager.lazy_magics:
        return False
    from keyword import iskeyword

    return not iskeyword(name)


# --- calls without parentheses --------------------------------------------------------


def _autocalled(
    shell: InteractiveShell, name: str, rest: str, value: IPyAutocall
) -> str:
    code = _code(rest)
    if code.startswith(("(", "[", *_OPERATORS)) or _begins_with_word(code):
        return name + rest
    value.set_ip(shell)
    call = f"{name}({code})" + (";" if rest.rstrip().endswith(";") else "")
    if value.rewrite:
        shell.auto_rewrite_input(call)
    return call


def _called(
    shell: InteractiveShell, line: str, name: str, rest: str, value: Any
) -> str:
    code = _code(rest)
    if code.startswith(("(", *_OPERATORS)) or _begins_with_word(code):
        return line
    if (not code and (shell.autocall < 2 or rest)) or (code and rest[0] not in " \t"):
        return line
    for attribute in name.split(".")[1:]:
        value = _attribute(value, attribute)
    if not _is_callable(value) or (code[:1] == "[" and _has_items(value)):
        return line
    call = f"{name}({code})"
    if not _parses(call):
        return line
    call += ";" if rest.rstrip().endswith(";") else ""
    shell.auto_rewrite_input(call)
    return call


def _begins_with_word(code: str) -> bool:
    word = code.split(None, 1)[0] if code else ""
    return word in _WORDS


def _attribute(value: Any, name: str) -> Any:
    """An attribute, unless looking at it runs a property."""
    if value is _NOTHING:
        return _NOTHING
    from inspect import getattr_static

    try:
        if isinstance(getattr_static(value, name, None), property):
            return _NOTHING
        return getattr(value, name, _NOTHING)
    except Exception:  # a broken `__getattr__`
        return _NOTHING


def _is_callable(value: Any) -> bool:
    try:
        return value is not _NOTHING and callable(value)
    except Exception:  # a broken `__class__`
        return False


def _has_items(value: Any) -> bool:
    return hasattr(type(value), "__getitem__") or (
        isinstance(value, type) and hasattr(value, "__class_getitem__")
    )


def _parses(code: str) -> bool:
    try:
        compile(code, "<input>", "eval", 0x400 | 0x2000, True)  # a tree, `await` too
    except (SyntaxError, ValueError):
        return False
    return True
