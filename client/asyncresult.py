"""AsyncResult: what a call will have answered, from one engine or many.

It is a `concurrent.futures.Future`, so `wait`, `as_completed` and callbacks work, and
it can be awaited. One is made for every task, so it is cheap: a lock, and the lists of
callbacks and waiters, are made only for those who want them, and a result is
unpickled only when it is asked for.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    Future,
)
from typing import TYPE_CHECKING, Any

from ipcluster.client.calls import Call
from ipcluster.client.metadata import KEYS, ExecuteReply
from ipcluster.client.reports import Reports
from ipcluster.wire.errors import (
    TimeoutError,  # noqa: A004 - the name users know
    collect_exceptions,
)
from ipcluster.wire.messages import Options

if TYPE_CHECKING:
    from ipcluster.client.client import Client

# States as the standard library writes them.
PENDING = "PENDING"
FINISHED = "FINISHED"
CANCELLED = "CANCELLED_AND_NOTIFIED"

_LAZY: dict[str, Callable[[], Any]] = {
    "_condition": threading.Condition,
    "_waiters": list,
    "_done_callbacks": list,
}
_METADATA = frozenset(KEYS)

Listener = Callable[[Call, int, str], None]
_NO_OPTIONS = Options()


class AsyncResult(Reports, Future[Any]):
    """The results of one or more tasks, when they come."""

    # Of `Future`; its constructor is not called.
    _state = PENDING
    _result = None
    _exception = None

    _source: str | None = None
    _return_exceptions = False
    _options = _NO_OPTIONS
    _waiting: set[Call] | None = None
    _listeners: list[Listener] | None = None
    _cancel_requested = False
    _is_observed = False
    """Whether a callback or a waiter may be there. Read rather than the instance's
    dictionary, which is made when it is asked for, and kept."""
    _is_single = True
    owner = True

    def __init__(
        self, client: Client, fname: str = "unknown", count: int | None = None
    ) -> None:
        """`count` None: one task, whose result is given plainly, not in a list."""
        self._client = client
        self._fname = fname
        now = time.time()
        if count is None:
            self._remaining = 1
            self._calls = [Call(self, now)]
        else:
            self._is_single = False
            self._remaining = count
            self._calls = [Call(self, now) for _ in range(count)]
            if not count:
                self._state = FINISHED

    @classmethod
    def of_calls(
        cls, client: Client, calls: Sequence[Call], fname: str, *, single: bool = False
    ) -> AsyncResult:
        """A second AsyncResult over tasks that belong to others."""
        self = cls(client, fname, 0)
        self._adopt(calls, single=single)
        return self

    def _adopt(self, calls: Sequence[Call], *, single: bool) -> None:
        self._is_single = single
        self._calls = list(calls)
        self._waiting = set(calls)
        self._remaining = len(self._calls)
        self._state = PENDING if calls else FINISHED
        for call in calls:
            if call.ended:
                self.on_call(call)
            else:
                call.others = [*(call.others or ()), self]

    # --- told by the connection ------------------------------------------------------

    def on_call(self, call: Call) -> None:
        """One of its tasks has ended."""
        if self._waiting is not None:
            try:
                self._waiting.remove(call)
            except KeyError:
                return
        self._remaining -= 1
        if not self._remaining:
            self._complete()

    def on_output(self, call: Call, stream: int, text: str) -> None:
        """One of its tasks wrote something."""
        for listener in self._listeners or ():
            listener(call, stream, text)

    def on_shown(self, call: Call, event: list[Any]) -> None:
        """The cell of one of its tasks has something to see."""

    def add_listener(self, listener: Listener) -> None:
        """Have `listener(call, stream, text)` called with what its tasks write."""
        self._listeners = [*(self._listeners or ()), listener]

    def remove_listener(self, listener: Listener) -> None:
        """The other way."""
        self._listeners = [one for one in self._listeners or () if one != listener]

    def _complete(self) -> None:
        aborted = self._cancel_requested and any(
            call.status == "aborted" for call in self._calls
        )
        self._state = CANCELLED if aborted else FINISHED
        # Whoever waits or adds a callback makes the condition first, then looks at
        # the state: either they see it has ended, or we see the condition.
        if not self._is_observed:
            return
        condition = self._condition
        with condition:
            for waiter in self._waiters:
                if aborted:
                    waiter.add_cancelled(self)
                elif self._has_error():
                    waiter.add_exception(self)
                else:
                    waiter.add_result(self)
            condition.notify_all()
        self._invoke_callbacks()

    # --- state -----------------------------------------------------------------------

    def __repr__(self) -> str:
        state = "finished" if self.ready() else "pending"
        counted = "" if self._is_single else f" {self.progress}/{len(self)}"
        return f"<{type(self).__name__}({self._fname}): {state}{counted}>"

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def msg_ids(self) -> list[str]:
        """The ids of its tasks, by which any client can ask for their results."""
        return [self._msg_id(call) for call in self._calls]

    def _msg_id(self, call: Call) -> str:
        return call.msg_id or self._client.msg_id(call.task)

    @property
    def progress(self) -> int:
        """How many of its tasks have ended."""
        return len(self._calls) - self._remaining

    def ready(self) -> bool:
        """Whether all its tasks have ended."""
        return self._state != PENDING

    def done(self) -> bool:
        """The same as `ready`."""
        return self._state != PENDING

    def running(self) -> bool:
        """Whether some have not ended."""
        return self._state == PENDING

    def cancelled(self) -> bool:
        """Whether `cancel` took a task back before it started."""
        return self._state == CANCELLED

    def successful(self) -> bool:
        """Whether all have ended without an error.

        Raises:
            TimeoutError: some have not ended.
        """
        self._check_ready()
        return not self._has_error()

    def _has_error(self) -> bool:
        return not all(call.succeeded for call in self._calls)

    def _check_ready(self) -> None:
        if not self.ready():
            raise TimeoutError("the result is not ready")

    # --- waiting ---------------------------------------------------------------------

    def wait(self, timeout: float | None = -1, return_when: str | None = None) -> bool:
        """Wait until all tasks have ended, or the first one (`return_when`).

        Args:
            timeout: seconds; None or -1 waits for ever.
            return_when: FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED.

        Returns:
            Whether that came in time.
        """
        seconds = None if timeout is None or timeout < 0 else timeout
        return self._client.connection.wait(
            self._condition_for(return_when), seconds, self._on_press
        )

    def _condition_for(self, return_when: str | None) -> Callable[[], bool]:
        if return_when in (None, ALL_COMPLETED):
            return self.ready
        if return_when == FIRST_COMPLETED:
            return self._some_ended
        if return_when == FIRST_EXCEPTION:
            return self._some_failed
        raise ValueError(
            "return_when is FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED, not "
            f"{return_when!r}"
        )

    def _some_ended(self) -> bool:
        return self.ready() or any(call.done for call in self._calls)

    def _some_failed(self) -> bool:
        return self.ready() or any(
            call.done and not call.succeeded for call in self._calls
        )

    def _on_press(self, count: int) -> bool:
        """Ctrl-C during a wait: the first press interrupts the tasks waited for."""
        if count > 1:
            return False
        self._client.connection.cancel(self._calls, interrupt=True)
        print(
            "interrupting the tasks; Ctrl-C again stops waiting and leaves them",
            file=sys.stderr,
            flush=True,
        )
        return True

    def get(
        self,
        timeout: float | None = None,
        return_exceptions: bool | None = None,
        return_when: str | None = None,
    ) -> Any:
        """The result, or the list of results of all tasks.

        With FIRST_COMPLETED, those that are there; with FIRST_EXCEPTION an error is
        raised as soon as it comes.

        Raises:
            TimeoutError: not there within `timeout` seconds.
            RemoteError: the task raised.
            CompositeError: some of several tasks raised.
        """
        if self._state == PENDING and not self.wait(timeout, return_when):
            raise TimeoutError(f"no result of {self._fname} within {timeout:g} s")
        if return_exceptions is None:
            return_exceptions = self._return_exceptions
        if self._is_single and self._state == FINISHED:
            call = self._calls[0]
            value = self._value(call)
            if return_exceptions or call.succeeded:
                return value
            raise value
        if self._state == PENDING:
            return self._partial(return_exceptions, return_when)
        values = [self._value(call) for call in self._calls]
        if not return_exceptions:
            self._raise_errors(values)
        return self._assemble(values)

    def _partial(self, return_exceptions: bool, return_when: str | None) -> Any:
        values = [self._value(call) for call in self._calls if call.done]
        if return_when == FIRST_EXCEPTION or not return_exceptions:
            self._raise_errors(values)
        return values

    def _value(self, call: Call) -> Any:
        value = call.result(self._client.connection.load, self._fname)
        if self._source is not None and isinstance(value, dict):
            return ExecuteReply(
                self._source,
                value["execution_count"],
                value["result_repr"],
                call.engine,
                call.text(1),
                call.text(2),
            )
        return value

    def _raise_errors(self, values: list[Any]) -> None:
        # A task may *return* an exception: only a call that failed raises.
        if all(call.succeeded for call in self._calls if call.done):
            return
        failed: list[Any] = [
            value if not call.succeeded else None
            for call, value in zip(
                [call for call in self._calls if call.done], values, strict=True
            )
        ]
        if len(self._calls) == 1:
            raise failed[0]
        collect_exceptions(failed, self._fname)
        # An error that is not of ours: a result that could not be read.
        raise next(error for error in failed if error is not None)

    def _assemble(self, values: list[Any]) -> Any:
        return values[0] if self._is_single else values

    @property
    def r(self) -> Any:
        """The same as `get()`."""
        return self.get()

    def result(self, timeout: float | None = None) -> Any:
        """As `concurrent.futures.Future` has it: the same as `get`."""
        return self.get(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error that `get` would raise, or None."""
        try:
            self.get(timeout)
        except TimeoutError as error:
            if not self.ready():
                raise
            return error
        except Exception as error:
            return error
        return None

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.wrap_future(self).__await__()

    # --- taking back -----------------------------------------------------------------

    def abort(self) -> None:
        """Take back the tasks that have not started; those that run go on."""
        if not self.ready():
            self._client.connection.cancel(self._calls, interrupt=False)

    def cancel(self) -> bool:
        """Take back the tasks that have not started, interrupt those that run.

        A task may ignore that: each further call interrupts it once more.

        Returns:
            False if all had ended already.
        """
        if self.ready():
            return False
        self._cancel_requested = True
        self._client.connection.cancel(self._calls, interrupt=True)
        return True

    # --- results one by one ----------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        if self._is_single:
            raise TypeError(
                "this AsyncResult has a single result: use .get(), and iterate over it"
            )
        return self._iterate()

    def _iterate(self) -> Iterator[Any]:
        for call in self._calls:
            self._wait_for(call)
            yield self._plain(call)

    def _wait_for(self, call: Call, deadline: float | None = None) -> None:
        if not call.done:
            self._await(lambda: call.done, deadline)

    def _await(self, ready: Callable[[], bool], deadline: float | None) -> None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._client.connection.wait(ready, left, self._on_press):
            raise TimeoutError(f"the next result of {self._fname} has not come in time")

    def _plain(self, call: Call) -> Any:
        """The result of a call that has ended, raised if it is an error."""
        value = self._value(call)
        if not call.succeeded and not self._return_exceptions:
            raise value
        return value

    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            if key not in _METADATA:
                raise KeyError(f"{key!r} is none of {', '.join(KEYS)}")
            return self._look_up(key)
        self._check_ready()
        if isinstance(key, slice):
            values = [self._value(call) for call in self._calls[key]]
            return collect_exceptions(values, self._fname)
        return self._plain(self._calls[key])

    def __getattr__(self, name: str) -> Any:
        if (make := _LAZY.get(name)) is not None:
            made = self.__dict__.setdefault(name, make())
            self._is_observed = True
            return made
        if name in _METADATA:
            return self._look_up(name)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    @classmethod
    def join(cls, *async_results: AsyncResult) -> AsyncResult:
        """One AsyncResult for the tasks of all."""
        if not async_results:
            raise ValueError("nothing to join")
        calls = [call for one in async_results for call in one._calls]
        first = async_results[0]
        return AsyncResult.of_calls(first._client, calls, first._fname)

    def split(self) -> list[AsyncResult]:
        """One AsyncResult for each task."""
        return [
            AsyncResult.of_calls(self._client, [call], self._fname, single=True)
            for call in self._calls
        ]
