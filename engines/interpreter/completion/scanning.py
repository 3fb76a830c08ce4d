"""What stands around a cursor: reads unfinished Python, and lines that are none.

Nothing here knows the session: the same text and cursor always give the same `Place`.
Python's own tokenizer gives up on what people have not finished typing, so this is one
of our own: it knows strings (also those that are not closed, and code inside of
f-strings), brackets, comments, and lines that start with `%`, `!` or `?`.
"""

from __future__ import annotations

import re
import sys

# Of a longer text only this much before the cursor is read, from a line that begins at
# the margin: a paste of a whole module must not make typing slow.
READ_AT_MOST = 40_000

# Kinds of places.
CODE, STRING, COMMENT, LINE = "code", "string", "comment", "line"

# Kinds of tokens.
NAME, NUMBER, TEXT, SIGN = "name", "number", "text", "sign"

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\f]+ | \\\r?\n)
    | (?P<newline>\r?\n)
    | (?P<comment>\#[^\n]*)
    | (?P<text>(?:[rR][bBfFtT]? | [bBfFtT][rR]? | [uU])? (?:\"\"\"|\'\'\'|\"|\'))
    | (?P<number>0[xXoObB][\da-fA-F_]* | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)
        (?:[eE][+-]?\d[\d_]*)?[jJ]?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>->|:=|\.\.\.|\*\*=?|//=?|>>=?|<<=?|[-+*/%@&|^<>=!]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS = {
    "'": re.compile(r"(?:[^\\'\n]|\\.)*'", re.DOTALL),
    '"': re.compile(r'(?:[^\\"\n]|\\.)*"', re.DOTALL),
    "'''": re.compile(r"(?:[^\\']|\\.|'(?!''))*'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\"]|\\.|"(?!""))*"""', re.DOTALL),
}
_WORD = re.compile(r"[^\W\d]\w*\Z")
_CELL_MAGIC = re.compile(r"\s*%%([^\W\d][\w.]*|!)?")
_ESCAPED = re.compile(r"(?:[^\\\n]|\\\n|\\.|\\\Z)*")
_CLOSES = {")": "(", "]": "[", "}": "{"}
# From 3.12 on, strings inside of an f-string may use its own quotes.
_QUOTES_NEST = sys.version_info >= (3, 12)


class Token:
    """A piece of Python: `kind`, and where it is."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = start + len(text)

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text!r}"


class OpenText:
    """A string that the cursor is in; `start` is where its content begins."""

    __slots__ = ("opened", "prefix", "quote", "start")

    def __init__(self, token: str, opened: int) -> None:
        self.quote = token.lstrip("rRbBuUfFtT")
        self.prefix = token[: -len(self.quote)].lower()
        self.opened = opened
        self.start = opened + len(token)


class _Template:
    """An f-string that is being read, and how many tokens stood before it."""

    __slots__ = ("count", "string")

    def __init__(self, string: OpenText, count: int) -> None:
        self.string = string
        self.count = count


class Place:
    """Where a cursor is.

    kind      CODE, STRING or COMMENT; LINE in a line of a magic, a command or a `?`
    tokens    what was read before the cursor; `first` is the number of the statement's
              first one
    brackets  the open ones, as numbers of their tokens, the innermost last
    string    the open string, with STRING
    line      where the magic, command or question begins, with LINE: its first sign
    cell      the name of the cell magic, "" without one; its body is read as Python
    """

    def __init__(self, code: str, cursor: int) -> None:
        self.code = code
        self.cursor = max(0, min(cursor, len(code)))
        self.kind = CODE
        self.tokens: list[Token] = []
        self.first = 0
        self.brackets: list[int] = []
        self.string: OpenText | None = None
        self.line = 0
        self.cell = ""
        self.opaque: list[tuple[int, int]] = []
        _Reader(self).read()

    # --- words ------------------------------------------------------------------------

    @property
    def fragment(self) -> str:
        """The part of a name before the cursor."""
        if self.kind == CODE:
            last = self.last
            if last is not None and last.kind == NAME and last.end == self.cursor:
                return last.text
            return ""
        begin = max(self.string.start if self.string else self.line, 0)
        match = _WORD.search(self.code, begin, self.cursor)
        return match[0] if match else ""

    @property
    def last(self) -> Token | None:
        return self.tokens[-1] if self.tokens else None

    @property
    def statement(self) -> list[Token]:
        """The tokens of the statement that the cursor is in."""
        return self.tokens[self.first :]

    def before_fragment(self) -> int:
        """How many tokens stand before the name at the cursor."""
        return len(self.tokens) - (1 if self.fragment and self.kind == CODE else 0)

    # --- expressions ------------------------------------------------------------------

    def attribute_of(self) -> str | None:
        """The expression whose attribute is being typed; None: none is."""
        count = self.before_fragment()
        if self.kind != CODE or count == 0 or self.tokens[count - 1].text != ".":
            return None
        return self.primary_before(count - 1)

    def primary_before(self, count: int) -> str | None:
        """The name, call, subscript, literal that ends before token number `count`."""
        tokens = self.tokens
        end = count
        while True:
            if count <= self.first:
                return None
            token = tokens[count - 1]
            if token.text in _CLOSES and token.kind == SIGN:
                count = self._matching(count - 1)
                if count < self.first:
                    return None
                before = tokens[count - 1] if count > self.first else None
                if before is not None and self._is_operand(before):
                    continue  # a call or a subscript: on to what it is of
            elif token.kind == NAME and not is_keyword(token.text):
                count -= 1
            elif token.kind in (NUMBER, TEXT) or token.text in _VALUES:
                count -= 1
                while count > self.first and tokens[count - 1].kind == TEXT:
                    count -= 1  # "a" "b"
            else:
                return None
            if count > self.first and tokens[count - 1].text == ".":
                count -= 1
                continue
            return self.code[tokens[count].start : tokens[end - 1].end]

    def _is_operand(self, token: Token) -> bool:
        if token.kind == NAME:
            return not is_keyword(token.text) or token.text in _VALUES
        return token.kind == TEXT or (token.kind == SIGN and token.text in _CLOSES)

    def _matching(self, number: int) -> int:
        """The number of the bracket that opens the closing one; -1: there is none."""
        depth = 0
        for index in range(number, self.first - 1, -1):
            token = self.tokens[index]
            if token.kind == SIGN:
                if token.text in _CLOSES:
                    depth += 1
                elif token.text in "([{":
                    depth -= 1
                    if depth == 0:
                        return index
        return -1

    def bracket(self) -> Token | None:
        """The innermost open bracket."""
        return self.tokens[self.brackets[-1]] if self.brackets else None

    def bracket_of(self, number: int) -> str | None:
        """What the open bracket, token number `number`, calls or subscripts."""
        if number <= self.first or not self._is_operand(self.tokens[number - 1]):
            return None
        return self.primary_before(number)


_VALUES = frozenset({"True", "False", "None", "..."})


def is_keyword(name: str) -> bool:
    from keyword import iskeyword

    return iskeyword(name)


class _Reader:
    """Reads a text up to the cursor."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.text = place.code
        self.end = place.cursor
        self.at = 0
        self.stack: list[int | _Template] = []

    def read(self) -> None:
        place = self.place
        match = _CELL_MAGIC.match(self.text)
        if match is not None:
            line_end = self.text.find("\n", match.end())
            place.cell = match[1] or "%%"
            if line_end < 0 or self.end <= line_end:
                place.kind = LINE
                place.line = self.text.index("%%")
                return
            self._hide(0, line_end)
            self.at = line_end + 1
        elif self.end > READ_AT_MOST:
            self.at = self._margin_line()
        starts = True  # whether a statement begins here
        while self.at < self.end:
            if starts and not self.stack and self._read_escaped():
                return
            starts = self._read_token(starts)
            if place.kind != CODE:
                break
        place.brackets = [one for one in self.stack if isinstance(one, int)]

    def _margin_line(self) -> int:
        """Where to begin in a long text: a line at the margin."""
        match = re.compile(r"^(?:def|class|import|from|@)", re.MULTILINE).search(
            self.text, self.end - READ_AT_MOST, self.end
        )
        return match.start() if match else self.end - READ_AT_MOST

    def _hide(self, start: int, end: int) -> None:
        self.place.opaque.append((start, end))

    def _read_escaped(self) -> bool:
        """Skip a line that is no Python; whether the cursor is in it."""
        at = self.at
        while at < self.end and self.text[at] in " \t":
            at += 1
        if at >= self.end or self.text[at] not in "%!?,;/":
            return False
        return self._skip_line(at)

    def _skip_line(self, at: int) -> bool:
        match = _ESCAPED.match(self.text, at)
        end = match.end() if match else at
        if self.end <= end:
            self.place.kind = LINE
            self.place.line = at
            return True
        self._hide(at, end)
        self.at = end
        return False

    def _read_token(self, starts: bool) -> bool:
        """Read one token; whether a statement begins after it."""
        place = self.place
        match = _TOKEN.match(self.text, self.at, self.end)
        assert match is not None  # the last alternative takes any character
        kind, text, at = match.lastgroup, match[0], self.at
        self.at = match.end()
        if kind == "space":
            return starts
        if kind == "comment":
            if self.at == self.end:
                place.kind = COMMENT
            return starts
        if kind == "newline":
            if self.stack:
                return False
            place.first = len(place.tokens)
            return True
        if kind == "text":
            self._read_text(text, at)
            return False
        token = Token(str(kind), text, at)
        if kind == "sign" and self._read_sign(token):
            return False
        place.tokens.append(token)
        if text == ";" and not self.stack:
            place.first = len(place.tokens)
        elif text == "=" and not self.stack:
            self._read_assigned()
        return False

    def _read_assigned(self) -> None:
        """`x = !command` and `x = %magic`."""
        at = self.at
        while at < self.end and self.text[at] in " \t":
            at += 1
        if at < self.end and self.text[at] in "%!":
            self._skip_line(at)

    def _read_sign(self, token: Token) -> bool:
        """Note brackets; whether the sign has been taken care of."""
        stack = self.stack
        if token.text in "([{":
            stack.append(len(self.place.tokens))
        elif token.text in _CLOSES:
            if stack and isinstance(stack[-1], int):
                stack.pop()
            elif token.text == "}" and stack:  # the end of code in an f-string
                template = stack.pop()
                assert isinstance(template, _Template)
                self._read_template(template)
                return True
        elif token.text in (":", "!") and stack and isinstance(stack[-1], _Template):
            template = stack[-1]
            assert isinstance(template, _Template)
            self._read_format(template)
            return True
        return False

    # --- strings ----------------------------------------------------------------------

    def _read_text(self, opening: str, at: int) -> None:
        string = OpenText(opening, at)
        template = self._template()
        if (
            not _QUOTES_NEST
            and template is not None
            and string.quote == template.string.quote
        ):
            self._leave(template)  # before 3.12 this quote can only end the f-string
            return
        if "f" in string.prefix or "t" in string.prefix:
            self._read_template(_Template(string, len(self.place.tokens)))
            return
        match = _ENDS[string.quote].match(self.text, self.at, self.end)
        if match is not None:
            self.at = match.end()
        elif len(string.quote) == 1 and (line_end := self._line_end()) >= 0:
            self.at = line_end  # not closed on its line: an error, which ends there
        else:
            self._stop_in(string)
            return
        self.place.tokens.append(Token(TEXT, self.text[at : self.at], at))

    def _line_end(self) -> int:
        """Where the line ends that a string is open on; -1: the cursor is in it."""
        end = self.text.find("\n", self.at, self.end)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find("\n", end + 1, self.end)
        return end

    def _stop_in(self, string: OpenText) -> None:
        """The cursor is in a string."""
        self.place.kind = STRING
        self.place.string = string
        self.at = self.end

    def _template(self) -> _Template | None:
        for one in reversed(self.stack):
            if isinstance(one, _Template):
                return one
        return None

    def _leave(self, template: _Template) -> None:
        """An f-string is over: one token in the place of those in its braces."""
        if template in self.stack:
            del self.stack[self.stack.index(template) :]
        tokens, opened = self.place.tokens, template.string.opened
        del tokens[template.count :]
        tokens.append(Token(TEXT, self.text[opened : self.at], opened))

    def _read_template(self, template: _Template) -> None:
        """Read an f-string's text, up to its end or to code in braces."""
        text, quote = self.text, template.string.quote
        while self.at < self.end:
            char = text[self.at]
            if char == "\\":
                self.at += 2
            elif text.startswith(quote, self.at):
                self.at += len(quote)
                self._leave(template)
                return
            elif char == "\n" and len(quote) == 1:
                self._leave(template)
                return
            elif char == "{" and not text.startswith("{{", self.at):
                self.stack.append(template)
                self.place.tokens.append(Token(SIGN, "{", self.at))
                self.at += 1
                return
            else:
                self.at += 2 if text.startswith(("{{", "}}"), self.at) else 1
        self._stop_in(template.string)

    def _read_format(self, template: _Template) -> None:
        """Skip `!r` and `:>10` behind a value in an f-string."""
        while self.at < self.end and self.text[self.at] not in "{}\n":
            self.at += 1
        if self.at >= self.end:
            self._stop_in(template.string)
