"""Which engines are meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ipcluster.client.engines import Roster
from ipcluster.wire.errors import NoEnginesRegistered
from ipcluster.wire.messages import EngineInfo


def info(engine: int) -> EngineInfo:
    return EngineInfo(engine, f"uuid{engine}", 100 + engine, "host", 1.0)


def roster(*engines: int) -> Roster:
    return Roster([info(engine) for engine in engines])


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [
        (None, [0, 2, 5]),
        ("all", [0, 2, 5]),
        (2, [2]),
        (-1, [5]),
        (slice(None), [0, 2, 5]),
        (slice(None, None, 2), [0, 5]),
        ([5, 0], [5, 0]),
        ((2,), [2]),
        (np.int64(2), [2]),
        (np.array([0, 5]), [0, 5]),
    ],
)
def test_targets_by_id_position_slice_and_list(targets: Any, chosen: list[int]) -> None:
    assert roster(5, 0, 2).choose(targets) == chosen


@pytest.mark.parametrize("target", [1, 9, -4, [0, 1]])
def test_missing_engine_names_those_there_are(target: Any) -> None:
    with pytest.raises(IndexError, match="there are 0, 2, 5"):
        roster(0, 2, 5).choose(target)


@pytest.mark.parametrize("targets", ["some", 1.5, {"a": 1}, b"x", object()])
def test_other_things_are_no_targets(targets: Any) -> None:
    with pytest.raises(TypeError):
        roster(0).choose(targets)


def test_all_of_none_says_what_to_do() -> None:
    with pytest.raises(NoEnginesRegistered, match="ipcluster engines"):
        roster().choose("all")


def test_news_keeps_the_ids_current() -> None:
    engines = roster(0, 1)

    engines.on_engines([info(2)], [(0, "ended by signal 9")])

    assert engines.ids == [1, 2]
    assert engines.uuid(0) == "uuid0"
    with pytest.raises(IndexError, match="signal 9"):
        engines.choose(0)


def test_welcome_drops_engines_that_left_unseen() -> None:
    engines = roster(0, 1)

    engines.on_welcome([info(1), info(3)])

    assert engines.ids == [1, 3]
