"""Signed frames to messages and back."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ipcluster.shell.kernel.messages import DELIMITER, BadMessage, Session

KEY = b"secret"


def pack(content: dict[str, Any], **keywords: Any) -> list[Any]:
    return list(Session(KEY).pack("execute_request", content, **keywords))


def test_a_message_comes_back_whole() -> None:
    frames = pack(
        {"code": "1"}, parent={"msg_id": "p"}, buffers=[b"raw"], idents=[b"me"]
    )

    message = Session(KEY).unpack(frames)

    assert message.type == "execute_request"
    assert message.content == {"code": "1"}
    assert message.parent == {"msg_id": "p"}
    assert list(message.buffers) == [b"raw"]
    assert message.idents == [b"me"]


def test_another_key_is_refused() -> None:
    with pytest.raises(BadMessage, match="wrong signature"):
        Session(b"other").unpack(pack({}))


def test_a_changed_message_is_refused() -> None:
    frames = pack({"code": "1"})
    frames[-1] = json.dumps({"code": "2"}).encode()

    with pytest.raises(BadMessage, match="wrong signature"):
        Session(KEY).unpack(frames)


def test_a_replayed_message_is_refused() -> None:
    session, frames = Session(KEY), pack({})
    session.unpack(frames)

    with pytest.raises(BadMessage, match="come before"):
        session.unpack(frames)


def test_without_a_key_nothing_is_signed_or_checked() -> None:
    frames = Session(b"").pack("x", {"a": 1})

    assert Session(b"").unpack(frames).content == {"a": 1}
    assert Session(b"").unpack(frames).content == {"a": 1}


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"x"],
        [DELIMITER],
        [DELIMITER, b"", b"{}", b"{}", b"{}"],
        [DELIMITER, b"", b"{", b"{}", b"{}", b"{}"],
        [DELIMITER, b"", b"[]", b"{}", b"{}", b"{}"],
        [DELIMITER, b"", b"{}", b"{}", b"{}", b"{}"],
        [DELIMITER, b"", b"\xff", b"{}", b"{}", b"{}"],
        [DELIMITER, b"", b"[" * 100_000, b"{}", b"{}", b"{}"],
    ],
)
def test_broken_frames_are_refused(frames: list[bytes]) -> None:
    with pytest.raises(BadMessage):
        Session(b"").unpack(frames)


def test_what_json_has_no_word_for_travels_as_what_comes_closest() -> None:
    loop: list[Any] = []
    loop.append(loop)
    content: dict[Any, Any] = {
        "nan": float("nan"),
        "bytes": b"\x00\x01",
        "when": datetime.datetime(2026, 1, 2),
        "set": {1},
        "object": object,
        1: "a number as a key",
    }

    message = Session(KEY).unpack(pack(content))

    assert message.content["nan"] == "nan"
    assert message.content["bytes"] == "AAE="
    assert message.content["when"] == "2026-01-02T00:00:00"
    assert message.content["set"] == [1]
    assert message.content["1"] == "a number as a key"
    assert Session(KEY).unpack(pack({"loop": loop})).content["loop"]


def test_arrays_and_scalars_of_numpy_travel_as_lists_and_numbers() -> None:
    np = pytest.importorskip("numpy")
    session = Session(b"key")
    content = {"array": np.arange(3), "one": np.arange(1), "scalar": np.int64(3)}

    message = Session(b"key").unpack(session.pack("display_data", content))

    assert message.content == {"array": [0, 1, 2], "one": [0], "scalar": 3}
