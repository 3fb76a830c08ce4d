"""Tasks that wait for others (`after`) or run where others ran (`follow`)."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from ipcluster.controller import dependencies, endings
from ipcluster.controller.actions import Action, Assign, Reply
from ipcluster.controller.dependencies import RING, End, Past
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import (
    Dependency,
    Item,
    Mode,
    Options,
    Outcome,
    Status,
    Submit,
)

ALICE, BOB = 1, 2


def task(number: int, client: int = ALICE) -> int:
    return client << 40 | number


def submit(
    *numbers: int, client: int = ALICE, options: Options | None = None
) -> Submit:
    items = [Item(task(number, client), b"") for number in numbers]
    return Submit(b"f", Mode.APPLY, options or Options(), items)


def assign(engine: int, *numbers: int, client: int = ALICE) -> Assign:
    items = [Item(task(number, client), b"") for number in numbers]
    return Assign(engine, b"f", Mode.APPLY, items)


def ended(number: int, status: Status = Status.OK, client: int = ALICE) -> Outcome:
    return Outcome(task(number, client), status, b"", 1.0, 1e-5)


def after(*numbers: int, **flags: bool) -> Options:
    return Options(after=Dependency(frozenset(map(task, numbers)), **flags))


def follow(*numbers: int, **flags: bool) -> Options:
    return Options(follow=Dependency(frozenset(map(task, numbers)), **flags))


@pytest.fixture
def table() -> TaskTable:
    """Two engines; Alice's task 1 runs on engine 0, her task 2 on engine 1."""
    table = TaskTable(random=Random(1))
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    assert table.take_actions(0.0) == [assign(0, 1), assign(1, 2)]
    return table


def acts(table: TaskTable) -> list[Action]:
    table.check()
    actions = table.take_actions(0.0)
    table.check()
    return actions


def done(table: TaskTable, number: int, status: Status = Status.OK) -> list[Action]:
    """Task 1 or 2 ends on its engine; what follows but its own reply."""
    engine = number - 1
    table.on_done(engine, [ended(number, status)], 1.0)
    actions = acts(table)
    actions.remove(Reply(ALICE, engine, [ended(number, status)]))
    return actions


IMPOSSIBLE = endings.impossible(
    task(3), "it comes after tasks that did not end as it needs"
)
NOT_BESIDE = endings.impossible(
    task(3), "it follows tasks that did not end as it needs"
)


def test_task_after_all_waits_for_the_last(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, 2)), 0.0)

    assert acts(table) == []
    assert done(table, 1) == []
    assert done(table, 2) == [assign(1, 3)]


def test_task_after_any_waits_for_the_first(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, 2, all=False)), 0.0)

    assert acts(table) == []
    assert done(table, 2) == [assign(1, 3)]


def test_after_all_is_impossible_once_one_has_failed(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, 2)), 0.0)

    assert done(table, 1, Status.ERROR) == [Reply(ALICE, -1, [IMPOSSIBLE])]


def test_after_any_is_impossible_once_all_have_failed(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, 2, all=False)), 0.0)

    assert done(table, 1, Status.ERROR) == []
    assert done(table, 2, Status.ERROR) == [Reply(ALICE, -1, [IMPOSSIBLE])]


def test_after_failure_waits_for_a_failure(table: TaskTable) -> None:
    options = after(1, success=False, failure=True)
    table.on_submit(ALICE, submit(3, options=options), 0.0)

    assert done(table, 1, Status.ERROR) == [assign(0, 3)]


def test_after_success_or_failure_waits_for_any_end(table: TaskTable) -> None:
    options = after(1, 2, failure=True)
    table.on_submit(ALICE, submit(3, options=options), 0.0)

    assert done(table, 1, Status.ERROR) == []
    assert done(table, 2) == [assign(1, 3)]


def test_a_dependency_on_neither_success_nor_failure_is_impossible(
    table: TaskTable,
) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, success=False)), 0.0)

    assert acts(table) == [Reply(ALICE, -1, [IMPOSSIBLE])]


def test_a_dependency_on_no_tasks_is_met(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=after()), 0.0)

    assert acts(table) == [assign(0, 3)]


def test_tasks_that_ended_long_ago_count(table: TaskTable) -> None:
    done(table, 1)
    done(table, 2, Status.ERROR)
    table.purge()

    table.on_submit(ALICE, submit(3, options=after(1)), 2.0)
    table.on_submit(ALICE, submit(4, options=after(2)), 2.0)

    text = "it comes after tasks that did not end as it needs"
    impossible = endings.impossible(task(4), text)
    assert acts(table) == [assign(1, 3), Reply(ALICE, -1, [impossible])]


def test_tasks_of_another_client_count(table: TaskTable) -> None:
    table.on_submit(BOB, submit(1, client=BOB, options=after(1)), 0.0)

    assert done(table, 1) == [assign(0, 1, client=BOB)]


def test_all_tasks_of_a_submission_become_ready_together(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, 4, options=after(1, 2)), 0.0)
    done(table, 1)

    table.on_done(1, [ended(2)], 1.0)

    assert acts(table)[:-1] == [assign(1, 3, 4)]


@pytest.mark.parametrize("number", [77, 3])
def test_a_dependency_on_an_unknown_task_or_itself_is_invalid(
    table: TaskTable, number: int
) -> None:
    table.on_submit(ALICE, submit(3, options=after(1, number)), 0.0)

    (reply,) = acts(table)
    assert isinstance(reply, Reply)
    texts = {
        77: f"task {task(77)} was never submitted",
        3: f"task {task(3)} depends on itself",
    }
    assert reply.outcomes == [endings.invalid(task(3), texts[number])]


def test_a_task_of_a_client_nobody_knows_is_invalid(table: TaskTable) -> None:
    stranger = task(1, 9)
    options = Options(after=Dependency(frozenset({stranger})))
    table.on_submit(ALICE, submit(3, options=options), 0.0)

    invalid = endings.invalid(task(3), f"task {stranger} was never submitted")
    assert acts(table) == [Reply(ALICE, -1, [invalid])]


def test_a_task_older_than_the_ring_is_invalid(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(RING + 10, options=after(1)), 0.0)
    table.on_submit(ALICE, submit(RING + 11, options=Options()), 0.0)
    done(table, 1)

    table.on_submit(ALICE, submit(RING + 12, options=after(1)), 0.0)

    text = f"task {task(1)} is older than the last 1,048,576 of its client"
    (reply,) = [action for action in acts(table) if isinstance(action, Reply)]
    assert reply.outcomes == [endings.invalid(task(RING + 12), text)]


def test_a_chain_fails_from_its_first_link_without_recursion(
    table: TaskTable,
) -> None:
    for number in range(3, 5003):
        table.on_submit(ALICE, submit(number, options=after(number - 1)), 0.0)

    (reply,) = done(table, 2, Status.ERROR)

    assert isinstance(reply, Reply)
    assert [outcome.task for outcome in reply.outcomes] == [
        task(number) for number in range(3, 5003)
    ]


def test_a_waiting_task_times_out_and_those_after_it_are_impossible(
    table: TaskTable,
) -> None:
    dependency = Dependency(frozenset({task(1)}))
    options = Options(after=dependency, timeout=1.0)
    table.on_submit(ALICE, submit(3, options=options), 0.0)
    table.on_submit(ALICE, submit(4, options=after(3)), 0.0)

    table.on_tick(2.0)

    text = "it comes after tasks that did not end as it needs"
    outcomes = [
        endings.timed_out(task(3), 1.0),
        endings.impossible(task(4), text),
    ]
    assert acts(table) == [Reply(ALICE, -1, outcomes)]
    assert done(table, 1) == []


def test_task_follows_to_the_engine_where_the_other_ran(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, 4, options=follow(2)), 0.0)

    assert done(table, 1) == []
    assert done(table, 2) == [assign(1, 3, 4)]


def test_following_two_that_ran_apart_is_impossible(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(3, options=follow(1, 2)), 0.0)

    assert done(table, 1) == []
    assert done(table, 2) == [Reply(ALICE, -1, [NOT_BESIDE])]


def test_following_any_of_two_runs_beside_either(table: TaskTable) -> None:
    done(table, 1)
    done(table, 2)
    table.on_engine_suspect(0)

    table.on_submit(ALICE, submit(3, options=follow(1, 2, all=False)), 0.0)

    assert acts(table) == [assign(1, 3)]


def test_following_to_an_engine_that_ended_is_impossible(table: TaskTable) -> None:
    done(table, 1)
    table.on_engine_lost(0, 0, False, "gone", 1.0)

    table.on_submit(ALICE, submit(3, options=follow(1)), 2.0)

    text = "none of the engines that it may run on is there: 0"
    assert acts(table) == [Reply(ALICE, -1, [endings.nowhere(task(3), text)])]


def test_following_to_where_its_targets_are_not_is_impossible(table: TaskTable) -> None:
    done(table, 1)

    options = replace(follow(1), targets=frozenset({1}))
    table.on_submit(ALICE, submit(3, options=options), 0.0)

    text = "the tasks that it follows ran on none of its targets"
    assert acts(table) == [Reply(ALICE, -1, [endings.impossible(task(3), text)])]


def test_following_a_task_that_never_ran_is_impossible(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(9, options=after(1)), 0.0)
    options = follow(9, success=True, failure=True)
    table.on_submit(ALICE, submit(10, options=options), 0.0)

    table.on_cancel(ALICE, [task(9)], False, 0.0)

    text = "it follows tasks that did not end as it needs"
    outcomes = [endings.aborted(task(9)), endings.impossible(task(10), text)]
    assert acts(table) == [Reply(ALICE, -1, outcomes)]


def test_both_after_and_follow_must_be_met(table: TaskTable) -> None:
    options = Options(
        after=Dependency(frozenset({task(1)})), follow=Dependency(frozenset({task(2)}))
    )
    table.on_submit(ALICE, submit(3, options=options), 0.0)

    assert done(table, 2) == []
    assert done(table, 1) == [assign(1, 3)]


def test_the_past_forgets_only_what_is_older_than_its_ring() -> None:
    past = Past()
    past.advance(5)
    past.codes[5] = (7 + 2) << 1 | 1
    past.advance(RING + 4)
    assert past.end(5) == End(7, True)
    assert past.end(6) is None

    past.advance(RING + 5)

    assert not past.is_kept(5)
    assert past.end(RING + 5) is None
    past.advance(9 * RING)
    assert len(past.codes) == RING
    assert not any(past.codes)


def test_memory_of_the_past_grows_with_use() -> None:
    past = Past()
    past.advance(100)

    assert len(past.codes) == 128
    assert dependencies.RING_MASK == RING - 1
