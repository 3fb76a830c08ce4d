"""AsyncHubResult: results of tasks that other clients have submitted."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.client.hubresults import AsyncHubResult
from ipcluster.wire.messages import Status
from ipcluster.wire.serialize import dump


class Controller:
    """The part of a connection that is asked: it knows the task after a while."""

    failure = None

    def __init__(self, known_after: int) -> None:
        self._left = known_after

    def ask(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        assert verb == "get_results"
        self._left -= 1
        if self._left >= 0:
            return {"results": [], "unknown": body["msg_ids"]}
        found = {
            **{"msg_id": "other_1", "status": int(Status.OK), "engine": 0},
            **{"submitted": 1.0, "started": 2.0, "duration": 0.1, "stdout": "hi\n"},
            **{"payload": dump(7, None).payload, "segments": [], "spilled": 0},
        }
        return {"results": [found | {"stderr": ""}], "unknown": []}

    def hold(self, _segments: object) -> list[Any]:
        return []

    def notify(self) -> None:
        """Nobody waits."""


class Client:
    def __init__(self, connection: Controller) -> None:
        self.connection = connection


def result_after(questions: int) -> AsyncHubResult:
    client: Any = Client(Controller(questions))
    return AsyncHubResult(client, ["other_1"], single=True)


@pytest.mark.parametrize("questions", [0, 1])
def test_a_task_that_was_submitted_just_now_is_found(questions: int) -> None:
    result = result_after(questions)

    assert result.ready()


def test_a_task_that_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(KeyError, match="the controller knows no task other_1"):
        result_after(2)
