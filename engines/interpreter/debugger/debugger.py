"""`Debugger`: pdb, with its lines read by the front end and shown by the shell's means.

    lines.py   reads a line -> a command? -> pdb's, or ours (comforts.py, listing.py)
                            -> else Python, a %magic, a !command (evaluating.py)

Here is where it stops, and how it is begun and ended.
"""

from __future__ import annotations

import bdb
import linecache
import pdb
import sys
from types import CodeType

from ipcluster.engines.interpreter.cells import CellRunner
from ipcluster.engines.interpreter.compilation import IS_COROUTINE, TOP_LEVEL_AWAIT
from ipcluster.engines.interpreter.debugger.awaiting import run_coroutine
from ipcluster.engines.interpreter.debugger.comforts import Comforts
from ipcluster.engines.interpreter.debugger.evaluating import value_of
from ipcluster.engines.interpreter.debugger.lines import PROMPT, ReadsLines
from ipcluster.engines.interpreter.debugger.listing import ShowsPlaces
from ipcluster.engines.interpreter.debugger.skipping import TYPED, Skipped
from ipcluster.engines.interpreter.frontend import FrontEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Where a cell is run: beyond its end there is nothing of the user's to stop in.
_RUNNERS = {CellRunner.run_code.__code__, CellRunner.in_context.__code__}


class Debugger(ReadsLines, Comforts, ShowsPlaces):
    """A debugger at a front end. `shell` may be None: then at the plainest one."""

    def __init__(
        self, shell: InteractiveShell | None, *, context: int | None = None
    ) -> None:
        # Not pdb's handler of Ctrl-C: it would stay when the program has ended.
        super().__init__(stdout=sys.stdout, nosigint=True)
        self.shell = shell
        self.frontend = FrontEnd() if shell is None else shell.frontend
        self.prompt = PROMPT
        self.context = context or (5 if shell is None else shell.xmode_context)
        self.skipped = Skipped()
        self.is_over = False  # whether what is looked at has ended: post mortem
        self.chain: list[BaseException] = []
        self.chain_index = 0
        self._instructions = {}
        self._ends: set[FrameType] = set()
        self.reset()

    def another(self) -> Debugger:
        """One of the same settings, for code within code."""
        inner = type(self)(self.shell, context=self.context)
        inner.skipped = self.skipped
        return inner

    def interaction(self, frame: Any, tb_or_exc: Any) -> None:
        """Show where the program is, and obey until it goes on."""
        self.stdout = sys.stdout
        if self.settle(frame, tb_or_exc):
            self.forget()
            return
        show_displayed = getattr(self, "_show_display", None)  # since Python 3.13
        if show_displayed is not None:
            show_displayed()
        self._cmdloop()
        self.forget()

    def settle(self, frame: FrameType | None, tb: TracebackType | None) -> Any:
        """Take a stack, go to its newest frame that is not hidden, and show it."""
        setup: Any = self.setup
        done = setup(frame, tb)  # before Python 3.13 it says whether to go on
        self.note_instructions(tb)
        if done:  # a `.pdbrc` that goes on at once
            return done
        index = self.curindex
        while index > 0 and self.skipped.hides(self.stack[index][0]):
            index -= 1
        if self.skipped.hides(self.stack[index][0]):
            index = self.curindex
        self.go_to(index)
        return None

    def run_coroutine(self, coroutine: Any) -> Any:
        return run_coroutine(self.shell, coroutine)

    def displayhook(self, value: Any) -> None:
        """Show a value as the shell shows results; keep nothing."""
        if value is None:
            return
        if self.shell is None:
            self.message(repr(value))
            return
        data, _ = self.shell.display_formatter.format(value)
        text = data.get("text/plain") if data else None
        if text:
            self.message(text)

    # --- values, for pdb's own commands -----------------------------------------------

    def _getval(self, arg: str) -> Any:
        try:
            return value_of(arg, self.curframe, self.run_coroutine)
        except BaseException:
            self._error_exc()
            raise

    def _getval_except(self, arg: str, frame: FrameType | None = None) -> Any:
        try:
            return value_of(arg, frame or self.curframe, self.run_coroutine)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return f"** raised {type(error).__name__}: {error} **"

    def _error_exc(self) -> None:
        from ipcluster.engines.interpreter.tracebacks.look import Look
        from ipcluster.engines.interpreter.tracebacks.renderer import Raised, Renderer

        raised = Raised(*sys.exc_info())
        self.error("\n".join(Renderer(Look()).message(raised)))

    def do_clear(self, arg: str) -> None:
        if not arg and not self.frontend.confirm("Clear all breaks?", False):
            return
        if arg:
            super().do_clear(arg)
            return
        self.clear_all_breaks()
        self.message("All breakpoints are deleted.")

    do_clear.__doc__ = pdb.Pdb.do_clear.__doc__
    do_cl = do_clear

    # --- where to stop ----------------------------------------------------------------

    def stop_here(self, frame: FrameType) -> bool:
        """Whether a step ends in this frame."""
        if not super().stop_here(frame):
            return False
        return not self.skipped.passes(frame, self.botframe)

    def set_trace(self, frame: FrameType | None = None) -> None:
        """Stop in a frame, at the next chance."""
        here = frame or sys._getframe(1)
        self._ends = _ends_above(here)
        super().set_trace(here)

    def get_stack(
        self, f: FrameType | None, t: TracebackType | None
    ) -> tuple[list[tuple[FrameType, int]], int]:
        """The stack from the cell on: what runs the shell is not the user's."""
        stack, index = super().get_stack(f, t)
        codes = [frame.f_code for frame, _ in stack]
        start = next((n for n, code in enumerate(codes) if code in _RUNNERS), -1) + 1
        while start and start < index and codes[start] in _RUNNERS:
            start += 1
        return stack[start:], index - start

    def trace_dispatch(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame in self._ends:
            # The cell is over. Going on would stop at the first line of the next.
            self.detach()
            return None
        return super().trace_dispatch(frame, event, arg)

    def detach(self) -> None:
        """Follow the program no more."""
        sys.settrace(None)
        self._ends = set()
        frame = sys._getframe(1)
        while frame is not None:
            if getattr(frame.f_trace, "__self__", None) is self:
                frame.f_trace = None
            frame = frame.f_back  # type: ignore[assignment]  # None ends it

    def run_code(
        self,
        code: str | CodeType | Callable[[], Any],
        module: dict[str, Any] | None = None,
        names: dict[str, Any] | None = None,
    ) -> Any:
        """Run code from its first line on; the value of a function, or of a coroutine.

        Quitting is no error. What the code raises is raised.
        """
        import builtins

        if isinstance(code, str):
            source = f"{code}\n"
            compiled: CodeType = compile(
                source, TYPED, "exec", TOP_LEVEL_AWAIT, dont_inherit=True
            )
            code = compiled
            lines = source.splitlines(keepends=True)
            linecache.cache[TYPED] = (len(source), None, lines, TYPED)
        module = {"__builtins__": builtins} if module is None else module
        before = sys.gettrace()
        self.reset()
        sys.settrace(self.trace_dispatch)
        try:
            if not isinstance(code, CodeType):
                return code()
            value = eval(code, module, names)
            if code.co_flags & IS_COROUTINE:
                value = self.run_coroutine(value)
            return value
        except bdb.BdbQuit:
            return None
        finally:
            self.quitting = True
            sys.settrace(before)


def _ends_above(frame: FrameType) -> set[FrameType]:
    """The frames of ours that run the cell which a frame is in."""
    above: FrameType | None = frame
    found: set[FrameType] = set()
    while above is not None:
        if above.f_code in _RUNNERS:
            found.add(above)
        elif found:
            break
        above = above.f_back
    return found
