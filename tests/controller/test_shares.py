"""Whose turn it is."""

from __future__ import annotations

from ipcluster.controller.shares import Client, Shares


def clients(*assigned: int) -> list[Client]:
    made = []
    for number, count in enumerate(assigned):
        client = Client(number)
        client.assigned = count
        made.append(client)
    return made


def test_the_client_with_the_fewest_assigned_tasks_is_next() -> None:
    shares = Shares()
    many, few = clients(5, 1)
    shares.push(many)
    shares.push(few)

    assert [shares.pop(), shares.pop(), shares.pop()] == [few, many, None]


def test_of_equals_the_one_that_waits_longest_is_next() -> None:
    shares = Shares()
    first, second = clients(1, 1)
    shares.push(first)
    shares.push(second)

    assert shares.pop() is first
    shares.push(first)
    assert shares.pop() is second


def test_a_client_pushed_again_has_one_turn_by_its_new_count() -> None:
    shares = Shares()
    one, other = clients(9, 5)
    shares.push(one)
    shares.push(other)
    one.assigned = 2
    shares.push(one)

    assert [shares.pop(), shares.pop(), shares.pop()] == [one, other, None]


def test_pushing_for_ever_takes_no_memory() -> None:
    shares = Shares()
    one, other = clients(9, 5)
    shares.push(other)

    for _ in range(10_000):
        shares.push(one)

    assert len(shares._heap) <= 1025
    assert [shares.pop(), shares.pop(), shares.pop()] == [other, one, None]
