"""Ready tasks meet engines with room.

    lanes of each client  ->  whose turn (shares.py)  ->  which engine (policies.py)
    direct queue of each engine  -------------------------^ first, in order

Everything here is done for a batch, not for a task: one choice of client, lane and
engine gives away up to 64 tasks that call the same function. A lane whose engines are
all full is parked, and taken up again when one of these has room; so nobody looks at
the whole queue when a task ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipcluster.controller.actions import Action, Assign
from ipcluster.controller.policies import Policy
from ipcluster.controller.queues import (
    Engine,
    Lane,
    Queue,
    State,
    Submission,
    Task,
)
from ipcluster.controller.shares import Client, Shares
from ipcluster.controller.windows import BATCH, DIRECT_TASKS, QUEUED_BYTES, WINDOW

Constraint = tuple[frozenset[int] | None, frozenset[int] | None]
FREE: Constraint = (None, None)


class Dispatcher:
    """The engines, and the tasks that are ready for them."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.shares = Shares()
        self.engines: dict[int, Engine] = {}
        # Engines with nothing to do, and those with work behind their first task.
        self.idle: dict[int, Engine] = {}
        self.loaded: dict[int, Engine] = {}
        self._round = 0
        self._direct: dict[int, Engine] = {}  # with direct tasks and room for them
        self._parked: dict[Lane, None] = {}  # those that exclude engines
        self.bound: dict[Lane, None] = {}  # all lanes that are bound to some engines

    def add(self, engine: Engine) -> None:
        self.engines[engine.id] = engine
        for lane in self.bound:
            if lane.registered and lane.allowed and engine.id in lane.allowed:
                engine.lanes[lane] = None
        self.refresh(engine)

    def remove(self, engine: Engine) -> None:
        number = engine.id
        del self.engines[number]
        self.policy.forget(number)
        for where in (self.idle, self.loaded, self._direct):
            where.pop(number, None)

    def refresh(self, engine: Engine) -> None:
        """What the engine holds has changed, or whether it may get more."""
        number, count = engine.id, len(engine.fifo)
        if not count and not engine.suspect:
            self.idle[number] = engine
        else:
            self.idle.pop(number, None)
        if count > 1:
            self.loaded[number] = engine
        else:
            self.loaded.pop(number, None)
        if engine.direct.tasks and engine.has_direct_room():
            self._direct[number] = engine
        if not engine.has_room():
            self.policy.drop(number)
            return
        if number not in self.policy:
            self._wake(engine)
        self.policy.set(number, engine.slots)

    def _wake(self, engine: Engine) -> None:
        """The engine has room again: lanes that waited for it have their turn."""
        if self._parked:
            for lane in list(self._parked):
                if not lane.excluded or engine.id not in lane.excluded:
                    del self._parked[lane]
                    self._enqueue(lane)
        for lane in engine.lanes:
            if lane.parked:
                self._enqueue(lane)

    def _enqueue(self, lane: Lane) -> None:
        client = lane.client
        client.enqueue(lane)
        if not client.entry:
            self.shares.push(client)

    def constraint(self, task: Task) -> Constraint | str:
        """Which engines may run it; if none ever can, why.

        It is kept from engines that refused it, and from those where it failed as long
        as there is another.
        """
        allowed, trouble = task.submission.allowed, task.trouble
        live = self.engines.keys()
        if allowed is not None and allowed.isdisjoint(live):
            return "every engine that it may run on has ended"
        if trouble is None or not (trouble.rejected or trouble.failed):
            return allowed, None
        candidates = live if allowed is None else allowed & live
        rejected = trouble.rejected.intersection(live)
        if rejected and all(engine in rejected for engine in candidates):
            text = "every engine that it may run on has refused it"
            return f"{text}: {trouble.refusal}" if trouble.refusal else text
        avoided = rejected | trouble.failed.intersection(live)
        if all(engine in avoided for engine in candidates):
            avoided = rejected
        return allowed, avoided or None

    def place(self, task: Task, *, front: bool) -> str | None:
        """Make the task ready; or say why no engine can ever run it."""
        submission = task.submission
        if submission.direct:
            raise AssertionError("a direct task has its own queue")
        constraint = self.constraint(task)
        if isinstance(constraint, str):
            return constraint
        task.state = State.READY
        lane = submission.client.lane(submission.options.priority, *constraint)
        lane.push(task, front=front)
        self.offer(lane)
        return None

    def place_many(self, submission: Submission, tasks: Iterable[Task]) -> None:
        """Make tasks ready that may run on any engine or on those it allows."""
        lane = submission.client.lane(
            submission.options.priority, submission.allowed, None
        )
        for task in tasks:
            task.queue = lane
        lane.tasks.extend(tasks)
        self.offer(lane)

    def offer(self, lane: Lane) -> None:
        """The lane has tasks."""
        if lane.queued or lane.parked:
            return
        if lane.allowed is not None or lane.excluded is not None:
            self.bound[lane] = None
        self._enqueue(lane)

    def place_direct(self, engine: Engine, task: Task, *, front: bool) -> None:
        task.state = State.READY
        engine.direct.push(task, front=front)
        if engine.has_direct_room():
            self._direct[engine.id] = engine

    def unplaceable(self) -> list[Task]:
        """Take out the tasks of lanes that no living engine serves (one was lost)."""
        live = self.engines.keys()
        taken: list[Task] = []
        for lane in list(self.bound):
            engines = live if lane.allowed is None else lane.allowed & live
            excluded = lane.excluded or frozenset()
            if any(engine not in excluded for engine in engines):
                continue
            for task in lane.live():
                task.queue = None
                taken.append(task)
            lane.tasks.clear()
            lane.stale = 0
            self._remove(lane)
        return taken

    def dispatch(self, now: float) -> list[Action]:
        """Give out what can be given out."""
        actions: list[Action] = []
        self._round += 1
        if self._direct:
            self._dispatch_direct(actions, now)
        policy, shares = self.policy, self.shares
        while policy:
            client = shares.pop()
            if client is None:
                break
            self._serve(client, actions, now)
            if client.heap:
                shares.push(client)
        return actions

    def _dispatch_direct(self, actions: list[Action], now: float) -> None:
        for engine in self._direct.values():
            while engine.direct and engine.has_direct_room():
                actions.append(self._assign(engine, engine.direct, BATCH, now))
            self.refresh(engine)
        self._direct.clear()

    def _serve(self, client: Client, actions: list[Action], now: float) -> None:
        """One batch for this client."""
        heap = client.heap
        while heap:
            lane = heap[0][3]
            if not lane:
                self._remove(lane)
                continue
            number = self.policy.choose(lane.allowed, lane.excluded)
            if number is None:
                client.dequeue()
                self._park(lane)
                continue
            if lane.round != self._round:
                # Its tasks, shared out evenly, as they are when the round begins.
                among = self.engines if lane.allowed is None else lane.allowed
                lane.share = -(-len(lane) // len(among))
                lane.round = self._round
            engine = self.engines[number]
            actions.append(self._assign(engine, lane, lane.share, now))
            self.refresh(engine)
            if not lane:
                self._remove(lane)
            return

    def _assign(self, engine: Engine, queue: Queue, most: int, now: float) -> Assign:
        """Up to `most` tasks from the head of the queue that call one function."""
        function = queue.head().submission.function
        slots = engine.slots_of(function)
        room = max(1, -((engine.slots - WINDOW) // slots))
        if queue is engine.direct:
            room = max(room, DIRECT_TASKS - len(engine.fifo))
        count = min(BATCH, room, max(most, function.least))
        size = engine.bytes
        tasks, fifo, items = queue.tasks, engine.fifo, []
        before = len(fifo)
        while tasks and count and size < QUEUED_BYTES:
            task = tasks[0]
            submission = task.submission
            if task.state is not State.READY:
                queue.stale -= 1
                tasks.popleft()
                continue
            if submission.function is not function:
                break
            tasks.popleft()
            task.state = State.ASSIGNED
            task.queue = None
            task.engine = engine.id
            task.slots = slots
            task.assigned = now
            item = task.item
            size += len(item.payload)
            submission.client.assigned += 1
            if submission.pending is not None:
                submission.pending.pop(item.task, None)
            fifo.append(task)
            items.append(item)
            count -= 1
        engine.bytes = size
        engine.slots += slots * (len(fifo) - before)
        return Assign(engine.id, function.digest, function.mode, items)

    def _park(self, lane: Lane) -> None:
        """No engine that the lane may use has room."""
        lane.parked = True
        if lane.allowed is None:
            self._parked[lane] = None
        elif not lane.registered:
            lane.registered = True
            for number in lane.allowed:
                if number in self.engines:
                    self.engines[number].lanes[lane] = None

    def _remove(self, lane: Lane) -> None:
        """The lane is empty."""
        client = lane.client
        if lane.queued:
            client.dequeue(lane)
        lane.parked = False
        self._parked.pop(lane, None)
        self.bound.pop(lane, None)
        client.lanes.pop(lane.key, None)
        if lane.registered and lane.allowed is not None:
            for number in lane.allowed:
                if number in self.engines:
                    self.engines[number].lanes.pop(lane, None)

    def withdraw(self, task: Task) -> None:
        """A ready task has ended."""
        queue = task.queue
        task.queue = None
        if queue is None:
            return
        queue.discard()
        if isinstance(queue, Lane) and not queue:
            queue.tasks.clear()
            queue.stale = 0
            self._remove(queue)
