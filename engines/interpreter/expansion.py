"""`$name`, `${name}` and `{expression}` in commands and magics.

    !ls $folder            a variable, with dots: $path.parent
    !cp {files[0]} ${d}s   any expression; a name that something follows
    !grep {text!q} *.txt   !q puts quotes for the shell around what needs them
    !echo $$HOME {{x}}     $HOME and {x} are left to the shell

Each field stands for itself: one that is no Python, or that fails, stays as it was
typed, for the shell may know what it means (`$HOME`, `find -exec ... {}`, `{1..3}`,
`awk '{print $1}'`, JSON) and the others are filled in none the less.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_NOTHING = object()

# Braces that nothing closes before all others are taken for text, too: each of them
# has cost a look at all that follows.
MOST_UNCLOSED = 100

_OPEN, _CLOSE = "([{", ")]}"

_CONVERSIONS: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}


def expand(text: str, names: Mapping[str, Any], module: Mapping[str, Any]) -> str:
    """A text with its values put in.

    Args:
        text: what was typed.
        names: variables, those of the caller over those of the session.
        module: where to look for others.
    """
    if "$" not in text and "{" not in text:
        return text
    return _Expansion(text, {**module, **names}).run()


class _Expansion:
    """One pass over a text."""

    def __init__(self, text: str, names: dict[str, Any]) -> None:
        self.text = text
        self.names = names
        self.position = 0
        self.done: list[str] = []
        self.escaped = 0  # `{{` that wait for their `}}`
        self.unclosed = 0

    def run(self) -> str:
        text, size = self.text, len(self.text)
        while self.position < size:
            char = text[self.position]
            if char == "$":
                self._dollar()
            elif char == "{":
                self._brace()
            elif char == "}" and self.escaped and text.startswith("}}", self.position):
                self.escaped -= 1
                self._put("}", 2)
            elif char == "\\" and text.startswith("\\$", self.position):
                self._put("\\$", 2)  # escaped for the shell
            else:
                self._put(char, 1)
        return "".join(self.done)

    def _put(self, result: str, size: int) -> None:
        self.done.append(result)
        self.position += size

    # --- $name ------------------------------------------------------------------------

    def _dollar(self) -> None:
        text, at = self.text, self.position
        if text.startswith("$$", at):
            # `$$` alone is the shell's process id.
            follows = text[at + 2 : at + 3]
            is_name = follows.isalnum() or (follows != "" and follows in "_{")
            self._put("$" if is_name else "$$", 2)
            if is_name and follows == "{":
                end = text.find("}", self.position)
                end = len(text) if end < 0 else end + 1
                self._put(text[self.position : end], end - self.position)
            return
        if text.startswith("${", at):
            end = text.find("}", at)
            value = self._value(text[at + 2 : end]) if end > 0 else _NOTHING
            if value is _NOTHING:  # the shell's: ${HOME}, ${x:-default}
                size = (end - at if end > 0 else 1) + 1
                self._put(text[at : at + size], size)
            else:
                self._put(_text(value), end + 1 - at)
            return
        name = _dotted(text, at + 1)
        while name:
            value = self._value(name)
            if value is not _NOTHING:
                self._put(_text(value), 1 + len(name))
                return
            name = name.rpartition(".")[0]  # `$file.txt`: perhaps `.txt` is text
        self._put("$", 1)

    def _value(self, name: str) -> Any:
        """What a name with dots stands for, builtins aside."""
        first, *attributes = name.split(".")
        if not first.isidentifier() or first not in self.names:
            return _NOTHING
        value = self.names[first]
        for attribute in attributes:
            try:
                value = getattr(value, attribute)
            except Exception:  # there is none, or a property fails
                return _NOTHING
        return value

    # --- {expression} -----------------------------------------------------------------

    def _brace(self) -> None:
        text, at = self.text, self.position
        if text.startswith("{{", at):
            self.escaped += 1
            self._put("{", 2)
            return
        parts = _field(text, at + 1) if self.unclosed < MOST_UNCLOSED else None
        if parts is None:
            self.unclosed += 1
        made = None if parts is None else self._evaluated(*parts[:3])
        if made is None or parts is None:
            self._put("{", 1)
        else:
            self._put(made, parts[3] - at)

    def _evaluated(self, source: str, conversion: str, format_spec: str) -> str | None:
        """The text of a field; None: it means nothing to Python."""
        source = source.strip()
        if not source or (source.isidentifier() and source not in self.names):
            return None  # `{}`, and builtins such as awk's `{print}`
        from ast import Constant, Dict, Set, Tuple, parse

        try:
            tree = parse(source, mode="eval")
            if isinstance(tree.body, (Constant, Tuple, Dict, Set)):
                return None  # braces of JSON, `{1,2}` of the shell
            value = eval(compile(tree, "<field>", "eval"), self.names)
            if conversion == "q":
                return _quoted(value)
            if conversion:
                value = _CONVERSIONS[conversion](value)
            return format(value, self._format(format_spec))
        except Exception:
            return None

    def _format(self, format_spec: str) -> str:
        if "{" not in format_spec:
            return format_spec
        return _Expansion(format_spec, self.names).run()


def _dotted(text: str, start: int) -> str:
    """The name with dots that begins at `start`; "" if none does."""
    end, size = start, len(text)
    while end < size and (text[end].isalnum() or text[end] in "_."):
        end += 1
    name = text[start:end].rstrip(".")
    while name and not all(part.isidentifier() for part in name.split(".")):
        name = name.rpartition(".")[0]
    return name


def _field(text: str, start: int) -> tuple[str, str, str, int] | None:
    """Expression, conversion, format and end of the field that begins at `start`."""
    position, size = start, len(text)
    opened: list[str] = []
    quote = ""
    while position < size:
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in _OPEN:
            opened.append(char)
        elif char in _CLOSE and opened:
            opened.pop()
        elif char in ")]":
            return None
        elif not opened and (char in "}:" or _is_conversion(text, position)):
            break
        position += 1
    else:
        return None
    source, conversion = text[start:position], ""
    if text[position] == "!":
        conversion = text[position + 1]
        position += 2
    if text[position] == "}":
        return source, conversion, "", position + 1
    end, depth = position + 1, 0
    while end < size and (depth or text[end] != "}"):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    if end == size:
        return None
    return source, conversion, text[position + 1 : end], end + 1


def _is_conversion(text: str, position: int) -> bool:
    """Whether `!r`, `!s`, `!a` or `!q` ends an expression here."""
    return (
        text[position] == "!"
        and text[position + 1 : position + 2] in ("r", "s", "a", "q")
        and text[position + 2 : position + 3] in ("}", ":")
    )


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # a broken `__str__` of the user's
        from ipcluster.engines.interpreter.errors import UsageError

        raise UsageError(
            f"a {type(value).__name__} has no text: its __str__ raises "
            f"{type(error).__name__}"
        ) from error


def _quoted(value: Any) -> str:
    """A value as one word of the shell; a list as one word for each item."""
    from shlex import quote

    if isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(quote(str(one)) for one in value)
    return quote(str(value))
