"""What an AsyncResult says about its tasks: times, output, progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from ipcluster.client.calls import Call
from ipcluster.client.metadata import Metadata, to_datetime

# Widest bar of the plain progress line, in characters.
BAR = 40


class Reports:
    """The part of AsyncResult that only reads it."""

    # --- metadata --------------------------------------------------------------------

    @property
    def metadata(self: Any) -> Any:
        """What is known of its task, a `Metadata`; a list of them for several tasks."""
        found = [self._describe(call) for call in self._calls]
        return found[0] if self._is_single else found

    def _look_up(self: Any, key: str) -> Any:
        values = [self._describe(call)[key] for call in self._calls]
        return values[0] if self._is_single else values

    def _describe(self: Any, call: Call) -> Metadata:
        client, options, outcome = self._client, self._options, call.outcome
        engine = call.engine if call.engine >= 0 else call.target
        started = outcome.started if outcome is not None else 0.0
        completed = started and started + (outcome.duration if outcome else 0.0)
        known = Metadata(
            msg_id=self._msg_id(call),
            submitted=to_datetime(call.submitted),
            started=to_datetime(started),
            completed=to_datetime(completed),
            received=to_datetime(call.received),
            engine_id=engine,
            engine_uuid=None if engine is None else client.engine_uuid(engine),
            status=call.status,
            error=call.error(self._fname),
            stdout=call.text(1),
            stderr=call.text(2),
            label=options.label,
            execute_input=self._source,
        )
        if options.after is not None:
            known.after = client.msg_id_list(options.after.tasks)
        if options.follow is not None:
            known.follow = client.msg_id_list(options.follow.tasks)
        if self._source is not None and call.succeeded:
            known.execute_result = self._value(call).execute_result
        return known

    def get_dict(self: Any, timeout: float | None = -1) -> dict[int, Any]:
        """The results by engine id.

        Raises:
            ValueError: an engine gave more than one.
        """
        seconds = None if timeout is None or timeout < 0 else timeout
        values = self.get(seconds)
        engines = [call.engine for call in self._calls]
        if len(set(engines)) < len(engines):
            raise ValueError("an engine ran several of these tasks: there is no dict")
        by_engine = zip(engines, [values] if self._is_single else values, strict=True)
        return dict(by_engine)

    @property
    def result_dict(self: Any) -> dict[int, Any]:
        """The same as `get_dict()`."""
        found: dict[int, Any] = self.get_dict()
        return found

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
        self.add_listener(_show)
        try:
            yield
        finally:
            self.remove_listener(_show)

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
        from tqdm.auto import tqdm  # type: ignore[import-untyped]  # it ships no types

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
