"""What the names in a statement are worth, in the frame that was executing it.

Names of modules, functions and classes are left out, they say nothing new; of
`a.b.c` the values of `a` and of the attributes are told as far as they can be seen
without running any code: in instances' `__dict__`s.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ipcluster.engines.interpreter.tracebacks.stack import Entry

MOST = 12


def values_in(entry: Entry, lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Names and their values, in the order in which they stand there."""
    local = dict(entry.frame.f_locals)
    told = set(_arguments(entry))
    count = 0
    for chain in _chains(lines):
        name = ""
        for number, part in enumerate(chain):
            if number == 0:
                found, value = _variable(part, local, entry.frame.f_globals)
            else:
                found, value = _member(value, part)
            if not found:
                break
            name = f"{name}.{part}" if name else part
            if name in told or _says_nothing(value):
                continue
            told.add(name)
            yield name, value
            count += 1
            if count == MOST:
                return


def _arguments(entry: Entry) -> tuple[str, ...]:
    """Names whose values the heading has told."""
    code = entry.code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x4) + bool(code.co_flags & 0x8)
    return code.co_varnames[:count]


def _chains(lines: list[str]) -> Iterator[list[str]]:
    """Names with their attributes: `a`, `self.b.c`; strings and comments have none."""
    import io
    import keyword
    import tokenize

    text = "\n".join(line.strip() for line in lines)
    chain: list[str] = []
    dotted = False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                if chain and not dotted:
                    yield chain
                    chain = []
                if dotted and not chain:  # an attribute of a call's result
                    dotted = False
                    continue
                chain = [*chain, token.string]
                dotted = False
            elif token.string == "." and token.type == tokenize.OP:
                dotted = True
            else:
                if chain:
                    yield chain
                chain, dotted = [], False
    except (tokenize.TokenError, SyntaxError):  # half a statement
        pass
    if chain:
        yield chain


def _variable(
    name: str, local: dict[str, Any], module: dict[str, Any]
) -> tuple[bool, Any]:
    for names in (local, module):
        if name in names:
            return True, names[name]
    return False, None


def _member(owner: object, name: str) -> tuple[bool, Any]:
    try:
        names = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return False, None
    if type(names) is dict and name in names and not isinstance(owner, type):
        return True, names[name]
    return False, None


def _says_nothing(value: object) -> bool:
    from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

    kinds = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)
    # Not `isinstance`: that asks the value for its `__class__`.
    return issubclass(type(value), kinds)
