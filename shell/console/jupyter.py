"""A kernel that speaks the Jupyter protocol as a console's other side.

A cell is over when its reply and the `idle` on iopub have both come. A kernel that was
started again is known by the session in its messages' headers. One that is the same, to
which the connection was broken, is asked what it has shown meanwhile (missed.py), and
whether our cell is over: its reply may have been lost.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter import events as e
from ipcluster.shell.console.channels import Channels
from ipcluster.shell.console.missed import NOTHING, Missed
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
    Told,
    completions,
)
from ipcluster.shell.console.translating import event_of, events_of_reply

if TYPE_CHECKING:
    from ipcluster.engines.interpreter.completion.results import Completions
    from ipcluster.shell.console.starting import OwnKernel
    from ipcluster.shell.console.tunnels import Tunnel
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.messages import Message

# Seconds for a kernel to answer for the first time: one that starts, one that runs.
START_PATIENCE = 30.0
ATTACH_PATIENCE = 8.0
# Seconds that `idle` may come after a reply: a kernel may have lost it.
IDLE_PATIENCE = 1.0
# Seconds in which a kernel that went may say why, before we say that it has gone.
LAST_WORDS = 2.0
# Seconds that Ctrl-C waits for our cell to begin. After that it is for whatever cell of
# another's runs before it.
BEGIN_SOON = 0.5


class KernelRemote:
    """One kernel; with `own`, one that was started for this console."""

    def __init__(
        self,
        connection: Connection,
        title: str,
        *,
        own: OwnKernel | None = None,
        tunnel: Tunnel | None = None,
        replay: bool = False,
    ) -> None:
        """Not connected yet; with `replay` all that the kernel keeps is told first."""
        self.title = title
        self._own = own
        self._tunnel = tunnel
        self._replay = replay
        self._missed = Missed()
        self._has_journal = False
        # A cell of ours that does nothing, and the one that it was sent behind.
        self._probe = self._probed = ""
        self._channels = Channels(connection, self)
        self._lock = threading.Lock()
        self._cell = ""  # the msg_id of ours that runs
        self._reply: dict[str, Any] | None = None
        self._replied = 0.0
        self._has_begun = False
        self._pressed = 0.0  # when, if the cell has not begun yet
        self._is_idle = False
        self._asking: Message | None = None
        self._hears = threading.Event()
        self._has_deaf_answer = False
        self._kernel_session = ""
        self._is_open = False
        self._is_slow = False
        self._lost_since: float | None = None
        self._has_told_loss = False
        self._restarting = False
        self._why = ""  # it ended, as its supervisor says

    # --- beginning and end ------------------------------------------------------------

    def open(self, tell: Tell) -> Beginning:
        self._tell = tell
        self._channels.start()
        info = self._first_answer()
        beginning = Beginning(banner=f"{info.content.get('banner', '').rstrip()}\n")
        self._kernel_session = info.session
        asked = self._channels.ask(
            "execute_request",
            {"code": "", "silent": True, "store_history": False, "allow_stdin": False},
            BEGIN_PATIENCE,
        )
        if asked is None:
            beginning.notes.append("it is busy: what you type runs after that")
        else:
            beginning.count = int(asked.content.get("execution_count") or 0) + 1
        self._is_open = True
        self._has_journal = info.content.get("implementation") == "ipcluster"
        if self._has_journal:
            self._ask_what_was_missed(0 if self._replay else NOTHING)
        elif self._replay:
            beginning.notes.append("a kernel of this kind keeps nothing to be shown")
        return beginning

    def _ask_what_was_missed(self, since: int | None = None) -> None:
        self._channels.send("control", "replay_request", self._missed.ask(since))

    def _on_answer(self, content: dict[str, Any]) -> None:
        """The kernel tells what it has shown."""
        if self._missed.is_over():  # too late
            return
        if content.get("lost"):
            self._tell(Told(Note("the oldest of what was shown is kept no more")))
        for message in self._missed.answer(content):
            self._on_published(message)
        request = self._missed.go_on(content)
        if request is not None:
            self._channels.send("control", "replay_request", request)
        else:
            self._show_held()

    def _show_held(self) -> None:
        for message in self._missed.give_up():
            self._on_published(message)
        self._finish()

    def _first_answer(self) -> Message:
        """What the kernel says of itself, once we hear all that it says."""
        patience = ATTACH_PATIENCE if self._own is None else START_PATIENCE
        deadline = time.monotonic() + patience
        channel = "control"  # answered also by a kernel that is busy
        while time.monotonic() < deadline:
            if self._own is not None and self._own.has_ended:
                raise NotReached(f"the kernel did not start: {self._own.last_words()}")
            info = self._channels.ask("kernel_info_request", {}, 0.5, channel)
            # What is published before our subscription arrives is lost.
            if info is not None and self._hears.wait(0.5):
                return info
            channel = "shell" if channel == "control" else "control"
        raise NotReached(f"{self.title} does not answer")

    def close(self, *, keep: bool = False) -> None:
        self._is_open = False
        if self._own is not None and not keep:
            if not self._own.has_ended:
                content = {"restart": False}
                self._channels.ask("shutdown_request", content, 2.0, "control")
            self._own.stop()
        self._channels.close()
        if self._tunnel is not None:
            self._tunnel.close()

    # --- what comes, in the channels' thread ------------------------------------------

    def on_message(self, channel: str, message: Message) -> None:
        if channel == "iopub":
            self._on_iopub(message)
        elif channel == "stdin":
            if message.type == "input_request" and self._is_ours(message):
                self._asking = message
                prompt = str(message.content.get("prompt", ""))
                password = bool(message.content.get("password"))
                completes = bool(message.content.get("completes"))
                self._tell(Told(e.InputWanted(prompt, password, completes)))
        elif message.type == "kernel_info_reply":
            self._on_kernel(message)
        elif message.type == "execute_reply" and self._is_ours(message):
            self._reply, self._replied = message.content, time.monotonic()
            self._finish()
        elif message.type == "replay_reply":
            self._on_answer(message.content)
        elif self._probe and message.parent.get("msg_id") == self._probe:
            self._on_probe(message.content)

    def _on_probe(self, reply: dict[str, Any]) -> None:
        """The kernel is through with what was before it when we came back."""
        self._probe = ""
        if self._cell:
            if self._cell == self._probed and self._reply is None:
                # It was lost: our cell is over.
                self._reply, self._is_idle = reply, True
                self._finish()
        elif isinstance(count := reply.get("execution_count"), int):
            self._tell(Told(Note("", count=count + 1)))

    def _is_ours(self, message: Message) -> bool:
        with self._lock:
            return bool(self._cell) and message.parent.get("msg_id") == self._cell

    def _on_iopub(self, message: Message) -> None:
        self._hears.set()
        for one in self._missed.take(message):
            self._on_published(one)

    def _on_published(self, message: Message) -> None:
        if message.type == "status":
            state = message.content.get("execution_state")
            if state == "dead" and self._lost_since is not None:
                self._lost_since -= LAST_WORDS  # it has said all
            if state == "busy" and self._is_ours(message):
                self._begin()
            if state == "idle" and not self._why and self._is_ours(message):
                self._is_idle = True
                self._finish()
            return
        if not self._is_open:
            return
        if message.type == "shutdown_reply":
            if self._own is None and not message.content.get("restart"):
                self._tell(Told(Ended(f"{self.title} was shut down")))
            return
        if message.content.get("ename") == "KernelDied":  # its supervisor's last words
            lines = str(message.content.get("evalue")).splitlines()
            self._why = lines[0].rstrip(".") if lines else ""
            return
        event = event_of(message.type, message.content)
        if event is not None:
            self._tell(Told(event, self._who(message)))

    def _who(self, message: Message) -> str | None:
        """Whose cell it is of; None: ours, or nobody's."""
        session = message.parent.get("session")
        if not session or session == self._channels.session.session:
            return None
        return str(message.parent.get("username") or "somebody")

    def _begin(self) -> None:
        """Our cell runs, or is waited for no longer: interrupt it, if that is due."""
        with self._lock:
            self._has_begun = True
            was_pressed, self._pressed = bool(self._pressed), 0.0
        if was_pressed:
            self._channels.send("control", "interrupt_request", {})

    def _finish(self) -> None:
        """Our cell is over if its reply and `idle` have come."""
        with self._lock:
            reply = self._reply
            if not self._cell or reply is None or not self._is_idle:
                return
            if not self._missed.is_over():  # there may be more of it to show
                return
            self._cell = ""
        for event in events_of_reply(reply):
            self._tell(Told(event))
        count = reply.get("execution_count")
        is_ok = reply.get("status") == "ok"
        self._tell(Told(Done(count if isinstance(count, int) else None, is_ok)))

    def on_link(self, *, is_up: bool) -> None:
        if not is_up:
            if self._lost_since is None:
                self._lost_since = time.monotonic()
        elif self._lost_since is not None:
            self._hears.clear()  # its supervisor has said what we heard
            self._ask_who_it_is()

    def _ask_who_it_is(self) -> None:
        """Is it the same kernel? Its answer tells."""
        self._has_deaf_answer = False
        self._channels.send("control", "kernel_info_request", {})
        self._channels.send("shell", "kernel_info_request", {})

    def _on_kernel(self, message: Message) -> None:
        """It answers, perhaps after it was away."""
        if self._lost_since is not None and not self._hears.is_set():
            self._has_deaf_answer = True  # our subscription has not arrived yet
            return
        was_lost, self._lost_since = self._lost_since is not None, None
        self._why = ""
        self._has_told_loss = self._restarting = False
        if message.session != self._kernel_session:
            self._kernel_session = message.session
            self._give_up_cell()
            text = "the kernel was started again: its names are gone"
            self._tell(Told(Note(text, count=1)))
        elif was_lost:
            self._tell(Told(Note("connected to the kernel again")))
            if self._has_journal:
                self._ask_what_was_missed()
            nothing = {"code": "", "silent": True, "store_history": False}
            self._probed = self._cell
            self._probe = self._channels.send("shell", "execute_request", nothing)

    def on_tick(self) -> None:
        now = time.monotonic()
        if self._reply is not None and now - self._replied > IDLE_PATIENCE:
            self._is_idle = True
            self._finish()
        if self._missed.is_late():
            self._show_held()
        if self._pressed and now - self._pressed > BEGIN_SOON:
            self._begin()
        if self._has_deaf_answer:
            self._ask_who_it_is()
        if not self._is_open or self._has_told_loss:
            return
        if self._own is not None:
            if self._own.has_ended:
                self._start_again(self._own)
        elif self._lost_since is not None and now - self._lost_since > LAST_WORDS:
            self._has_told_loss = True
            why = f" ({self._why})" if self._why else ""
            text = f"{self.title} has gone{why}; this prompt waits for another"
            self._tell(Told(Note(text)))
            self._give_up_cell()

    def _start_again(self, own: OwnKernel) -> None:
        """Our own kernel has ended without us: the next one."""
        how = self._why or own.how
        self._give_up_cell()
        if self._restarting:  # it has not lived at all
            self._has_told_loss = True
            text = f"the kernel does not start again: {own.last_words()}"
            self._tell(Told(Ended(text)))
        else:
            self._restarting = True
            self._tell(Told(Note(f"the kernel has ended ({how}); another one starts")))
            own.start()

    def _give_up_cell(self) -> None:
        """The kernel that ran our cell has gone."""
        with self._lock:
            had, self._cell = bool(self._cell), ""
        if had:
            self._tell(Told(Done(None, succeeded=False)))

    # --- what it is asked -------------------------------------------------------------

    def submit(self, code: str, screen: Screen) -> None:
        if self._has_told_loss or self._lost_since is not None:
            # What is sent now would run in whatever kernel comes next.
            self._tell(Told(Note(f"{self.title} is not there: this has not run")))
            self._tell(Told(Done(None, succeeded=False)))
            return
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        with self._lock:
            self._reply, self._is_idle, self._asking = None, False, None
            self._has_begun, self._pressed = False, 0.0
            self._cell = self._channels.send("shell", "execute_request", content)

    def answer(self, text: str | None) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            value = "\x04" if text is None else text  # what stands for no line
            self._channels.send("stdin", "input_reply", {"value": value})

    def complete_line(self, text: str, cursor: int) -> tuple[int, list[str]]:
        content = {"code": text, "cursor_pos": cursor}
        reply = self._channels.ask(
            "complete_request",
            content,
            COMPLETE_PATIENCE,
            "control",
            metadata={"for_input": True},
        )
        if reply is None:
            return cursor, []
        found = reply.content
        return int(found.get("cursor_start", cursor)), list(found.get("matches") or ())

    def interrupt(self) -> None:
        with self._lock:
            if self._cell and not self._has_begun:
                # It takes another way than the cell, which it would overtake.
                self._pressed = self._pressed or time.monotonic()
                return
        self._channels.send("control", "interrupt_request", {})

    def let_go(self) -> None:
        with self._lock:
            self._cell = ""

    def complete(self, code: str, cursor: int) -> Completions | None:
        content = {"code": code, "cursor_pos": cursor}
        reply = self._ask("complete_request", content, COMPLETE_PATIENCE)
        if reply is None or reply.get("status") == "error":
            return None
        types = (reply.get("metadata") or {}).get("_jupyter_types_experimental")
        return completions(
            int(reply.get("cursor_start", cursor)),
            int(reply.get("cursor_end", cursor)),
            list(reply.get("matches") or ()),
            types or [],
        )

    def check_complete(self, code: str) -> tuple[str, str] | None:
        if self._is_slow:  # Enter has waited once
            return None
        reply = self._ask("is_complete_request", {"code": code}, ENTER_PATIENCE)
        self._is_slow = reply is None
        if reply is None or reply.get("status") == "unknown":
            return None
        return str(reply.get("status")), str(reply.get("indent") or "")

    def history(self, count: int) -> list[tuple[int, int, str]]:
        content = {
            "hist_access_type": "tail",
            "n": count,
            "raw": True,
            "output": False,
        }
        reply = self._ask("history_request", content, BEGIN_PATIENCE)
        lines = [] if reply is None else reply.get("history") or []
        return [(one[0], one[1], str(one[2])) for one in lines]

    def _ask(
        self, msg_type: str, content: dict[str, Any], patience: float
    ) -> dict[str, Any] | None:
        if self._lost_since is not None:
            return None
        message = self._channels.ask(msg_type, content, patience)
        if message is None:
            return None
        self._is_slow = False
        return message.content
