"""What a console asks of an interpreter elsewhere, and what it is told.

    console                         remote
    open(tell) ───────────────────> connects
    submit(code) ─────────────────> runs it
         <──── tell(Told(...)) ──── events, text, `Done`: in order, from any thread
    complete_line(text) ──────────> what could stand in the line that `InputWanted`
    answer(text) ─────────────────> has asked for; and the line
    interrupt() ──────────────────> that cell, and nothing else

One cell at a time. What cells of others show is told as well, with who typed them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ipcluster.engines.interpreter.completion.results import Completion, Completions
from ipcluster.engines.interpreter.events import Event

# Seconds that a person waits for completions, and at Enter for whether a cell is whole;
# an interpreter that is busy does not answer before what it does is over.
COMPLETE_PATIENCE = 3.0
ENTER_PATIENCE = 0.5
# Seconds for what was typed there before, and for the number of the next cell.
BEGIN_PATIENCE = 2.0


class NotReached(Exception):
    """There is nothing to talk to; the text says why, and what to do."""


@dataclass(frozen=True)
class Text:
    """Something printed: `stream` is "stdout" or "stderr"."""

    stream: str
    text: str


@dataclass(frozen=True)
class Done:
    """The console's own cell has ended; `count` was its number, where it had one."""

    count: int | None
    succeeded: bool = True
    reply: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """A line for the person, or none; `count` is the next cell's number, if new."""

    text: str
    count: int | None = None


@dataclass(frozen=True)
class Ended:
    """The other side has gone, and does not come back; `text` says how."""

    text: str


@dataclass(frozen=True)
class Pressed:
    """Ctrl-C, while a cell runs."""


@dataclass(frozen=True)
class Told:
    """What happened, and in whose cell: None is the console's own."""

    what: Event | Text | Done | Note | Ended | Pressed
    who: str | None = None


Tell = Callable[[Told], None]


@dataclass(frozen=True)
class Screen:
    """What the person has: a cell's output is made for it."""

    colours: bool = False
    width: int = 80
    height: int = 24


@dataclass
class Beginning:
    """What is known when the talk begins."""

    count: int = 1
    banner: str = ""
    notes: list[str] = field(default_factory=list)


class Remote(Protocol):
    """An interpreter elsewhere."""

    title: str
    """What it is, in a few words: "engine 3 of cluster 'a'"."""

    def open(self, tell: Tell) -> Beginning:
        """Connect; from now on `tell` is called, from any thread.

        Raises:
            NotReached: there is nothing to connect to.
        """

    def submit(self, code: str, screen: Screen) -> None:
        """Run a cell; `Done` is told when it has ended."""

    def answer(self, text: str | None) -> None:
        """The line that the cell asked for; None: nobody will type."""

    def complete_line(self, text: str, cursor: int) -> tuple[int, list[str]]:
        """What could stand in that line: from where on, and the candidates."""

    def interrupt(self) -> None:
        """Interrupt the console's cell; take it back if it has not begun."""

    def let_go(self) -> None:
        """The console does not wait for its cell any more: forget it."""

    def complete(self, code: str, cursor: int) -> Completions | None:
        """What could stand at the cursor; None: it did not answer."""

    def check_complete(self, code: str) -> tuple[str, str] | None:
        """Whether a cell is whole, and the next line's indentation; None: no answer."""

    def history(self, count: int) -> list[tuple[int, int, str]]:
        """The last inputs, the oldest first."""

    def close(self, *, keep: bool = False) -> None:
        """Leave; what was started for this console ends, unless it shall be kept."""


def completions(
    start: int, end: int, matches: list[str], types: list[dict[str, Any]]
) -> Completions:
    """Completions as the terminal shows them, from what travels.

    `types` are as in Jupyter's metadata; those that do not fit the matches are ignored.
    """
    known = types if len(types) == len(matches) else [{} for _ in matches]
    items = []
    for text, about in zip(matches, known, strict=True):
        kind = about.get("type")
        items.append(
            Completion(
                start,
                end,
                str(text),
                type=None if kind in (None, "<unknown>") else str(kind),
                signature=str(about.get("signature") or ""),
            )
        )
    return Completions(start, end, items)
