"""A client that does not take its results gets no more of them; others do."""

from ipcluster.controller.actions import Assign
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import SEQUENCE_BITS, Item, Options, Outcome, Submit

SLOW, OTHER = 1, 2


def submit(table: TaskTable, client: int, first: int, count: int) -> list[int]:
    tasks = [client << SEQUENCE_BITS | first + i for i in range(count)]
    items = [Item(task, b"") for task in tasks]
    table.on_submit(client, Submit(b"f", 0, Options(), items), 0.0)
    return tasks


def given(table: TaskTable) -> list[int]:
    """The tasks that are given out now."""
    actions = table.take_actions(0.0)
    table.check()
    return [
        item.task
        for action in actions
        if isinstance(action, Assign)
        for item in action.items
    ]


def new_table() -> TaskTable:
    table = TaskTable()
    for client in (SLOW, OTHER):
        table.on_client_joined(client)
    table.on_engine_joined(0, 0.0)
    return table


def test_a_held_client_waits_and_others_do_not() -> None:
    table = new_table()
    table.on_client_held(SLOW, True)
    slow = submit(table, SLOW, 1, 1)
    other = submit(table, OTHER, 1, 1)

    assert given(table) == other
    table.on_client_held(SLOW, False)
    assert given(table) == slow


def test_a_client_is_held_in_the_midst_of_its_tasks() -> None:
    table = new_table()
    tasks = submit(table, SLOW, 1, 100)
    begun = given(table)
    assert 0 < len(begun) < 100

    table.on_client_held(SLOW, True)
    table.on_done(0, [Outcome(task, 0, b"", 0.0, 1e-6) for task in begun], 0.0)
    assert given(table) == []

    table.on_client_held(SLOW, False)
    assert set(given(table)) <= set(tasks[len(begun) :])
