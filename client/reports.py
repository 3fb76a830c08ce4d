"""What an AsyncResult says about its tasks: times, output, progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from ipcluster.client.calls import Call

# Widest bar of the plain progress line, in characters.
BAR = 40


class Reports:
    """The part of AsyncResult that only reads it."""

    # --- times -----------------------------------------------------------------------

    @property
    def elapsed(self: Any) -> float:
        """Seconds since the first task was submitted, or all that it took."""
        if self.ready():
            return float(self.wall_time)
        if not self._calls:
            return 0.0
        return float(time.time() - min([call.submitted for call in self._calls]))

    @property
    def serial_time(self: Any) -> float:
        """Seconds that all tasks took to run, one after the other."""
        self._check_ready()
        durations = [call.outcome.duration for call in self._calls if call.outcome]
        return float(sum(durations))

    @property
    def wall_time(self: Any) -> float:
        """Seconds from the first submission to the last result received."""
        self._check_ready()
        if not self._calls:
            return 0.0
        last = max([call.received for call in self._calls])
        return float(last - min([call.submitted for call in self._calls]))

    def timedelta(
        self,
        start: datetime | Iterable[datetime],
        end: datetime | Iterable[datetime],
        start_key: Callable[[Iterable[datetime]], datetime] = min,
        end_key: Callable[[Iterable[datetime]], datetime] = max,
    ) -> float:
        """Seconds between two times, each given plainly or chosen from several."""
        first = start if isinstance(start, datetime) else start_key(start)
        last = end if isinstance(end, datetime) else end_key(end)
        return (last - first).total_seconds()

    # --- sending ---------------------------------------------------------------------

    @property
    def sent(self) -> bool:
        """Always: arguments are pickled at the call and may be changed after it."""
        return True

    def wait_for_send(self, timeout: float | None = -1) -> bool:
        """Returns at once; see `sent`."""
        return True

    def wait_for_output(self: Any, timeout: float | None = -1) -> bool:
        """Wait until all output is here: it comes before the result."""
        return bool(self.wait(timeout))

    # --- output ----------------------------------------------------------------------

    @contextmanager
    def stream_output(self: Any) -> Iterator[None]:
        """Show what the tasks write, as it comes, with the engine's number."""
        for call in self._calls:
            for stream, text in list(call.output or ()):
                _show(call, stream, text)
        listeners = self._listeners
        if listeners is None:
            listeners = self._listeners = []
        listeners.append(_show)
        try:
            yield
        finally:
            listeners.remove(_show)

    def display_outputs(
        self: Any, groupby: str = "type", result_only: bool = False
    ) -> None:
        """Print what the tasks wrote, and the values that executed code shows.

        Args:
            groupby: "type" (all stdout, then all stderr, then results), "engine" (all
                of one engine together), or "order" (as the tasks were submitted).
            result_only: leave out stdout and stderr.
        """
        if groupby not in ("type", "engine", "order"):
            raise ValueError(f"groupby is type, engine or order, not {groupby!r}")
        self.wait()
        calls = list(self._calls)
        if groupby == "engine":
            calls.sort(key=lambda call: call.engine)
        kinds = [_stdout, _stderr, self._shown_result]
        if result_only:
            kinds = kinds[2:]
        if groupby == "type":
            pairs = [(kind, call) for kind in kinds for call in calls]
        else:
            pairs = [(kind, call) for call in calls for kind in kinds]
        for kind, call in pairs:
            kind(call)

    def _shown_result(self: Any, call: Call) -> None:
        if not call.succeeded:
            return
        value = self._value(call)
        shown = getattr(value, "execute_result", None) if self._source else repr(value)
        if shown is not None and shown != "None":
            print(f"Out[{_engine(call)}]: {shown}")

    # --- progress --------------------------------------------------------------------

    def wait_interactive(
        self: Any,
        interval: float = 0.1,
        timeout: float | None = -1,
        widget: bool | None = None,
        return_when: str = "ALL_COMPLETED",
    ) -> bool:
        """Wait, and show how far it is: with tqdm if that is installed."""
        total = len(self._calls)
        deadline = None
        if timeout is not None and timeout >= 0:
            deadline = time.monotonic() + timeout
        with _progress_bar(self._fname, total) as show:
            while True:
                left = interval
                if deadline is not None:
                    left = min(interval, deadline - time.monotonic())
                done = self.wait(max(0.0, left), return_when)
                show(self.progress)
                if done or (deadline is not None and time.monotonic() >= deadline):
                    return bool(done)


@contextmanager
def _progress_bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    with suppress(ImportError):
        from tqdm.auto import tqdm

        with tqdm(total=total, desc=name, unit="task") as bar:
            yield lambda count: bar.update(count - bar.n)
        return
    begin = time.monotonic()

    def show(count: int) -> None:
        filled = BAR * count // total if total else BAR
        line = f"\r{name} {'#' * filled:<{BAR}} {count}/{total}"
        sys.stderr.write(f"{line} tasks, {time.monotonic() - begin:.0f} s")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\n")


def _engine(call: Call) -> int | str:
    if call.engine >= 0:
        return call.engine
    return "?" if call.target is None else call.target


def _show(call: Call, stream: int, text: str) -> None:
    file, name = (sys.stderr, "stderr") if stream == 2 else (sys.stdout, "stdout")
    for line in text.splitlines(keepends=True):
        file.write(f"[{name}:{_engine(call)}] {line}")
    if not text.endswith("\n"):
        file.write("\n")
    file.flush()


def _stdout(call: Call) -> None:
    if text := call.text(1):
        _block("stdout", call, text)


def _stderr(call: Call) -> None:
    if text := call.text(2):
        _block("stderr", call, text)


def _block(name: str, call: Call, text: str) -> None:
    end = "" if text.endswith("\n") else "\n"
    print(f"[{name}:{_engine(call)}]\n{text}", end=end)
