"""What a debugger shows of stacks and sources: one class that `Debugger` is made of."""

from __future__ import annotations

import pdb

from ipcluster.engines.interpreter.tracebacks.frames import FrameText
from ipcluster.engines.interpreter.tracebacks.look import Look
from ipcluster.engines.interpreter.tracebacks.sources import (
    Excerpt,
    excerpt_of,
    fit,
)
from ipcluster.engines.interpreter.tracebacks.values import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

    from ipcluster.engines.interpreter.debugger.skipping import Skipped
    from ipcluster.engines.interpreter.shell import InteractiveShell

# Characters of the arguments in one line of a stack.
WIDEST_CALL = 200


class ShowsPlaces(pdb.Pdb):
    """Methods of `Debugger` that show where it is."""

    shell: InteractiveShell | None
    skipped: Skipped
    context: int

    # Of the frames of a traceback: the instruction that each was at.
    _instructions: dict[FrameType, int]

    def look(self) -> Look:
        """How sources look: as in the shell's tracebacks."""
        return Look() if self.shell is None else self.shell.InteractiveTB.look()

    def note_instructions(self, tb: TracebackType | None) -> None:
        self._instructions = {}
        while tb is not None:
            self._instructions[tb.tb_frame] = tb.tb_lasti
            tb = tb.tb_next

    # --- one frame --------------------------------------------------------------------

    def print_stack_entry(
        self, frame_lineno: tuple[FrameType, int], prompt_prefix: str = ""
    ) -> None:
        """Show a frame with the lines around."""
        self.message(self.format_stack_entry(frame_lineno))

    def format_stack_entry(
        self,
        frame_lineno: tuple[FrameType, int],
        lprefix: str = "",
        context: int | None = None,
    ) -> str:
        frame, lineno = frame_lineno
        text = FrameText(self.look())
        wanted = self.context if context is None else context
        lines = [f"{self._arrow(frame)} {self._heading(frame, lineno, text)}"]
        excerpt = self._excerpt(frame, lineno, wanted, text) if wanted else None
        if excerpt is not None:
            lines += text.numbered(excerpt, self._labels(frame))
        return "\n".join(lines)

    def _arrow(self, frame: FrameType) -> str:
        return ">" if frame is self.curframe else " "

    def _heading(self, frame: FrameType, lineno: int, text: FrameText) -> str:
        """`/path/of.py(12)f(a=1)`, as pdb has it and editors read it."""
        code = frame.f_code
        paint = text.theme.paint
        place = text.look.cell_of(code.co_filename) or code.co_filename
        call = paint(code.co_name, "Function")
        line = f"{paint(place, 'File')}({paint(str(lineno), 'NumberHere')}){call}"
        line += f"({self._arguments(frame)})"
        names = frame.f_locals
        if "__return__" in names:
            line += f"->{text_of(names['__return__'])}"
        return line

    def _arguments(self, frame: FrameType) -> str:
        code = frame.f_code
        if code.co_name == "<module>":
            return ""
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 0x4) + bool(code.co_flags & 0x8)
        names = frame.f_locals
        told = ", ".join(
            f"{name}={text_of(names[name], 60)}"
            for name in code.co_varnames[:count]
            if name in names
        )
        return told if len(told) <= WIDEST_CALL else f"{told[:WIDEST_CALL]}…"

    def _excerpt(
        self, frame: FrameType, lineno: int, context: int, text: FrameText
    ) -> Excerpt | None:
        lasti = self._instructions.get(frame, -1)
        if lasti < 0 and frame is not self.stack[-1][0]:
            lasti = frame.f_lasti  # it is in the middle of a call
        return excerpt_of(frame, lineno, lasti, context, text.look.typed)

    def _labels(self, frame: FrameType) -> dict[int, str]:
        """The numbers of breakpoints, by their lines."""
        filename = frame.f_code.co_filename
        return {
            line: str(self.get_breaks(filename, line)[-1].number)
            for line in self.get_file_breaks(filename)
        }

    # --- stacks -----------------------------------------------------------------------

    def is_hidden(self, index: int) -> bool:
        """Whether a frame of the stack is left out; the current one never is."""
        return index != self.curindex and self.skipped.hides(self.stack[index][0])

    def do_where(self, arg: str) -> None:
        """Show the stack, the oldest frame first, with so many lines each (1).

        Usage: w(here) [lines]
        """
        try:
            context = int(arg or 1)
        except ValueError:
            self.error(f"a number of lines is wanted, not {arg!r}")
            return
        hidden = 0
        for index, entry in enumerate(self.stack):
            if self.is_hidden(index):
                hidden += 1
                continue
            self._say_hidden(hidden)
            hidden = 0
            self.message(self.format_stack_entry(entry, context=context))
        self._say_hidden(hidden)

    do_w = do_where
    do_bt = do_where

    def print_stack_trace(self) -> None:
        self.do_where("")

    def _say_hidden(self, count: int) -> None:
        if count:
            frames = "frame" if count == 1 else "frames"
            self.message(f"    [... {count} hidden {frames}]")

    def do_up(self, arg: str) -> None:
        """Go to an older frame: to the caller. Hidden frames are not counted.

        Usage: u(p) [count]
        """
        self._walk(arg, -1, "Oldest frame")

    def do_down(self, arg: str) -> None:
        """Go to a newer frame: to what this one has called. Hidden frames do not count.

        Usage: d(own) [count]
        """
        self._walk(arg, 1, "Newest frame")

    do_u = do_up
    do_d = do_down

    def _walk(self, arg: str, step: int, end: str) -> None:
        try:
            count = int(arg or 1)
        except ValueError:
            self.error(f"a number of frames is wanted, not {arg!r}")
            return
        index = found = self.curindex
        passed = hidden = 0
        while count < 0 or passed < count:  # a negative count: as far as it goes
            index += step
            if not 0 <= index < len(self.stack):
                break
            if self.skipped.hides(self.stack[index][0]):
                hidden += 1
            else:
                found = index
                passed += 1
        if found == self.curindex:
            self.error(end if not hidden else f"{end} but {hidden} hidden")
            return
        self.go_to(found)

    def go_to(self, index: int) -> None:
        """Make a frame of the stack the current one, and show it."""
        self._select_frame(index)

    # --- sources ----------------------------------------------------------------------

    def _print_lines(
        self,
        lines: Sequence[str],
        start: int,
        breaks: Sequence[int] = (),
        frame: FrameType | None = None,
    ) -> None:
        """Show lines of a file: what `list`, `ll` and `source` end in."""
        text = FrameText(self.look())
        current = 0
        if frame is not None:
            current = self.stack[self.curindex][1]
        excerpt = Excerpt(start, current, [fit(line)[0] for line in lines])
        labels = {} if frame is None else self._labels(frame)
        self.message("\n".join(text.numbered(excerpt, labels)))
