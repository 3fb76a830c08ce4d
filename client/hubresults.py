"""AsyncHubResult: results of tasks that this client has not sent, or has let go.

The controller keeps what its clients have taken for a while. A small thread asks for
what is still missing, less and less often.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.messages import Outcome, Segment

if TYPE_CHECKING:
    from ipcluster.client.client import Client

# Seconds between two questions, at first and at most.
FIRST = 0.02
LATEST = 1.0

# Seconds that a task's submission may take to the controller. Clients of one program
# would otherwise race for it.
ON_THE_WAY = 0.05


class AsyncHubResult(AsyncResult):
    """The results of tasks by their msg_ids, fetched from the controller."""

    def __init__(
        self, client: Client, msg_ids: Sequence[str], *, single: bool = False
    ) -> None:
        super().__init__(client, "get_result", len(msg_ids))
        self._is_single = single
        self._missing: dict[str, Call] = {}
        for call, msg_id in zip(self._calls, msg_ids, strict=True):
            call.msg_id = msg_id
            self._missing[msg_id] = call
        try:
            self._fetch()
        except KeyError:
            # Another client may have submitted it just now: its message is on the way.
            time.sleep(ON_THE_WAY)
            self._fetch()
        if self._missing:
            threading.Thread(
                target=self._go_on_fetching, name="ipcluster hub result", daemon=True
            ).start()

    def _fetch(self) -> None:
        """Take what is there.

        Raises:
            KeyError: the controller knows no such task.
        """
        connection = self._client.connection
        answer = connection.ask("get_results", {"msg_ids": list(self._missing)})
        if answer["unknown"]:
            raise KeyError(
                f"the controller knows no task {', '.join(answer['unknown'][:5])}: it "
                "never did, or has forgotten its result"
            )
        for found in answer["results"]:
            self._take(self._missing.pop(found["msg_id"]), found)

    def _take(self, call: Call, found: Mapping[str, Any]) -> None:
        call.submitted = found["submitted"]
        call.received = time.time()
        call.engine = found["engine"]
        for stream, name in ((1, "stdout"), (2, "stderr")):
            if found[name]:
                call.write(stream, found[name])
        call.outcome = Outcome(
            0,
            found["status"],
            found["payload"],
            found["started"],
            found["duration"],
            tuple([Segment(*segment) for segment in found["segments"]]),
            found["spilled"],
        )
        call.holds = self._client.connection.hold(call.outcome.segments)
        call.end()

    def _go_on_fetching(self) -> None:
        pause = FIRST
        connection = self._client.connection
        while self._missing and connection.failure is None:
            time.sleep(pause)
            pause = min(2 * pause, LATEST)
            try:
                self._fetch()
            except (ClusterError, KeyError) as error:
                for call in self._missing.values():
                    call.failure = error
                    call.end()
                self._missing.clear()
            connection.notify()
