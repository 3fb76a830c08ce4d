"""The debugger: pdb with the prompt's comforts.

debugger.py     `Debugger`: where it stops, how it begins and ends
lines.py        reads lines, and tells commands from Python
listing.py      shows stacks and sources
comforts.py     commands that pdb does not have
evaluating.py   Python in a frame, closures and write-back included
awaiting.py     `await` at its prompt, inside a running loop as well
skipping.py     frames that are stepped over and left out
completing.py   what Tab offers
breakpoints.py  FILE:LINE, as it is typed behind `-b`
protocol.py     another one: debugpy, for front ends that draw a debugger themselves;
                adapter.py: the connection to it

Whoever wants to debug calls one of the functions here; pdb is imported then.
"""

from __future__ import annotations

import sys
from types import TracebackType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


def post_mortem(shell: InteractiveShell) -> None:
    """Look at the last error: what `%debug` does."""
    _, value, tb = shell.last_error()
    if value is None:
        print("There has been no error to look at.", file=sys.stderr)
        return
    look_at(shell, value, tb)


def look_at(
    shell: InteractiveShell | None,
    error: BaseException | TracebackType,
    tb: TracebackType | None = None,
) -> None:
    """Look at the frames of an exception, or of a traceback, that has been."""
    from ipcluster.engines.interpreter.debugger.debugger import Debugger
    from ipcluster.engines.interpreter.errors import is_a
    from ipcluster.engines.interpreter.tracebacks import stack

    bugs = Debugger(shell)
    bugs.is_over = True
    if is_a(error, TracebackType):
        tb = error
    elif is_a(error, BaseException):
        from ipcluster.engines.interpreter.tracebacks.renderer import Raised, chain_of

        tb = tb or error.__traceback__
        chain = chain_of(Raised(type(error), error, tb))
        bugs.chain = [raised.value for raised in chain if raised.value is not None]
        bugs.chain_index = len(bugs.chain) - 1
    left = stack.without_ours(stack.entries_of(tb), leading=True)
    while tb is not None and left and tb.tb_frame is not left[0].frame:
        tb = tb.tb_next
    if tb is None or not left:
        print(
            "The last error was in source text: no frame of it can be looked at.",
            file=sys.stderr,
        )
        return
    bugs.interaction(None, tb)


def set_trace(
    shell: InteractiveShell | None = None,
    frame: FrameType | None = None,
    *,
    context: int | None = None,
    **_more: Any,
) -> None:
    """Stop in a frame, by default the caller's: what `breakpoint()` does."""
    from ipcluster.engines.interpreter.debugger.debugger import Debugger
    from ipcluster.engines.interpreter.shell import get_ipython

    bugs = Debugger(shell or get_ipython(), context=context)
    bugs.set_trace(frame or sys._getframe(1))


def run_under_debugger(
    shell: InteractiveShell,
    code: str | CodeType | Callable[[], Any],
    global_names: dict[str, Any] | None = None,
    local_names: dict[str, Any] | None = None,
    breakpoint: str | int | tuple[str, int] | None = None,  # noqa: A002  (what it is)
    *,
    filename: str | None = None,
) -> Any:
    """Run code from its first line on, stopped there; the value it has.

    Args:
        shell: whose front end the debugger talks to.
        code: source, compiled code, or a function that is called.
        global_names: its globals, by default the user's namespace.
        local_names: its locals, by default the globals.
        breakpoint: where to stop as well: a line of `filename`, or FILE:LINE.
        filename: the script, if it does not begin at once: nothing stops before it.

    Raises:
        UsageError: there is no line to stop at; and whatever the code raises.
    """
    from ipcluster.engines.interpreter.debugger.breakpoints import set_breakpoint
    from ipcluster.engines.interpreter.debugger.debugger import Debugger

    bugs = Debugger(shell)
    if breakpoint is not None:
        set_breakpoint(bugs, breakpoint, filename)
    if filename is not None:
        bugs.mainpyfile = bugs.canonic(filename)
        bugs._wait_for_mainpyfile = True
    names = shell.user_ns if global_names is None else global_names
    return bugs.run_code(code, names, local_names)
