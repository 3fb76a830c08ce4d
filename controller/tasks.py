"""Who runs what, when, and again: the rules for tasks, without I/O, clock or thread.

    submitted
       |------------------.
       v                  v
    WAITING ----------> READY ------------> ASSIGNED ---------> DONE
       |   after and     |  ^      room        |      reported    ^
       |   follow met    |  |                  |                  |
       |                 |  `------------------|                  |
       |                 |   taken back, retried, refused         |
       |                 |                     |                  |
       `-----------------+---------------------+------------------'
         timed out, cancelled, impossible      lost with its engine

The loop tells the table what happened (`on_*`, with the time) and, after each drained
batch of events, takes what is to be done (`take_actions`). Actions are made for
batches; nothing is done for a task that can be done for many.

An engine runs what it holds in the order it got it and reports only ends. So the first
of its tasks that has not been reported is the one that runs, and the others have not
started; when it dies, its keeper says which was the last that it began.

    ledger.py        all tasks and clients; how a task comes in and how it ends
    fates.py         what becomes of a task that was lost, refused, or raised
    dispatch.py      ready tasks meet engines with room
    queues.py        the task, and the queues it lies in
    windows.py       how much an engine may hold       policies.py  which engine
    waiting.py       submissions with dependencies     shares.py    whose turn
    dependencies.py  how these are counted             records.py   what ended
    recalls.py       work called back                  queries.py   what is asked
    invariants.py    what always holds
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from random import Random

from ipcluster.controller import endings, invariants
from ipcluster.controller.actions import Action, Drop
from ipcluster.controller.deadlines import Deadlines
from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.fates import Fates
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.policies import policy as policy_named
from ipcluster.controller.queries import EngineStatus, Queries, ResultStatus
from ipcluster.controller.queues import NOWHERE, Engine, State, Submission, Task, Text
from ipcluster.controller.recalls import Recalls
from ipcluster.controller.records import (
    MemoryRecords,
    Record,
    RecordLimits,
    RecordStore,
)
from ipcluster.controller.shares import Client
from ipcluster.controller.waiting import Waiting
from ipcluster.controller.windows import Functions
from ipcluster.wire.messages import Direct, Item, Outcome, Output, Submit

# A timeout of so many seconds, or infinite, or not a number, is none.
FOREVER = 1e9


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
        self._fates = Fates(self._ledger, self._dispatcher)
        self._waiting = Waiting(self._ledger, self._fates)
        self._recalls = Recalls(self._dispatcher)
        self._queries = Queries(self._ledger, self._dispatcher)
        self._functions = Functions()
        self._deadlines = Deadlines()

    def on_client_joined(self, client: int) -> None:
        self._ledger.join(client)

    def on_client_left(self, client: int) -> None:
        """Its tasks go on; their outcomes are kept for whoever asks for them."""
        self._ledger.leave(client)

    def on_client_held(self, client: int, held: bool) -> None:
        """It does not take its results fast enough, or does again.

        While it is held none of its balanced tasks is given out.
        """
        known = self._ledger.clients.get(client)
        if known is not None and known.held != held:
            known.held = held
            if known.heap:
                self._dispatcher.shares.push(known)

    def on_engine_joined(
        self,
        engine: int,
        now: float,
        *,
        host: str | None = None,
        uuid: str | None = None,
    ) -> None:
        if engine not in self._dispatcher.engines:
            self._dispatcher.add(Engine(engine, host, uuid))

    def on_engine_suspect(self, engine: int) -> None:
        """It does not answer: no new work for it, and it keeps what it has."""
        self._set_suspect(engine, True)

    def on_engine_back(self, engine: int, held: Sequence[int] | None = None) -> None:
        """It answers again; `held`: over a new link, with these tasks in its hands.

        What was on its way over the old link may be lost, so the tasks it does not
        name are called back: it gives back those that it has never seen.
        """
        self._set_suspect(engine, False)
        home = self._dispatcher.engines.get(engine)
        if home is not None and held is not None:
            self._recalls.ask_again(home, held)

    def held(self, engine: int) -> int:
        """How many tasks the engine has."""
        home = self._dispatcher.engines.get(engine)
        return len(home.fifo) if home is not None else 0

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
        for task in held:
            home.release(task)
        self._dispatcher.remove(home)
        self._settle_shares({task.submission.client: None for task in held})
        for task in reversed(held[begun + 1 :]):
            if task.submission.direct:
                self._fates.lose_for_good(task, home, cause, now)
            else:
                self._fates.take_back(task, now)
        for i in range(begun, -1, -1):
            died = running and i == begun
            self._fates.lose(held[i], home, cause, now, died=died)
        for task in home.direct.live():
            self._fates.lose_for_good(task, home, cause, now)
        for task in self._dispatcher.unplaceable():
            self._fates.place(task, now, front=False)
        self._waiting.resolve(now)

    def _settle_shares(self, clients: Iterable[Client]) -> None:
        """These clients have fewer tasks assigned: their turn comes sooner."""
        for client in clients:
            if client.entry:
                self._dispatcher.shares.push(client)

    def on_submit(
        self,
        client: int,
        submit: Submit,
        now: float,
        *,
        code: object = None,
        lasting: bool = True,
    ) -> None:
        """Run each item on any engine that the options allow.

        `code` is kept as long as a task may need it: what the function's digest names;
        and for tasks that are to run again, if it is `lasting`.
        """
        submission = self._submission(client, submit, now, code, lasting)
        tasks = self._ledger.admit(submission, submit.items)
        if tasks:
            self._start(submission, tasks, now)

    def on_direct(
        self,
        client: int,
        direct: Direct,
        now: float,
        *,
        code: object = None,
        lasting: bool = True,
    ) -> None:
        """Run the item on each target, and nowhere else."""
        submission = self._submission(client, direct, now, code, lasting)
        submission.direct = True
        item, first = direct.item, direct.item.task
        items = [
            Item(first + i, item.payload, item.segments, item.spilled)
            for i in range(len(direct.targets))
        ]
        tasks = self._ledger.admit(submission, items)
        if not tasks:
            self._ledger.dropped += [segment.name for segment in item.segments]
            return
        submission.items = len(tasks)
        for task in tasks:
            task.target = direct.targets[task.id - first]
        self._start(submission, tasks, now)

    def _submission(
        self,
        client: int,
        message: Submit | Direct,
        now: float,
        code: object,
        lasting: bool,
    ) -> Submission:
        owner = self._ledger.clients.get(client) or self._ledger.join(client)
        function = self._functions.get(message.function, message.mode)
        if code is not None and lasting:
            function.code = code
        submission = Submission(owner, function, message.options, now)
        submission.code, submission.is_lasting = code, lasting
        return submission

    def _start(self, submission: Submission, tasks: list[Task], now: float) -> None:
        options = submission.options
        if options.timeout is not None and options.timeout < FOREVER:
            submission.pending = {task.id: task for task in tasks}
            self._deadlines.add(now + max(0.0, options.timeout), submission)
        if options.after is not None or options.follow is not None:
            self._waiting.start(submission, tasks, now)
        else:
            self._fates.ready(submission, tasks, now)
        if self._ledger.ended:
            self._waiting.resolve(now)

    def on_done(self, engine: int, outcomes: Sequence[Outcome], now: float) -> None:
        """The engine reports the ends of tasks; those it does not hold are ignored."""
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
            if outcome.status and self._fates.runs_again(task, outcome, home, now):
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
        self._settle_shares(touched)
        self._recalls.interrupt_first(home)
        self._dispatcher.refresh(home)
        if self._ledger.ended:
            self._waiting.resolve(now)

    def on_dropped(self, engine: int, tasks: Sequence[int], now: float) -> None:
        """The engine answers a recall: these it had not started and will not."""
        home = self._dispatcher.engines.get(engine)
        if home is None:
            return
        home.recalls = max(0, home.recalls - 1)
        touched: dict[Client, None] = {}
        for number in reversed(tasks):
            task = self._ledger.tasks.get(number)
            if task is not None and task.engine == engine:
                home.release(task)
                touched[task.submission.client] = None
                self._fates.take_back(task, now)
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

    def on_shown(self, engine: int, number: int) -> int | None:
        """The client to show an event of this task to, if it runs there."""
        task = self._ledger.tasks.get(number)
        if task is None or task.engine != engine:
            return None
        client = task.submission.client
        return client.id if client.present else None

    def label_of(
        self, engine: int, number: int, functions: Container[bytes]
    ) -> str | None:
        """The label of a task that calls one of these, "" without; None: none does.

        It has to be a task that the engine has.
        """
        task = self._ledger.tasks.get(number)
        if task is None or task.engine != engine:
            return None
        submission = task.submission
        if submission.function.digest not in functions:
            return None
        return submission.options.label or ""

    def engine_of(self, number: int) -> int:
        """The engine that has this task; -1: none has."""
        task = self._ledger.tasks.get(number)
        return NOWHERE if task is None else task.engine

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
                self._recalls.cancel(task, interrupt=interrupt)
            elif task.state is not State.DONE:  # named twice
                self._fates.end(task, endings.aborted(task.id), NOWHERE, now)
        self._waiting.resolve(now)

    def on_tick(self, now: float) -> None:
        """Time has passed: at the latest at `next_deadline`."""
        for submission in self._deadlines.due(now):
            timeout = submission.options.timeout
            for task in list((submission.pending or {}).values()):
                outcome = endings.timed_out(task.id, timeout)
                self._fates.end(task, outcome, NOWHERE, now)
        if self._ledger.ended:
            self._waiting.resolve(now)
        due = self._recalls.due
        if due is not None and now >= due:
            self._recalls.steal(now)

    def next_deadline(self) -> float | None:
        """When `on_tick` has something to do, if nothing else happens before."""
        deadline, due = self._deadlines.next(), self._recalls.due
        if deadline is None or due is None:
            return due if deadline is None else deadline
        return min(deadline, due)

    def take_actions(self, now: float) -> list[Action]:
        """What is to be done after the events since the last call.

        Segments are dropped last: what is sent may lie in them.
        """
        ledger = self._ledger
        actions = self._dispatcher.dispatch(now)
        self._recalls.take(actions, now)
        actions += ledger.replies
        ledger.replies.clear()
        if ledger.dropped:
            actions.append(Drop(ledger.dropped))
            ledger.dropped = []
        return actions

    @property
    def is_loaded(self) -> bool:
        """Whether some engine has work waiting behind its first task."""
        return bool(self._dispatcher.loaded)

    def unfinished(self, client: int) -> tuple[int, int]:
        """A client's tasks that have not ended, and the bytes of their payloads."""
        known = self._ledger.clients.get(client)
        return (known.unfinished, known.size_bytes) if known is not None else (0, 0)

    def result(self, task: int) -> Record | None:
        """What is known of a finished task."""
        return self._ledger.store.get(task)

    def result_status(self, tasks: Iterable[int]) -> ResultStatus:
        return self._queries.result_status(tasks)

    def queue_status(
        self, engines: Iterable[int] | None = None
    ) -> dict[int, EngineStatus]:
        return self._queries.queue_status(engines)

    def unassigned(self) -> list[int]:
        return self._queries.unassigned()

    def history(self, client: int | None = None) -> list[int]:
        return self._queries.history(client)

    def records(self) -> Iterator[Record]:
        return self._queries.records()

    def under_way(self) -> Iterator[Task]:
        return self._queries.under_way()

    def purge(
        self, tasks: Iterable[int] | None = None, engines: Iterable[int] | None = None
    ) -> list[int]:
        return self._queries.purge(tasks, engines)

    def check(self) -> None:
        """Assert what must hold between calls."""
        invariants.check(self._ledger, self._dispatcher)
