"""Colours of what is typed: Python, magics, shell commands, cells of other kinds."""

from __future__ import annotations

from prompt_toolkit.lexers import Lexer, PygmentsLexer, SimpleLexer
from pygments.lexer import bygroups, inherit
from pygments.lexers.python import PythonLexer
from pygments.token import Keyword, Name, Operator, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# The language of a cell magic: pygments' name for it.
LANGUAGES = {
    "bash": "bash",
    "sh": "bash",
    "script": "bash",
    "html": "html",
    "HTML": "html",
    "svg": "xml",
    "SVG": "xml",
    "javascript": "javascript",
    "js": "javascript",
    "latex": "latex",
    "markdown": "markdown",
    "perl": "perl",
    "ruby": "ruby",
    "sql": "sql",
    "cython": "cython",
    "R": "splus",
    "writefile": "text",
    "file": "text",
}

_NEWLINE_OR_START = r"(\A|(?<=\n))"


class ShellPythonLexer(PythonLexer):  # type: ignore[misc]  # pygments has no types
    """Python, with lines that are the shell's."""

    name = "ipshell"
    aliases = ()
    filenames = ()
    tokens = {  # noqa: RUF012  (pygments reads it from the class)
        "root": [
            (
                _NEWLINE_OR_START + r"(\s*)(%%?)(\w+)",
                bygroups(Text, Text, Operator, Keyword),
            ),
            (
                _NEWLINE_OR_START + r"(\s*)(!!?)(.*)",
                bygroups(Text, Text, Operator, Text),
            ),
            (r"(=\s*)(%)(\w+)", bygroups(Operator, Operator, Keyword)),
            (r"(=\s*)(!!?)(?!=)(.*)", bygroups(Operator, Operator, Text)),
            (
                _NEWLINE_OR_START + r"(\s*)(\?\??)(\s*[\w.*]+)",
                bygroups(Text, Text, Operator, Name),
            ),
            (r"(\?\??)(?=\s*$)", Operator),
            inherit,
        ]
    }


class ShellLexer(Lexer):
    """The language of the cell as it is."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self._python: Lexer | None = None
        self._plain = SimpleLexer()
        self._others: dict[str, Lexer] = {}

    def load(self) -> None:
        """Compile its patterns, which takes as long as reading a few hundred keys.

        Until that has been done, text has no colours.
        """
        if self._python is None:
            self._python = PygmentsLexer(ShellPythonLexer)

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        if self._python is None or self.shell.frontend.theme.name == "nocolor":
            return self._plain.lex_document(document)
        text = document.text.lstrip("\n")
        if text.startswith("%%"):
            name = text[2:].split("\n", 1)[0].split()[:1]
            if name and name[0] in LANGUAGES:
                return self._foreign(document, self._python, LANGUAGES[name[0]])
        return self._python.lex_document(document)

    def _foreign(
        self, document: Document, python: Lexer, language: str
    ) -> Callable[[int], StyleAndTextTuples]:
        """A cell in another language, below its magic."""
        body = self._lexer_of(language).lex_document(document)
        head = python.lex_document(document)
        first = len(document.text) - len(document.text.lstrip("\n"))
        return lambda line: head(line) if line <= first else body(line)

    def _lexer_of(self, language: str) -> Lexer:
        if language not in self._others:
            self._others[language] = _make(language)
        return self._others[language]


def _make(language: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        kind: Any = type(get_lexer_by_name(language))
    except ClassNotFound:
        return SimpleLexer()
    return PygmentsLexer(kind)
