"""Work called back from engines that hold it: for its owner, or for an idle engine.

Prefetch guesses from past times. When the guess was wrong, tasks wait behind a long
one while other engines are idle: then half of them are called back, from the end,
where the engine is least likely to have come. One such recall at a time for an engine.

An engine answers every recall with the tasks that it had not started. What had started
goes on; when its owner wants it interrupted, that is done as soon as it is the first
of what its engine holds, and so the one that runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from ipcluster.controller.actions import Action, Interrupt, Recall
from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.queues import Engine, Task, Wish

# Seconds that work waits behind a task before it is called back: longer than the
# window lasts when its guess was right.
STEAL_AFTER = 0.005
# Seconds between looks while nothing can be called back.
LONGEST_PAUSE = 0.5


class Recalls:
    """Recalls and interrupts that are to be sent, and when to look for more."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._recalls: dict[int, list[int]] = {}
        self._interrupts: dict[tuple[int, int], Interrupt] = {}
        self._pause = STEAL_AFTER
        self.due: float | None = None

    def cancel(self, task: Task, *, interrupt: bool) -> None:
        """The owner does not want an assigned task any more.

        It may have ignored the first interrupt, so every further wish is another one.
        """
        if task.wish and not interrupt:
            return
        home = self._dispatcher.engines[task.engine]
        if not task.wish:
            self._recall(home, (task,))
        if interrupt:
            task.wish = max(task.wish + 1, Wish.INTERRUPT)
        else:
            task.wish = Wish.CANCEL
        if home.fifo[0] is task:
            self.interrupt_first(home)

    def interrupt_first(self, home: Engine) -> None:
        """Interrupt what the engine runs, if its owner wants that."""
        if home.fifo and home.fifo[0].wish >= Wish.INTERRUPT:
            task = home.fifo[0]
            number = task.wish - Wish.CANCEL
            self._interrupts[home.id, task.id] = Interrupt(home.id, task.id, number)

    def ask_again(self, home: Engine, held: Iterable[int]) -> None:
        """The link was replaced: what was being asked or given may never arrive."""
        home.recalls = 0
        known = set(held)
        tasks = [task for task in home.fifo if task.wish or task.id not in known]
        if tasks:
            self._recall(home, tasks)
        self.interrupt_first(home)

    def _recall(self, home: Engine, tasks: Iterable[Task]) -> None:
        if home.id not in self._recalls:
            home.recalls += 1
        numbers = self._recalls.setdefault(home.id, [])
        numbers += [task.id for task in tasks]

    def take(self, actions: list[Action], now: float) -> None:
        """Add what is to be sent; note when to look again."""
        engines = self._dispatcher.engines
        if self._recalls:
            for number, tasks in self._recalls.items():
                if number in engines:
                    actions.append(Recall(number, tasks))
            self._recalls.clear()
        if self._interrupts:
            for interrupt in self._interrupts.values():
                if interrupt.engine in engines:
                    actions.append(interrupt)
            self._interrupts.clear()
        if not (self._dispatcher.idle and self._dispatcher.loaded):
            self.due = None
        elif self.due is None:
            self._pause = STEAL_AFTER
            self.due = now + STEAL_AFTER

    def steal(self, now: float) -> None:
        """Call work back for the engines that are idle."""
        dispatcher = self._dispatcher
        chosen = choose(dispatcher.loaded.values(), dispatcher.idle, now)
        for home, tasks in chosen:
            home.stuck = True
            self._recall(home, tasks)
            dispatcher.refresh(home)
        if chosen:
            self._pause = STEAL_AFTER
        else:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self.due = now + self._pause


def _may_run(task: Task, idle: Mapping[int, Engine]) -> bool:
    submission, trouble = task.submission, task.trouble
    engines: Iterable[int] = idle
    if submission.allowed is not None:
        engines = submission.allowed & idle.keys()
    if trouble is not None:
        avoided = trouble.rejected | trouble.failed
        return any(engine not in avoided for engine in engines)
    return submission.allowed is None or bool(engines)


def _stealable(engine: Engine, idle: Mapping[int, Engine], now: float) -> list[Task]:
    """The tasks behind its first one that an idle engine could run."""
    found = []
    for task in islice(engine.fifo, 1, None):
        if now - task.assigned < STEAL_AFTER:
            break
        if not task.submission.direct and not task.wish and _may_run(task, idle):
            found.append(task)
    return found


def choose(
    loaded: Iterable[Engine], idle: Mapping[int, Engine], now: float
) -> list[tuple[Engine, list[Task]]]:
    """What to call back: at most from as many engines as there are idle ones."""
    chosen: list[tuple[Engine, list[Task]]] = []
    victims = [e for e in loaded if not e.recalls and not e.suspect]
    victims.sort(key=lambda engine: len(engine.fifo), reverse=True)
    for engine in victims:
        if len(chosen) == len(idle):
            break
        tasks = _stealable(engine, idle, now)
        if tasks:
            chosen.append((engine, tasks[len(tasks) // 2 :]))
    return chosen
