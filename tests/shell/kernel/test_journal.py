"""What a kernel has shown, for clients that were away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.kernel.journal import Journal, outputs


def add(journal: Journal, number: int, parent: str = "p", size: int = 10) -> None:
    parts = [{"n": number}, {"msg_id": parent}, {}, {"text": "x" * size}]
    journal.add([json.dumps(part).encode() for part in parts])


def numbers(reply: dict[str, Any]) -> list[int]:
    return [message["number"] for message in reply["messages"]]


def test_what_came_since_is_replayed() -> None:
    journal = Journal()
    for i in range(1, 6):
        add(journal, i)

    reply = journal.replay(since=3)

    assert numbers(reply) == [4, 5]
    assert reply["messages"][0]["header"] == {"n": 4}
    assert reply["next"] == 6
    assert reply["lost"] is False
    assert numbers(journal.replay(since=5)) == []


def test_one_requests_output_is_replayed() -> None:
    journal = Journal()
    for i in range(1, 7):
        add(journal, i, parent="ab"[i % 2])

    assert numbers(journal.replay(msg_id="b")) == [1, 3, 5]


def test_what_memory_has_no_room_for_lies_in_a_file(tmp_path: Path) -> None:
    journal = Journal(in_memory=300, folder=str(tmp_path))
    for i in range(1, 101):
        add(journal, i)

    assert numbers(journal.replay()) == list(range(1, 101))
    assert numbers(journal.replay(since=50)) == list(range(51, 101))
    add(journal, 101)
    assert numbers(journal.replay(since=98)) == [99, 100, 101]
    journal.close()


def test_one_answer_has_an_end_and_spoils_nothing(tmp_path: Path) -> None:
    journal = Journal(in_memory=300, in_reply=1000, folder=str(tmp_path))
    for i in range(1, 101):
        add(journal, i)

    found: list[int] = []
    while (reply := journal.replay(since=len(found)))["messages"]:
        found += numbers(reply)
        assert reply["next"] == len(found) + 1
        add(journal, journal.next)  # written behind the others, wherever that read
        if len(found) > 300:
            break

    assert len(found) > 100
    assert found == list(range(1, len(found) + 1))
    journal.close()


def test_the_oldest_are_dropped_and_that_is_said(tmp_path: Path) -> None:
    journal = Journal(in_memory=300, in_file=2000, folder=str(tmp_path))
    for i in range(1, 201):
        add(journal, i)

    reply = journal.replay()

    found = numbers(reply)
    assert reply["lost"] is True
    assert found == list(range(found[0], 201))
    assert 1 < found[0] < 190
    assert journal.replay(since=found[0])["lost"] is False
    journal.close()


def test_a_disk_without_room_costs_only_what_is_old(tmp_path: Path) -> None:
    journal = Journal(in_memory=300, folder=str(tmp_path / "not-there"))
    for i in range(1, 101):
        add(journal, i)

    reply = journal.replay()

    assert reply["lost"] is True
    assert numbers(reply)[-1] == 100
    assert len(numbers(reply)) > 1


@pytest.mark.cluster
def test_a_client_that_was_away_hears_what_it_missed(client: Any, another: Any) -> None:
    before = client.ask("replay_request", {}, channel="control")["next"] - 1
    request = another.start("print('while you were away'); 6 * 7")
    another.reply_to(request)

    reply = client.ask("replay_request", {"since": before}, channel="control")

    kinds = [message["header"]["msg_type"] for message in reply["messages"]]
    assert kinds == ["execute_input", "stream", "execute_result"]
    assert reply["messages"][2]["content"]["data"] == {"text/plain": "42"}
    same = client.ask("replay_request", {"msg_id": request}, channel="control")
    assert same["messages"] == reply["messages"]


@pytest.mark.cluster
def test_a_wrong_question_is_answered_as_such(own: Callable[..., Any]) -> None:
    _, client = own()

    reply = client.ask("replay_request", {"since": "yesterday"}, channel="control")

    assert reply["status"] == "error"


def shown(kind: str, **content: Any) -> dict[str, Any]:
    return {"header": {"msg_type": kind}, "content": content}


def data(text: str, ident: str | None = None) -> dict[str, Any]:
    transient = {} if ident is None else {"display_id": ident}
    return {"data": {"text/plain": text}, "metadata": {}, "transient": transient}


def test_what_a_cell_has_left_below_it() -> None:
    messages = [
        shown("execute_input", code="x", execution_count=3),
        shown("stream", name="stdout", text="gone"),
        shown("clear_output", wait=True),
        shown("display_data", **data("first", "a")),
        shown("update_display_data", **data("second", "a")),
        shown("stream", name="stderr", text="stays"),
        shown("comm_open", comm_id="c"),
        shown("execute_result", execution_count=3, **data("value")),
    ]

    assert outputs(messages) == [
        ("display_data", {"data": {"text/plain": "second"}, "metadata": {}}),
        ("stream", {"name": "stderr", "text": "stays"}),
        ("display_data", {"data": {"text/plain": "value"}, "metadata": {}}),
    ]
    assert outputs([*messages, shown("clear_output", wait=False)]) == []


def test_a_cell_shows_again_what_another_has_shown(client: Any) -> None:
    code = "import sys; print('some text'); sys.stderr.write('an error')\n6 * 7"
    count = client.execute(code)[0]["execution_count"]

    _, last = client.execute("%replay")
    _, named = client.execute(f"%replay {count}")
    refused, _ = client.execute("%replay first")
    unknown, _ = client.execute("%replay 10000")

    for found in (last, named):
        assert [kind for kind, _ in found] == [
            *("execute_input", "stream", "stream", "display_data")
        ]
        assert found[1][1] == {"name": "stdout", "text": "some text\n"}
        assert found[3][1]["data"] == {"text/plain": "42"}
    assert refused["evalue"].startswith("%replay wants the number of a cell")
    assert unknown["evalue"] == "nothing is kept of a cell number 10000"
