"""trio while the prompt waits: a run of it that lives on the shell's asyncio loop.

`%gui trio` starts it, and from then on cells that await are trio's. What they start in
the background (`trio.lowlevel.spawn_system_task`, or the nursery that
`get_ipython().trio_nursery` is) goes on while later cells await, and while the prompt
waits, for both wait on the loop that trio is a guest of
(https://trio.readthedocs.io/en/stable/reference-lowlevel.html#using-guest-mode-to-run-trio-on-top-of-other-event-loops).
"""

from __future__ import annotations

import asyncio
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class Guest:
    """A run of trio, and what runs coroutines in it."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.trio: Any = import_module("trio")
        self.nursery: Any = None
        self.before: Any = None  # the runner of before
        self._token: Any = None
        loop = self._loop = shell.loop.loop
        self._began = loop.create_future()
        self._ended = loop.create_future()
        self.trio.lowlevel.start_guest_run(
            self._main,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            run_sync_soon_not_threadsafe=loop.call_soon,
            done_callback=self._on_end,
            host_uses_signal_set_wakeup_fd=True,
            restrict_keyboard_interrupt_to_checkpoints=True,
        )
        loop.run_until_complete(self._began)

    async def _main(self) -> None:
        async with self.trio.open_nursery() as self.nursery:
            self._token = self.trio.lowlevel.current_trio_token()
            self._began.set_result(None)
            await self.trio.sleep_forever()

    def _on_end(self, outcome: Any) -> None:
        self._ended.set_result(outcome)

    # --- running cells ----------------------------------------------------------------

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end; what it gives or raises.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; the coroutine has been cancelled.
        """
        cells = self.shell.cells
        context = cells.context
        try:
            return self.shell.loop(self._wait(coroutine, context))
        finally:
            cells.adopt(context)  # what this cell sets, the next one finds

    async def _wait(self, coroutine: Coroutine[Any, Any, Any], context: Any) -> Any:
        done = self._loop.create_future()
        scope = self.trio.CancelScope()

        async def run() -> None:
            try:
                with scope:
                    result = await coroutine
                    done.set_result(result)
                if not done.done():
                    done.cancel()
            except BaseException as error:  # raised where it is waited for
                done.set_exception(error)

        spawn = self.trio.lowlevel.spawn_system_task
        self._token.run_sync_soon(lambda: spawn(run, context=context))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            self._token.run_sync_soon(scope.cancel)
            await asyncio.wait([done])
            raise

    def close(self) -> None:
        """Cancel what is left, and end."""
        if not self._ended.done():
            self._token.run_sync_soon(self.nursery.cancel_scope.cancel)
            self._loop.run_until_complete(self._ended)


def start(name: str, shell: Any) -> str:
    """Begin trio's run, if it has not begun.

    Raises:
        ImportError: trio is not installed.
    """
    if shell.active_eventloop is None:
        guest = Guest(shell)
        guest.before = shell.loop_runner
        shell.loop_runner = guest
        shell.trio_nursery = guest.nursery
        shell._guest = guest
    return name


def stop(shell: Any) -> None:
    """End trio's run."""
    guest = shell.__dict__.pop("_guest", None)
    if guest is not None:
        shell.loop_runner = guest.before
        shell.__dict__.pop("trio_nursery", None)
        guest.close()
