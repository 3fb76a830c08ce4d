"""The rules for tasks, one by one: events in, whole actions out."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from ipcluster.controller import endings
from ipcluster.controller.actions import Action, Assign, Drop, Reply
from ipcluster.controller.ledger import DEPARTED
from ipcluster.controller.queues import Engine
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.errors import encode_info
from ipcluster.wire.messages import (
    Dependency,
    Direct,
    ErrorInfo,
    Item,
    Mode,
    Options,
    Outcome,
    Output,
    Segment,
    Status,
    Submit,
)

ALICE, BOB = 1, 2
PLAIN = Options()


def task(number: int, client: int = ALICE) -> int:
    return client << 40 | number


def item(number: int, client: int = ALICE) -> Item:
    return Item(task(number, client), b"arguments")


def submit(
    *numbers: int,
    client: int = ALICE,
    function: bytes = b"f",
    options: Options = PLAIN,
) -> Submit:
    items = [item(number, client) for number in numbers]
    return Submit(function, Mode.APPLY, options, items)


def direct(
    number: int, *targets: int, client: int = ALICE, options: Options = PLAIN
) -> Direct:
    return Direct(b"d", Mode.APPLY, options, list(targets), item(number, client))


def assign(
    engine: int, *numbers: int, client: int = ALICE, function: bytes = b"f"
) -> Assign:
    items = [item(number, client) for number in numbers]
    return Assign(engine, function, Mode.APPLY, items)


def ended(number: int, status: Status = Status.OK, client: int = ALICE) -> Outcome:
    return Outcome(task(number, client), status, b"result", 1.0, 1e-5)


@pytest.fixture
def table() -> TaskTable:
    return TaskTable(random=Random(1))


def acts(table: TaskTable, now: float = 0.0) -> list[Action]:
    table.check()
    actions = table.take_actions(now)
    table.check()
    return actions


def test_task_waits_for_an_engine_and_its_outcome_goes_to_its_owner(
    table: TaskTable,
) -> None:
    table.on_submit(ALICE, submit(1), 0.0)

    assert acts(table) == []

    table.on_engine_joined(0, 1.0)
    assert acts(table) == [assign(0, 1)]

    table.on_done(0, [ended(1)], 2.0)
    assert acts(table) == [Reply(ALICE, 0, [ended(1)])]


def test_outcomes_of_one_report_are_replied_together(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)

    table.on_done(0, [ended(1), ended(2)], 1.0)

    assert acts(table) == [Reply(ALICE, 0, [ended(1), ended(2)])]


def test_tasks_of_an_unknown_function_start_small_on_every_engine(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)

    table.on_submit(ALICE, submit(*range(1, 11)), 0.0)

    assert acts(table) == [assign(0, 1, 2), assign(1, 3, 4)]


def test_other_functions_and_modes_are_other_batches(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, function=b"f"), 0.0)
    table.on_submit(ALICE, submit(2, function=b"g"), 0.0)

    assert acts(table) == [assign(0, 1), assign(0, 2, function=b"g")]


def test_empty_submissions_and_reports_change_nothing(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(), 0.0)
    table.on_direct(ALICE, direct(1), 0.0)
    table.on_done(0, [], 0.0)
    table.on_dropped(0, [], 0.0)
    table.on_cancel(ALICE, [], True, 0.0)

    assert acts(table) == []


def test_a_submission_that_comes_twice_runs_once(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    assert acts(table) == [assign(0, 1)]
    table.on_done(0, [ended(1)], 1.0)
    acts(table)

    table.on_submit(ALICE, submit(1), 2.0)

    assert acts(table) == []


def test_a_late_message_with_a_lower_number_still_counts(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(5), 0.0)
    table.on_submit(ALICE, submit(3), 0.0)

    assert acts(table) == [assign(0, 5, 3)]


def test_a_client_cannot_submit_under_the_number_of_another(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(BOB, submit(1, client=ALICE), 0.0)

    assert acts(table) == []


def test_stale_reports_are_ignored(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    assert acts(table) == [assign(0, 1)]

    table.on_done(1, [ended(1)], 1.0)  # it is not there
    table.on_done(7, [ended(1)], 1.0)  # no such engine
    table.on_done(0, [ended(2)], 1.0)  # no such task
    table.on_dropped(1, [task(1)], 1.0)
    assert acts(table) == []

    table.on_done(0, [ended(1), ended(1)], 2.0)
    assert acts(table) == [Reply(ALICE, 0, [ended(1)])]


def test_higher_priority_goes_first_within_a_client(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(1), 0.0)
    table.on_submit(ALICE, submit(2, options=Options(priority=5)), 0.0)
    table.on_submit(ALICE, submit(3, options=Options(priority=-5)), 0.0)
    table.on_engine_joined(0, 0.0)

    assert acts(table) == [assign(0, 2), assign(0, 1)]


def test_one_task_does_not_wait_behind_thousands_of_another_client(
    table: TaskTable,
) -> None:
    table.on_submit(ALICE, submit(*range(1, 10_001)), 0.0)
    table.on_engine_joined(0, 0.0)
    assert acts(table) == [assign(0, 1, 2)]
    table.on_submit(BOB, submit(1, client=BOB), 0.0)

    table.on_done(0, [Outcome(task(1), Status.OK, b"", 1.0, 1.0)], 1.0)

    outcome = Outcome(task(1), Status.OK, b"", 1.0, 1.0)
    expected = [assign(0, 1, client=BOB), Reply(ALICE, 0, [outcome])]
    assert acts(table) == expected


def test_shares_of_two_busy_clients_are_equal(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    table.on_done(0, [ended(1)], 0.0)
    table.on_submit(ALICE, submit(*range(2, 1000)), 0.0)
    table.on_submit(BOB, submit(*range(2, 1000), client=BOB), 0.0)

    assigned = {ALICE: 0, BOB: 0}
    for action in acts(table):
        if isinstance(action, Assign):
            assigned[action.items[0].task >> 40] += len(action.items)

    assert assigned == {ALICE: 128, BOB: 128}


def test_a_client_whose_tasks_have_ended_comes_before_one_whose_run(
    table: TaskTable,
) -> None:
    for engine in range(3):
        table.on_engine_joined(engine, 0.0)
    table.on_engine_suspect(2)
    table.on_submit(ALICE, submit(*range(1, 9)), 0.0)
    assert acts(table) == [assign(0, 1, 2), assign(1, 3, 4)]
    table.on_engine_back(2)
    table.on_submit(BOB, submit(*range(1, 9), client=BOB), 0.0)
    assert acts(table) == [assign(2, 1, 2, client=BOB)]

    slow = [Outcome(task(n), Status.OK, b"", 1.0, 0.01) for n in range(1, 5)]
    table.on_done(0, slow[:2], 1.0)
    table.on_done(1, slow[2:], 1.0)

    (first, *_) = acts(table)
    assert isinstance(first, Assign)
    assert first.items[0] == item(5)


def test_targets_bind_a_task_to_these_engines(table: TaskTable) -> None:
    for engine in range(3):
        table.on_engine_joined(engine, 0.0)

    table.on_submit(ALICE, submit(1, 2, options=Options(targets=frozenset({2}))), 0.0)

    assert acts(table) == [assign(2, 1, 2)]


def test_targets_that_never_were_are_impossible(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(targets=frozenset({9}))), 0.0)

    text = "none of the engines that it may run on is there: 9"
    outcome = endings.nowhere(task(1), text)
    assert acts(table) == [Reply(ALICE, -1, [outcome])]
    assert outcome.status == Status.IMPOSSIBLE


def test_ready_tasks_are_impossible_when_their_last_target_ends(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    options = Options(targets=frozenset({1}))
    table.on_submit(ALICE, submit(1, 2, 3, options=options), 0.0)
    assert acts(table) == [assign(1, 1, 2)]

    table.on_engine_lost(1, 0, False, "killed", 1.0)

    text = "every engine that it may run on has ended"
    outcomes = [endings.impossible(task(n), text) for n in (2, 1, 3)]
    assert acts(table) == [Reply(ALICE, -1, outcomes)]


def test_a_suspect_engine_gets_no_new_work_until_it_is_back(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_suspect(0)
    table.on_submit(ALICE, submit(1), 0.0)
    table.on_direct(ALICE, direct(2, 0), 0.0)
    assert acts(table) == []

    table.on_engine_back(0)

    two = Assign(0, b"d", Mode.APPLY, [item(2)])
    assert acts(table) == [two, assign(0, 1)]


def test_lost_engines_unstarted_tasks_go_elsewhere_first_and_silently(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2, 3), 0.0)
    assert acts(table) == [assign(0, 1, 2)]

    table.on_engine_lost(0, 0, False, "killed", 1.0)
    table.on_engine_joined(1, 1.0)

    assert acts(table) == [assign(1, 1, 2)]


def test_a_running_task_is_lost_with_its_engine_and_the_cause(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0, host="here", uuid="u")
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)

    table.on_engine_lost(0, task(1), True, "signal 9", 1.0)
    table.on_engine_joined(1, 1.0)

    outcome = endings.lost(task(1), Engine(0, "here", "u"), "signal 9")
    assert b"engine 0 on here ended: signal 9" in outcome.payload
    assert acts(table) == [assign(1, 2), Reply(ALICE, 0, [outcome])]


def test_finished_tasks_whose_report_died_with_the_engine_are_lost_too(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)

    table.on_engine_lost(0, task(2), False, "gone", 1.0)

    engine = Engine(0, None, None)
    outcomes = [endings.lost(task(n), engine, "gone") for n in (2, 1)]
    assert acts(table) == [Reply(ALICE, 0, outcomes)]


def test_when_nobody_knows_what_had_started_the_first_task_counts(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)

    table.on_engine_lost(0, None, True, "its host is gone", 1.0)
    table.on_engine_joined(1, 1.0)

    outcome = endings.lost(task(1), Engine(0, None, None), "its host is gone")
    assert acts(table) == [assign(1, 2), Reply(ALICE, 0, [outcome])]


def test_a_lost_task_with_retries_runs_elsewhere(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(retries=1)), 0.0)
    acts(table)

    table.on_engine_lost(0, task(1), True, "killed", 1.0)
    table.on_engine_joined(1, 1.0)

    assert acts(table) == [assign(1, 1)]


def test_a_cancelled_task_that_ran_on_a_lost_engine_does_not_run_again(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(retries=5)), 0.0)
    acts(table)
    table.on_cancel(ALICE, [task(1)], False, 0.0)
    acts(table)

    table.on_engine_lost(0, task(1), True, "killed", 1.0)

    outcome = endings.lost(task(1), Engine(0, None, None), "killed")
    assert acts(table) == [Reply(ALICE, 0, [outcome])]


def test_a_task_that_ends_three_engines_is_given_up(table: TaskTable) -> None:
    table.on_submit(ALICE, submit(1, options=Options(retries=100)), 0.0)

    for engine in range(3):
        table.on_engine_joined(engine, 0.0)
        assert acts(table) == [assign(engine, 1)]
        table.on_engine_lost(engine, task(1), True, "segfault", 1.0)

    outcome = endings.lost(task(1), Engine(2, None, None), "segfault")
    assert acts(table) == [Reply(ALICE, 2, [outcome])]


def test_a_task_that_raises_is_tried_on_another_engine_first(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(retries=2)), 0.0)
    assert acts(table) == [assign(0, 1)]
    only = Options(targets=frozenset({1}))
    table.on_submit(ALICE, submit(2, function=b"g", options=only), 0.0)
    acts(table)

    table.on_done(0, [ended(1, Status.ERROR)], 1.0)
    assert acts(table) == [assign(1, 1)]  # though engine 0 has less to do

    table.on_done(1, [ended(1, Status.ERROR)], 2.0)  # now it has failed everywhere
    assert acts(table) == [assign(0, 1)]

    table.on_done(0, [ended(1, Status.ERROR)], 3.0)
    assert acts(table) == [Reply(ALICE, 0, [ended(1, Status.ERROR)])]


def test_a_task_that_raises_is_tried_again_on_the_only_engine(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(retries=1)), 0.0)
    acts(table)

    table.on_done(0, [ended(1, Status.ERROR)], 1.0)

    assert acts(table) == [assign(0, 1)]


def test_a_refused_task_goes_to_engines_that_have_not_refused_it(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    assert acts(table) == [assign(0, 1)]

    table.on_done(0, [ended(1, Status.REJECTED)], 1.0)
    assert acts(table) == [assign(1, 1)]

    table.on_done(1, [ended(1, Status.REJECTED)], 2.0)
    text = "every engine that it may run on has refused it"
    assert acts(table) == [Reply(ALICE, -1, [endings.impossible(task(1), text)])]


def test_a_refused_task_repeats_what_the_last_engine_said(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    said = ErrorInfo("RemoteError", "UnmetDependency", "No module named 'scipy'" * 50)
    refused = replace(ended(1, Status.REJECTED), payload=encode_info(said))

    table.on_done(0, [refused], 1.0)

    text = "every engine that it may run on has refused it: " + said.evalue[:300]
    assert acts(table) == [Reply(ALICE, -1, [endings.impossible(task(1), text)])]


def test_an_engine_that_joins_in_time_is_a_new_chance_for_a_refused_task(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_engine_suspect(1)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    table.on_done(0, [ended(1, Status.REJECTED)], 1.0)
    assert acts(table) == []

    table.on_engine_joined(2, 2.0)

    assert acts(table) == [assign(2, 1)]


def test_a_refused_task_is_impossible_when_the_last_other_engine_ends(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_engine_suspect(1)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    table.on_done(0, [ended(1, Status.REJECTED)], 1.0)

    table.on_engine_lost(1, 0, False, "gone", 2.0)

    text = "every engine that it may run on has refused it"
    assert acts(table) == [Reply(ALICE, -1, [endings.impossible(task(1), text)])]


def test_a_task_times_out_unless_it_is_assigned(table: TaskTable) -> None:
    options = Options(timeout=2.0)
    table.on_submit(ALICE, submit(1, options=options), 10.0)
    assert acts(table, 10.0) == []
    assert table.next_deadline() == 12.0
    table.on_tick(11.0)
    assert acts(table, 11.0) == []

    table.on_tick(12.1)

    assert acts(table, 12.1) == [Reply(ALICE, -1, [endings.timed_out(task(1), 2.0)])]
    assert table.next_deadline() is None


def test_an_assigned_task_does_not_time_out(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(timeout=0.0)), 0.0)
    table.on_tick(0.0)
    assert acts(table) == [assign(0, 1)]

    table.on_tick(100.0)

    assert acts(table, 100.0) == []


@pytest.mark.parametrize("timeout", [float("inf"), float("nan"), 1e300])
def test_a_timeout_without_end_is_none(table: TaskTable, timeout: float) -> None:
    table.on_submit(ALICE, submit(1, options=Options(timeout=timeout)), 0.0)

    assert table.next_deadline() is None
    table.on_tick(1e12)
    assert acts(table, 1e12) == []


def test_direct_tasks_run_on_each_target_before_balanced_ones(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    table.on_direct(ALICE, direct(2, 1, 0), 0.0)

    assert acts(table) == [
        Assign(1, b"d", Mode.APPLY, [item(2)]),
        Assign(0, b"d", Mode.APPLY, [item(3)]),
        assign(1, 1),
    ]


def test_direct_tasks_keep_their_order_and_never_move(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    for number in range(1, 21):
        table.on_direct(ALICE, direct(number, 0), 0.0)
    first = [item(number) for number in range(1, 17)]
    assert acts(table) == [Assign(0, b"d", Mode.APPLY, first)]

    table.on_engine_lost(0, task(1), True, "killed", 1.0)

    (reply,) = acts(table)
    assert isinstance(reply, Reply)
    assert {outcome.status for outcome in reply.outcomes} == {Status.LOST}
    assert {outcome.task for outcome in reply.outcomes} == {
        task(number) for number in range(1, 21)
    }


def test_a_direct_task_for_an_engine_that_is_gone_is_lost_at_once(
    table: TaskTable,
) -> None:
    table.on_direct(ALICE, direct(1, 4, 1 << 60, -3), 0.0)

    outcomes = [
        endings.absent(task(1), 4),
        endings.absent(task(2), 1 << 60),
        endings.absent(task(3), -3),
    ]
    assert acts(table) == [Reply(ALICE, -1, outcomes)]


def test_a_direct_task_that_is_refused_is_impossible(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    table.on_direct(ALICE, direct(1, 0), 0.0)
    acts(table)

    table.on_done(0, [ended(1, Status.REJECTED)], 1.0)

    (reply,) = acts(table)
    assert isinstance(reply, Reply)
    assert [outcome.status for outcome in reply.outcomes] == [Status.IMPOSSIBLE]


def test_a_client_that_left_is_not_told_but_its_results_are_kept(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    table.on_client_left(ALICE)

    table.on_done(0, [ended(1)], 1.0)

    assert acts(table) == []
    record = table.result(task(1))
    assert record is not None
    assert record.outcome == ended(1)


def test_of_clients_that_left_only_the_last_are_remembered(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    for client in range(1, 31):
        table.on_client_joined(client)
        table.on_submit(client, submit(1, client=client), 0.0)
        acts(table)
        table.on_client_left(client)
        table.on_done(0, [ended(1, client=client)], 0.0)
    table.on_client_joined(20)
    for client in range(31, 60):
        table.on_client_joined(client)
        table.on_client_left(client)

    named = [20, 10, 59]
    for number, other in enumerate(named):
        after = Dependency(frozenset({task(1, other)}))
        table.on_submit(99, submit(number, client=99, options=Options(after=after)), 1)

    unknown = [endings.invalid(task(1, 99), f"task {task(1, 10)} was never submitted")]
    unknown += [endings.invalid(task(2, 99), f"task {task(1, 59)} was never submitted")]
    assert acts(table)[-2:] == [assign(0, 0, client=99), Reply(99, -1, unknown)]
    assert len(table._ledger.clients) == 1 + 1 + DEPARTED


def test_memory_does_not_grow_with_submissions_that_could_time_out(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    for number in range(1000):
        table.on_submit(ALICE, submit(number, options=Options(timeout=1e6)), 0.0)
        acts(table)
        table.on_done(0, [ended(number)], 0.0)

    assert len(table._deadlines._heap) <= 65


def test_output_goes_to_the_owner_and_into_the_record(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)

    assert table.on_output(0, Output(task(1), 1, "hello\n")) == ALICE
    assert table.on_output(0, Output(task(1), 2, "x" * 70_000)) == ALICE
    assert table.on_output(0, Output(task(1), 2, "the end")) == ALICE
    assert table.on_output(3, Output(task(1), 1, "not there")) is None
    table.on_done(0, [ended(1)], 1.0)

    record = table.result(task(1))
    assert record is not None
    assert record.stdout == "hello\n"
    assert len(record.stderr) == 65_536
    assert record.stderr.endswith("xthe end")


def test_segments_are_dropped_when_nobody_needs_them(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    given = Item(task(1), b"", (Segment("in", 0, 9), Segment("in", 9, 9)))
    table.on_submit(ALICE, Submit(b"f", Mode.APPLY, PLAIN, [given]), 0.0)
    acts(table)
    outcome = Outcome(task(1), Status.OK, b"", 1.0, 1.0, (Segment("out", 0, 9),))

    table.on_done(0, [outcome], 1.0)
    assert acts(table) == [Reply(ALICE, 0, [outcome]), Drop(["in", "in"])]

    table.on_done(0, [outcome], 1.0)  # told twice
    assert acts(table) == [Drop(["out"])]

    table.purge()
    assert acts(table) == [Drop(["out"])]


def test_the_targets_of_a_direct_call_share_its_segments(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    given = Item(task(1), b"", (Segment("in", 0, 9),))
    table.on_direct(ALICE, Direct(b"push", Mode.APPLY, PLAIN, [0, 1], given), 0.0)
    acts(table)

    table.on_done(0, [ended(1)], 1.0)
    assert acts(table) == [Reply(ALICE, 0, [ended(1)])]

    table.on_done(1, [ended(2)], 1.0)
    assert acts(table) == [Reply(ALICE, 1, [ended(2)]), Drop(["in"])]
