"""The metadata keys that users know."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ipcluster.client.metadata import KEYS, ExecuteReply, Metadata, to_datetime


def test_keys_are_exactly_these() -> None:
    assert list(Metadata()) == list(KEYS)
    assert " ".join(KEYS) == (
        "msg_id submitted started completed received engine_uuid engine_id follow "
        "after status execute_input execute_result error stdout stderr outputs data "
        "label"
    )


def test_items_are_attributes() -> None:
    known = Metadata(engine_id=3)
    known.status = "ok"

    assert (known.engine_id, known["status"]) == (3, "ok")
    with pytest.raises(KeyError):
        known["engine"] = 1
    with pytest.raises(AttributeError):
        known.engine = 1
    with pytest.raises(AttributeError):
        known.engine  # noqa: B018 - the access is meant


def test_lists_are_not_shared() -> None:
    Metadata().outputs.append(1)

    assert Metadata().outputs == []


def test_times_are_in_utc() -> None:
    assert to_datetime(0.0) is None
    assert to_datetime(86400.0) == datetime(1970, 1, 2, tzinfo=UTC)


def test_reply_is_short_in_a_list() -> None:
    reply = ExecuteReply("x", 3, "9" * 100, 0)

    assert len(repr(reply)) < 100
    assert str(reply) == "9" * 100
