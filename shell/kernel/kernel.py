"""The kernel: takes requests one after the other, in the main thread.

    I/O thread                         main thread
    shell ------> queue -------------> handle: busy, execute, reply, idle
    control ----> control thread ----> interrupt (a signal), shutdown, debugging
    stdin ------> answers -----------> whoever waits in input()

Between requests the main thread is free for the user's event loops: asyncio tasks that
cells have started go on, and so does a GUI that `%gui` turned on.

An execution that fails aborts those of the same client that wait behind it ("Execute":
stop_on_error). An interrupt hits what runs, and nothing between requests.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import threading
import time
import uuid
from collections import deque

from ipcluster.shell.kernel.comms import comms_of
from ipcluster.shell.kernel.frontend import KernelFrontEnd
from ipcluster.shell.kernel.inbox import Inbox
from ipcluster.shell.kernel.interrupts import Interrupts
from ipcluster.shell.kernel.journal import Journal
from ipcluster.shell.kernel.messages import Message, Session
from ipcluster.shell.kernel.notes import note, note_error
from ipcluster.shell.kernel.parents import Parents
from ipcluster.shell.kernel.ports import Ports
from ipcluster.shell.kernel.streams import Streams
from ipcluster.shell.kernel.subshells import Subshells
from ipcluster.wire.processes import is_alive, process_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeVar

    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.engines.interpreter.shell import InteractiveShell
    from ipcluster.shell.kernel.comms import AnyComms
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.debugging import AnyDebugger
    from ipcluster.shell.kernel.supervisor import LastWords

    T = TypeVar("T")

# Seconds that the user's code gets to end when the kernel has been told to.
GRACE = 5.0
# Bytes of address space, not of memory, that are let go of when a cell finds none left:
# room to say so, and to run what frees some.
RESERVE = 32 << 20
# Seconds between looks at whether the process that started this one is there.
LOOK = 1.0
# What is optional in the protocol, and here.
FEATURES = ("debugger", "kernel subshells")


class Kernel:
    """One kernel: its sockets, its shell, and the requests that come."""

    def __init__(
        self,
        connection: Connection,
        *,
        capture: bool = True,
        parent_pid: int | None = None,
        last_words: LastWords | None = None,
        is_guest: bool = False,
        features: Sequence[str] = FEATURES,
        make_comms: Callable[[Kernel], AnyComms] = comms_of,
        make_debugger: Callable[[Kernel], AnyDebugger] | None = None,
    ) -> None:
        """Bind the sockets; nothing is listened to before `open`.

        Args:
            connection: where, and with which key.
            capture: take what C code and children print as well.
            parent_pid: end when this process has gone.
            last_words: what the supervisor is to know if this dies.
            is_guest: it lives in somebody's program, which it must not end.
            features: what it can of what is optional in the protocol.
            make_comms: called once it has a shell; for one whose comms are elsewhere.
            make_debugger: called when somebody asks for a debugger; the same.
        """
        self.is_guest = is_guest
        self.features = features
        self._make_comms = make_comms
        self._make_debugger = make_debugger
        self.connection = connection
        self.ident = str(uuid.uuid4())
        self.session = Session(connection.key.encode(), connection.signature_scheme)
        self.inbox = Inbox()
        self.answers = Inbox()
        self.controls = Inbox()
        self.parents = Parents()
        self.journal = Journal()
        self.ports = Ports(
            connection,
            self.session,
            {
                "shell": self._on_shell,
                "control": self._on_control,
                "stdin": self._on_answer,
            },
        )
        self.interrupts = Interrupts()
        self.streams = Streams(self.ports, self.parents, self.interrupts.shield)
        if last_words is not None:
            last_words.note_crashes()
            last_words.set_port(connection.ports["iopub"])
            self.streams.on_stderr = last_words.add_stderr
        self.frontend = KernelFrontEnd(self)
        self.ports.on_publish = self.journal.add
        self.ports.on_tick = self._tick
        self.ports.on_subscribe = self._welcome
        self.ports.is_full = self._is_full
        self.shell: Any = None
        self.stopping = False
        self.restarting = False
        self._capture = capture
        self._parent_pid = parent_pid
        self._parent_started = process_started(parent_pid or 0)
        self._looks_at = 0.0
        self._last_words = last_words
        self._asking = False
        self._reserve: mmap.mmap | None = None
        self._ends_at: float | None = None
        self._requests: Any = None
        self._debugger: AnyDebugger | None = None
        self.last_control: Message | None = None
        self.on_forced_end: Callable[[], None] = lambda: None
        self._calls: deque[Callable[[], None]] = deque()
        self._main = threading.get_ident()

    # --- life -------------------------------------------------------------------------

    def open(self, make_shell: Callable[[KernelFrontEnd], InteractiveShell]) -> None:
        """Bind is done; take messages from now on, and make the interpreter."""
        from ipcluster.shell.kernel.requests import Requests

        self.ports.start()
        self.streams.replace(capture=self._capture, is_guest=self.is_guest)
        self.parents.follow_threads()
        self.parents.follow_executors()
        self.shell = make_shell(self.frontend)
        self.shell.kernel = self
        # An interrupt that came just before hits what runs in the cell.
        self.shell.on_begin = self.interrupts.begin
        self.shell.on_no_memory = self.make_room
        self.comms = self._make_comms(self)
        self.subshells = Subshells(self)
        self._requests = Requests(self)
        self._control = threading.Thread(
            target=self._serve_control, name="kernel control", daemon=True
        )
        self._control.start()
        self.status("starting", None)

    def serve(self) -> None:
        """Handle requests until told to stop."""
        with self._signals():
            try:
                while not self.stopping:
                    try:
                        if not self._step():
                            self._wait()
                    except MemoryError:  # a cell keeps all there is
                        note("there is no memory left")
            except SystemExit:
                pass

    def handle_waiting(self) -> None:
        """Handle what has come, for a program whose own loop calls this."""
        self.inbox.hush()
        with self._signals():
            while not self.stopping and self._step():
                pass

    def _step(self) -> bool:
        """Do one thing; False: there is nothing to do."""
        if self._calls:
            self._calls.popleft()()
            return True
        message = self.inbox.take()
        if message is not None:
            self.handle(message)
        return message is not None

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """While it lasts, signals are for the user's code, in the main thread."""
        self.interrupts.follow(threading.current_thread())
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        told = self.interrupts.install()
        if not self.ports.watches(told):
            self.ports.watch(told, self.interrupts.on_told)
        before: Any = None
        if not self.is_guest:
            before = signal.signal(signal.SIGTERM, self._on_terminate)
        try:
            yield
        finally:
            self.interrupts.restore()
            if before is not None:
                signal.signal(signal.SIGTERM, before)

    def _wait(self) -> None:
        """Until a request comes. The user's loops run meanwhile."""
        shell = self.shell
        runner = shell.__dict__.get("loop")
        is_idle = runner is None or not runner.has_tasks
        if is_idle and shell.inputhook is None and shell.active_eventloop is None:
            self.inbox.wait()
            return
        try:
            # An interrupt is for a task or a GUI's callback that does not end.
            with self.interrupts.user_code():
                shell.loop.run_until_readable(self.inbox.fileno())
        except KeyboardInterrupt:
            note("what ran between requests was interrupted")
        except Exception:
            note_error()
        self.inbox.hush()

    def close(self) -> None:
        """End: let the shell write down what it holds, send what is left."""
        if self._debugger is not None:
            self._debugger.close()
        if self.shell is not None:
            try:
                self.shell.close()
            except Exception:
                note_error()
        self.subshells.close()
        self.comms.close()
        self.parents.unfollow()
        self.streams.give_back()
        self.ports.close()
        self.interrupts.close()
        self.streams.close()
        self.journal.close()
        for one in (self.inbox, self.answers, self.controls):
            one.close()

    @property
    def debugger(self) -> AnyDebugger:
        """Made when somebody asks for it: most kernels never do."""
        if self._debugger is None:
            if self._make_debugger is None:
                from ipcluster.shell.kernel.debugging import Debugger

                self._make_debugger = Debugger
            self._debugger = self._make_debugger(self)
        return self._debugger

    # --- from the I/O thread ----------------------------------------------------------

    def _on_shell(self, message: Message) -> None:
        ident = message.header.get("subshell_id")
        if ident is None:
            self.inbox.put(message)
        elif not self.subshells.put(str(ident), message):
            note(f"{message.type} for a subshell that is not here")

    def _welcome(self, topic: str) -> None:
        """Somebody subscribed to iopub, and hears everything from now on (5.5)."""
        content = {"subscription": topic}
        self.ports.send("iopub", "iopub_welcome", content, idents=[topic.encode()])

    def _on_control(self, message: Message) -> None:
        if self._asking and message.metadata.get("for_input"):
            self.answers.put(message)  # whoever waits for the line knows
        else:
            self.controls.put(message)

    def _on_answer(self, message: Message) -> None:
        if self._asking:  # else nobody wants to know
            self.answers.put(message)

    def _is_full(self, channel: str) -> bool:
        inbox = self.inbox if channel == "shell" else self.controls
        return channel in ("shell", "control") and inbox.is_full

    def _tick(self) -> float:
        patience = min(self.streams.tick(), self.interrupts.tick())
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            note("what runs does not end: the kernel ends without it")
            self.on_forced_end()
            os._exit(0)
        if self._parent_pid is not None and time.monotonic() > self._looks_at:
            self._looks_at = time.monotonic() + LOOK
            if not is_alive(self._parent_pid, self._parent_started):
                note("the process that started this kernel has gone")
                self._parent_pid = None
                self.stop()
        return patience

    # --- requests ---------------------------------------------------------------------

    def handle(self, message: Message) -> None:
        """One request, from busy to idle."""
        if not self.is_guest:  # what threads of the program print stays the program's
            self.parents.begin(message)
        self.parents.note(message)
        self.shell.cells.in_context(self.parents.note, message)
        if message.type == "execute_request":
            self.interrupts.expect()
        self.status("busy", message)
        if self._last_words is not None:
            self._last_words.set_request(message.header)
        try:
            self._requests.handle(message)
        except (KeyboardInterrupt, Exception) as error:
            # In our code, or after the user's: whoever asked hears of it all the same.
            note_error()
            self._answer_with(error, message)
        finally:
            self.interrupts.end()
            if self._last_words is not None:
                self._last_words.set_request(None)
            self.streams.flush()
            self.status("idle", message)
            self._put_by()

    def make_room(self) -> None:
        """There is no memory left: let go of what was put by for that."""
        reserve, self._reserve = self._reserve, None
        if reserve is not None:
            reserve.close()

    def _put_by(self) -> None:
        """Take back what `make_room` has let go of, if it can be had again."""
        if self._reserve is None:
            with contextlib.suppress(OSError, MemoryError):
                self._reserve = mmap.mmap(-1, RESERVE)

    def _answer_with(self, error: BaseException, message: Message) -> None:
        if message.is_answered or not message.type.endswith("_request"):
            return
        ename, evalue = type(error).__name__, str(error)
        content = {"status": "error", "ename": ename, "evalue": evalue, "traceback": []}
        self.reply(message, content)

    def status(self, state: str, parent: Message | None) -> None:
        topic = f"kernel.{self.ident}.status".encode()
        content = {"execution_state": state}
        self.ports.send("iopub", "status", content, parent, idents=[topic])

    def reply(
        self,
        message: Message,
        content: dict[str, Any],
        *,
        channel: str = "shell",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Answer a request, to whoever sent it."""
        msg_type = message.type.replace("_request", "_reply")
        content.setdefault("status", "ok")
        message.is_answered = True
        self.ports.send(
            channel,
            msg_type,
            content,
            message,
            metadata=metadata,
            idents=message.idents,
        )

    def get_parent(self, channel: str = "shell") -> dict[str, Any]:
        """The request that the caller works for, as libraries look it up."""
        parent = self.parents.current()
        return {} if parent is None else parent.to_dict()

    def set_parent(self, parent: dict[str, Any], channel: str = "shell") -> None:
        """What the caller does from now on belongs to this request."""
        current = self.parents.current()
        header = parent.get("header") or {}
        if current is None or header.get("msg_id") != current.header.get("msg_id"):
            self.parents.note(Message.from_dict(parent))

    def waiting_behind(self, failed: Message) -> list[Message]:
        """Executions of the same client that wait behind this one; they wait no more.

        To be called before that client hears of the failure: what it sends afterwards,
        knowing of it, is run.
        """
        subshell = self.subshells.of_thread()
        inbox = self.inbox if subshell is None else subshell.inbox
        return inbox.remove(
            lambda one: one.type == "execute_request" and one.idents == failed.idents
        )

    def abort(self, waiting: list[Message]) -> None:
        """Answer "aborted" to executions that are not run."""
        for message in waiting:
            self.status("busy", message)
            self.reply(message, {"status": "aborted"})
            self.status("idle", message)

    def ask(
        self,
        parent: Message,
        prompt: str,
        password: bool,
        complete: Complete | None = None,
    ) -> str:
        """A line from the client that sent `parent` ("Messages on the stdin ...").

        Where something can stand in it, we say so by a field of ours, `completes`. A
        client that knows it may send a `complete_request` on control whose metadata
        say `for_input`; other clients know nothing, and lose nothing.

        Raises:
            KeyboardInterrupt: the request was interrupted meanwhile.
        """
        while self.answers.take() is not None:
            pass  # what somebody typed too late for an earlier question
        content: dict[str, Any] = {"prompt": prompt, "password": password}
        if complete is not None:
            content["completes"] = True
        self._asking = True
        try:
            self.ports.send(
                "stdin", "input_request", content, parent, idents=parent.idents
            )
            while True:
                answer = self.answers.take()
                if answer is None:
                    self.answers.wait()
                    continue
                if answer.session and answer.session != parent.session:
                    continue  # of another client: it was not asked
                if answer.type == "complete_request":
                    self._requests.complete_line(answer, complete)
                    continue
                value = str(answer.content.get("value", ""))
                if value == "\x04":
                    raise EOFError
                return value
        finally:
            self._asking = False

    # --- control ----------------------------------------------------------------------

    def _serve_control(self) -> None:
        while not self.stopping:
            self.controls.wait()
            while (message := self.controls.take()) is not None:
                self.last_control = message
                self.status("busy", message)
                try:
                    self._requests.handle_control(message)
                except Exception:
                    note_error()
                self.status("idle", message)

    def call_in_main(self, function: Callable[[], T]) -> T:
        """What a function gives in the main thread, between two requests."""
        done = threading.Event()
        found: list[Any] = []

        def call() -> None:
            try:
                found.append((True, function()))
            except BaseException as error:
                found.append((False, error))
            done.set()

        self._calls.append(call)
        self.inbox.put(None)
        while not done.wait(1.0):
            if self.stopping:
                raise RuntimeError("the kernel is ending")
        is_value, value = found[0]
        if not is_value:
            raise value
        return value  # type: ignore[no-any-return]  # what the function gives

    def interrupt(self) -> None:
        """As Ctrl-C would: in all that run cells, and in the children they wait for."""
        self.subshells.interrupt()
        self.interrupts.send()

    def _on_terminate(self, _signum: int, _frame: Any) -> None:
        if not self.stopping or self.interrupts.running:
            self.interrupts.running = False  # a second one hits nothing
            self.stopping = True
            raise SystemExit(0)

    def finish(self) -> None:
        """End after the request that is handled: from any thread."""
        self.stopping = True
        self.inbox.put(None)
        self.controls.put(None)

    def stop(self) -> None:
        """End soon: from any thread, in the middle of the user's code as well."""
        self.stopping = True
        self.inbox.put(None)
        self.controls.put(None)
        if self.is_guest:
            if self.interrupts.running:
                self.interrupts.send()
            return
        self._ends_at = time.monotonic() + GRACE
        if self.interrupts.running and threading.get_ident() != self._main:
            os.kill(os.getpid(), signal.SIGTERM)
