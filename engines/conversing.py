"""Conversations: an engine that is asked for cells, completions, help.

The interpreter is loaded when the first of these comes, and lives in the engine's
namespace: what tasks have put there is what cells see, and the other way round. Its
events go over the link as `Shown`, in order with what is printed; a line that it asks
for comes back as `Typed`.

Comms (ipywidgets) go the same ways:

    a front end ---> a task, `comm` ---------> the manager, a library's callback
    a front end <--- Shown, `common` <-------- comm.send(...) in a cell, in a callback,
                                               in a task, in a thread while none runs

A message that comes is a task like others: it waits for the one that runs, and what its
callback shows belongs to it. One that goes out is for all who watch the engine.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import StdinNotAvailable
from ipcluster.engines.interpreter.frontend import FrontEnd

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.engines.engine import Engine
    from ipcluster.engines.interpreter.ecosystem.comms import Message
    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.engines.interpreter.shell import InteractiveShell
    from ipcluster.engines.operations import Namespace

# What concerns whoever typed the cell, and none of those who watch the engine.
PRIVATE = (e.InputWanted, e.Page, e.NextInput, e.EditMagic, e.ExitWanted)
# Bytes of a comm's message: with its words it has to fit into one frame.
COMM_BYTES = 40 << 20


class LinkFrontEnd(FrontEnd):
    """A front end at the other end of an engine's link."""

    is_rich = True
    takes_input = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._options: dict[str, Any] = {}
        self._faces: dict[str, None] = {}

    def use(self, options: dict[str, Any]) -> None:
        """What the person of the running cell has: colours, a width, a keyboard."""
        self._options = options
        if self.parent:
            self.emit(e.Parent(self.parent))
        face = options.get("connection_file")
        if face:
            self._faces[str(face)] = None
        gone = options.get("closed_file")
        if gone:
            self._faces.pop(str(gone), None)

    def connect_info(self) -> str:
        engine = self._options.get("engine")
        profile, cluster = self._options.get("cluster") or ("default", "")
        words = ["ipshell console"]
        if profile not in ("", "default"):
            words += ["--profile", profile]
        words += ["--cluster", cluster or "''", "--engine", str(engine)]
        lines = [f"engine {engine}; to talk to it:", f"    {' '.join(words)}"]
        for file in self._faces:
            lines += [
                "it has a face for Jupyter's programs; to connect one:",
                f"    jupyter console --existing {file}",
            ]
        return "\n".join(lines)

    def follow(self, header: dict[str, Any]) -> None:
        """What is shown from now on belongs to this request of a Jupyter client."""
        if header and header != self.parent:
            self.use({**self._options, "parent": header})

    @property
    def parent(self) -> dict[str, Any]:
        """The header of the Jupyter request that is handled; empty for none."""
        return self._options.get("parent") or {}

    @property
    def has_colours(self) -> bool:  # type: ignore[override]  # read only here
        return bool(self._options.get("colours"))

    @property
    def width(self) -> int:
        return int(self._options.get("width", 80))

    @property
    def height(self) -> int:
        return int(self._options.get("height", 24))

    def emit(self, event: e.Event) -> None:
        self._engine.show(event.to_plain(), private=isinstance(event, PRIVATE))

    def send_comm(self, message: Message) -> None:
        """A comm's message goes out."""
        size = sum(len(one) for one in message.buffers)
        if size > COMM_BYTES:
            raise ValueError(
                f"a comm's message with {size:,} bytes of buffers is too large: "
                f"{COMM_BYTES:,} can be sent at once"
            )
        buffers = [bytes(one) for one in message.buffers]
        event = e.Comm(message.type, message.content, message.metadata, buffers)
        self._engine.show(event.to_plain(), common=True)

    def read_line(
        self,
        prompt: str,
        *,
        password: bool = False,
        complete: Complete | None = None,
        history: str | None = None,
    ) -> str:
        if not self._options.get("allow_stdin"):
            raise StdinNotAvailable(
                "input() was called, but whoever runs this cell cannot type"
            )
        wanted = e.InputWanted(prompt, password, complete is not None)

        def candidates(text: str, cursor: int) -> list[Any]:
            start, words = cursor, list[str]()
            if complete is not None:
                with contextlib.suppress(Exception):  # of the user's objects
                    start, found = complete(text, cursor)
                    words = list(found)
            return e.Candidates(text, cursor, start, words).to_plain()

        line = self._engine.ask_for_line(wanted.to_plain(), candidates)
        if line is None:
            raise EOFError
        return line


class EngineKernel:
    """What libraries ask of a notebook's kernel, where it is an engine with a face."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell: Any = shell

    @property
    def comm_manager(self) -> Any:
        return getattr(self.shell, "comm_manager", None)

    def get_parent(self, channel: str = "shell") -> dict[str, Any]:
        """The request that is handled; empty where it is no Jupyter client's."""
        header = self.shell.frontend.parent
        if not header:
            return {}
        return {
            "header": header,
            "msg_id": header.get("msg_id", ""),
            "msg_type": header.get("msg_type", ""),
            "parent_header": {},
            "metadata": {},
            "content": {},
            "buffers": [],
        }

    def set_parent(self, parent: dict[str, Any], channel: str = "shell") -> None:
        """What follows belongs to this request."""
        self.shell.frontend.follow(parent.get("header") or {})


def shell_of(namespace: Namespace) -> InteractiveShell:
    """The interpreter of an engine; made when it is first asked for."""
    if namespace.shell is None:
        from ipcluster.engines.interpreter.ecosystem.comms import Comms
        from ipcluster.engines.interpreter.namespace import UserNamespace
        from ipcluster.engines.interpreter.session import open_shell

        names = UserNamespace(namespace.names, namespace.module)
        frontend = LinkFrontEnd(namespace.engine)
        namespace.shell = open_shell(frontend, namespace=names)
        namespace.comms = Comms(namespace.shell, frontend.send_comm)
    return namespace.shell  # type: ignore[no-any-return]  # a shell by now


def run_cell(
    namespace: Namespace, code: str, options: dict[str, Any]
) -> dict[str, Any]:
    """Run a cell as a person at a prompt would; how it ended.

    `options`: `silent`, `store_history`, `allow_stdin`, `user_expressions`, `colours`,
    `width`, `height`, `engine` and `cluster` (which this is, for who asks), and of a
    kernel that is its face, `connection_file`, `parent` (the request's header), and at
    its end `closed_file`.
    """
    shell = _shell_for(namespace, options)
    done = shell.run_cell(
        code,
        store_history=options.get("store_history", True),
        silent=options.get("silent", False),
    )
    count = shell.execution_count - 1
    reply: dict[str, Any] = {"status": "ok", "execution_count": count}
    if done.error is not None:
        from ipcluster.engines.interpreter.showing import describe

        ename, evalue = describe(type(done.error), done.error)
        reply.update(status="error", ename=ename, evalue=evalue)
    else:
        wanted = options.get("user_expressions") or {}
        reply["user_expressions"] = shell.user_expressions(wanted)
    return reply


def _shell_for(namespace: Namespace, options: dict[str, Any]) -> InteractiveShell:
    """The interpreter, for somebody who has these options."""
    shell = shell_of(namespace)
    if options.get("connection_file"):
        from ipcluster.engines.interpreter.ecosystem.notebook import become_notebook

        kernel = EngineKernel(shell)
        become_notebook(shell, kernel, str(options["connection_file"]))
    frontend: Any = shell.frontend
    frontend.use(options)
    return shell


def handle_comm(
    namespace: Namespace, message: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    """A comm's message came from a front end; how its callback ended.

    `message` is as the field's libraries have them; `options` as for a cell.
    """
    shell = _shell_for(namespace, options)
    try:
        namespace.comms.handle(message)
    except KeyboardInterrupt:
        shell.showtraceback()
        return {"status": "error", "ename": "KeyboardInterrupt", "evalue": ""}
    return {"status": "ok"}


def comm_info(namespace: Namespace, target: str | None) -> dict[str, Any]:
    """The comms there are, all or those of one target."""
    shell_of(namespace)
    return {"comms": namespace.comms.info(target)}


def debug(namespace: Namespace, starts: bool) -> dict[str, Any]:
    """Have a debugger that can be asked; with `starts`, debugpy as well.

    `error` says why that cannot be.
    """
    from ipcluster.engines.debugging import Debugging
    from ipcluster.engines.interpreter.debugger.adapter import DebugError

    shell = shell_of(namespace)
    if namespace.debugging is None:
        namespace.debugging = Debugging(namespace.engine, shell)
    try:
        if starts:
            namespace.debugging.listen()
    except DebugError as error:
        return {"error": str(error)}
    return {"error": ""}


def complete(namespace: Namespace, code: str, cursor: int) -> dict[str, Any]:
    """What could stand at the cursor."""
    found = shell_of(namespace).complete_code(code, cursor)
    return {
        "start": found.start,
        "end": found.end,
        "matches": found.matches,
        "types": found.types,
    }


def inspect(
    namespace: Namespace, code: str, cursor: int, detail_level: int
) -> dict[str, Any]:
    """What is known of the name at the cursor."""
    found, data = shell_of(namespace).inspect_code(code, cursor, detail_level)
    return {"found": found, "data": data}


def is_complete(namespace: Namespace, code: str) -> dict[str, Any]:
    """Whether a cell is whole."""
    status, indent = shell_of(namespace).check_complete(code)
    return {"status": status, "indent": indent}


def history(namespace: Namespace, request: dict[str, Any]) -> dict[str, Any]:
    """Inputs that were typed, and the number of the next cell."""
    shell = shell_of(namespace)
    lines = shell.history_request(**request)
    return {"lines": lines, "execution_count": shell.execution_count}


def close(namespace: Namespace) -> None:
    """The engine ends: let the interpreter write down what it holds."""
    if namespace.shell is not None:
        with contextlib.suppress(Exception):
            namespace.shell.close()
        with contextlib.suppress(Exception):
            namespace.comms.close()
            if namespace.debugging is not None:
                namespace.debugging.close()
        namespace.shell = None


CONVERSATION: dict[bytes, Callable[..., dict[str, Any]]] = {
    b"cell": run_cell,
    b"complete": complete,
    b"inspect": inspect,
    b"is_complete": is_complete,
    b"history": history,
    b"comm": handle_comm,
    b"comm_info": comm_info,
    b"debug": debug,
}
