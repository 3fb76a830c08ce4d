"""A conversation with one engine: cells as at a prompt, side by side with its tasks.

    talk = rc[0].converse(on_event=show)
    talk.run_cell("import numpy as np; np.arange(3)?").get()
    talk.complete("np.ar")

What a cell shows comes as plain lists, `[kind, field, ...]`, in order: events of the
engine's interpreter, and `["stream", "stdout" | "stderr", text]`. They are told in the
thread that serves the connection: handle them quickly, or put them in a queue. A cell
that asks for input (`["input_wanted", prompt, password]`) waits for `answer`.

    rc[0].converse(show, watch=see)

`see(who, event)` is told in the same way what cells of other clients on this engine
show, beginning with `["input", code, count]`; before that comes `["parent", header]`
where a kernel that is the engine's face runs them for a Jupyter client. Whoever does
not take that fast enough loses some of it, and is told `see("", ["left_out",
how_many])`. What a cell asks, and what it pages, is for whoever typed it alone.

Comms (of ipywidgets, say) have their messages shown as events as well, `["comm",
"comm_open" | "comm_msg" | "comm_close", content, metadata, buffers]`, to all who watch
the engine and to whoever's cell or message it was; from threads of the engine while
nothing runs, too. What a front end says to one goes by `send_comm`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call
from ipcluster.wire.codec import pack_body
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.messages import Aside, Mode, Options, Typed
from ipcluster.wire.serialize import dump

if TYPE_CHECKING:
    from ipcluster.client.client import Client
    from ipcluster.client.watchers import Watcher

Listener = Callable[["CellResult", list[Any]], None]

_STREAMS = {1: "stdout", 2: "stderr"}
_OPTIONS = Options()


class CellResult(AsyncResult):
    """How a cell ended: `{"status", "execution_count", ...}`, when it has."""

    _listener: Listener | None = None
    code = ""

    def on_output(self, call: Call, stream: int, text: str) -> None:
        super().on_output(call, stream, text)
        if self._listener is not None:
            self._listener(self, ["stream", _STREAMS.get(stream, "stderr"), text])

    def on_shown(self, call: Call, event: list[Any]) -> None:
        super().on_shown(call, event)
        if self._listener is not None:
            self._listener(self, event)

    @property
    def events(self) -> list[list[Any]]:
        """What it has shown so far, without what it printed."""
        return [event for call in self._calls for event in call.shown or ()]


class Conversation:
    """Cells and questions for one engine's interpreter. From any thread."""

    def __init__(
        self,
        client: Client,
        engine: int,
        on_event: Listener | None = None,
        watch: Watcher | None = None,
    ) -> None:
        self.client = client
        self.engine = engine
        self.on_event = on_event
        self._watch = watch
        self._comms: set[str] = set()  # those that were opened from here
        if watch is not None:
            client.connection.watchers.add(engine, watch)
            try:
                client.connection.ask("watch", {"engines": [engine]})
            except BaseException:
                client.connection.watchers.remove(engine, watch)
                raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with engine {self.engine}>"

    def close(self) -> None:
        """Watch no more, and close the comms that were opened here. Cells go on."""
        self.close_comms()
        watch, self._watch = self._watch, None
        connection = self.client.connection
        if watch is None or not connection.watchers.remove(self.engine, watch):
            return
        with contextlib.suppress(ClusterError):  # the engine, or the cluster, has gone
            connection.ask("watch", {"engines": [self.engine], "stop": True})

    def close_comms(self) -> None:
        """Close the comms that were opened here, after what the engine has to do."""
        with contextlib.suppress(ClusterError, IndexError):  # it has gone
            for comm_id in list(self._comms):
                self.send_comm("comm_close", {"comm_id": comm_id, "data": {}})

    def run_cell(self, code: str, *, by: str = "", **options: Any) -> CellResult:
        """Run a cell, after what the engine has to do.

        Args:
            code: as typed: magics, `!` and `?` are understood.
            by: who has typed it, where this client speaks for several; those who
                watch are told that as well.
            options: `silent`, `store_history`, `allow_stdin` (somebody will call
                `answer`), `user_expressions`, `colours`, `width`, `height`; and of a
                kernel that is this engine's face `connection_file` and `parent`, the
                header of the request that this is.
        """
        result = CellResult(self.client, "cell")
        result.code = code
        result._listener = self.on_event
        self._send(b"cell", (code, self._place(options)), result, by)
        return result

    def send_comm(
        self,
        msg_type: str,
        content: Mapping[str, Any],
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes | memoryview] = (),
        by: str = "",
        **options: Any,
    ) -> CellResult:
        """Send a message to a comm, after what the engine has to do.

        Args:
            msg_type: "comm_open", "comm_msg" or "comm_close".
            content: `comm_id` and `data`; to open one, `target_name`.
            metadata: as the comm's library has it.
            buffers: bytes that go with it.
            by: who has sent it, as for cells.
            options: as for cells.

        Returns:
            What its callback shows, as of a cell.
        """
        comm_id = str(content.get("comm_id", ""))
        if msg_type == "comm_open":
            self._comms.add(comm_id)
        elif msg_type == "comm_close":
            self._comms.discard(comm_id)
        message = {
            "header": {"msg_type": msg_type, **(options.get("parent") or {})},
            "msg_type": msg_type,
            "parent_header": {},
            "metadata": dict(metadata or {}),
            "content": dict(content),
            "buffers": [bytes(one) for one in buffers],
        }
        result = CellResult(self.client, "comm")
        result._listener = self.on_event
        self._send(b"comm", (message, self._place(options)), result, by)
        return result

    def _place(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options of a cell, with which engine this is."""
        ticket = self.client.connection.ticket
        options.setdefault("engine", self.engine)
        options.setdefault("cluster", [ticket.profile, ticket.cluster_id])
        return options

    def answer(self, result: CellResult, text: str | None) -> None:
        """Give a cell the line that it waits for; None: nobody will type.

        If it runs and waits for none, it is for the next.
        """
        call = result._calls[0]
        wish, call.wish = call.wish, 0
        self.client.connection.post(Typed(call.task, text, wish))

    def ask_candidates(self, result: CellResult, text: str, cursor: int) -> None:
        """Ask what could stand in the line that a cell waits for.

        That is an event of the cell, `["candidates", text, cursor, start, words]`. Only
        where the cell's `["input_wanted", prompt, password, True]` has said that it can
        be asked: at the prompt of the debugger.
        """
        call = result._calls[0]
        if call.wish:
            self._say(["tab", text, cursor], call.task, call.wish)

    def ask_debug(self, starts: bool = False) -> AsyncResult:
        """Have the engine ready for `say_debug`, after what it has to do.

        With `starts`, for the request "initialize" as well. Its value's `error` says
        why that cannot be.
        """
        return self._ask(b"debug", starts)

    def say_debug(self, ident: str, request: dict[str, Any]) -> None:
        """A request of the Debug Adapter Protocol, whatever runs on the engine.

        Those who watch are shown `["debug_reply", ident, response]`, and from then on
        `["debug_event", event]`.
        """
        self._say(["debug", ident, request])

    def _say(self, body: list[Any], task: int = 0, wish: int = 0) -> None:
        """Tell the engine something, whatever runs there."""
        (engine,) = self.client.roster.choose(self.engine)
        self.client.connection.post(Aside(engine, task, pack_body(body), wish))

    def complete(self, code: str, cursor: int | None = None) -> dict[str, Any]:
        """What could stand at the cursor: `{"start", "end", "matches", "types"}`."""
        return self._answer(self.ask_complete(code, cursor))

    def inspect(
        self, code: str, cursor: int | None = None, detail_level: int = 0
    ) -> dict[str, Any]:
        """What is known of the name at the cursor: `{"found", "data"}`."""
        return self._answer(self.ask_inspect(code, cursor, detail_level))

    def is_complete(self, code: str) -> dict[str, Any]:
        """Whether a cell is whole: `{"status", "indent"}`."""
        return self._answer(self.ask_is_complete(code))

    def history(self, hist_access_type: str, **request: Any) -> list[Any]:
        """Inputs that were typed to this engine: `(session, line, entry)` each."""
        asked = self.ask_history(hist_access_type, **request)
        return self._answer(asked)["lines"]  # type: ignore[no-any-return]  # a list

    def comm_info(self, target: str | None = None) -> dict[str, Any]:
        """The comms there are, all or of one target: `{comm_id: {"target_name"}}`."""
        return self._answer(self.ask_comm_info(target))["comms"]  # type: ignore[no-any-return]  # a dict

    # The same for who does not want to wait: an engine that is busy answers afterwards.

    def ask_complete(self, code: str, cursor: int | None = None) -> AsyncResult:
        return self._ask(b"complete", code, len(code) if cursor is None else cursor)

    def ask_inspect(
        self, code: str, cursor: int | None = None, detail_level: int = 0
    ) -> AsyncResult:
        cursor = len(code) if cursor is None else cursor
        return self._ask(b"inspect", code, cursor, detail_level)

    def ask_is_complete(self, code: str) -> AsyncResult:
        return self._ask(b"is_complete", code)

    def ask_history(self, hist_access_type: str, **request: Any) -> AsyncResult:
        """`{"lines", "execution_count"}`, the latter being the next cell's number."""
        body = {"hist_access_type": hist_access_type, **request}
        return self._ask(b"history", body)

    def ask_comm_info(self, target: str | None = None) -> AsyncResult:
        return self._ask(b"comm_info", target)

    def _answer(self, asked: AsyncResult) -> dict[str, Any]:
        answer: dict[str, Any] = asked.get()
        return answer

    def _ask(self, operation: bytes, *args: Any) -> AsyncResult:
        result = AsyncResult(self.client, operation.decode())
        self._send(operation, args, result)
        return result

    def _send(
        self,
        operation: bytes,
        args: tuple[Any, ...],
        result: AsyncResult,
        label: str = "",
    ) -> None:
        call = result._calls[0]
        (call.target,) = self.client.roster.choose(self.engine)
        connection = self.client.connection
        empty: Mapping[str, Any] = {}
        packed = dump((args, empty), connection.stores.pool)
        options = Options(label=label) if label else _OPTIONS
        connection.direct(operation, int(Mode.APPLY), options, packed, [call])
