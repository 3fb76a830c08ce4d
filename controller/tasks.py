"""Who runs what, when, and again: the rules for tasks, without I/O, clock or thread.

                 after, follow met           room            reported
    submitted --> WAITING ------> READY ------> ASSIGNED ------> DONE
        |             |           |   ^            |              ^
        |             |           |   `------------+              |
        |             |           |      dropped, retried, refused, engine lost
        |             `-----------+-------------------------------+
        |          timeout, cancelled, impossible                 |
        `----> READY (nothing to wait for)                        |
                                 cancelled, lost, impossible -----'

The loop tells the table what happened (`on_*`, with the time) and, after each drained
batch of events, takes what is to be done (`take_actions`). Actions are made for
batches; nothing is done for a task that can be done for many.

An engine runs what it holds in the order it got it and reports only ends. So the first
of its tasks that has not been reported is the one that runs, and the others have not
started; when it dies, its keeper says which was the last that it began.

    ledger.py        all tasks and clients; how a task comes in and how it ends
    dispatch.py      ready tasks meet engines with room
    queues.py        the task, and the queues it lies in
    windows.py       how much an engine may hold         policies.py  which engine
    dependencies.py  what a task waits for               shares.py    whose turn
    stealing.py      work called back for idle engines   records.py   what ended
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from ipcluster.controller import endings, stealing
from ipcluster.controller.actions import Action, Drop, Interrupt, Recall
from ipcluster.controller.deadlines import Deadlines
from ipcluster.controller.dependencies import Need, Verdict
from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.policies import policy as policy_named
from ipcluster.controller.queues import (
    NOWHERE,
    Engine,
    State,
    Submission,
    Task,
    Text,
    Trouble,
    Wish,
)
from ipcluster.controller.records import MemoryRecords, RecordLimits, RecordStore
from ipcluster.controller.shares import Client
from ipcluster.controller.windows import Functions
from ipcluster.wire.messages import (
    Direct,
    Item,
    Outcome,
    Output,
    Status,
    Submit,
)

# A task that ended this many engines is given up, whatever its retries.
MOST_DEATHS = 3


class TaskTable:
    """The state of all tasks. Times are seconds on the caller's monotonic clock.

    The table holds each segment once for each `Item` of a `Submit`, once for the item
    of a `Direct`, and once for each `Outcome` it is given, until it says `Drop`.
    """

    def __init__(
        self,
        *,
        policy: str = "leastload",
        random: Random | None = None,
        records: RecordLimits | None = None,
        store: RecordStore | None = None,
    ) -> None:
        self._ledger = Ledger(store if store is not None else MemoryRecords(records))
        self._dispatcher = Dispatcher(policy_named(policy, random or Random()))
        self._functions = Functions()
        self._deadlines = Deadlines()
        self._recalls: dict[int, list[int]] = {}
        self._interrupts: list[Interrupt] = []
        self._last_engine = NOWHERE
        self._steal_at: float | None = None
        self._steal_pause = stealing.STEAL_AFTER

    # Clients and engines come and go.

    def on_client_joined(self, client: int) -> None:
        self._ledger.join(client)

    def on_client_left(self, client: int) -> None:
        """Its tasks go on; their outcomes are kept for whoever asks for them."""
        self._ledger.leave(client)

    def on_engine_joined(
        self, engine: int, now: float, *, host: str | None = None, uuid: str | None = None
    ) -> None:
        if engine not in self._dispatcher.engines:
            self._last_engine = max(self._last_engine, engine)
            self._dispatcher.add(Engine(engine, host, uuid))

    def on_engine_suspect(self, engine: int) -> None:
        """It does not answer: no new work for it, and it keeps what it has."""
        self._set_suspect(engine, True)

    def on_engine_back(self, engine: int) -> None:
        self._set_suspect(engine, False)

    def _set_suspect(self, number: int, suspect: bool) -> None:
        engine = self._dispatcher.engines.get(number)
        if engine is not None:
            engine.suspect = suspect
            self._dispatcher.refresh(engine)

    def on_engine_lost(
        self, engine: int, started: int | None, running: bool, cause: str, now: float
    ) -> None:
        """The engine ended, having begun `started` last (0: nothing).

        None: nobody knows, so its first task counts as begun. `cause` goes into the
        errors of the tasks that are lost with it.
        """
        home = self._dispatcher.engines.get(engine)
        if home is None:
            return
        held = list(home.fifo)
        if started is None:
            started, running = (held[0].id if held else 0), bool(held)
        begun = next((i for i, task in enumerate(held) if task.id == started), -1)
        self._dispatcher.remove(home)
        shares = self._dispatcher.shares
        for task in held:
            home.release(task)
            task.engine = NOWHERE
            if task.submission.client.entry:
                shares.push(task.submission.client)
        unbegun = held[begun + 1 :]
        for i, task in enumerate(held[: begun + 1]):
            self._lose(task, home, cause, died=running and i == begun, now=now)
        for task in reversed(unbegun):
            if task.submission.direct:
                self._end(task, endings.lost(task.id, home, cause), engine, now)
            else:
                self._take_back(task, now)
        for task in home.direct.live():
            self._end(task, endings.lost(task.id, home, cause), engine, now)
        for task in self._dispatcher.unplaceable():
            self._place(task, now, front=False)
        self._resolve(now)

    def _lose(
        self, task: Task, home: Engine, cause: str, *, died: bool, now: float
    ) -> None:
        """It had started on the engine that ended."""
        trouble = task.trouble = task.trouble or Trouble()
        trouble.deaths += died
        retry = trouble.tries < task.submission.options.retries
        if (
            retry
            and not task.wish
            and not task.submission.direct
            and trouble.deaths < MOST_DEATHS
        ):
            trouble.tries += 1
            if self._dispatcher.place(task, front=True) is None:
                return
        self._end(task, endings.lost(task.id, home, cause), home.id, now)

    # Tasks come in.

    def on_submit(self, client: int, submit: Submit, now: float) -> None:
        submission = self._submission(client, submit, now)
        tasks = self._ledger.admit(submission, submit.items)
        if tasks:
            self._start(submission, tasks, now)
            self._resolve(now)

    def on_direct(self, client: int, direct: Direct, now: float) -> None:
        submission = self._submission(client, direct, now)
        submission.direct = True
        item, first = direct.item, direct.item.task
        tasks = self._ledger.admit(
            submission,
            [
                Item(first + i, item.payload, item.segments, item.spilled)
                for i in range(len(direct.targets))
            ],
        )
        submission.items = len(tasks)
        for task in tasks:
            task.target = direct.targets[task.id - first]
        if not tasks:
            self._ledger.dropped += [segment.name for segment in item.segments]
            return
        self._start(submission, tasks, now)
        self._resolve(now)

    def _submission(
        self, client: int, message: Submit | Direct, now: float
    ) -> Submission:
        owner = self._ledger.clients.get(client) or self._ledger.join(client)
        function = self._functions.get(message.function, message.mode)
        return Submission(owner, function, message.options, now)

    def _start(self, submission: Submission, tasks: list[Task], now: float) -> None:
        options = submission.options
        if options.timeout is not None:
            submission.pending = {task.id: task for task in tasks}
            self._deadlines.add(now + options.timeout, submission)
        if options.after is not None or options.follow is not None:
            self._wait(submission, tasks, now)
        else:
            self._ready(submission, tasks, now)

    def _ready(
        self, submission: Submission, tasks: Sequence[Task], now: float
    ) -> None:
        """Nothing to wait for any more."""
        if submission.direct:
            for task in tasks:
                self._place_direct(task, now, front=False)
            return
        allowed = submission.allowed
        if allowed is not None and allowed.isdisjoint(self._dispatcher.engines):
            text = "none of the engines that it may run on is there: "
            text += ", ".join(map(str, sorted(allowed)[:20]))
            for task in tasks:
                self._end(task, endings.nowhere(task.id, text), NOWHERE, now)
            return
        self._dispatcher.place_many(submission, tasks)

    def _wait(self, submission: Submission, tasks: list[Task], now: float) -> None:
        options, ledger = submission.options, self._ledger
        submission.pending = {task.id: task for task in tasks}
        for task in tasks:
            task.state = State.WAITING
        for dependency, follows in ((options.after, False), (options.follow, True)):
            if dependency is None:
                continue
            for task in tasks:
                if task.id in dependency.tasks and task.state is State.WAITING:
                    text = f"task {task.id} depends on itself"
                    self._end(task, endings.invalid(task.id, text), NOWHERE, now)
            if not submission.pending:
                return
            reason = ledger.unknown(dependency)
            if reason is not None:
                for task in list(submission.pending.values()):
                    self._end(task, endings.invalid(task.id, reason), NOWHERE, now)
                return
            submission.needs.append(Need(submission, dependency, follows=follows))
        for need in list(submission.needs):
            verdict = need.start()
            if verdict is Verdict.OPEN:
                verdict = need.count_all(ledger.ends(need))
            self._judge(need, verdict, now)

    def _judge(self, need: Need, verdict: Verdict, now: float) -> None:
        """A need is met, or never will be, or still open."""
        submission = need.submission
        if verdict is Verdict.OPEN or need not in submission.needs:
            return
        if verdict is Verdict.NEVER:
            kind = "follows" if need.follows else "comes after"
            text = f"it {kind} tasks that did not end as it needs"
            for task in list((submission.pending or {}).values()):
                self._end(task, endings.impossible(task.id, text), NOWHERE, now)
            return
        self._ledger.waiters.forget(need)
        submission.needs.remove(need)
        if need.follows and need.dependency.tasks:
            beside = frozenset(need.engines)
            allowed = submission.allowed
            submission.allowed = beside if allowed is None else allowed & beside
        if not submission.needs:
            tasks = list((submission.pending or {}).values())
            if submission.options.timeout is None:
                submission.pending = None
            for task in tasks:
                task.state = State.READY
            self._ready(submission, tasks, now)

    def _resolve(self, now: float) -> None:
        """Tell the tasks that wait for what has ended."""
        ended, waiters = self._ledger.ended, self._ledger.waiters
        while ended:
            number, end = ended.popleft()
            for need in waiters.pop(number):
                self._judge(need, need.count(end), now)

    def _place(self, task: Task, now: float, *, front: bool) -> None:
        """Make a balanced task ready, or end it."""
        reason = self._dispatcher.place(task, front=front)
        if reason is not None:
            self._end(task, endings.impossible(task.id, reason), NOWHERE, now)

    def _place_direct(self, task: Task, now: float, *, front: bool) -> None:
        engine = self._dispatcher.engines.get(task.target)
        if engine is None:
            outcome = endings.absent(task.id, task.target)
            self._end(task, outcome, task.target, now)
        else:
            self._dispatcher.place_direct(engine, task, front=front)

    def _take_back(self, task: Task, now: float) -> None:
        """It was assigned and has not started: ready again, before the others."""
        if task.wish:
            self._end(task, endings.aborted(task.id), NOWHERE, now)
        elif task.submission.direct:
            self._place_direct(task, now, front=True)
        else:
            self._place(task, now, front=True)

    def _end(self, task: Task, outcome: Outcome, engine: int, now: float) -> None:
        """The controller itself ends a task that no engine holds."""
        if task.queue is not None:
            task.state = State.DONE
            self._dispatcher.withdraw(task)
        self._ledger.finish(task, outcome, engine, now)

    # Engines report.

    def on_done(self, engine: int, outcomes: Sequence[Outcome], now: float) -> None:
        home = self._dispatcher.engines.get(engine)
        ledger = self._ledger
        if home is None:
            for outcome in outcomes:
                ledger.discard(outcome)
            return
        tasks, finish, release = ledger.tasks, ledger.finish, home.release
        function, total, count = None, 0.0, 0
        touched: dict[Client, None] = {}
        for outcome in outcomes:
            task = tasks.get(outcome.task)
            if task is None or task.engine != engine:
                ledger.discard(outcome)
                continue
            release(task)
            submission = task.submission
            touched[submission.client] = None
            if outcome.status and self._runs_again(task, outcome, home, now):
                continue
            if submission.function is not function:
                if function is not None:
                    function.learn(total / count)
                function, total, count = submission.function, 0.0, 0
            total += outcome.duration
            count += 1
            finish(task, outcome, engine, now)
            home.completed += 1
        if function is not None:
            function.learn(total / count)
            home.pace = function.slots
        if touched:
            home.stuck = False
            self._after_report(home, touched, now)

    def _after_report(
        self, home: Engine, touched: Iterable[Client], now: float
    ) -> None:
        """The engine holds less than before."""
        fifo, shares = home.fifo, self._dispatcher.shares
        for client in touched:
            if client.entry:
                shares.push(client)
        if fifo and fifo[0].wish == Wish.INTERRUPT:
            self._interrupts.append(Interrupt(home.id, fifo[0].id))
        self._dispatcher.refresh(home)
        if self._ledger.ended:
            self._resolve(now)

    def _runs_again(
        self, task: Task, outcome: Outcome, home: Engine, now: float
    ) -> bool:
        """Whether a task that did not succeed has been dealt with here."""
        submission = task.submission
        if outcome.status == Status.REJECTED:
            self._ledger.discard(outcome)
            self._refused(task, home, now)
            return True
        trouble = task.trouble
        tries = trouble.tries if trouble is not None else 0
        if (
            outcome.status != Status.ERROR
            or task.wish
            or tries >= submission.options.retries
        ):
            return False
        self._ledger.discard(outcome)
        task.engine = NOWHERE
        trouble = task.trouble = trouble or Trouble()
        trouble.tries += 1
        trouble.failed |= {home.id}
        self._take_back(task, now)
        return True

    def _refused(self, task: Task, home: Engine, now: float) -> None:
        """The engine does not meet what its function asks of one."""
        task.engine = NOWHERE
        if task.wish or not task.submission.direct:
            trouble = task.trouble = task.trouble or Trouble()
            trouble.rejected |= {home.id}
            self._take_back(task, now)
        else:
            text = f"engine {home.id} does not meet what the function asks for"
            self._end(task, endings.impossible(task.id, text), home.id, now)

    def on_dropped(self, engine: int, tasks: Sequence[int], now: float) -> None:
        """The engine answers a recall: these it had not started and will not."""
        home = self._dispatcher.engines.get(engine)
        if home is None:
            return
        home.recalls = max(0, home.recalls - 1)
        touched: dict[Client, None] = {}
        for number in reversed(tasks):
            task = self._ledger.tasks.get(number)
            if task is None or task.engine != engine:
                continue
            home.release(task)
            touched[task.submission.client] = None
            task.engine = NOWHERE
            self._take_back(task, now)
        if not home.fifo:
            home.stuck = False
        self._after_report(home, touched, now)

    def on_output(self, engine: int, output: Output) -> int | None:
        """The client to show this to, if the task runs there and its owner is here."""
        task = self._ledger.tasks.get(output.task)
        if task is None or task.engine != engine:
            return None
        if task.text is None:
            task.text = Text()
        task.text.add(output)
        client = task.submission.client
        return client.id if client.present else None

    # Owners take back; time passes.

    def on_cancel(
        self,
        client: int,
        tasks: Iterable[int] | None,
        interrupt: bool,
        now: float,
        *,
        admin: bool = False,
    ) -> None:
        """Take tasks back: all of the client's if None; others' only with `admin`."""
        known = self._ledger.tasks
        owner = self._ledger.clients.get(client)
        if tasks is None:
            wanted = [t for t in known.values() if t.submission.client is owner]
        else:
            wanted = [known[number] for number in tasks if number in known]
        for task in wanted:
            if task.submission.client is not owner and not admin:
                continue
            if task.state is State.ASSIGNED:
                self._call_back(task, interrupt)
            elif task.state is not State.DONE:
                self._end(task, endings.aborted(task.id), NOWHERE, now)
        self._resolve(now)

    def _call_back(self, task: Task, interrupt: bool) -> None:
        wish = Wish.INTERRUPT if interrupt else Wish.CANCEL
        if task.wish >= wish:
            return
        home = self._dispatcher.engines[task.engine]
        if not task.wish:
            self._recall(home, [task])
        task.wish = wish
        if interrupt and home.fifo[0] is task:
            self._interrupts.append(Interrupt(home.id, task.id))

    def _recall(self, home: Engine, tasks: Iterable[Task]) -> None:
        if home.id not in self._recalls:
            home.recalls += 1
        numbers = self._recalls.setdefault(home.id, [])
        numbers += [task.id for task in tasks]

    def on_tick(self, now: float) -> None:
        """Time has passed: at the latest at `next_deadline`."""
        for submission in self._deadlines.due(now):
            timeout = submission.options.timeout
            for task in list((submission.pending or {}).values()):
                self._end(task, endings.timed_out(task.id, timeout), NOWHERE, now)
        self._resolve(now)
        if self._steal_at is not None and now >= self._steal_at:
            self._steal(now)

    def _steal(self, now: float) -> None:
        dispatcher = self._dispatcher
        recalls = stealing.choose_recalls(
            dispatcher.loaded.values(), dispatcher.idle, now
        )
        for home, tasks in recalls:
            home.stuck = True
            self._recall(home, tasks)
            dispatcher.refresh(home)
        if recalls:
            self._steal_pause = stealing.STEAL_AFTER
        else:
            self._steal_pause = min(2 * self._steal_pause, stealing.LONGEST_PAUSE)
        self._steal_at = now + self._steal_pause

    def next_deadline(self) -> float | None:
        """When `on_tick` has something to do, if nothing else happens before."""
        deadline = self._deadlines.next()
        if deadline is None or self._steal_at is None:
            return self._steal_at if deadline is None else deadline
        return min(deadline, self._steal_at)

    def take_actions(self, now: float) -> list[Action]:
        """What is to be done after the events since the last call."""
        ledger, dispatcher = self._ledger, self._dispatcher
        actions = dispatcher.dispatch(now)
        for engine, tasks in self._recalls.items():
            if engine in dispatcher.engines:
                actions.append(Recall(engine, tasks))
        self._recalls.clear()
        actions += self._interrupts
        self._interrupts.clear()
        actions += ledger.replies
        ledger.replies.clear()
        if ledger.dropped:
            actions.append(Drop(ledger.dropped))
            ledger.dropped = []
        if not (dispatcher.idle and dispatcher.loaded):
            self._steal_at = None
        elif self._steal_at is None:
            self._steal_pause = stealing.STEAL_AFTER
            self._steal_at = now + self._steal_pause
        return actions
