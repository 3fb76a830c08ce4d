"""Commands that pdb does not have: one class that `Debugger` is made of.

Help on objects, how much is shown, what is skipped, exceptions of a chain, code under a
debugger of its own.
"""

from __future__ import annotations

import pdb
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from ipcluster.engines.interpreter.debugger.skipping import Skipped
    from ipcluster.engines.interpreter.shell import InteractiveShell

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Comforts(pdb.Pdb):
    """Methods of `Debugger`: commands of ours."""

    shell: InteractiveShell | None
    skipped: Skipped
    context: int
    curframe: Any
    chain: list[BaseException]
    chain_index: int
    another: Any
    _error_exc: Any
    read_line: Any
    settle: Any

    # --- objects ----------------------------------------------------------------------

    def _inspect(self, magic: str, name: str) -> None:
        """Let a magic tell about an object of this frame."""
        if self.shell is None:
            self.error("there is no shell that could tell")
            return
        function = self.shell.find_line_magic(magic)
        if function is None:
            self.error(f"there is no %{magic}")
            return
        frame: FrameType = self.curframe
        namespaces = [("Locals", frame.f_locals), ("Globals", frame.f_globals)]
        function(name, namespaces=namespaces)

    def do_pinfo(self, arg: str) -> None:
        """Tell what an object is, as `object?` does in the shell.

        Usage: pinfo object
        """
        self._inspect("pinfo", arg)

    def do_pinfo2(self, arg: str) -> None:
        """Tell what an object is, with its source, as `object??` does in the shell.

        Usage: pinfo2 object
        """
        self._inspect("pinfo2", arg)

    def do_pdef(self, arg: str) -> None:
        """Show how an object is called.

        Usage: pdef object
        """
        self._inspect("pdef", arg)

    def do_pdoc(self, arg: str) -> None:
        """Show the docstring of an object.

        Usage: pdoc object
        """
        self._inspect("pdoc", arg)

    def do_psource(self, arg: str) -> None:
        """Show the source of an object.

        Usage: psource object
        """
        self._inspect("psource", arg)

    def do_pfile(self, arg: str) -> None:
        """Show the file in which an object is defined.

        Usage: pfile object
        """
        self._inspect("pfile", arg)

    # --- how much is shown ------------------------------------------------------------

    def do_context(self, arg: str) -> None:
        """Set how many lines of source are shown around a place, or tell.

        Usage: context [lines]
        """
        if not arg:
            self.message(f"{self.context} lines of context")
            return
        if not arg.isdecimal() or not int(arg):
            self.error(f"a number of lines is wanted, not {arg!r}")
            return
        self.context = int(arg)

    def do_skip_hidden(self, arg: str) -> None:
        """Set whether hidden frames are left out and stepped over, or tell.

        Usage: skip_hidden [true | false]

        Which frames are hidden, `skip_predicates` says.
        """
        if arg:
            value = self._truth(arg)
            if value is None:
                return
            self.skipped.is_on = value
        self.message(
            f"hidden frames are {'skipped' if self.skipped.is_on else 'shown'}"
        )

    def do_skip_predicates(self, arg: str) -> None:
        """Set which frames count as hidden, or tell.

        Usage: skip_predicates [name true | name false]

        tbhide            those that set __tracebackhide__
        ipython_internal  the shell's own
        debuggerskip      those with a variable __debuggerskip__
        event_loop        asyncio's
        readonly          those of files that cannot be written
        """
        predicates = self.skipped.predicates
        if not arg:
            for name, is_on in predicates.items():
                self.message(f"{name:<17} {is_on}")
            return
        name, _, value = arg.partition(" ")
        if name not in predicates:
            self.error(f"one of {', '.join(predicates)}; not {name!r}")
            return
        truth = self._truth(value.strip())
        if truth is not None:
            predicates[name] = truth

    def do_ignore_module(self, arg: str) -> None:
        """Step over the functions of a module (`json`, `json.*`), or tell which.

        Usage: ignore_module [name]
        """
        if arg:
            self.skipped.modules.add(arg)
        modules = ", ".join(sorted(self.skipped.modules))
        self.message(f"ignored: {modules or 'none'}")

    def do_unignore_module(self, arg: str) -> None:
        """Step into the functions of a module again.

        Usage: unignore_module name
        """
        if arg not in self.skipped.modules:
            self.error(f"{arg!r} is not ignored")
            return
        self.skipped.modules.discard(arg)

    def _truth(self, text: str) -> bool | None:
        lowered = text.lower()
        if lowered in TRUE or lowered in FALSE:
            return lowered in TRUE
        self.error(f"true or false, not {text!r}")
        return None

    # --- exceptions -------------------------------------------------------------------

    def do_exceptions(self, arg: str) -> None:
        """List the exceptions that led to this one, or go to where one was raised.

        Usage: exceptions [number]
        """
        if not self.chain:
            self.message("no exception is being looked at")
            return
        if not arg:
            for number, error in enumerate(self.chain):
                mark = ">" if number == self.chain_index else " "
                where = "  -" if error.__traceback__ is None else f"{number:>3}"
                self.message(f"{mark} {where} {_short(error)}")
            return
        if not arg.isdecimal() or int(arg) >= len(self.chain):
            self.error(f"a number from 0 to {len(self.chain) - 1} is wanted")
            return
        tb = self.chain[int(arg)].__traceback__
        if tb is None:
            self.error("that one was never raised: it has no frames")
            return
        self.chain_index = int(arg)
        self.settle(None, tb)

    # --- code of its own --------------------------------------------------------------

    def do_debug(self, arg: str) -> None:
        """Step through code in a debugger of its own, with this frame's names.

        Usage: debug code
        """
        tracing = sys.gettrace()
        sys.settrace(None)
        frame: FrameType = self.curframe
        inner = self.another()
        inner.prompt = f"({self.prompt.strip()}) "
        self.message("ENTERING RECURSIVE DEBUGGER")
        try:
            arguments = (arg, frame.f_globals, frame.f_locals)
            sys.call_tracing(inner.run_code, arguments)
        except Exception:
            self._error_exc()
        self.message("LEAVING RECURSIVE DEBUGGER")
        sys.settrace(tracing)
        self.lastcmd = inner.lastcmd

    def do_interact(self, arg: str) -> None:
        """A plain Python prompt with this frame's names; Ctrl-D leaves it.

        Usage: interact
        """
        from code import InteractiveConsole

        frame: FrameType = self.curframe
        console = InteractiveConsole({**frame.f_globals, **frame.f_locals})
        console.raw_input = lambda prompt="": self.read_line(prompt)  # type: ignore[method-assign]  # what it is for
        console.write = lambda data: self.message(data.rstrip("\n"))  # type: ignore[method-assign]  # as above
        try:
            console.interact("Python with this frame's names; Ctrl-D leaves it.", "")
        except SystemExit:
            pass

    def do_run(self, arg: str) -> None:
        """There is no restart here: leave with `q`, and start the code again.

        Usage: run
        """
        self.error("leave with q, and start it again with %debug or %run -d")

    do_restart = do_run


def _short(error: BaseException) -> str:
    from ipcluster.engines.interpreter.tracebacks.values import class_name, message_of

    text = f"{class_name(type(error))}: {message_of(error)}".split("\n")[0]
    return text if len(text) <= 80 else f"{text[:77]}..."
