"""Rows of tasks, and queries for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ipcluster.controller.rows import KEYS, cut, matches, to_datetime
from ipcluster.wire.errors import ClusterError

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def row(msg_id: str, **known: Any) -> dict[str, Any]:
    return dict.fromkeys(KEYS) | {"msg_id": msg_id, **known}


ROWS = [
    row("a_1", status="ok", duration=0.5, label="sweep", engine_id=0, completed=NOON),
    row("a_2", status="error", duration=0.7, label="sweep", engine_id=1),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a_1", "a_2"]),
        ({"msg_id": "a_2"}, ["a_2"]),
        ({"status": {"$ne": "error"}}, ["a_1"]),
        ({"duration": {"$gt": 0.6}}, ["a_2"]),
        ({"duration": {"$gte": 0.5, "$lt": 0.7}}, ["a_1"]),
        ({"duration": {"$lte": 0.5}}, ["a_1"]),
        ({"label": {"$in": ["sweep", "other"]}, "engine_id": 0}, ["a_1"]),
        ({"label": {"$nin": ["sweep"]}}, []),
        ({"label": {"$regex": "^sw"}}, ["a_1", "a_2"]),
        ({"label": {"$glob": "sw*p"}}, ["a_1", "a_2"]),
        ({"label": {"$gt": 5}}, []),
        ({"engine_id": {"$mod": [2, 1]}}, ["a_2"]),
        ({"completed": None}, ["a_2"]),
        ({"completed": {"$exists": True}}, ["a_1"]),
        ({"completed": {"$gt": datetime(2026, 5, 1, 11, tzinfo=UTC)}}, ["a_1"]),
        ({"completed": {"$gt": NOON}}, []),
        ({"completed": {"$gte": NOON.timestamp()}}, ["a_1"]),
        ({"completed": {"$in": [NOON.timestamp()]}}, ["a_1"]),
    ],
)
def test_rows_are_found_by_query(query: dict[str, Any], found: list[str]) -> None:
    assert [one["msg_id"] for one in ROWS if matches(one, query)] == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"colour": 1}, "a task's record has no 'colour'; it has msg_id, client_uuid"),
        ({"engine_id": {"$near": 1}}, r"no '\$near'; there are \$eq"),
        ({"label": {"$regex": "("}}, "not a pattern"),
    ],
)
def test_a_query_that_makes_no_sense_says_so(query: dict[str, Any], words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        matches(ROWS[0], query)


def test_some_keys_of_a_row_and_its_msg_id() -> None:
    assert cut(ROWS[0], ["status"]) == {"msg_id": "a_1", "status": "ok"}
    assert cut(ROWS[0], None) is ROWS[0]
    with pytest.raises(ClusterError, match="no 'buffers'"):
        cut(ROWS[0], ["buffers"])


def test_a_time_that_has_not_come() -> None:
    assert to_datetime(0.0) is None
    assert to_datetime(NOON.timestamp()) == NOON
