"""One frame to lines of text: where it is, its source, and what its names are worth."""

from __future__ import annotations

from ipcluster.engines.interpreter.tracebacks import stack
from ipcluster.engines.interpreter.tracebacks.carets import marks_under
from ipcluster.engines.interpreter.tracebacks.places import link, short_path
from ipcluster.engines.interpreter.tracebacks.sources import (
    COLOURED,
    Excerpt,
    excerpt_of,
)
from ipcluster.engines.interpreter.tracebacks.values import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ipcluster.engines.interpreter.tracebacks.look import Look
    from ipcluster.engines.interpreter.tracebacks.stack import Entry, Gap

# Columns of the numbers before lines of source, the arrow included.
MARGIN = 7
# Characters of an argument's value in a heading.
ARGUMENT = 80
# Functions that are named where similar frames are left out.
NAMED = 4

OPTIMIZED, STAR, DOUBLE_STAR = 0x1, 0x4, 0x8


class FrameText:
    """Renders frames as a `Look` wants them."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.theme = look.theme

    # --- where it is ------------------------------------------------------------------

    def place(self, filename: str, lineno: int) -> str:
        """`Cell In[3], line 2` or `File ~/x.py:12`."""
        paint = self.theme.paint
        cell = self.look.cell_of(filename)
        if cell is not None:
            return f"{paint(cell, 'File')}, {paint(f'line {lineno}', 'NumberHere')}"
        text = (
            f"{paint(short_path(filename), 'File')}:{paint(str(lineno), 'NumberHere')}"
        )
        return "File " + (link(text, filename, lineno) if self.look.links else text)

    def heading(self, entry: Entry, excerpt: Excerpt | None, *, values: bool) -> str:
        """The place, and the function with its arguments."""
        line = entry.lineno if excerpt is None else excerpt.current
        text = self.place(entry.code.co_filename, line)
        if entry.code.co_name == "<module>":
            return text
        call = self.theme.paint(entry.name, "Function")
        if entry.code.co_flags & OPTIMIZED:  # not the body of a class
            call += f"({', '.join(self._arguments(entry, values=values))})"
        return f"{text}, in {call}"

    def _arguments(self, entry: Entry, *, values: bool) -> Iterator[str]:
        code = entry.code
        count = code.co_argcount + code.co_kwonlyargcount
        stars = [""] * count
        if code.co_flags & STAR:
            stars.append("*")
        if code.co_flags & DOUBLE_STAR:
            stars.append("**")
        names = code.co_varnames[: len(stars)]
        places: dict[str, object] = {}
        if values:
            places = dict(entry.frame.f_locals)
        for star, name in zip(stars, names, strict=True):
            if name.startswith("."):  # the iterable of a comprehension
                continue
            if name in places:
                value = self.theme.paint(text_of(places[name], ARGUMENT), "Value")
                yield f"{star}{name}={value}"
            else:
                yield f"{star}{name}"

    # --- source -----------------------------------------------------------------------

    def excerpt(self, entry: Entry, context: int) -> Excerpt | None:
        return excerpt_of(
            entry.frame, entry.lineno, entry.lasti, context, self.look.typed
        )

    def numbered(
        self, excerpt: Excerpt, labels: dict[int, str] | None = None
    ) -> list[str]:
        """The lines with their numbers, an arrow at the current one, marks under it.

        `labels` stand before the numbers of lines: those of breakpoints.
        """
        paint = self.theme.paint
        width = max(MARGIN, len(str(excerpt.first + len(excerpt.lines))) + 3)
        lines: list[str] = []
        for number, text in enumerate(self.coloured(excerpt), excerpt.first):
            label = "" if labels is None else labels.get(number, "")
            room = width - len(str(number)) - len(label)
            if number == excerpt.current:
                before = paint("-" * max(1, room - 2) + f"> {number}", "NumberHere")
            else:
                before = paint(" " * room + str(number), "Number")
            lines.append(f"{paint(label, 'Breakpoint')}{before} {text}".rstrip())
            if number != excerpt.current:
                continue
            marks = marks_under(excerpt)
            if marks is not None:
                lines.append(" " * (width + 1) + self._painted(marks))
        return lines

    def current(self, excerpt: Excerpt, indent: str) -> list[str]:
        """The current line alone, without its indentation, and the marks under it."""
        text = excerpt.lines[excerpt.current - excerpt.first]
        margin = len(text) - len(text.lstrip())
        coloured = self.coloured(excerpt)[excerpt.current - excerpt.first]
        if not self.theme.codes:
            coloured = text[margin:]
        lines = [indent + coloured.strip()]
        marks = marks_under(excerpt)
        if marks is not None:
            lines.append(indent + self._painted(marks[margin:]))
        return lines

    def _painted(self, marks: str) -> str:
        margin = len(marks) - len(marks.lstrip())
        return " " * margin + self.theme.paint(marks[margin:], "Caret")

    def coloured(self, excerpt: Excerpt) -> list[str]:
        """The lines of an excerpt in colours."""
        text = "\n".join([*excerpt.lead, *excerpt.lines])
        if len(text) > COLOURED:
            return excerpt.lines
        return self.theme.source(text)[len(excerpt.lead) :]

    # --- values -----------------------------------------------------------------------

    def values(self, entry: Entry, excerpt: Excerpt) -> list[str]:
        """A line for each name in the statement that was being executed."""
        from ipcluster.engines.interpreter.tracebacks.names import values_in

        indent = " " * (MARGIN + 1)
        return [
            f"{indent}{name} = {self.theme.paint(text_of(value), 'Value')}"
            for name, value in values_in(entry, excerpt.statement)
        ]

    # --- what is not shown ------------------------------------------------------------

    def _hint(self) -> str:
        return f"; {self.look.hint}" if self.look.hint else ""

    def gap(self, gap: Gap) -> str:
        """The line that stands for frames."""
        count = len(gap.entries)
        frames = f"{count} frame" if count == 1 else f"{count} frames"
        if gap.why == stack.HIDDEN:
            text = f"{count} hidden frame" if count == 1 else f"{count} hidden frames"
        elif gap.why == stack.SIMILAR:
            text = f"skipping {count} similar frames: {_most_frequent(gap)}"
        elif gap.why == stack.TOO_MANY:
            text = f"skipping {frames}{self._hint()}"
        else:
            last = gap.entries[-1]
            file = last.code.co_filename.replace("\\", "/").rpartition("/")[2]
            modules = ", ".join(_packages(gap))
            text = (
                f"{frames} of {modules}, the last at {file}:{last.lineno} "
                f"in {last.name}{self._hint()}"
            )
        return "    " + self.theme.paint(f"[... {text}]", "Faint")


def _packages(gap: Gap) -> list[str]:
    names: dict[str, None] = {}
    for entry in gap.entries:
        name = entry.module.partition(".")[0] or entry.code.co_filename
        names[name] = None
    chosen = list(names)
    return [*chosen[:NAMED], "…"] if len(chosen) > NAMED else chosen


def _most_frequent(gap: Gap) -> str:
    times: dict[tuple[str, int], int] = {}
    for entry in gap.entries:
        key = (entry.name, entry.lineno)
        times[key] = times.get(key, 0) + 1
    chosen = sorted(times.items(), key=lambda one: -one[1])[:NAMED]
    if len(times) == 1:
        name, line = chosen[0][0]
        return f"{name} at line {line}"
    return ", ".join(
        f"{name} at line {line} ({count} times)" for (name, line), count in chosen
    )
