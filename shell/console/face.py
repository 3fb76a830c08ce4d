"""A kernel that is the face of an engine: Jupyter's programs talk to engine N.

    ipshell kernel --cluster ID --engine N -f FILE

One process: the kernel of `shell/kernel` on one side, with all of its sockets, and a
conversation with the engine on the other. Its shell runs no cells here. What a cell of
a Jupyter client shows is published as that client's; what others type on the engine is
published as theirs, with a header that says who they are.

Comms live on the engine, and each face passes their messages on:

    client --shell--> EngineComms.handle --> task `comm` --> the engine's manager
    all clients <--iopub-- show <--+-- Shown: of a cell or message of ours
                                   +-- Seen:  of others', of tasks, of threads

So a slider that one notebook moves, moves in all notebooks on the engine. Each face has
requests of others belong to the same id (`events.Parent`): an `Output` widget takes in
what belongs to the request that it was entered in.

The debugger is the engine's as well (`debugging.py`).

Where a face ends, the engine goes on. It has no subshells: an engine answers one
question at a time.
"""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.cells import ExecutionInfo, ExecutionResult
from ipcluster.engines.interpreter.completion.results import Completions
from ipcluster.engines.interpreter.ecosystem import comms
from ipcluster.engines.interpreter.ecosystem.notebook import ZMQInteractiveShell
from ipcluster.shell.console.debugging import EngineDebugger, tell_event
from ipcluster.shell.console.remote import (
    Done,
    Ended,
    Note,
    NotReached,
    Screen,
    Text,
    Told,
)
from ipcluster.shell.kernel.elsewhere import RaisedElsewhere
from ipcluster.shell.kernel.kernel import Kernel
from ipcluster.shell.kernel.messages import Message
from ipcluster.shell.kernel.notes import note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ipcluster.shell.console.engine import EngineRemote
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.frontend import KernelFrontEnd

# What it can of what is optional in the protocol.
FEATURES = ("debugger",)
# Events of our cell that may wait until clients have read what came before.
MOST = 2000


class EngineShell(ZMQInteractiveShell):
    """The shell of a face: each of its answers is the engine's."""

    remote: EngineRemote
    publish_others: Callable[[Told], None]

    def begin(self, remote: EngineRemote, publish: Callable[[Told], None]) -> None:
        """Connect to the engine.

        Raises:
            NotReached: it is not there.
        """
        self.remote = remote
        self.publish_others = publish
        self.ended = ""
        self._told: deque[Told] = deque()
        self._arrived = threading.Event()
        self._room = threading.Semaphore(MOST)
        self._reply: dict[str, Any] = {}
        self._wanted: dict[str, str] = {}
        self.execution_count = remote.open(self._on_told).count

    # --- cells ------------------------------------------------------------------------

    def _on_told(self, told: Told) -> None:
        """Something happened on the engine; called in any thread."""
        if told.who is not None:
            self.publish_others(told)
            return
        if threading.current_thread() is not threading.main_thread():
            self._room.acquire()
        else:
            self._room.acquire(blocking=False)
        self._told.append(told)
        self._arrived.set()
        if isinstance(told.what, Ended):
            self.publish_others(told)

    def run_cell(
        self,
        raw_cell: str,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        cell_id: str | None = None,
        **keywords: Any,
    ) -> ExecutionResult:
        result = ExecutionResult(ExecutionInfo(raw_cell, store_history, silent))
        request = self.get_parent()
        parent = request.get("content") or {}
        self._show_rest()
        self.remote.submit(
            raw_cell,
            Screen(colours=True),
            by=str((request.get("header") or {}).get("username") or ""),
            silent=silent,
            store_history=store_history,
            allow_stdin=bool(parent.get("allow_stdin")),
            user_expressions=parent.get("user_expressions") or {},
            connection_file=getattr(self.frontend, "connection_file", None),
            parent=request.get("header") or {},
        )
        done = self._follow()
        self._reply = done.reply if done is not None else {}
        if done is None:
            result.error_in_exec = RaisedElsewhere("EngineDied", self.ended)
        elif not done.succeeded:
            result.error_in_exec = RaisedElsewhere(
                str(self._reply.get("ename", "Aborted")),
                str(self._reply.get("evalue", "the cell did not run")),
            )
        if done is not None and done.count is not None:
            self.execution_count = done.count + 1
        return result

    def send_comm(self, message: dict[str, Any]) -> None:
        """Have the engine handle a comm's message, and show what comes of it."""
        self._show_rest()
        header = message["header"]
        self.remote.send_comm(
            message["msg_type"],
            message["content"],
            metadata=message["metadata"],
            buffers=message["buffers"],
            by=str(header.get("username") or ""),
            colours=True,
            parent=header,
        )
        self._follow()

    def _show_rest(self) -> None:
        """What has come since the last cell, and belongs to it."""
        while self._told:
            self._show_next()

    def _follow(self) -> Done | None:
        """Show what comes until the cell has ended; None: the engine has.

        An interrupt may come at any moment: what was shown half is shown again.
        """
        while True:
            try:
                self._arrived.wait()
                self._arrived.clear()
                while self._told:
                    what = self._told[0].what
                    if isinstance(what, Done):
                        return what  # it is taken away with the next cell
                    if isinstance(what, Ended):
                        self.ended = what.text
                        return None
                    self._show_next()
            except KeyboardInterrupt:
                self.remote.interrupt()
                self._arrived.set()

    def _show_next(self) -> None:
        what = self._told[0].what
        if isinstance(what, e.InputWanted):
            self._take()
            self._ask(what)
            return
        show(self.frontend, what)
        self._take()

    def _take(self) -> None:
        self._told.popleft()
        self._room.release()

    def _ask(self, wanted: e.InputWanted) -> None:
        try:
            line = self.frontend.read_line(
                wanted.prompt,
                password=wanted.password,
                complete=self.remote.complete_line if wanted.completes else None,
            )
        except EOFError:
            self.remote.answer(None)
        else:
            self.remote.answer(line)

    def user_expressions(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Those of the cell that has just ended: it has taken them along."""
        found: dict[str, Any] = self._reply.get("user_expressions") or {}
        return found

    # --- questions --------------------------------------------------------------------

    def complete_code(self, code: str, cursor: int | None = None) -> Completions:
        at = len(code) if cursor is None else cursor
        return self.remote.complete(code, at) or Completions(at, at, [])

    def inspect_code(
        self, code: str, cursor: int | None = None, detail_level: int = 0
    ) -> tuple[bool, dict[str, Any]]:
        at = len(code) if cursor is None else cursor
        found = self.remote.inspect(code, at, detail_level) or {}
        return bool(found.get("found")), found.get("data") or {}

    def check_complete(self, code: str) -> tuple[str, str]:
        return self.remote.check_complete(code) or super().check_complete(code)

    def history_request(self, hist_access_type: str, **keywords: Any) -> list[Any]:
        return self.remote.past(hist_access_type, **keywords)

    def close(self) -> None:
        path = getattr(self.frontend, "connection_file", None)
        self._room.release(MOST)
        self.remote.say_closed(path)
        self.remote.close()
        super().close()


def show(frontend: Any, what: Any) -> None:
    """Publish something that a cell shows, as of the request that is noted."""
    match what:
        case Text(stream=stream, text=text):
            frontend.publish("stream", {"name": stream, "text": text})
        case Note(text=text):
            frontend.publish("stream", {"name": "stderr", "text": f"[{text}]\n"})
        case e.Comm():
            message = comms.Message(
                what.message, what.content, what.metadata, what.buffers
            )
            frontend.publish_comm(message)
        case e.Event():
            frontend.emit(what)
        case _:
            pass  # of a cell that is over


class EngineComms:
    """The comms of the libraries on the engine."""

    def __init__(self, kernel: Kernel) -> None:
        self._shell: EngineShell = kernel.shell
        self._known: dict[str, Any] = {}

    def handle(self, message: dict[str, Any]) -> None:
        self._shell.send_comm(message)

    def info(self, target: str | None) -> dict[str, Any]:
        """As the engine says; while it is busy for long, as it said the last time."""
        found = self._shell.remote.comm_info(None)
        if found is not None:
            self._known = found
        return {
            comm_id: about
            for comm_id, about in self._known.items()
            if target in (None, about.get("target_name"))
        }

    def close(self) -> None:
        self._known.clear()


class Others:
    """What others type on the engine, published as theirs."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._parents: dict[str, Message] = {}
        self._is_new: set[str] = set()  # whose request was told of, and not yet begun

    def publish(self, told: Told) -> None:
        """Called in any thread; published as part of that person's request."""
        kernel = self._kernel
        if isinstance(told.what, Ended):
            note(told.what.text)
            kernel.parents.note(kernel.parents.latest)
            lines = [told.what.text]
            kernel.frontend.emit(e.Error("EngineDied", told.what.text, lines))
            kernel.parents.note(None)
            kernel.finish()
            return
        who = told.who or "somebody"
        if isinstance(told.what, e.Parent):
            self._begin(who, told.what.header)
            self._is_new.add(who)
            return
        if isinstance(told.what, e.Input) or who not in self._parents:
            if who not in self._is_new:
                self._begin(who, {})
            self._is_new.discard(who)
        kernel.parents.note(self._parents[who])
        try:
            show(kernel.frontend, told.what)
        finally:
            kernel.parents.note(None)

    def _begin(self, who: str, header: dict[str, Any]) -> None:
        """Another request of theirs; one of a Jupyter client's keeps its id."""
        header = {**self._kernel.session.header("execute_request"), **header}
        header.update(username=who, session=f"engine: {who}")
        self._parents[who] = Message(header, {}, {}, {})


def run(
    connection: Connection, remote: EngineRemote, *, parent_pid: int | None, path: str
) -> int:
    """Be the face of an engine until told to stop; the exit status."""
    import os
    import sys

    kernel = Kernel(
        connection,
        capture=False,
        parent_pid=parent_pid,
        features=FEATURES,
        make_comms=EngineComms,
        make_debugger=EngineDebugger,
    )
    connection.write(path)

    def make_shell(frontend: KernelFrontEnd) -> EngineShell:
        shell = EngineShell(frontend, config={"HistoryManager": {"enabled": False}})
        remote.on_debug = partial(tell_event, kernel)
        shell.begin(remote, Others(kernel).publish)
        if not remote.watches:
            kernel.features = ()  # what its debugger says would not come here
        shell.remote.say_open(path)
        return shell

    try:
        try:
            kernel.open(make_shell)
        except NotReached as error:
            print(f"ipshell kernel: {error}", file=sys.__stderr__)
            return 1
        if parent_pid is None and sys.__stderr__ is not None:
            print(
                f"{remote.title} has a face; connect with\n"
                f"    jupyter console --existing {path}",
                file=sys.__stderr__,
            )
        kernel.serve()
    finally:
        kernel.close()
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
    return 0
