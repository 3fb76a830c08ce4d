"""Choosing what runs coroutines: `%autoawait`."""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)
from ipcluster.engines.interpreter.runners import NAMES, is_loop_running

_SWITCHES = {
    "on": True,
    "true": True,
    "1": True,
    "off": False,
    "false": False,
    "0": False,
}


@magics_class
class AsyncMagics(Magics):
    """`%autoawait`."""

    @line_magic
    def autoawait(self, line: str) -> None:
        """Allow `await` at the top level of cells, or choose what runs it.

        Usage: %autoawait [on | off | asyncio | trio | curio | sync | FUNCTION]

        Without an argument it tells what is set.

        asyncio, trio, curio    the library whose loop runs a cell that awaits
        sync                    no loop: what is awaited may not wait for anything
        FUNCTION                one of yours, or `module.function`, that is called with
                                a coroutine and gives what that gives

        Tasks that a cell starts in asyncio's loop go on while later cells await, and
        while the prompt waits.

        Example:
            %autoawait trio
        """
        shell, wanted = self.shell, line.strip()
        if not wanted:
            state = "on" if shell.autoawait else "off"
            print(f"Autoawait is {state}; coroutines are run by {self._runner()}.")
        elif wanted.lower() in _SWITCHES:
            shell.autoawait = _SWITCHES[wanted.lower()]
        else:
            self._set_runner(wanted)
            shell.autoawait = True

    def _runner(self) -> str:
        value = self.shell._values.get("loop_runner", "asyncio")
        return value if isinstance(value, str) else repr(value)

    def _set_runner(self, wanted: str) -> None:
        if is_loop_running():
            raise UsageError("%autoawait: this cell awaits, so its loop runs already")
        if wanted in ("trio", "curio"):
            from importlib.util import find_spec

            if find_spec(wanted) is None:
                raise UsageError(f"%autoawait: {wanted} is not installed")
        runner = wanted
        if wanted not in NAMES and "." not in wanted:
            runner = self.shell.user_ns.get(wanted, wanted)
        try:
            self.shell.loop_runner = runner
        except OptionError:
            raise UsageError(
                f"%autoawait is on, off, {', '.join(NAMES)}, or a function that runs "
                f"a coroutine; not {wanted}"
            ) from None
