"""Work that was given to one engine and should go to another that has none.

Prefetch guesses from past times. When the guess was wrong, tasks wait behind a long
one while other engines are idle: then half of them are called back, from the end,
where the engine is least likely to have come. One recall at a time for each engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from ipcluster.controller.queues import Engine, Task

# Seconds that work waits behind a task before it is called back: longer than the
# window lasts when its guess was right.
STEAL_AFTER = 0.005
# Seconds between looks while nothing can be called back.
LONGEST_PAUSE = 0.5


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


def choose_recalls(
    loaded: Iterable[Engine], idle: Mapping[int, Engine], now: float
) -> list[tuple[Engine, list[Task]]]:
    """What to call back: at most from as many engines as there are idle ones."""
    recalls = []
    victims = [
        engine for engine in loaded if not engine.recalls and not engine.suspect
    ]
    victims.sort(key=lambda engine: len(engine.fifo), reverse=True)
    for engine in victims:
        if len(recalls) == len(idle):
            break
        tasks = _stealable(engine, idle, now)
        if tasks:
            recalls.append((engine, tasks[len(tasks) // 2 :]))
    return recalls
