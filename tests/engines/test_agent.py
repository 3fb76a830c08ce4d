"""Decisions of an agent that need no cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zmq

from ipcluster.engines.agent import Agent
from ipcluster.engines.approach import Approach
from ipcluster.wire.codec import pack
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.messages import PROTOCOL, Hello, Stop

HELLO = Hello(PROTOCOL, (3, 11), "", "ident", "agent", "0")


class Near:
    """An agent and a controller's socket, in one process."""

    def __init__(self, folder: Path) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.bind("inproc://door")
        self.door = self.context.socket(zmq.DEALER)
        self.door.connect("inproc://door")
        self.door.send(b"")
        self.route = self.router.recv_multipart()[0]
        watch = SimpleNamespace(socket=self.context.socket(zmq.PAIR))
        approach = cast(Approach, SimpleNamespace(watch=watch))
        self.agent = Agent(self.door, approach, HELLO, 0, [folder])
        self.agent._identity = ("epoch", 1)

    def say(self, *messages: Any) -> None:
        self.router.send_multipart([self.route, pack(list(messages))])
        assert self.door.poll(20_000)


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Near]:
    found = Near(tmp_path)
    yield found
    found.context.destroy(linger=0)


def test_a_controller_that_is_gone_is_an_error(near: Near) -> None:
    near.agent.has_ended = lambda: "the controller is gone"

    with pytest.raises(ClusterError, match="the controller is gone"):
        near.agent._check_patience(1.0, 60.0)


def test_its_last_word_is_heard_before_that_is_said(near: Near) -> None:
    """The end of the connection may be seen before what came over it is read."""
    near.agent.has_ended = lambda: "the controller is gone"
    near.say(Stop())

    near.agent._check_patience(1.0, 60.0)

    assert near.agent.stopping
    assert near.agent.ended == "the cluster was stopped"
