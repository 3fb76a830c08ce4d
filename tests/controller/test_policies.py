"""Which engine gets the next batch."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from ipcluster.controller.policies import NAMES, Policy, policy


def fill(name: str, loads: dict[int, int]) -> Policy:
    chosen = policy(name, Random(1))
    for engine, load in loads.items():
        chosen.set(engine, load)
    return chosen


def counts(chosen: Policy, times: int) -> Counter[int | None]:
    return Counter(chosen.choose(None, None) for _ in range(times))


def test_leastload_chooses_the_least_loaded() -> None:
    chosen = fill("leastload", {0: 5, 1: 2, 2: 9})

    assert chosen.choose(None, None) == 1
    chosen.set(1, 6)
    assert chosen.choose(None, None) == 0


def test_leastload_chooses_among_equals_who_ended_something_last() -> None:
    chosen = fill("leastload", {0: 0, 1: 0, 2: 0})

    assert chosen.choose(None, None) == 0
    for engine in (1, 1, 0):
        chosen.set(engine, 1)
        chosen.set(engine, 0)
        assert chosen.choose(None, None) == engine
        assert chosen.choose(None, frozenset({2})) == engine


def test_leastload_gives_every_idle_engine_something_before_any_has_two() -> None:
    chosen = fill("leastload", {0: 0, 1: 0, 2: 0})

    order = []
    for _ in range(3):
        engine = chosen.choose(None, None)
        assert engine is not None
        order.append(engine)
        chosen.set(engine, 1)

    assert order == [0, 1, 2]


def test_lru_chooses_who_was_chosen_longest_ago_whatever_the_load() -> None:
    chosen = fill("lru", {0: 9, 1: 0, 2: 5})

    assert [chosen.choose(None, None) for _ in range(4)] == [0, 1, 2, 0]
    chosen.drop(1)
    assert chosen.choose(None, None) == 2
    chosen.set(1, 0)
    assert chosen.choose(None, None) == 1


@pytest.mark.parametrize("name", ["plainrandom", "pure"])
def test_plainrandom_chooses_all_alike(name: str) -> None:
    found = counts(fill(name, {0: 9, 1: 0, 2: 5}), 3000)

    assert all(900 < found[engine] < 1100 for engine in range(3))


def test_twobin_spreads_more_evenly_than_chance() -> None:
    loads = dict.fromkeys(range(10), 0)
    even, chance = (
        counts(fill(name, loads), 1000) for name in ("twobin", "plainrandom")
    )

    assert max(even.values()) - min(even.values()) < (
        max(chance.values()) - min(chance.values())
    )


def test_weighted_favours_the_less_loaded() -> None:
    found = counts(fill("weighted", {0: 0, 1: 9}), 1000)

    assert found[0] > 600
    assert found[1] > 200


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_keeps_to_the_engines_it_may_use(name: str) -> None:
    chosen = fill(name, {engine: engine % 3 for engine in range(10)})

    for _ in range(50):
        assert chosen.choose(frozenset({3, 7, 99}), None) in (3, 7)
        assert chosen.choose(None, frozenset(range(8))) in (8, 9)
        assert chosen.choose(frozenset({1, 2}), frozenset({2})) == 1
        assert chosen.choose(frozenset(range(1, 50)), frozenset({1})) != 1
        assert chosen.choose(frozenset({99}), None) is None
        assert chosen.choose(None, frozenset(range(10))) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_forgets_engines(name: str) -> None:
    chosen = fill(name, {0: 0, 1: 0})
    chosen.choose(None, None)
    chosen.forget(0)
    chosen.forget(0)

    assert 0 not in chosen
    assert 1 in chosen
    assert len(chosen) == 1
    assert chosen.choose(None, None) == 1
    chosen.drop(1)
    assert not chosen
    assert chosen.choose(None, None) is None


def test_lru_stays_small_when_engines_come_and_go() -> None:
    chosen = fill("lru", {})
    for engine in range(10_000):
        chosen.set(engine, 0)
        chosen.forget(engine)

    assert chosen.choose(None, None) is None


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no policy 'best'; there are leastload, lru"):
        policy("best", Random(1))
