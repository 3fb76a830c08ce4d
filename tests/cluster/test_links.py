"""A keeper and an engine without a controller: links that are replaced."""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.holder import Holder
from ipcluster.wire.codec import pack, unpack_from_link
from ipcluster.wire.messages import (
    Born,
    Died,
    Done,
    Dropped,
    FromEngine,
    Interrupt,
    Item,
    NewFunction,
    Output,
    Ready,
    Recall,
    Relink,
    Ring,
    Run,
    Stop,
)
from ipcluster.wire.serialize import dump_function

pytestmark = pytest.mark.cluster


class Host:
    """A keeper with one engine; the test is its controller."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "ipcluster.engines.keeper",
                f"--control-fd={theirs.fileno()}",
                f"--segments={folder}",
                f"--fallback={folder}",
                "-n=1",
            ],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self.poll = select.poll()
        self.holder = Holder(ours, self.poll)
        self.got: list[Any] = []

    def expect(self, kind: type, ready: Callable[[Any], Any] = bool) -> Any:
        """The next message of this kind, out of all that came."""
        deadline = time.monotonic() + 20
        while True:
            for at, message in enumerate(self.got):
                if isinstance(message, kind) and ready(message):
                    del self.got[at]
                    return message
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind.__name__}; got {self.got}"
            for fd, events in self.poll.poll(left * 1000):
                for event in self.holder.on_ready(fd, events):
                    if isinstance(event, FromEngine):
                        self.got += unpack_from_link(event.frame)
                    else:
                        self.got.append(event)

    def run(self, f: Callable[..., Any], *tasks: tuple[int, Any]) -> None:
        digest, packed = dump_function(f)
        items = [Item(task, pickle.dumps((args, {}))) for task, args in tasks]
        messages = [NewFunction(digest, *packed), Run(digest, 0, items)]
        self.holder.send(0, pack(messages))

    def outcomes(self, count: int) -> dict[int, Any]:
        """What the next `count` tasks answer; none answers twice."""
        found: dict[int, Any] = {}
        while len(found) < count:
            for one in self.expect(Done).outcomes:
                assert one.task not in found
                assert one.status == 0, one.payload
                found[one.task] = pickle.loads(one.payload)
        return found

    def stop(self) -> None:
        self.holder.tell_keeper(Stop())
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.holder.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    assert made.expect(Born).slot == 0
    assert made.expect(Ready).held == []
    yield made
    made.stop()


def test_an_idle_engine_goes_on_with_a_new_link(host: Host) -> None:
    host.run(abs, (1, (-1,)))
    assert host.outcomes(1) == {1: 1}

    host.holder.tell_keeper(Relink(0))

    host.expect(Born)
    # Nobody has told it that the outcome was taken.
    assert host.expect(Ready).held == [1]
    assert host.outcomes(1) == {1: 1}
    host.run(abs, (2, (-2,)))
    assert host.outcomes(1) == {2: 2}


def test_a_busy_engine_takes_a_new_link_at_once(host: Host, flag: Any) -> None:
    begun, go = flag("begun"), flag("go")

    def wait(n: int) -> int:
        begun.set()
        go.wait()
        print("over", n)
        return n

    host.run(wait, (1, (1,)), (2, (2,)))
    begun.wait()
    host.holder.tell_keeper(Relink(0))
    host.expect(Born)

    assert host.expect(Ready).held == [2, 1]
    go.set()
    assert host.outcomes(2) == {1: 1, 2: 2}
    assert host.expect(Output) == Output(1, 1, "over 1\n")


def test_links_replaced_again_and_again_lose_nothing(host: Host) -> None:
    def work(n: int) -> int:
        end = time.perf_counter() + 0.0005
        while time.perf_counter() < end:
            pass
        return n

    host.run(work, *((n, (n,)) for n in range(1, 401)))
    seen: dict[int, Any] = {}
    for _ in range(10):
        host.holder.tell_keeper(Relink(0))
        host.expect(Born)
        held = host.expect(Ready).held
        assert set(held) | seen.keys() >= set(range(1, 401))
        for message in [m for m in host.got if isinstance(m, Done)]:
            host.got.remove(message)
            seen |= {one.task: pickle.loads(one.payload) for one in message.outcomes}
    while len(seen) < 400:
        for one in host.expect(Done).outcomes:
            seen[one.task] = pickle.loads(one.payload)

    assert seen == {n: n for n in range(1, 401)}


def test_an_engine_gives_back_what_it_never_got(host: Host, flag: Any) -> None:
    go = flag("go")
    host.run(abs, (1, (-1,)))
    assert host.outcomes(1) == {1: 1}
    host.run(go.wait, (2, ()), (3, ()))
    host.holder.send(0, pack([Recall([1, 2, 3, 4])]))
    host.holder.tell_keeper(Ring(0))

    # 1 has ended, 2 runs (or is about to), 3 waits, 4 is unknown.
    dropped = set(host.expect(Dropped).tasks)
    go.set()

    assert dropped in ({3, 4}, {2, 3, 4})


def test_a_late_interrupt_hits_nothing(host: Host, flag: Any) -> None:
    begun, go = flag("begun"), flag("go")

    def wait(n: int) -> int:
        begun.set()
        go.wait()
        return n

    host.run(abs, (1, (-1,)))
    host.outcomes(1)
    host.run(wait, (2, (2,)))
    begun.wait()
    for task in (1, 3):
        host.holder.tell_keeper(Interrupt(0, task))
    host.holder.tell_keeper(Relink(0))
    host.expect(Born)
    host.expect(Ready)
    go.set()

    outcome = host.expect(Done, lambda done: done.outcomes[-1].task == 2).outcomes[-1]
    assert (outcome.task, pickle.loads(outcome.payload)) == (2, 2)


def test_an_engine_that_dies_says_what_it_had_begun(host: Host) -> None:
    def die() -> None:
        os.write(2, b"the end")
        os.kill(os.getpid(), signal.SIGKILL)

    host.run(die, (7, ()), (8, ()))

    assert host.expect(Died) == Died(0, -9, 7, True, "the end", False)
    assert host.expect(Output) == Output(7, 2, "the end")
