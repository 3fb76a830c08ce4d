"""An engine of a running cluster as a console's other side.

A cell is a task like others: it waits for those that the engine has, and an interrupt
hits it alone. Questions wait as well, so none of them is waited for very long.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.events import Event, from_plain
from ipcluster.shell.console.remote import (
    BEGIN_PATIENCE,
    COMPLETE_PATIENCE,
    ENTER_PATIENCE,
    Beginning,
    Done,
    Ended,
    Note,
    NotReached,
    Screen,
    Tell,
    Text,
    Told,
    completions,
)
from ipcluster.wire.errors import ClusterError, SecurityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.client.asyncresult import AsyncResult
    from ipcluster.client.client import Client
    from ipcluster.client.conversation import CellResult, Conversation
    from ipcluster.engines.interpreter.completion.results import Completions

# What the debugger says, for whoever asks it.
DEBUGGING = ("debug_reply", "debug_event")
# Inputs that are asked for at the start; Up finds these.
REMEMBERED = 1000


class EngineRemote:
    """One engine; the client is this console's own."""

    def __init__(self, client: Client, engine: int) -> None:
        self.client = client
        self.engine = engine
        cluster = client.connection.ticket.cluster_id or "default"
        self.title = f"engine {engine} of cluster {cluster!r}"
        self._cell: CellResult | None = None
        self._lock = threading.Lock()
        self._has_ended = False
        self._is_slow = False
        self._past: AsyncResult | None = None
        self.on_debug: Callable[[list[Any]], None] = lambda _event: None
        self.watches = False  # whether it is told what others type
        self._candidates: queue.SimpleQueue[e.Candidates] = queue.SimpleQueue()

    def open(self, tell: Tell) -> Beginning:
        self._tell = tell
        info = self.client.roster.present.get(self.engine)
        if info is None:
            raise NotReached(f"{self.title} is not there")
        beginning = Beginning(
            banner=f"{self.title}: process {info.pid} on {info.host}\n"
        )
        view = self.client[self.engine]
        try:
            self._talk: Conversation = view.converse(
                self._on_event, watch=self._on_seen
            )
            self.watches = True
        except SecurityError:
            self._talk = view.converse(self._on_event)
            beginning.notes.append("this ticket does not show what others type")
        self._past = self._talk.ask_history("tail", n=REMEMBERED)
        if self._past.wait(BEGIN_PATIENCE):
            beginning.count = self._answer_of(self._past).get("execution_count", 1)
        else:
            beginning.notes.append("it is busy: what you type runs after that")
        threading.Thread(target=self._watch, name="engine's end", daemon=True).start()
        return beginning

    # --- what it tells ----------------------------------------------------------------

    def _on_event(self, cell: CellResult, event: list[Any]) -> None:
        with self._lock:
            is_ours = cell is self._cell
        if event[0] == "candidates":
            self._candidates.put(e.Candidates(*event[1:]))
            return
        if event[0] in DEBUGGING:
            self.on_debug(event)
            return
        # What is not waited for still shows, but it has nobody to ask.
        if is_ours or event[0] != "input_wanted":
            self._tell_event(event, None)

    def _on_seen(self, who: str, event: list[Any]) -> None:
        if event[0] in DEBUGGING:
            self.on_debug(event)
            return
        if event[0] == "left_out":
            text = f"{event[1]:,} outputs of others left out: they came too fast"
            self._tell(Told(Note(text)))
        else:
            self._tell_event(event, who)

    def _tell_event(self, plain: list[Any], who: str | None) -> None:
        if plain[0] == "stream":
            self._tell(Told(Text(plain[1], plain[2]), who))
            return
        try:
            event: Event = from_plain(plain)
        except (KeyError, TypeError):  # of a version that knows more
            return
        self._tell(Told(event, who))

    def _on_done(self, cell: CellResult) -> None:
        with self._lock:
            if cell is not self._cell:
                return
            self._cell = None
        reply = self._answer_of(cell)
        if reply:
            self._is_slow = False
            count = reply.get("execution_count")
            self._tell(Told(Done(count, reply.get("status") == "ok", reply)))
        elif cell.cancelled():
            self._tell(Told(Note("taken back before it began")))
            self._tell(Told(Done(None, succeeded=False)))
        elif self.engine in self.client.roster.present and self._connected:
            self._tell(Told(Note(_line(cell.exception(0)))))
            self._tell(Told(Done(None, succeeded=False)))
        # Else the engine has gone, and whoever waits is told that.

    @property
    def _connected(self) -> bool:
        connection = self.client.connection
        return not connection.closed and connection.failure is None

    def _watch(self) -> None:
        """Tell when the engine, or the way to it, has ended."""
        connection, roster = self.client.connection, self.client.roster
        connection.wait(
            lambda: self.engine not in roster.present or not self._connected
        )
        if self._has_ended or connection.closed:
            return
        if self.engine in roster.present:
            text = f"no way to {self.title}: {_line(connection.failure)}"
        else:
            cause = roster.causes.get(self.engine, "left")
            text = f"{self.title} has ended: {_short(cause)}"
        self._tell(Told(Ended(text)))

    # --- what it is asked -------------------------------------------------------------

    def submit(self, code: str, screen: Screen, **options: Any) -> None:
        """Run a cell; `options` as `Conversation.run_cell` has them."""
        options = {
            "allow_stdin": True,
            "colours": screen.colours,
            "width": screen.width,
            "height": screen.height,
            **options,
        }
        self._begin(lambda: self._talk.run_cell(code, **options))

    def _begin(self, begin: Callable[[], CellResult]) -> None:
        with self._lock:
            try:
                cell = self._cell = begin()
            except (ClusterError, IndexError) as error:
                self._tell(Told(Ended(_line(error))))
                return
        cell.add_done_callback(lambda _cell: self._on_done(cell))

    def send_comm(self, msg_type: str, content: dict[str, Any], **options: Any) -> None:
        """A comm's message: a cell as far as its end and its outputs are concerned.

        `options` as `Conversation.send_comm` has them.
        """
        self._begin(lambda: self._talk.send_comm(msg_type, content, **options))

    def comm_info(self, target: str | None) -> dict[str, Any] | None:
        """The comms there are; None: the engine did not answer in time."""
        found = self._ask(lambda: self._talk.ask_comm_info(target), BEGIN_PATIENCE)
        return None if found is None else found["comms"]

    def prepare_debugger(self, starts: bool) -> str:
        """Have the engine ready for `say_debug`, once it is free; why it is not."""
        try:
            asked = self._talk.ask_debug(starts)
            asked.wait()
        except (ClusterError, IndexError) as error:
            return _line(error)
        if asked.cancelled() or asked.exception(0) is not None:
            return _line(asked.exception(0)) or "the engine has no debugger"
        return str(asked.result(0)["error"])

    def say_debug(self, ident: str, request: dict[str, Any]) -> None:
        """A request to the debugger; `on_debug` is told what it says."""
        with contextlib.suppress(ClusterError, IndexError):
            self._talk.say_debug(ident, request)

    def answer(self, text: str | None) -> None:
        if self._cell is not None:
            self._talk.answer(self._cell, text)

    def complete_line(self, text: str, cursor: int) -> tuple[int, list[str]]:
        cell = self._cell
        if cell is not None and self._connected:
            self._talk.ask_candidates(cell, text, cursor)
            with contextlib.suppress(queue.Empty):
                while True:
                    found = self._candidates.get(timeout=COMPLETE_PATIENCE)
                    if (found.text, found.cursor) == (text, cursor):
                        return found.start, found.words
        return cursor, []

    def interrupt(self) -> None:
        if self._cell is not None and self._connected:
            self._cell.cancel()

    def let_go(self) -> None:
        with self._lock:
            self._cell = None

    def complete(self, code: str, cursor: int) -> Completions | None:
        asked = self._ask(
            lambda: self._talk.ask_complete(code, cursor), COMPLETE_PATIENCE
        )
        if asked is None:
            return None
        return completions(
            asked["start"], asked["end"], asked["matches"], asked.get("types") or []
        )

    def inspect(self, code: str, cursor: int, detail: int) -> dict[str, Any] | None:
        """What is known of the name at the cursor: `{"found", "data"}`."""
        return self._ask(
            lambda: self._talk.ask_inspect(code, cursor, detail), COMPLETE_PATIENCE
        )

    def check_complete(self, code: str) -> tuple[str, str] | None:
        if self._is_slow:  # Enter has waited once
            return None
        asked = self._ask(lambda: self._talk.ask_is_complete(code), ENTER_PATIENCE)
        self._is_slow = asked is None
        return None if asked is None else (asked["status"], asked["indent"])

    def history(self, count: int) -> list[tuple[int, int, str]]:
        past = self._past
        lines = self._answer_of(past).get("lines", []) if past and past.ready() else []
        return [(one[0], one[1], one[2]) for one in lines[-count:]]

    def past(self, hist_access_type: str, **request: Any) -> list[Any]:
        """Inputs as Jupyter's `history_request` wants them."""
        found = self._ask(
            lambda: self._talk.ask_history(hist_access_type, **request), BEGIN_PATIENCE
        )
        return [] if found is None else list(found["lines"])

    def say_open(self, path: str) -> None:
        """Let the engine know of a connection file that leads to it."""
        self._talk.run_cell("", silent=True, connection_file=path)

    def say_closed(self, path: str | None) -> None:
        """And that it does so no more: nobody there has comms' twins."""
        if path and self._connected and self.engine in self.client.roster.present:
            self._talk.close_comms()
            cell = self._talk.run_cell("", silent=True, closed_file=path)
            cell.wait(ENTER_PATIENCE)

    def _ask(
        self, ask: Callable[[], AsyncResult], patience: float
    ) -> dict[str, Any] | None:
        """An answer, if it comes in time; else the question is taken back."""
        try:
            asked = ask()
            if not asked.wait(patience):
                asked.abort()
                return None
        except (ClusterError, IndexError):
            return None
        return self._answer_of(asked) or None

    def _answer_of(self, asked: AsyncResult) -> dict[str, Any]:
        if asked.cancelled() or asked.exception(0) is not None:
            return {}
        answer: dict[str, Any] = asked.result(0)
        return answer

    def close(self, *, keep: bool = False) -> None:
        self._has_ended = True
        self.client.close()


def _line(error: BaseException | None) -> str:
    """An error in one line."""
    return _short(str(error)) if error is not None else ""


def _short(text: str) -> str:
    """A cause in one line: its last words on stderr are many, and the last counts."""
    first, *rest = [line.strip() for line in text.strip().splitlines()] or [""]
    if rest:
        first = f"{first.removesuffix('its last words on stderr:')}{rest[-1]}"
    return first
