"""The bookkeeping of outstanding tasks."""

from __future__ import annotations

import gc
import pickle
from typing import Any

import pytest

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call, CallTable
from ipcluster.wire.errors import (
    ConnectionLost,
    EngineError,
    RemoteError,
    encode_info,
)
from ipcluster.wire.messages import ErrorInfo, Outcome, Status
from ipcluster.wire.segments import Hold


class Listener:
    """An owner that notes what it is told."""

    def __init__(self) -> None:
        self.ended: list[int] = []
        self.heard: list[tuple[int, int, str]] = []
        self.shown: list[tuple[int, list[Any]]] = []

    def on_call(self, call: Call) -> None:
        self.ended.append(call.task)

    def on_output(self, call: Call, stream: int, text: str) -> None:
        self.heard.append((call.task, stream, text))

    def on_shown(self, call: Call, event: list[Any]) -> None:
        self.shown.append((call.task, event))


def load(outcome: Outcome, _holds: list[Hold]) -> Any:
    return pickle.loads(outcome.payload)


def table_of(owner: Listener, *tasks: int) -> tuple[CallTable, list[Call]]:
    table = CallTable()
    calls = []
    for task in tasks:
        call = Call(owner, 100.0)
        call.task = task
        table.outstanding[task] = call
        calls.append(call)
    return table, calls


def ok(task: int, value: object) -> Outcome:
    return Outcome(task, Status.OK, pickle.dumps(value), 101.0, 0.5)


def failed(task: int, kind: str, **fields: Any) -> Outcome:
    info = ErrorInfo(kind, fields.pop("ename", kind), "why", **fields)
    return Outcome(task, Status.ERROR, encode_info(info))


def test_results_end_their_calls_and_leave_the_table() -> None:
    owner = Listener()
    table, (first, second) = table_of(owner, 1, 2)

    ended, strange = table.on_results(3, [ok(1, "one")], 102.0)
    for call in ended:
        call.end()

    assert (ended, strange) == ([first], [])
    assert owner.ended == [1]
    assert first.result(load, "f") == "one"
    assert (first.engine, first.received, first.status) == (3, 102.0, "ok")
    assert list(table.outstanding) == [2]
    assert second.status is None


def test_results_of_unknown_tasks_are_given_back() -> None:
    table, _ = table_of(Listener(), 1)
    stranger = ok(9, "nine")

    assert table.on_results(0, [stranger], 1.0) == ([], [stranger])


def test_value_is_unpickled_once() -> None:
    table, (call,) = table_of(Listener(), 1)
    table.on_results(0, [ok(1, [1, 2])], 1.0)

    assert call.result(load, "f") is call.result(load, "f")


def test_error_is_not_raised_but_given() -> None:
    table, (call,) = table_of(Listener(), 1)
    table.on_results(
        4, [failed(1, "RemoteError", ename="ValueError", builtin="ValueError")], 1.0
    )

    error = call.result(load, "f")

    assert isinstance(error, RemoteError)
    assert isinstance(error, ValueError)
    assert error.engine_info["engine_id"] == 4
    assert call.error("f") is error
    assert call.status == "error"


def test_own_errors_keep_their_class() -> None:
    table, (call,) = table_of(Listener(), 1)
    table.on_results(-1, [failed(1, "EngineError")], 1.0)

    assert type(call.result(load, "f")) is EngineError


def test_unreadable_result_is_its_own_error_and_keeps_its_bytes() -> None:
    table, (call,) = table_of(Listener(), 1)
    table.on_results(0, [Outcome(1, Status.OK, b"no pickle")], 1.0)

    assert isinstance(call.result(load, "f"), pickle.UnpicklingError)
    assert call.status == "error"
    assert call.outcome is not None
    assert call.outcome.payload == b"no pickle"


def test_aborted_task_says_so() -> None:
    table, (call,) = table_of(Listener(), 1)
    info = encode_info(ErrorInfo("TaskAborted", "TaskAborted", "taken back"))
    table.on_results(-1, [Outcome(1, Status.ABORTED, info)], 1.0)

    assert call.status == "aborted"


def test_output_reaches_call_and_owner_in_order() -> None:
    owner = Listener()
    table, (call,) = table_of(owner, 1)

    table.on_output(1, 1, "a")
    table.on_output(1, 2, "!")
    table.on_output(1, 1, "b")
    table.on_output(7, 1, "nobody's")

    assert (call.text(1), call.text(2)) == ("ab", "!")
    assert owner.heard == [(1, 1, "a"), (1, 2, "!"), (1, 1, "b")]


def test_loss_ends_all_with_the_same_error() -> None:
    table, calls = table_of(Listener(), 1, 2)
    error = ConnectionLost("gone")

    assert table.on_lost(error, 5.0) == calls
    assert not table.outstanding
    assert [call.result(load, "f") for call in calls] == [error, error]


@pytest.mark.parametrize("fails", [False, True])
def test_segments_are_let_go_with_the_value_or_when_it_cannot_be_read(
    fails: bool,
) -> None:
    released: list[str] = []
    table, (call,) = table_of(Listener(), 1)
    table.on_results(0, [ok(1, "one")], 1.0)
    call.holds = [Hold("a", released.append), Hold("b", released.append)]

    def read(outcome: Outcome, holds: list[Hold]) -> Any:
        assert released == []
        taken = list(holds)
        holds.clear()
        if fails:
            taken.clear()
            raise OSError("cannot be mapped")
        return taken

    value = call.result(read, "f")

    if fails:
        assert isinstance(value, OSError)
    else:
        assert released == []
        value.clear()
    assert sorted(released) == ["a", "b"]


def test_segments_of_a_result_that_nobody_reads_are_let_go() -> None:
    released: list[str] = []
    _, (call,) = table_of(Listener(), 1)
    call.holds = [Hold("a", released.append)]

    del _, call

    assert released == ["a"]


def test_a_result_that_nobody_waits_for_has_no_dictionary() -> None:
    """Thousands are made in a second: one more object each would be felt."""
    result = AsyncResult(None)  # type: ignore[arg-type]  # it asks nothing of it
    [call] = result._calls
    call.outcome = Outcome(1, int(Status.OK), b"")

    call.end()

    assert result.ready()
    assert dict not in map(type, gc.get_referents(result))


def test_whoever_adds_a_callback_hears_of_the_end() -> None:
    for early in (True, False):
        result = AsyncResult(None)  # type: ignore[arg-type]  # it asks nothing of it
        [call] = result._calls
        call.outcome = Outcome(1, int(Status.OK), b"")
        heard: list[object] = []

        if early:
            result.add_done_callback(heard.append)
        call.end()
        if not early:
            result.add_done_callback(heard.append)

        assert heard == [result]
