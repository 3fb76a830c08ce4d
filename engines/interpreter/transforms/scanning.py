r"""Where the lines of Python begin and end in what was typed, without a tokenizer.

A cell may hold lines that are no Python (`!it's`), so Python's own tokenizer loses its
way in it. This scanner knows just enough: strings, brackets, comments, and backslashes
at line ends. It asks at the start of every statement whether a line of another kind
begins there, and takes that one verbatim.

    x = f(1,         a Line, PYTHON: brackets and strings may span lines
          2)
    !ls \             a Line, ESCAPED: verbatim up to its end, backslashes join lines
       -l
    y = !ls          a Line, ASSIGNED: verbatim behind the `=`
    y.sort?          a Line, HELP

One pass over the text, whatever is in it: 10,000 lines take about 20 ms.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON, ESCAPED, ASSIGNED, HELP, BLANK = "python", "escaped", "assigned", "help", "none"

# What a line that is no Python begins with.
ESCAPES = "%!?,;/"

_OPEN, _CLOSE = "([{", ")]}"
_MARKS = re.compile(
    r"""["'#\n()\[\]{}\\]|(?<![=!<>:+\-*/%&|^@])=(?=[ \t]*(?:\\\n[ \t]*)*[!%])"""
)
_BEHIND_EQUALS = re.compile(r"[ \t]*(?:\\\n[ \t]*)*")
_ENDS = {
    "'": re.compile(r"[^'\\\n]*(?:\\.[^'\\\n]*)*(')?", re.DOTALL),
    '"': re.compile(r'[^"\\\n]*(?:\\.[^"\\\n]*)*(")?', re.DOTALL),
    "'''": re.compile(r"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(''')?", re.DOTALL),
    '"""': re.compile(r'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(""")?', re.DOTALL),
}
_PREFIX = re.compile(r"(?<!\w)(?:[rbu]|f|t|rb|br|rf|fr|rt|tr)\Z", re.IGNORECASE)
_IN_TEMPLATE = re.compile(r"""\\N\{[^}\n]*\}|\\[^{}]|\{\{|[{"'\n]""", re.DOTALL)
_IN_FIELD = re.compile(r"""["'#\n()\[\]{}:]|!=""")
# Since 3.12 the fields of an f-string are code of their own, with quotes of their own.
_HAS_FIELDS = sys.version_info >= (3, 12)


class Line:
    """A statement, from `start` to behind its line end; `begin` is behind the indent.

    `mark` is where the verbatim part begins (ESCAPED, ASSIGNED) or where the code ends,
    before a comment (PYTHON, HELP).
    """

    __slots__ = ("begin", "end", "kind", "mark", "start")

    def __init__(self, kind: str, start: int, begin: int, mark: int, end: int) -> None:
        self.kind = kind
        self.start = start
        self.begin = begin
        self.mark = mark
        self.end = end


class Scanner:
    """Finds the lines of a text that ends in a line end.

    When all lines have been taken: `open` are the brackets that are not closed,
    `in_string` tells that a string in triple quotes or a field of an f-string is not,
    `is_continued` that a backslash is the last character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.open: list[str] = []
        self.in_string = False
        self.is_continued = False
        # Lines that begin within a string: `(first, behind last)` positions.
        self.strings: list[tuple[int, int]] = []

    def lines(self) -> Iterator[Line]:
        """All lines, in order; together they are the text."""
        text, position, size = self.text, 0, len(self.text)
        while position < size:
            begin = position
            while begin < size and text[begin] in " \t\f":
                begin += 1
            first = text[begin] if begin < size else ""
            if first in ("", "\n", "#"):
                end = self._line_end(begin)
                line = Line(BLANK, position, begin, begin, end)
            elif first in ESCAPES:
                end = self._verbatim_end(begin)
                line = Line(ESCAPED, position, begin, begin, end)
            else:
                line = self._python(position, begin)
            yield line
            position = line.end

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def _verbatim_end(self, position: int) -> int:
        """Behind a line and those that backslashes join to it."""
        text = self.text
        end = self._line_end(position)
        while text.endswith("\\\n", position, end):
            if end >= len(text):
                self.is_continued = True
                break
            end = self._line_end(end)
        return end

    def _python(self, start: int, begin: int) -> Line:
        text, position = self.text, begin
        opened: list[str] = []
        self.open = opened
        while True:
            match = _MARKS.search(text, position)
            if match is None:  # no line end: within a string that is not closed
                return self._ended(start, begin, len(text), len(text))
            at, position = match.start(), match.end()
            mark = match[0]
            if mark in "\"'":
                position = self._string_end(at)
            elif mark == "\n":
                if not opened:
                    return self._ended(start, begin, at, position)
            elif mark == "#":
                position = end = self._line_end(at)
                if not opened:
                    return self._ended(start, begin, at, end)
            elif mark in _OPEN:
                opened.append(mark)
            elif mark in _CLOSE:
                if opened:
                    opened.pop()
            elif mark == "\\":
                if text.startswith("\n", position):
                    position += 1
                    self.is_continued = position >= len(text)
            elif not opened:
                behind = _BEHIND_EQUALS.match(text, position)
                assert behind is not None  # it may be empty
                end = self._verbatim_end(behind.end())
                return Line(ASSIGNED, start, begin, behind.end(), end)

    def _ended(self, start: int, begin: int, mark: int, end: int) -> Line:
        code = self.text[begin:mark].rstrip()
        kind = HELP if code.endswith("?") and not self.in_string else PYTHON
        return Line(kind, start, begin, begin + len(code), end)

    # --- strings ----------------------------------------------------------------------

    def _string_end(self, at: int) -> int:
        """Behind the string whose quote is at `at`."""
        text = self.text
        quote = text[at]
        if text.startswith(quote * 3, at):
            quote *= 3
        prefix = _PREFIX.search(text, max(0, at - 3), at)
        letters = prefix[0].lower() if prefix else ""
        if _HAS_FIELDS and ("f" in letters or "t" in letters):
            end = self._template_end(at + len(quote), quote)
        else:
            match = _ENDS[quote].match(text, at + len(quote))
            assert match is not None  # it may be empty
            end = match.end()
            if match[1] is None:
                if len(quote) == 3:
                    self.in_string = True
                    end = len(text)
                elif text.endswith("\\\n", 0, end) and end >= len(text):
                    self.is_continued = True
        if "\n" in text[at:end]:
            self.strings.append((at, end))
        return end

    def _template_end(self, position: int, quote: str) -> int:
        """Behind an f-string, whose text begins at `position`."""
        text = self.text
        while True:
            match = _IN_TEMPLATE.search(text, position)
            if match is None:
                self.in_string = len(quote) == 3
                return len(text)
            mark, position = match[0], match.end()
            if mark == "\n":
                if len(quote) == 1:
                    return match.start()  # not closed: Python will say so
            elif mark == "{":
                position = self._field_end(position, quote)
            elif mark in "\"'" and text.startswith(quote, match.start()):
                return match.start() + len(quote)

    def _field_end(self, position: int, quote: str) -> int:
        """Behind the `}` of an f-string's field that begins at `position`."""
        text, depth = self.text, 0
        while True:
            match = _IN_FIELD.search(text, position)
            if match is None:
                self.in_string = True
                return len(text)
            mark, position = match[0], match.end()
            if mark in "\"'":
                if text.startswith(quote, match.start()) and self._is_odd(
                    match.start(), quote
                ):
                    return match.start()  # the string ends within its field
                position = self._string_end(match.start())
            elif mark == "#":
                position = self._line_end(position)
            elif mark in _OPEN:
                depth += 1
            elif mark in _CLOSE:
                if mark == "}" and not depth:
                    return position
                depth = max(0, depth - 1)
            elif mark == ":" and not depth:
                return self._format_end(position, quote)

    def _is_odd(self, at: int, quote: str) -> bool:
        """Whether a quote has no partner on its line: it closes, and opens nothing."""
        if len(quote) == 3:
            return False
        end = self._line_end(at)
        return self.text.count(quote, at, end) == 1

    def _format_end(self, position: int, quote: str) -> int:
        """Behind the `}` that ends the format of a field."""
        text, size = self.text, len(self.text)
        while position < size:
            mark = text[position]
            if mark == "}":
                return position + 1
            if mark == "{":
                position = self._field_end(position + 1, quote)
                continue
            if text.startswith(quote, position) or (mark == "\n" and len(quote) == 1):
                return position
            position += 1
        self.in_string = True
        return size
