"""Thousands of generated histories of the task table, checked after every step.

A small world of engines that finish, fail, refuse, die and give back tasks, and of
clients that submit, cancel and leave. Whatever happens: every invariant holds after
each step, every task ends exactly once, and every segment is let go as often as it was
held.
"""

from __future__ import annotations

from collections import Counter, deque
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ipcluster.controller import policies
from ipcluster.controller.actions import Action, Assign, Drop, Interrupt, Recall, Reply
from ipcluster.controller.invariants import check_progress
from ipcluster.controller.records import RecordLimits
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import (
    Dependency,
    Direct,
    Item,
    Mode,
    Options,
    Outcome,
    Output,
    Segment,
    Status,
    Submit,
)

# A few of these fill what an engine may hold.
HEAVY = bytes(3 << 20)
SIZES = (0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 5, 5, 10, 10, 20, 100)
ENDS = (Status.OK, Status.OK, Status.OK, Status.ERROR, Status.REJECTED)


class SimulatedEngine:
    """Runs in order; knows what it began, what it has not yet told, what is asked."""

    def __init__(self) -> None:
        self.fifo: deque[int] = deque()
        self.running = False
        self.started = 0
        self.untold: list[Outcome] = []
        self.recalls: deque[list[int]] = deque()

    def begin(self) -> None:
        if self.fifo and not self.running:
            self.running = True
            self.started = self.fifo[0]

    def finish(self, status: int, duration: float, segments: int) -> None:
        self.begin()
        if not self.running:
            return
        self.running = False
        task = self.fifo.popleft()
        found = tuple(Segment(f"result-{task}", i, 1 << 20) for i in range(segments))
        self.untold.append(Outcome(task, status, b"r", 1.0, duration, found))


class World:
    """A table, and all that is around it."""

    def __init__(self, seed: int, policy: str) -> None:
        self.random = Random(seed)
        limits = RecordLimits(count=self.random.choice((1, 20, 10_000)), bytes=64 << 20)
        self.table = TaskTable(policy=policy, random=Random(seed), records=limits)
        self.now = 0.0
        self.engines: dict[int, SimulatedEngine] = {}
        self.next_engine = 0
        self.clients: set[int] = set()
        self.next_sequence: Counter[int] = Counter()
        self.submitted: list[int] = []
        self.ever_left: set[int] = set()  # clients that may not have been told all
        self.replied: dict[int, int] = {}
        self.holds: Counter[str] = Counter()
        for _ in range(self.random.randint(0, 3)):
            self.join_engine()

    def apply(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Assign():
                    assert action.items, "an empty assignment"
                    held = self.engines[action.engine].fifo
                    held.extend(item.task for item in action.items)
                case Recall():
                    self.engines[action.engine].recalls.append(action.tasks)
                case Interrupt():
                    assert self.engines[action.engine]
                case Reply():
                    for outcome in action.outcomes:
                        assert outcome.task not in self.replied, "a second reply"
                        assert outcome.task >> 40 == action.client
                        self.replied[outcome.task] = outcome.status
                case Drop():
                    self.holds.subtract(action.segments)
                    assert min(self.holds.values()) >= 0, "dropped what it did not hold"

    def turn(self) -> None:
        """What the loop does after a batch of events."""
        self.table.check()
        self.apply(self.table.take_actions(self.now))
        self.table.check()
        check_progress(self.table._ledger, self.table._dispatcher)

    def items(self, client: int, count: int) -> list[Item]:
        made = []
        for _ in range(count):
            self.next_sequence[client] += self.random.choice((1, 1, 1, 2))
            task = client << 40 | self.next_sequence[client]
            names = [f"input-{task}"] * self.random.choice((0, 0, 0, 1, 2))
            self.holds.update(names)
            segments = tuple(Segment(name, 0, 10) for name in names)
            payload = HEAVY if self.random.random() < 0.1 else b"arguments"
            made.append(Item(task, payload, segments))
        return made

    def client(self) -> int:
        client = self.random.randint(1, 3)
        if client not in self.clients:
            self.clients.add(client)
            self.table.on_client_joined(client)
        return client

    def dependency(self) -> Dependency | None:
        if self.random.random() < 0.7:
            return None
        known = [*self.submitted[-20:], (1 << 40) + 10_000]
        weights = [1.0] * (len(known) - 1) + [0.05]
        chosen = self.random.choices(known, weights, k=self.random.randint(0, 3))
        return Dependency(
            frozenset(chosen),
            all=self.random.random() < 0.5,
            success=self.random.random() < 0.8,
            failure=self.random.random() < 0.4,
        )

    def options(self) -> Options:
        random = self.random
        if random.random() < 0.4:
            return Options()
        targets = None
        if random.random() < 0.3:
            targets = frozenset(random.choices(range(self.next_engine + 1), k=2))
        return Options(
            retries=random.choice((0, 0, 1, 3, 9)),
            priority=random.choice((0, 0, 1, -1)),
            targets=targets,
            after=self.dependency(),
            follow=self.dependency(),
            timeout=random.choice((None, None, 0.0, 0.01, 5.0)),
        )

    def submit(self) -> None:
        client = self.client()
        items = self.items(client, self.random.choice(SIZES))
        function = self.random.choice((b"f", b"g", b"h"))
        message = Submit(function, Mode.APPLY, self.options(), items)
        self.table.on_submit(client, message, self.now)
        self.submitted += [item.task for item in items]
        if self.random.random() < 0.1:
            again = [segment.name for item in items for segment in item.segments]
            self.holds.update(again)
            self.table.on_submit(client, message, self.now)

    def direct(self) -> None:
        client = self.client()
        item = self.items(client, 1)[0]
        targets = self.random.choices(range(self.next_engine + 1), k=2)
        targets += self.random.choices(list(self.engines) or [0], k=2)
        self.next_sequence[client] += len(targets) - 1
        message = Direct(b"push", Mode.APPLY, self.options(), targets, item)
        self.table.on_direct(client, message, self.now)
        self.submitted += [item.task + i for i in range(len(targets))]

    def join_engine(self) -> None:
        self.engines[self.next_engine] = SimulatedEngine()
        self.table.on_engine_joined(self.next_engine, self.now, host="here")
        self.next_engine += 1

    def some_engine(self) -> tuple[int, SimulatedEngine] | None:
        if not self.engines:
            return None
        number = self.random.choice(list(self.engines))
        return number, self.engines[number]

    def lose_engine(self) -> None:
        if (found := self.some_engine()) is None:
            return
        number, engine = found
        if self.random.random() < 0.7:
            engine.begin()
        started = engine.started if self.random.random() < 0.8 else None
        self.table.on_engine_lost(number, started, engine.running, "killed", self.now)
        del self.engines[number]

    def work(self, *, kindly: bool = False) -> None:
        if (found := self.some_engine()) is None:
            return
        number, engine = found
        duration = self.random.choice((1e-6, 1e-4, 2e-3, 0.1))
        for _ in range(self.random.choice((1, 1, 5, 300))):
            status = Status.OK if kindly else self.random.choice(ENDS)
            engine.finish(status, duration, self.random.choice((0, 0, 1)))
        if engine.fifo and self.random.random() < 0.5:
            engine.begin()
            output = Output(engine.started, 1, "text\n")
            assert self.table.on_output(number, output) in (*self.clients, None)
        if kindly or self.random.random() < 0.8:
            self.report(number)

    def report(self, number: int) -> None:
        engine = self.engines[number]
        outcomes, engine.untold = engine.untold, []
        self.tell(number, outcomes)
        if self.random.random() < 0.1:  # a stale or doubled report changes nothing
            self.tell(self.random.choice((number, number + 1, 99)), outcomes)

    def tell(self, number: int, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.holds.update(segment.name for segment in outcome.segments)
        self.table.on_done(number, outcomes, self.now)

    def answer_recall(self) -> None:
        for number, engine in self.engines.items():
            if engine.recalls:
                asked = engine.recalls.popleft()
                if self.random.random() < 0.5:
                    engine.begin()
                held = list(engine.fifo)[1:] if engine.running else list(engine.fifo)
                dropped = [task for task in held if task in asked]
                for task in dropped:
                    engine.fifo.remove(task)
                self.table.on_dropped(number, dropped, self.now)

    def cancel(self) -> None:
        some = self.random.choices(self.submitted or [0], k=5)
        tasks = None if self.random.random() < 0.2 else some
        self.table.on_cancel(
            self.client(),
            tasks,
            self.random.random() < 0.5,
            self.now,
            admin=self.random.random() < 0.2,
        )

    def leave(self) -> None:
        if self.clients:
            client = self.random.choice(sorted(self.clients))
            self.clients.remove(client)
            self.ever_left.add(client)
            self.table.on_client_left(client)

    def suspect(self) -> None:
        if (found := self.some_engine()) is not None:
            if self.random.random() < 0.5:
                self.table.on_engine_suspect(found[0])
            else:
                self.table.on_engine_back(found[0])

    def tick(self) -> None:
        self.now += self.random.choice((1e-4, 6e-3, 0.02, 1.0))
        self.table.on_tick(self.now)

    def purge(self) -> None:
        self.table.purge(self.random.choice((None, self.submitted[:5])))

    def step(self) -> None:
        kinds = {
            self.submit: 6,
            self.direct: 2,
            self.work: 12,
            self.answer_recall: 4,
            self.tick: 4,
            self.join_engine: 1,
            self.lose_engine: 1,
            self.suspect: 1,
            self.cancel: 1,
            self.leave: 0.3,
            self.purge: 0.2,
        }
        chosen = self.random.choices(list(kinds), list(kinds.values()))[0]
        chosen()
        if self.random.random() < 0.8:
            self.turn()

    def end(self) -> None:
        """With engines that work, everything ends, once; nothing is held any more."""
        self.join_engine()
        for number in self.engines:
            self.table.on_engine_back(number)
        for _ in range(10_000):
            self.turn()
            if not self.table._ledger.tasks:
                break
            self.answer_recall()
            self.work(kindly=True)
            self.tick()
        assert not self.table._ledger.tasks, "tasks that never end"
        for task in self.submitted:
            assert task in self.replied or task >> 40 in self.ever_left
        self.table.purge()
        self.apply(self.table.take_actions(self.now))
        assert not +self.holds, "segments that are held for ever"
        assert not self.table._ledger.waiters.needs


@pytest.mark.parametrize("policy", policies.NAMES)
def test_everything_ends_once_whatever_happens(policy: str) -> None:
    for seed in range(500 if policy == "leastload" else 60):
        try:
            world = World(seed, policy)
            for _ in range(world.random.choice((5, 20, 60))):
                world.step()
            world.end()
        except Exception as error:
            error.add_note(f"policy {policy}, seed {seed}")
            raise


class Histories(RuleBasedStateMachine):
    """The same world, its steps chosen by hypothesis, which shortens what fails."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(0, "leastload")

    @rule(random=st.randoms(use_true_random=False))
    def step(self, random: Random) -> None:
        self.world.random = random
        self.world.step()

    @rule(random=st.randoms(use_true_random=False))
    def submit_and_work(self, random: Random) -> None:
        self.world.random = random
        self.world.submit()
        self.world.turn()
        self.world.work()

    @invariant()
    def holds_what_must_hold(self) -> None:
        self.world.table.check()

    def teardown(self) -> None:
        self.world.random = Random(0)
        self.world.end()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=50, stateful_step_count=20, deadline=None, derandomize=True
)
