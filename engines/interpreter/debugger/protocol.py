"""Debugging cells from a front end, by its "Debug request"s.

    front end  --request-->  DebugServer  --TCP, this host-->  debugpy's adapter
               <--response-               <------------------
               <--event----

What has to do with cells, with variables between cells and with rich looks is answered
here. The rest is the Debug Adapter Protocol and goes to debugpy, which is imported at
the first request and not before: microsoft.github.io/debug-adapter-protocol.

How requests come and events leave is the business of whoever makes it: a kernel's
control thread and iopub, or an engine's link (`engines/debugging.py`). What requests
say is for the thread that calls `answer`, which must not be one that can be stopped.
"""

from __future__ import annotations

import ast
import itertools
import os
import sys
import threading
import traceback

from ipcluster.engines.interpreter.debugger.adapter import (
    PATIENCE,
    Adapter,
    DebugError,
    leave_untraced,
)
from ipcluster.engines.interpreter.ecosystem import cellfiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Body = dict[str, Any]

# Names of threads that are never stopped begin so.
OWN_THREADS = ("kernel ", "engine's ")
# pydevd's own: a thread that goes on, and has no step to make.
STATE_RUN, NO_STEP = 1, -1
# References to variables that are ours, not debugpy's, begin here.
OUR_REFERENCES = 1 << 30
# Characters of a variable's value, and children of one that are shown.
VALUE_CHARACTERS = 1000
CHILDREN = 1000

RESUMING = ("continue", "next", "stepIn", "stepOut")
# What can be asked before, or without, a start.
WITHOUT_START = (
    "dumpCell",
    "debugInfo",
    "inspectVariables",
    "richInspectVariables",
    "modules",
    "source",
)


class DebugServer:
    """Answers the debug requests for one shell.

    Args:
        shell: whose cells are debugged.
        tell: called with each event, in any thread.
        call_in_main: gives what a function gives in the thread of the user's code.
        note: called with lines for the log.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        tell: Callable[[Body], None],
        call_in_main: Callable[[Callable[[], tuple[str, int]]], tuple[str, int]],
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._shell: Any = shell
        self._tell = tell
        self._call_in_main = call_in_main
        self._note = note
        self._adapter: Adapter | None = None
        self._address: tuple[str, int] | None = None
        self.is_started = False
        self.stopped: set[int] = set()
        self._breakpoints: dict[str, list[Body]] = {}
        self._variables: dict[int, Any] = {}
        self._references = itertools.count(OUR_REFERENCES)
        self._events = itertools.count(1)

    # --- requests ---------------------------------------------------------------------

    def answer(self, request: Body) -> Body:
        """The reply to a request: a DAP response."""
        command = str(request.get("command", ""))
        arguments = request.get("arguments") or {}
        try:
            handler = getattr(self, f"on_{command}", None)
            if self._adapter is None and not (
                command == "initialize" or command in WITHOUT_START
            ):
                raise DebugError("the debugger has not been started")
            if handler is not None:
                response = handler(arguments)
            else:
                if command in RESUMING:
                    # Before it is asked for: it may stop again before it is answered.
                    self.stopped.discard(arguments.get("threadId", -1))
                response = self._forward(command, arguments)
        except DebugError as error:
            response = {"success": False, "message": str(error), "body": {}}
        except Exception as error:
            self._note(traceback.format_exc())
            response = {"success": False, "message": repr(error), "body": {}}
        return {
            "success": True,
            "body": {},
            **response,
            "type": "response",
            "command": command,
            "request_seq": request.get("seq", 0),
            "seq": request.get("seq", 0),
        }

    def _forward(self, command: str, arguments: Body) -> Body:
        assert self._adapter is not None
        return self._adapter.ask(command, arguments)

    def _on_event(self, event: Body) -> None:
        body = event.get("body") or {}
        if event.get("event") == "stopped":
            self._variables.clear()
            thread = body.get("threadId")
            if isinstance(thread, int):
                self.stopped.add(thread)
        elif event.get("event") == "continued":
            if body.get("allThreadsContinued", True):
                self.stopped.clear()
            else:
                self.stopped.discard(body.get("threadId", -1))
        self._tell(event)

    # --- life -------------------------------------------------------------------------

    def on_initialize(self, arguments: Body) -> Body:
        if self._adapter is None:
            if self._address is None:
                self._address = self._call_in_main(listen)
            self._adapter = Adapter(self._address, self._on_event, self._note)
        self._keep_lines(True)
        os.makedirs(cellfiles.folder(), mode=0o700, exist_ok=True)
        response = self._forward("initialize", arguments)
        if not self.is_started:
            self._shell.events.register("post_run_cell", self._after_cell)
        self.is_started = True
        return response

    def _after_cell(self, result: Any) -> None:
        """A cell was interrupted where it was stopped: debugpy does not get over that.

        To it the thread still waits, while Python has taken away the trace function
        that raised. Without this no breakpoint would be hit any more.
        """
        info: Any = getattr(threading.current_thread(), "additional_info", None)
        if info is None or not isinstance(result.error, KeyboardInterrupt):
            return
        info.pydev_state = STATE_RUN
        info.pydev_step_cmd = NO_STEP
        info.update_stepping_info()
        if sys.gettrace() is None:
            sys.modules["pydevd"].get_global_debugger().enable_tracing()

    def on_attach(self, arguments: Body) -> Body:
        """Attach, and say at once that breakpoints may come any time."""
        adapter = self._adapter
        assert adapter is not None
        host, port = adapter.address
        own = os.path.abspath(__file__)
        for _folder in __name__.split(".")[1:]:
            own = os.path.dirname(own)
        options = {
            **arguments,
            "connect": {"host": host, "port": port},
            "justMyCode": False,
            # Stepping out of a cell is not stepping into the shell that runs it.
            "rules": [{"path": os.path.join(own, "**"), "include": False}],
        }
        number = adapter.send("attach", options)
        if not adapter.initialized.wait(PATIENCE):
            raise DebugError("the debugger does not get ready")
        adapter.ask("configurationDone")
        return adapter.wait(number)

    def on_configurationDone(self, arguments: Body) -> Body:
        return {}  # it was said when the front end attached

    def on_disconnect(self, arguments: Body) -> Body:
        adapter, self._adapter = self._adapter, None
        assert adapter is not None
        try:
            return adapter.ask("disconnect", {**arguments, "terminateDebuggee": False})
        finally:
            adapter.close()
            self.is_started = False
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self.stopped.clear()
            self._breakpoints.clear()
            self._keep_lines(False)

    def _keep_lines(self, keep: bool) -> None:
        """Leave empty lines at a cell's start: breakpoints count them."""
        manager = self._shell.input_transformer_manager
        if hasattr(manager, "keep_leading_lines"):
            manager.keep_leading_lines = keep

    def close(self) -> None:
        """The process ends: the files of its cells go."""
        import shutil

        if self._adapter is not None:
            self._adapter.close()
            self._adapter = None
        shutil.rmtree(cellfiles.folder(), ignore_errors=True)

    # --- cells ------------------------------------------------------------------------

    def on_dumpCell(self, arguments: Body) -> Body:
        code = str(arguments.get("code", ""))
        path = cellfiles.file_of(code)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(code)
        return {"body": {"sourcePath": path}}

    def on_setBreakpoints(self, arguments: Body) -> Body:
        path = str((arguments.get("source") or {}).get("path", ""))
        wanted = arguments.get("breakpoints") or []
        response = self._forward("setBreakpoints", arguments)
        if response.get("success"):
            self._breakpoints[path] = wanted
            if not wanted:
                del self._breakpoints[path]
        return response

    def on_source(self, arguments: Body) -> Body:
        path = str((arguments.get("source") or {}).get("path", ""))
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return {"body": {"content": file.read()}}
        except OSError as error:
            raise DebugError(f"no source: {error}") from error

    def on_stackTrace(self, arguments: Body) -> Body:
        """The frames of the user's; those of the shell that runs the cell are not."""
        response = self._forward("stackTrace", arguments)
        frames = (response.get("body") or {}).get("stackFrames")
        if frames:
            names = [frame.get("name") for frame in frames]
            if "<module>" in names:
                frames = frames[: names.index("<module>") + 1]
            response["body"] = {"stackFrames": frames, "totalFrames": len(frames)}
        return response

    def on_debugInfo(self, arguments: Body) -> Body:
        return {
            "body": {
                "isStarted": self.is_started,
                "hashMethod": "Murmur2",
                "hashSeed": cellfiles.SEED,
                "tmpFilePrefix": cellfiles.folder(),
                "tmpFileSuffix": cellfiles.SUFFIX,
                "breakpoints": [
                    {"source": path, "breakpoints": points}
                    for path, points in self._breakpoints.items()
                ],
                "stoppedThreads": sorted(self.stopped),
                "richRendering": True,
                "exceptionPaths": ["Python Exceptions"],
                "copyToGlobals": True,
            }
        }

    # --- variables --------------------------------------------------------------------

    def on_inspectVariables(self, arguments: Body) -> Body:
        """The user's variables, while nothing is stopped."""
        self._variables.clear()
        names = dict(self._shell.namespace.of_user())
        return {"body": {"variables": self._describe(names.items(), "{}")}}

    def on_variables(self, arguments: Body) -> Body:
        reference = int(arguments.get("variablesReference", 0))
        if reference >= OUR_REFERENCES:
            found = self._variables.get(reference)
            if found is None:
                raise DebugError("these variables are of an earlier moment")
            value, name = found
            return {"body": {"variables": self._children(value, name)}}
        response = self._forward("variables", arguments)
        listed = (response.get("body") or {}).get("variables")
        if listed:
            hidden = self._shell.user_ns_hidden
            kept = [one for one in listed if _is_users(one, hidden)]
            response["body"] = {**response["body"], "variables": kept}
        return response

    def _describe(self, items: Any, pattern: str) -> list[Body]:
        return [
            self._variable(str(name), value, pattern.format(name))
            for name, value in itertools.islice(items, CHILDREN)
        ]

    def _variable(self, name: str, value: Any, expression: str) -> Body:
        reference = 0
        if _has_children(value):
            reference = next(self._references)
            self._variables[reference] = (value, expression)
        return {
            "name": name,
            "value": _short(value),
            "type": type(value).__name__,
            "evaluateName": expression,
            "variablesReference": reference,
        }

    def _children(self, value: Any, name: str) -> list[Body]:
        if isinstance(value, dict):
            pairs = [(repr(key), one) for key, one in list(value.items())[:CHILDREN]]
            return self._describe(pairs, f"{name}[{{}}]")
        if isinstance(value, list | tuple):
            return self._describe(enumerate(value), f"{name}[{{}}]")
        if isinstance(value, set | frozenset):
            return [
                self._variable(str(at), one, name)
                for at, one in enumerate(itertools.islice(value, CHILDREN))
            ]
        found = vars(value) if hasattr(value, "__dict__") else {}
        return self._describe(found.items(), f"{name}.{{}}")

    def on_richInspectVariables(self, arguments: Body) -> Body:
        """What a variable looks like to its display methods."""
        name = str(arguments.get("variableName", ""))
        if not name.isidentifier():
            raise DebugError(f"{name!r} is no name of a variable")
        frame = arguments.get("frameId")
        if self.stopped and frame is not None:
            code = (
                f"__import__('builtins').get_ipython().display_formatter.format({name})"
            )
            response = self._forward(
                "evaluate",
                {"expression": code, "frameId": frame, "context": "clipboard"},
            )
            if not response.get("success"):
                return response
            data, metadata = ast.literal_eval(response["body"]["result"])
        else:
            found = self._shell.user_expressions({name: name})[name]
            if found["status"] != "ok":
                raise DebugError(f"{found['ename']}: {found['evalue']}")
            data, metadata = found["data"], found["metadata"]
        return {"body": {"data": data, "metadata": metadata}}

    def on_copyToGlobals(self, arguments: Body) -> Body:
        target = str(arguments.get("dstVariableName", ""))
        source = str(arguments.get("srcVariableName", ""))
        return self._forward(
            "setExpression",
            {
                "expression": f"globals()[{target!r}]",
                "value": source,
                "frameId": arguments.get("srcFrameId"),
            },
        )

    def on_modules(self, arguments: Body) -> Body:
        modules = [
            {"id": number, "name": name, "path": path}
            for number, (name, module) in enumerate(list(sys.modules.items()))
            if (path := getattr(module, "__file__", None)) and str(path).endswith(".py")
        ]
        start = int(arguments.get("startModule", 0))
        count = int(arguments.get("moduleCount", len(modules)))
        return {
            "body": {
                "modules": modules[start : start + count],
                "totalModules": len(modules),
            }
        }


def listen() -> tuple[str, int]:
    """In the main thread: have debugpy's adapter listen; its address."""
    try:
        import debugpy
    except ImportError:
        raise DebugError(
            "debugpy is not installed: pip install debugpy, or ipcluster[debugger]"
        ) from None
    for thread in threading.enumerate():
        if thread.name.startswith(OWN_THREADS):
            leave_untraced(thread)
    host, port = debugpy.listen(("127.0.0.1", 0))
    return host, port


def _is_users(variable: Body, hidden: dict[str, Any]) -> bool:
    name = str(variable.get("name", ""))
    return not (name in hidden or name in ("special variables", "function variables"))


def _has_children(value: Any) -> bool:
    if isinstance(value, str | bytes | int | float | complex | bool | type(None)):
        return False
    if isinstance(value, dict | list | tuple | set | frozenset):
        return bool(value)
    return hasattr(value, "__dict__") and not callable(value)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return f"<its __repr__ raises {type(error).__name__}>"
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]}…"
