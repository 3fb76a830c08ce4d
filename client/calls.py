"""The tasks that were submitted and have not ended, and how one ended. Pure: no I/O.

A `Call` is one task. It belongs to the `AsyncResult` it was made for, which hears of
its end and of what it writes. The table holds only calls that are outstanding: when
one has ended, nobody but its `AsyncResult` keeps it, so results live exactly as long
as somebody can ask for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from ipcluster.wire.errors import decode_info, to_error
from ipcluster.wire.messages import SEQUENCE_BITS, Outcome, Status, Typed
from ipcluster.wire.segments import Hold

# Bytes of a payload from which it is let go once it has been read.
WORTHWHILE = 1024

Load = Callable[[Outcome, list[Hold]], Any]
"""Makes a value of an outcome's payload and segments; it takes their holds."""


class Owner(Protocol):
    """What a call belongs to."""

    def on_call(self, call: Call) -> None:
        """The call has ended."""

    def on_output(self, call: Call, stream: int, text: str) -> None:
        """The call's task wrote this."""

    def on_shown(self, call: Call, event: list[Any]) -> None:
        """The call's cell has something to see: `[kind, field, ...]`."""


class Call:
    """One task: what is known of it here."""

    # Defaults on the class: a call is made for every task, and most never change them.
    outcome: Outcome | None = None
    failure: BaseException | None = None
    """Why it never got an outcome, or why its outcome could not be read."""
    target: int | None = None
    """The one engine it was addressed to."""
    engine: int = -1
    received: float = 0.0
    size_bytes: int = 0
    task: int = 0
    msg_id: str | None = None
    """How others call it, if it is not a task of this client."""
    output: list[tuple[int, str]] | None = None
    shown: list[list[Any]] | None = None
    """Events of its cell: `[kind, field, ...]` each."""
    wish = 0
    """Which line its cell waits for, and nobody has answered; 0: for none."""
    others: list[Owner] | None = None
    ended = False
    """Those it belongs to have been told, or are being told, that it ended."""
    holds: Sequence[Hold] = ()
    """Of the segments of a result that nobody has looked at."""
    _value: Any = None
    _is_loaded = False

    def __init__(self, owner: Owner, submitted: float) -> None:
        self.owner: Owner | None = owner
        self.submitted = submitted

    def __repr__(self) -> str:
        return f"<Call {self.sequence}: {self.status}>"

    @property
    def sequence(self) -> int:
        return self.task & ((1 << SEQUENCE_BITS) - 1)

    @property
    def done(self) -> bool:
        return self.outcome is not None or self.failure is not None

    @property
    def status(self) -> str | None:
        """As ipyparallel says it; None while the task has not ended."""
        if self.failure is not None:
            return "error"
        if self.outcome is None:
            return None
        if self.outcome.status == Status.ABORTED:
            return "aborted"
        return "ok" if self.outcome.status == Status.OK else "error"

    @property
    def succeeded(self) -> bool:
        return (
            self.failure is None
            and self.outcome is not None
            and self.outcome.status == Status.OK
        )

    def text(self, stream: int) -> str:
        """What its task has written to stdout (1) or stderr (2) so far."""
        if self.output is None:
            return ""
        return "".join([text for number, text in self.output if number == stream])

    def write(self, stream: int, text: str) -> None:
        if self.output is None:
            self.output = []
        self.output.append((stream, text))

    def end(self) -> None:
        """Tell those it belongs to that it has ended."""
        self.ended = True
        owner, others = self.owner, self.others
        # They have us; not the other way any more, or only the garbage collector
        # would let go of a large result.
        self.owner = self.others = None
        if owner is not None:
            owner.on_call(self)
        for other in others or ():
            other.on_call(self)

    def tell_output(self, stream: int, text: str) -> None:
        self.write(stream, text)
        if self.owner is not None:
            self.owner.on_output(self, stream, text)
        for other in self.others or ():
            other.on_output(self, stream, text)

    def tell_shown(self, event: list[Any]) -> None:
        if self.shown is None:
            self.shown = []
        self.shown.append(event)
        if self.owner is not None:
            self.owner.on_shown(self, event)
        for other in self.others or ():
            other.on_shown(self, event)

    def result(self, load: Load, method: str) -> Any:
        """Its value, or its error as an exception that is not raised.

        The payload is unpickled the first time anybody asks.
        """
        # Taken before the look whether another thread has read it meanwhile.
        outcome, holds = self.outcome, self.holds
        if self._is_loaded:
            return self._value
        if self.failure is not None:
            return self.failure
        assert outcome is not None
        if outcome.status != Status.OK:
            value: Any = self._error(outcome, method)
        else:
            try:
                value = load(outcome, list(holds))
            except Exception as error:
                # The raw bytes stay in `outcome`: their owner may know what to do.
                self.failure = error
                holds = self.holds = ()  # not for as long as the traceback is kept
                return error
        if not self._is_loaded:
            self._value = value
            self._is_loaded = True
            if outcome.segments or len(outcome.payload) > WORTHWHILE:
                self.outcome = msgspec.structs.replace(
                    outcome, payload=b"", segments=()
                )
            self.holds = ()
        return self._value

    def error(self, method: str) -> BaseException | None:
        """Its error, if it has one that is known without unpickling the result."""
        if self.failure is not None:
            return self.failure
        if self.outcome is None or self.outcome.status == Status.OK:
            return None
        error = self.result(_never, method)
        assert isinstance(error, BaseException)
        return error

    def _error(self, outcome: Outcome, method: str) -> BaseException:
        try:
            info = decode_info(outcome.payload)
        except Exception as error:
            return error
        if info.engine is None and self.engine >= 0:
            info = msgspec.structs.replace(info, engine=self.engine)
        return to_error(info, method=method)


def _never(outcome: Outcome, holds: list[Hold]) -> Any:
    raise AssertionError("an error needs no loading")


class CallTable:
    """The calls that have not ended, by task."""

    def __init__(self) -> None:
        self.outstanding: dict[int, Call] = {}

    def __len__(self) -> int:
        return len(self.outstanding)

    def on_results(
        self, engine: int, outcomes: Iterable[Outcome], now: float
    ) -> tuple[list[Call], list[Outcome]]:
        """The calls that ended, to be told so, and outcomes that nobody waits for."""
        ended, strange = [], []
        pop = self.outstanding.pop
        for outcome in outcomes:
            call = pop(outcome.task, None)
            if call is None:
                strange.append(outcome)
                continue
            call.engine = engine
            call.received = now
            call.outcome = outcome
            ended.append(call)
        return ended, strange

    def on_output(self, task: int, stream: int, text: str) -> None:
        call = self.outstanding.get(task)
        if call is not None:
            call.tell_output(stream, text)

    def on_shown(self, task: int, event: list[Any], wish: int) -> None:
        call = self.outstanding.get(task)
        if call is None or (wish and wish == call.wish):
            return  # said once more after a cut
        if wish:
            call.wish = wish
        call.tell_shown(event)

    def unanswered(self) -> list[Typed]:
        """To each cell that waits for a line: nobody will type."""
        calls = [call for call in list(self.outstanding.values()) if call.wish]
        return [Typed(call.task, None, call.wish) for call in calls]

    def take(self, tasks: Iterable[int]) -> list[Call]:
        """Take these out, without an outcome."""
        pop = self.outstanding.pop
        found = [pop(task, None) for task in tasks]
        return [call for call in found if call is not None]

    def on_lost(self, error: BaseException, now: float) -> list[Call]:
        """Nothing will come any more: all calls end with this error."""
        calls = self.take(list(self.outstanding))
        for call in calls:
            call.failure = error
            call.received = now
        return calls
