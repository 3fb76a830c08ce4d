"""Text with places where lines may be broken: the layout half of the pretty printer.

Whoever prints an object says what belongs together, and nothing about columns:

    with printer.group(5, "name(", ")"):       # indented by 5 if it is broken
        printer.text("first,")
        printer.breakable()                    # a space, or a new line
        printer.text("second")

A group that fits into the line stays on it; of one that does not, all breaks become new
lines. What has been printed waits in a buffer as long as it is open whether its breaks
are needed. When the line gets too long, the outermost group that waits is broken, as in
D. C. Oppen, "Pretty Printing" (1980), and the text in front of its last break leaves.

Extensions call these methods from `_repr_pretty_(self, p, cycle)`; names and meaning
are the field's.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    class Output(Protocol):
        def write(self, text: str, /) -> object: ...


class Group:
    """What is broken together, or not at all."""

    __slots__ = ("depth", "waiting", "want_break")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.want_break = False
        self.waiting = 0  # how many of its breaks are in the buffer


class Breakable:
    """A place in the buffer where the line may be broken."""

    __slots__ = ("group", "indentation", "text")

    def __init__(self, text: str, group: Group, indentation: int) -> None:
        self.text = text
        self.group = group
        self.indentation = indentation


class PrettyPrinter:
    """Writes text to `output`, lines at most `max_width` wide where that is possible.

    `max_seq_length` is how many items of one container are printed; 0: all.
    """

    def __init__(
        self,
        output: Output,
        max_width: int = 79,
        newline: str = "\n",
        max_seq_length: int = 1000,
    ) -> None:
        self.output = output
        self.max_width = max_width
        self.newline = newline
        self.max_seq_length = max_seq_length
        self.output_width = 0  # columns of the current line that have been written
        self.buffer_width = 0  # and those that wait behind them
        self.buffer: deque[str | Breakable] = deque()
        self.group_stack = [Group(0)]
        self.indentation = 0
        self.written = 0  # characters, spaces aside

    # --- what is called while an object is printed ------------------------------------

    def text(self, obj: str) -> None:
        """Text that is never broken."""
        width = len(obj)
        self.written += width
        if self.buffer:
            self.buffer.append(obj)
            self.buffer_width += width
            self._break_what_is_too_wide()
        else:
            self.output.write(obj)
            self.output_width += width

    def breakable(self, sep: str = " ") -> None:
        """`sep`, or the end of the line if the group around is broken."""
        group = self.group_stack[-1]
        if group.want_break:
            self.flush()
            self._begin_line(self.indentation)
        else:
            self.buffer.append(Breakable(sep, group, self.indentation))
            group.waiting += 1
            self.buffer_width += len(sep)
            self._break_what_is_too_wide()

    def break_(self) -> None:
        """The end of the line, in any case."""
        group = self._outermost()
        if group is not None:
            self._break(group)
        self.flush()
        self._begin_line(self.indentation)

    def begin_group(self, indent: int = 0, open: str = "") -> None:  # noqa: A002  (as the field calls it)
        """What follows belongs together; lines in it are indented by `indent` more."""
        if open:
            self.text(open)
        self.group_stack.append(Group(self.group_stack[-1].depth + 1))
        self.indentation += indent

    def end_group(self, dedent: int = 0, close: str = "") -> None:
        """The end of what `begin_group` began; `dedent` is its `indent`."""
        self.indentation -= dedent
        self.group_stack.pop()
        if close:
            self.text(close)

    def group(self, indent: int = 0, open: str = "", close: str = "") -> _Within:  # noqa: A002  (as the field calls it)
        """`begin_group` and `end_group` around a `with` block."""
        return _Within(
            lambda: self.begin_group(indent, open),
            lambda: self.end_group(indent, close),
        )

    def indent(self, indent: int) -> _Within:
        """Indent the lines of a `with` block by `indent` more."""

        def shift(by: int) -> None:
            self.indentation += by

        return _Within(lambda: shift(indent), lambda: shift(-indent))

    def _enumerate(self, seq: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        """The items that are to be printed; prints `...` in the place of the rest."""
        limit = self.max_seq_length
        for number, item in enumerate(seq):
            if limit and number >= limit:
                self.text(",")
                self.breakable()
                self.text("...")
                return
            yield number, item

    def flush(self) -> None:
        """Write what waits."""
        for piece in self.buffer:
            self._write(piece)
        self.buffer.clear()
        self.buffer_width = 0

    # --- breaking ---------------------------------------------------------------------

    def _break_what_is_too_wide(self) -> None:
        while self.output_width + self.buffer_width > self.max_width:
            group = self._outermost()
            if group is None:
                return
            self._break(group)

    def _outermost(self) -> Group | None:
        """The outermost group that has breaks in the buffer, the latest of several.

        Groups around it have none yet: those that will come in them are new lines, or
        an inner group would be broken and an outer one not.
        """
        found: Group | None = None
        for piece in self.buffer:
            if isinstance(piece, Breakable) and (
                found is None or piece.group.depth <= found.depth
            ):
                found = piece.group
        for group in self.group_stack:
            if found is None or group.depth < found.depth:
                group.want_break = True
        return found

    def _break(self, group: Group) -> None:
        """Break a group: write the buffer up to its last break, and the text behind."""
        group.want_break = True
        buffer = self.buffer
        while group.waiting:
            self._take()
        while buffer and isinstance(buffer[0], str):
            self._take()

    def _take(self) -> None:
        """Write the first piece of the buffer."""
        piece = self.buffer.popleft()
        self.buffer_width -= len(piece if isinstance(piece, str) else piece.text)
        self._write(piece)

    def _write(self, piece: str | Breakable) -> None:
        if isinstance(piece, Breakable):
            piece.group.waiting -= 1
            if piece.group.want_break:
                self._begin_line(piece.indentation)
                return
            piece = piece.text
        self.output.write(piece)
        self.output_width += len(piece)

    def _begin_line(self, indentation: int) -> None:
        self.output.write(self.newline)
        self.output.write(" " * indentation)
        self.output_width = indentation


class _Within:
    """A context with a beginning and an end."""

    __slots__ = ("_begin", "_end")

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._begin = begin
        self._end = end

    def __enter__(self) -> None:
        self._begin()

    def __exit__(self, *_error: object) -> None:
        self._end()
