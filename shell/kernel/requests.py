"""What each type of request does ("Messages on the shell (ROUTER/DEALER) channel")."""

from __future__ import annotations

import os
import platform
import sys

import ipcluster
from ipcluster.shell.kernel.elsewhere import RaisedElsewhere
from ipcluster.shell.kernel.messages import PROTOCOL_VERSION
from ipcluster.shell.kernel.notes import note, note_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.messages import Message

# What may be asked on control as well as on shell.
ON_BOTH = ("kernel_info_request", "connect_request", "usage_request")


class Requests:
    """The handlers, `on_<type>`: each answers one message."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def handle(self, message: Message) -> None:
        """A request on shell."""
        handler = getattr(self, f"on_{message.type}", None)
        if handler is None:
            note(f"no such request: {message.type!r:.60}")
            return
        handler(message)

    def handle_control(self, message: Message) -> None:
        """A request on control: it does not wait for what runs."""
        handler = getattr(self, f"control_{message.type}", None)
        if handler is None and message.type in ON_BOTH:
            handler = getattr(self, f"on_{message.type}")
            handler(message, "control")
            return
        if handler is None:
            note(f"no such request on control: {message.type!r:.60}")
            return
        handler(message)

    # --- execute ----------------------------------------------------------------------

    def on_execute_request(self, message: Message) -> None:
        kernel, shell = self.kernel, self.kernel.shell
        content = message.content
        code = content.get("code")
        if not isinstance(code, str):
            self._refuse(message, "execute_request without code")
            return
        silent = bool(content.get("silent", False))
        store = bool(content.get("store_history", not silent)) and not silent
        frontend = kernel.frontend
        frontend.begin()
        values: dict[str, Any] = {}
        try:
            with kernel.interrupts.user_code():
                done = shell.run_cell(
                    code,
                    store_history=store,
                    silent=silent,
                    cell_id=message.metadata.get("cellId"),
                )
                error = done.error
                if error is None:
                    wanted = content.get("user_expressions") or {}
                    values = shell.user_expressions(wanted)
        except KeyboardInterrupt as interrupt:  # while an error was shown, say
            error = interrupt
        kernel.interrupts.end()
        reply: dict[str, Any] = {"execution_count": shell.execution_count - 1}
        if error is None:
            reply.update(
                status="ok",
                user_expressions=values,
                payload=frontend.take_payloads(),
            )
        else:
            reply.update(
                status="error",
                user_expressions={},
                payload=frontend.take_payloads(),
                **self._error(error),
            )
        kernel.streams.flush()
        stops = error is not None and not silent and content.get("stop_on_error", True)
        waiting = kernel.waiting_behind(message) if stops else []
        kernel.reply(message, reply)
        kernel.abort(waiting)

    def _error(self, error: BaseException) -> dict[str, Any]:
        from ipcluster.engines.interpreter.showing import describe

        ename, evalue = describe(type(error), error)
        if isinstance(error, RaisedElsewhere):
            ename = error.ename
        shown = self.kernel.frontend.error
        lines = shown.traceback if shown is not None else []
        return {"ename": ename, "evalue": evalue, "traceback": lines}

    def _refuse(self, message: Message, why: str, channel: str = "shell") -> None:
        note(why)
        self.kernel.reply(
            message,
            {"status": "error", "ename": "ValueError", "evalue": why, "traceback": []},
            channel=channel,
        )

    # --- questions --------------------------------------------------------------------

    def on_complete_request(self, message: Message) -> None:
        content = message.content
        code = str(content.get("code", ""))
        with self.kernel.interrupts.user_code():  # `__dir__` of the user's, say
            found = self.kernel.shell.complete_code(code, _cursor(content, code))
        metadata: dict[str, Any] = {}
        types = getattr(found, "types", None)
        if types:
            metadata["_jupyter_types_experimental"] = types
        self.kernel.reply(
            message,
            {
                "matches": found.matches,
                "cursor_start": found.start,
                "cursor_end": found.end,
                "metadata": metadata,
            },
        )

    def complete_line(self, message: Message, complete: Complete | None) -> None:
        """On control, while a line is asked for: what could stand in that."""
        code = str(message.content.get("code", ""))
        start = end = _cursor(message.content, code)
        words: Sequence[str] = ()
        if complete is not None:
            try:
                start, words = complete(code, end)
            except Exception:  # of the user's objects
                note_error()
        reply = {
            "matches": list(words),
            "cursor_start": start,
            "cursor_end": end,
            "metadata": {},
        }
        self.kernel.reply(message, reply, channel="control")

    def on_inspect_request(self, message: Message) -> None:
        content = message.content
        code = str(content.get("code", ""))
        with self.kernel.interrupts.user_code():
            found, data = self.kernel.shell.inspect_code(
                code, _cursor(content, code), int(content.get("detail_level", 0))
            )
        reply = {"found": found, "data": data if found else {}, "metadata": {}}
        self.kernel.reply(message, reply)

    def on_is_complete_request(self, message: Message) -> None:
        code = str(message.content.get("code", ""))
        status, indent = self.kernel.shell.check_complete(code)
        reply = {"status": status}
        if status == "incomplete":
            reply["indent"] = indent
        self.kernel.reply(message, reply)

    def on_history_request(self, message: Message) -> None:
        content = message.content
        names = ("output", "raw", "session", "start", "stop", "n", "pattern", "unique")
        given = {name: content[name] for name in names if name in content}
        kind = str(content.get("hist_access_type", "tail"))
        lines = self.kernel.shell.history_request(kind, **given)
        self.kernel.reply(message, {"history": [list(line) for line in lines]})

    def on_kernel_info_request(self, message: Message, channel: str = "shell") -> None:
        info = kernel_info(self.kernel.features)
        self.kernel.reply(message, info, channel=channel)

    def on_connect_request(self, message: Message, channel: str = "shell") -> None:
        ports = self.kernel.connection.ports
        reply: dict[str, Any] = {f"{name}_port": port for name, port in ports.items()}
        self.kernel.reply(message, ports | reply, channel=channel)

    def on_usage_request(self, message: Message, channel: str = "control") -> None:
        from ipcluster.shell.kernel.usage import usage

        self.kernel.reply(message, usage(), channel=channel)

    def on_comm_info_request(self, message: Message) -> None:
        target = message.content.get("target_name")
        self.kernel.reply(message, {"comms": self.kernel.comms.info(target)})

    def on_comm_open(self, message: Message) -> None:
        self._comm(message)

    def on_comm_msg(self, message: Message) -> None:
        self._comm(message)

    def on_comm_close(self, message: Message) -> None:
        self._comm(message)

    def _comm(self, message: Message) -> None:
        """User code runs in it: a widget's callbacks."""
        with self.kernel.interrupts.user_code():
            self.kernel.comms.handle(message.to_dict())

    def on_shutdown_request(self, message: Message) -> None:
        """On shell until 5.4, where it is deprecated."""
        self._shut_down(message, "shell")

    # --- control ----------------------------------------------------------------------

    def control_interrupt_request(self, message: Message) -> None:
        self.kernel.interrupt()
        self.kernel.reply(message, {}, channel="control")

    def control_create_subshell_request(self, message: Message) -> None:
        if "kernel subshells" not in self.kernel.features:
            self._refuse(message, "this kernel has no subshells", "control")
            return
        ident = self.kernel.subshells.create()
        self.kernel.reply(message, {"subshell_id": ident}, channel="control")

    def control_delete_subshell_request(self, message: Message) -> None:
        ident = str(message.content.get("subshell_id", ""))
        reply: dict[str, Any] = {}
        if not self.kernel.subshells.delete(ident):
            reply = {
                "status": "error",
                "ename": "KeyError",
                "evalue": f"no subshell {ident!r}",
                "traceback": [],
            }
        self.kernel.reply(message, reply, channel="control")

    def control_list_subshell_request(self, message: Message) -> None:
        reply = {"subshell_id": self.kernel.subshells.ids()}
        self.kernel.reply(message, reply, channel="control")

    def control_debug_request(self, message: Message) -> None:
        if "debugger" not in self.kernel.features:
            self._refuse(message, "this kernel has no debugger", "control")
            return
        self.kernel.debugger.handle(message)

    def control_replay_request(self, message: Message) -> None:
        """Ours: what was shown while a client was away."""
        since, msg_id = message.content.get("since", 0), message.content.get("msg_id")
        if not isinstance(since, int) or not isinstance(msg_id, str | None):
            self._refuse(message, "since is a number, msg_id a text", "control")
            return
        reply = self.kernel.journal.replay(since, msg_id)
        self.kernel.reply(message, reply, channel="control")

    def control_shutdown_request(self, message: Message) -> None:
        self._shut_down(message, "control")

    def _shut_down(self, message: Message, channel: str) -> None:
        kernel = self.kernel
        kernel.restarting = bool(message.content.get("restart", False))
        content = {"status": "ok", "restart": kernel.restarting}
        kernel.reply(message, dict(content), channel=channel)
        topic = f"kernel.{kernel.ident}.shutdown".encode()
        kernel.ports.send("iopub", "shutdown_reply", content, message, idents=[topic])
        kernel.stop()


def _cursor(content: dict[str, Any], code: str) -> int:
    """The cursor of a request: in code points, by default at the end."""
    cursor = content.get("cursor_pos")
    return len(code) if not isinstance(cursor, int) else max(0, min(cursor, len(code)))


def kernel_info(features: Sequence[str]) -> dict[str, Any]:
    """What this kernel is ("Kernel info")."""
    version = platform.python_version()
    return {
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": "ipcluster",
        "implementation_version": ipcluster.__version__,
        "language_info": {
            "name": "python",
            "version": version,
            "mimetype": "text/x-python",
            "file_extension": ".py",
            "pygments_lexer": "ipython3",
            "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
            "nbconvert_exporter": "python",
        },
        "banner": (
            f"Python {version} | ipcluster {ipcluster.__version__}, "
            f"process {os.getpid()}\n"
        ),
        "help_links": [
            {"text": "Python", "url": f"https://docs.python.org/{version[:4]}"},
            {"text": "NumPy", "url": "https://numpy.org/doc/stable/"},
            {"text": "pandas", "url": "https://pandas.pydata.org/docs/"},
        ],
        "debugger": "debugger" in features,
        "supported_features": list(features),
    }
