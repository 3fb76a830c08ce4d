"""Themes: what colour each kind of token has, as the numbers of an ANSI sequence.

    theme_of("linux").paint("ValueError", "Exception")   # the text with its colours
    theme_of("nocolor").paint(...)                       # the text

Names of tokens are Pygments' (`Keyword`, `Literal.String`, ...; a parent's colour
holds for its children), and a few of ours for what is no source: `Exception`, `Rule`,
`File`, `Number` and `NumberHere` (of lines), `Function`, `Value`, `Caret`, `Faint`,
`Prompt`, `Breakpoint`. Pygments is imported when source is coloured first.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LINUX = {
    "Keyword": "94",
    "Keyword.Constant": "95",
    "Name.Builtin": "96",
    "Name.Class": "92;1",
    "Name.Decorator": "96",
    "Name.Exception": "91",
    "Name.Function": "92",
    "Name.Namespace": "92",
    "Literal.String": "93",
    "Literal.Number": "95",
    "Comment": "37;3",
    "Operator.Word": "94",
    "Error": "91",
    "Exception": "91;1",
    "Rule": "91",
    "File": "92",
    "Number": "37",
    "NumberHere": "92;1",
    "Function": "96",
    "Value": "93",
    "Caret": "91;1",
    "Faint": "37",
    "Prompt": "92",
    "Breakpoint": "91;1",
}
# From the middle of the 256 colours: these can be read on black and on white.
_NEUTRAL = {
    "Keyword": "38;5;28;1",
    "Keyword.Constant": "38;5;133",
    "Name.Builtin": "38;5;30",
    "Name.Class": "38;5;32;1",
    "Name.Decorator": "38;5;133",
    "Name.Exception": "38;5;167",
    "Name.Function": "38;5;32",
    "Name.Namespace": "38;5;32",
    "Literal.String": "38;5;130",
    "Literal.Number": "38;5;30",
    "Comment": "38;5;243;3",
    "Operator.Word": "38;5;133;1",
    "Error": "38;5;167",
    "Exception": "38;5;167;1",
    "Rule": "38;5;167",
    "File": "38;5;28",
    "Number": "38;5;243",
    "NumberHere": "38;5;28;1",
    "Function": "38;5;32",
    "Value": "38;5;130",
    "Caret": "38;5;167;1",
    "Faint": "38;5;243",
    "Prompt": "38;5;28",
    "Breakpoint": "38;5;167;1",
}
_LIGHT = {
    "Keyword": "38;5;22;1",
    "Keyword.Constant": "38;5;90",
    "Name.Builtin": "38;5;23",
    "Name.Class": "38;5;20;1",
    "Name.Decorator": "38;5;90",
    "Name.Exception": "38;5;124",
    "Name.Function": "38;5;20",
    "Name.Namespace": "38;5;20",
    "Literal.String": "38;5;88",
    "Literal.Number": "38;5;23",
    "Comment": "38;5;240;3",
    "Operator.Word": "38;5;90;1",
    "Error": "38;5;124",
    "Exception": "38;5;124;1",
    "Rule": "38;5;124",
    "File": "38;5;22",
    "Number": "38;5;240",
    "NumberHere": "38;5;22;1",
    "Function": "38;5;20",
    "Value": "38;5;88",
    "Caret": "38;5;124;1",
    "Faint": "38;5;240",
    "Prompt": "38;5;20",
    "Breakpoint": "38;5;124;1",
}
_PRIDE = {
    "Keyword": "38;5;208;1",
    "Keyword.Constant": "38;5;135",
    "Name.Builtin": "38;5;33",
    "Name.Class": "38;5;34;1",
    "Name.Decorator": "38;5;135",
    "Name.Exception": "38;5;197",
    "Name.Function": "38;5;34",
    "Name.Namespace": "38;5;34",
    "Literal.String": "38;5;172",
    "Literal.Number": "38;5;33",
    "Comment": "38;5;102;3",
    "Operator.Word": "38;5;208",
    "Error": "38;5;197",
    "Exception": "38;5;197;1",
    "Rule": "38;5;208",
    "File": "38;5;34",
    "Number": "38;5;102",
    "NumberHere": "38;5;135;1",
    "Function": "38;5;33",
    "Value": "38;5;172",
    "Caret": "38;5;197;1",
    "Faint": "38;5;102",
    "Prompt": "38;5;135",
    "Breakpoint": "38;5;197;1",
}
_GRUVBOX = {
    "Keyword": "38;5;167",
    "Keyword.Constant": "38;5;175",
    "Name.Builtin": "38;5;208",
    "Name.Class": "38;5;214;1",
    "Name.Decorator": "38;5;108",
    "Name.Exception": "38;5;167",
    "Name.Function": "38;5;142",
    "Name.Namespace": "38;5;108",
    "Literal.String": "38;5;142",
    "Literal.Number": "38;5;175",
    "Comment": "38;5;245;3",
    "Operator.Word": "38;5;167",
    "Error": "38;5;167",
    "Exception": "38;5;167;1",
    "Rule": "38;5;167",
    "File": "38;5;142",
    "Number": "38;5;245",
    "NumberHere": "38;5;214;1",
    "Function": "38;5;108",
    "Value": "38;5;214",
    "Caret": "38;5;208;1",
    "Faint": "38;5;245",
    "Prompt": "38;5;214",
    "Breakpoint": "38;5;167;1",
}


class Theme:
    """Colours by the names of tokens; without any, texts stay as they are."""

    def __init__(self, name: str, codes: dict[str, str]) -> None:
        self.name = name
        self.codes = codes
        self._of_kinds: dict[Any, str] = {}

    def paint(self, text: str, token: str) -> str:
        """The text in the colour of such a token."""
        code = self.codes.get(token)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text

    def source(self, text: str) -> list[str]:
        """The lines of Python source, coloured; as many as it has."""
        lines = text.split("\n")
        if not self.codes:
            return lines
        try:
            coloured = "".join(self._pieces(text)).split("\n")
        except Exception:  # a lexer that fails costs the colours, not the text
            return lines
        return coloured if len(coloured) == len(lines) else lines

    def _pieces(self, text: str) -> Any:
        """The text with colours; each ends with its line, so that lines stand alone."""
        from itertools import groupby

        from pygments.lexers.python import PythonLexer

        tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens(text)
        coloured = ((self._code(kind), piece) for kind, piece in tokens)
        for code, run in groupby(coloured, key=lambda one: one[0]):
            lines = "".join(piece for _, piece in run).split("\n")
            if code:
                lines = [line and f"\x1b[{code}m{line}\x1b[0m" for line in lines]
            yield "\n".join(lines)

    def _code(self, kind: Any) -> str:
        code = self._of_kinds.get(kind)
        if code is None:
            names = list(kind)
            while names and ".".join(names) not in self.codes:
                names.pop()
            code = self._of_kinds[kind] = self.codes.get(".".join(names), "")
        return code


THEMES = {
    theme.name: theme
    for theme in (
        Theme("nocolor", {}),
        Theme("linux", _LINUX),
        Theme("neutral", _NEUTRAL),
        Theme("lightbg", _LIGHT),
        Theme("pride", _PRIDE),
        Theme("gruvbox-dark", _GRUVBOX),
    )
}
PLAIN = THEMES["nocolor"]


def theme_name(name: object) -> str:
    """A theme's name as the table has it; in any case of letters.

    Raises:
        ValueError: there is no such theme.
    """
    found = str(name).lower()
    if found not in THEMES:
        raise ValueError(f"there is no theme {name!r}; there are {', '.join(THEMES)}")
    return found


def theme_of(name: object) -> Theme:
    """The theme of this name.

    Raises:
        ValueError: there is no such theme.
    """
    return THEMES[theme_name(name)]
