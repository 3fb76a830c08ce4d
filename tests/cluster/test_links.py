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

import numpy as np
import pytest

from ipcluster.engines.holder import Holder
from ipcluster.wire.codec import pack, unpack_from_link
from ipcluster.wire.messages import (
    Born,
    Died,
    Done,
    Dropped,
    FreeSegments,
    FromEngine,
    Interrupt,
    Item,
    NewFunction,
    Output,
    Ready,
    Recall,
    Released,
    Relink,
    Ring,
    Run,
    Shown,
    Stop,
    Typed,
)
from ipcluster.wire.segments import SegmentPool
from ipcluster.wire.serialize import dump, dump_function

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


def crowd() -> None:
    """Open so many files that the next one has a number that `select` refuses."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, hard), hard))
    file = os.open(os.devnull, os.O_RDONLY)
    while file < 1024:
        file = os.dup(file)


def test_a_cell_that_waits_for_a_line_takes_new_links(host: Host) -> None:
    host.run(crowd, (1, ()))
    assert host.outcomes(1) == {1: None}
    cell = "int(input()) + int(input())", {"allow_stdin": True}
    host.holder.send(0, pack([Run(b"cell", 0, [Item(2, pickle.dumps((cell, {})))])]))
    host.expect(Shown, lambda shown: b"input_wanted" in shown.event)

    for text in "34":
        host.holder.tell_keeper(Relink(0))
        host.expect(Born)
        assert 2 in host.expect(Ready).held
        host.holder.send(0, pack([Typed(2, text)]))
        if text == "3":
            host.expect(Shown, lambda shown: b"input_wanted" in shown.event)

    shown = host.expect(Shown, lambda shown: b"result" in shown.event)
    assert b"7" in shown.event


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


def test_over_a_new_link_an_engine_says_what_it_maps_and_has_lent(
    host: Host, tmp_path: Path
) -> None:
    pool = SegmentPool(tmp_path, None, "c1", 1 << 30)
    arrays = [np.full(100_000, n, float) for n in range(3)]
    items = [
        Item(task, *dump((({f"a{task}": array},), {}), pool))
        for task, array in enumerate(arrays, 1)
    ]
    names = [item.segments[0].name for item in items]
    host.holder.send(0, pack([Run(b"push", 0, items)]))
    assert len(host.outcomes(3)) == 3
    make = [Item(4, dump((("a1 + 1",), {}), None).payload)]
    host.holder.send(0, pack([Run(b"pull", 0, make, 3)]))
    made = host.expect(Done).outcomes[0]
    (lent,) = made.segments
    # It lets go of one, and nobody hears of it.
    code = pickle.dumps((("del a1", None), {}))
    host.holder.send(0, pack([Run(b"execute", 0, [Item(5, code)], 4)]))
    assert host.expect(Released).names == names[:1]

    host.holder.tell_keeper(Relink(0))

    host.expect(Born)
    ready = host.expect(Ready)
    assert (sorted(ready.maps), ready.lent) == (names[1:], [lent.name])
    host.holder.send(0, pack([FreeSegments([lent.name])]))
    host.run(abs, (6, (-6,)))
    host.expect(Done, lambda done: done.outcomes[-1].task == 6)
    host.holder.tell_keeper(Relink(0))
    assert host.expect(Ready).lent == []
    pool.close()


def test_a_task_that_is_given_back_lets_go_of_its_segments(
    host: Host, flag: Any, tmp_path: Path
) -> None:
    go = flag("go")
    pool = SegmentPool(tmp_path, None, "c1", 1 << 30)
    item = Item(2, *dump((({"a": np.zeros(100_000)},), {}), pool))
    host.run(go.wait, (1, ()))
    host.holder.send(0, pack([Run(b"push", 0, [item]), Recall([2])]))
    host.holder.tell_keeper(Ring(0))

    assert host.expect(Dropped).tasks == [2]
    go.set()
    assert host.expect(Released).names == [item.segments[0].name]
    pool.close()


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


def test_the_same_interrupt_is_raised_once_and_the_next_one_again(
    host: Host, flag: Any
) -> None:
    flags = [flag(str(n)) for n in range(3)]
    go = flag("go")

    def resist() -> int:
        raised = 0
        while True:
            try:
                flags[raised].set()
                go.wait()
                return raised
            except KeyboardInterrupt:
                raised += 1

    host.run(resist, (1, ()))
    for number in (1, 2):
        flags[number - 1].wait()
        for _ in range(3):
            host.holder.tell_keeper(Interrupt(0, 1, number))
            host.holder.tell_keeper(Ring(0))
    flags[2].wait()
    # Over a new link the controller says everything again.
    host.holder.tell_keeper(Relink(0))
    host.expect(Born)
    host.holder.tell_keeper(Interrupt(0, 1, 2))
    host.expect(Ready)
    host.run(abs, (2, (-7,)))
    go.set()

    assert host.outcomes(2) == {1: 2, 2: 7}


def test_an_engine_that_dies_says_what_it_had_begun(host: Host) -> None:
    def die() -> None:
        os.write(2, b"the end")
        os.kill(os.getpid(), signal.SIGKILL)

    host.run(die, (7, ()), (8, ()))

    assert host.expect(Died) == Died(0, -9, 7, True, "the end", False)
    assert host.expect(Output) == Output(7, 2, "the end")
