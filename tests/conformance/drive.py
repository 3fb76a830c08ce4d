"""Drives recorded cells through an interpreter, and compares what comes.

    python tests/conformance/drive.py [-k TEXT] [-v] [--transport in-process|engine]

Each case has a process, a home and a working folder of its own. The cases and the
rules of comparison lie beside the checkout, in `shared/reference/corpus`; where that
folder is not at hand there is nothing to run. `known.json` lists the cases that differ
on purpose, each with its reason.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_PLACES = [folder / "shared" / "reference" / "corpus" for folder in ROOT.parents]
CORPUS = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
KNOWN = HERE / "known.json"
# Where the ticket of the cluster is, for the cases that run on engines.
TICKET = "CONFORMANCE_TICKET"
# What a case needs beside Python; without it there is nothing to compare.
NEEDS = {"pretty/pandas": "pandas", "disp/mpl": "matplotlib", "pretty/np": "numpy"}

# What the recording was made with, where a name depends on it.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "COLUMNS": "80",
    "LINES": "24",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "PAGER": "cat",
    "EDITOR": "true",
    "SHELL": "/bin/sh",
}
# Of our own, when it is set, it would be found instead of the case's.
UNSET = ("MPLBACKEND", "PYTHONSTARTUP", "DISPLAY", "IPCLUSTER_PROFILE", "IPYTHONDIR")

Case = dict[str, Any]
Answer = dict[str, Any]


def rules() -> ModuleType:
    """The corpus's own `run.py`: how texts are normalized and answers compared."""
    spec = importlib.util.spec_from_file_location("corpus_rules", CORPUS / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases() -> list[Case]:
    found: list[Case] = []
    for file in sorted((CORPUS / "cases").glob("*.json")):
        found += json.loads(file.read_text())["cases"]
    return found


def known() -> dict[str, str]:
    """Cases that differ on purpose: their ids and why."""
    text: dict[str, str] = json.loads(KNOWN.read_text())
    return text


class Folders:
    """A home and a working folder with the case's files."""

    def __init__(self, case: Case) -> None:
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="ipc-case-")))
        self.home = self.root / "home"
        self.work = self.root / "work"
        self.home.mkdir()
        self.work.mkdir()
        for name, text in case.get("files", {}).items():
            path = self.home / name[2:] if name.startswith("~/") else self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if text.startswith("#!"):
                path.chmod(0o755)

    def paths(self) -> list[tuple[str, str]]:
        return [
            (str(self.work), "<CWD>"),
            (str(self.home), "<HOME>"),
            (str(self.root), "<ROOT>"),
            (sys.prefix, "<PREFIX>"),
            (sys.base_prefix, "<PYHOME>"),
        ]

    def enter(self, case: Case) -> None:
        """Be a process of this case's."""
        for name in UNSET:
            os.environ.pop(name, None)
        os.environ.update(ENVIRONMENT)
        os.environ.update(
            HOME=str(self.home),
            IPYTHONDIR=str(self.home / ".ipython"),
            PATH=f"{Path(sys.prefix) / 'bin'}:{os.environ.get('PATH', '')}",
        )
        os.environ.update(case.get("env", {}))
        time.tzset()
        os.chdir(self.work)


def flatten(events: list[list[Any]], answer: Answer, clean: Any) -> None:
    """Put events into an answer, as the protocol's messages would be."""
    for kind, *fields in events:
        if kind == "result":
            count, data, metadata = fields
            answer["result"] = clean(data)
            answer["result_count"] = count
            if metadata:
                answer["result_meta"] = metadata
        elif kind == "display":
            data, metadata, _, update = fields
            shown = clean(data)
            if update:
                shown["_update"] = True
            if metadata:
                shown["_meta"] = metadata
            answer["display"].append(shown)
        elif kind == "clear":
            answer["clear"] = answer.get("clear", 0) + 1
        elif kind == "error":
            answer["error"] = fields
        elif kind == "page":
            answer["payload"].append(
                {"source": "page", "data": clean(fields[0]), "start": fields[1]}
            )
        elif kind == "next_input":
            answer["payload"].append(
                {"source": "set_next_input", "text": fields[0], "replace": fields[1]}
            )
        elif kind == "edit":
            answer["payload"].append(
                {
                    "source": "edit_magic",
                    "filename": clean({"text/plain": fields[0]})["text/plain"],
                    "line_number": fields[1],
                }
            )
        elif kind == "exit":
            answer["payload"].append({"source": "ask_exit", "keepkernel": fields[0]})


class InProcess:
    """An interpreter in this process; its prints go to files."""

    def __init__(self) -> None:
        from ipcluster.engines.interpreter.configuration.application import (
            InteractiveShellApp,
        )
        from ipcluster.engines.interpreter.configuration.profiles import ProfileDir
        from ipcluster.engines.interpreter.configuration.startup import load
        from ipcluster.engines.interpreter.recording import RecordingFrontEnd
        from ipcluster.engines.interpreter.session import open_shell

        self.frontend = RecordingFrontEnd()
        self.frontend.is_rich = True
        self.out = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self.err = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        for number, file in ((1, self.out), (2, self.err)):
            os.dup2(file.fileno(), number)
        sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), "utf-8")
        sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(2), "wb"), "utf-8")
        self.shell = open_shell(self.frontend)
        profile = os.path.join(os.environ["IPYTHONDIR"], "profile_default")
        load(self.shell, InteractiveShellApp(), ProfileDir(profile))

    def taken(self) -> tuple[str, str]:
        texts = []
        for stream, file in ((sys.stdout, self.out), (sys.stderr, self.err)):
            stream.flush()
            file.seek(0)
            texts.append(file.read())
            file.seek(0)
            file.truncate()
        return texts[0], texts[1]

    def execute(self, cell: dict[str, Any]) -> dict[str, Any]:
        self.frontend.events.clear()
        self.frontend.prompts.clear()
        self.frontend.lines = list(cell.get("stdin", []))
        done = self.shell.run_cell(
            cell["code"],
            store_history=cell.get("store_history", True),
            silent=cell.get("silent", False),
        )
        count = self.shell.execution_count - 1
        reply: dict[str, Any] = {"count": count, "error": None}
        if done.error is not None:
            from ipcluster.engines.interpreter.showing import describe

            reply["error"] = describe(type(done.error), done.error)
        wanted = cell.get("user_expressions")
        reply["expressions"] = (
            self.shell.user_expressions(wanted) if wanted and not done.error else {}
        )
        reply["events"] = [event.to_plain() for event in self.frontend.events]
        reply["prompts"] = list(self.frontend.prompts)
        reply["stdout"], reply["stderr"] = self.taken()
        return reply

    def complete(self, code: str, cursor: int) -> tuple[int, int, list[str]]:
        found = self.shell.complete_code(code, cursor)
        return found.start, found.end, found.matches

    def inspect(self, code: str, cursor: int, detail: int) -> tuple[bool, str]:
        found, data = self.shell.inspect_code(code, cursor, detail)
        return found, data.get("text/plain", "")

    def is_complete(self, code: str) -> tuple[str, str]:
        return self.shell.check_complete(code)

    def history(self, **what: Any) -> list[Any]:
        return self.shell.history_request(**what)

    def close(self) -> None:
        self.shell.close()


class OnAnEngine:
    """An interpreter in an engine of a cluster; its events cross the network.

    The cluster runs already (`TICKET`); each case gets a new engine.
    """

    def __init__(self) -> None:
        from ipcluster import Client

        self.client = Client(os.environ[TICKET])
        before = set(self.client.ids)
        self.client.connection.ask("start_engines", {"n": 1})
        # Not by their number: the last case's engine may be leaving meanwhile.
        (self.engine,) = self.when(lambda: set(self.client.ids) - before)
        self.client[self.engine].apply_sync(_move, dict(os.environ), os.getcwd())
        self.events: list[list[Any]] = []
        self.lines: list[str] = []
        self.prompts: list[str] = []
        self.talk = self.client[self.engine].converse(self.on_event)

    def on_event(self, result: Any, event: list[Any]) -> None:
        if event[0] == "input_wanted":
            self.prompts.append(event[1])
            self.talk.answer(result, self.lines.pop(0) if self.lines else None)
        else:
            self.events.append(event)

    def execute(self, cell: dict[str, Any]) -> dict[str, Any]:
        self.events, self.prompts = [], []
        self.lines = list(cell.get("stdin", []))
        done = self.talk.run_cell(
            cell["code"],
            store_history=cell.get("store_history", True),
            silent=cell.get("silent", False),
            user_expressions=cell.get("user_expressions"),
            allow_stdin=True,
        ).get()
        texts = {"stdout": "", "stderr": ""}
        for event in self.events:
            if event[0] == "stream":
                texts[event[1]] += event[2]
        failed = done["status"] == "error"
        return {
            "count": done["execution_count"],
            "error": (done["ename"], done["evalue"]) if failed else None,
            "expressions": done.get("user_expressions", {}),
            "events": [event for event in self.events if event[0] != "stream"],
            "prompts": self.prompts,
            **texts,
        }

    def complete(self, code: str, cursor: int) -> tuple[int, int, list[str]]:
        found = self.talk.complete(code, cursor)
        return found["start"], found["end"], found["matches"]

    def inspect(self, code: str, cursor: int, detail: int) -> tuple[bool, str]:
        found = self.talk.inspect(code, cursor, detail)
        return found["found"], found["data"].get("text/plain", "")

    def is_complete(self, code: str) -> tuple[str, str]:
        found = self.talk.is_complete(code)
        return found["status"], found["indent"]

    def history(self, **what: Any) -> list[Any]:
        lines: list[Any] = self.talk.history(**what)
        return lines

    def when(self, found: Any) -> Any:
        """What a function gives, as soon as it gives something."""
        deadline = time.monotonic() + 60
        while not (value := found()):
            if time.monotonic() > deadline:
                raise TimeoutError("an engine does not come, or does not leave")
            time.sleep(0.02)
        return value

    def close(self) -> None:
        self.client.shutdown(self.engine)
        self.when(lambda: self.engine not in self.client.ids)
        self.client.close()


def _engine_function() -> Any:
    """A function that travels by value: engines cannot import this file."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "def move(environment, folder):\n"
        "    import os, time\n"
        "    os.environ.clear()\n"
        "    os.environ.update(environment)\n"
        "    time.tzset()\n"
        "    os.chdir(folder)\n",
        names,
    )
    return names["move"]


_move = _engine_function()


class Driver:
    """Runs the operations of one case."""

    def __init__(self, case: Case, transport: Any, folders: Folders) -> None:
        self.case = case
        self.rules = rules()
        self.make = transport
        self.session = transport()
        self.context = {"paths": folders.paths()}

    def run(self, cell: dict[str, Any]) -> Answer:
        extra = cell.get("norm", self.case.get("norm", []))
        code = cell.get("code", "")
        cursor = cell.get("pos", len(code))
        operation = cell.get("op", "execute")
        if operation == "execute":
            return self._execute(cell, extra)
        if operation == "restart":
            self.session.close()
            self.session = self.make()
            return {"status": "ok"}
        if operation == "complete":
            start, end, matches = self.session.complete(code, cursor)
            texts = sorted(
                {
                    self.rules.norm(code[:start] + match + code[end:], self.context)
                    for match in matches
                }
            )
            return {"status": "ok", "texts": texts, "n": len(texts)}
        if operation == "inspect":
            found, text = self.session.inspect(code, cursor, cell.get("detail", 0))
            shown = self.rules.norm(text, self.context)
            return {"status": "ok", "found": found, "shown": shown}
        if operation == "is_complete":
            status, indent = self.session.is_complete(code)
            return {"status": status, "indent": indent}
        if operation == "history":
            lines = self.session.history(**cell["args"])
            if cell.get("nosession", True):
                lines = [[line[1], line[2]] for line in lines]
            return {"status": "ok", "history": json.loads(json.dumps(lines))}
        raise NotImplementedError(f"{operation} is a kernel's")

    def _execute(self, cell: dict[str, Any], extra: Any) -> Answer:
        norm, context = self.rules.norm, self.context
        after = cell.get("interrupt_after")
        timer = None
        if after:
            timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
        reply = self.session.execute(cell)
        if timer is not None:
            timer.cancel()

        def clean(data: Any) -> Any:
            return self.rules.normbundle(data, context, extra)

        answer: Answer = {"display": [], "payload": [], "status": "ok"}
        flatten(reply["events"], answer, clean)
        answer["count"] = reply["count"]
        for name in ("stdout", "stderr"):
            answer[name] = norm(reply[name], context, extra)
        shown = answer.pop("error", None)
        if shown is not None:
            text = norm("\n".join(shown[2]), context, extra)
            lines = [line for line in text.split("\n") if line.strip()]
            answer["tb_last"] = lines[-1] if lines else ""
            answer["tb_frames"] = len(self.rules.FRAME.findall(text))
            answer["tb_text"] = text
        if reply["error"] is not None:
            answer["status"] = "error"
            answer["ename"] = reply["error"][0]
            answer["evalue"] = norm(reply["error"][1], context, extra)
        if not answer["payload"]:
            del answer["payload"]
        if reply["prompts"]:
            answer["prompts"] = [
                [norm(prompt, context, extra), False] for prompt in reply["prompts"]
            ]
        if cell.get("user_expressions"):
            answer["user_expressions"] = {
                name: {
                    "status": value.get("status"),
                    "ename": value.get("ename"),
                    "data": clean(value.get("data")),
                }
                for name, value in reply["expressions"].items()
            }
        texts = [answer["stdout"]]
        for payload in answer.get("payload", []):
            if payload["source"] in ("page", "set_next_input"):
                texts.append(
                    payload.get("data", {}).get("text/plain", "")
                    + (payload.get("text") or "")
                )
        answer["shown"] = "\n".join(texts)
        return answer


def transport_of(name: str) -> Any:
    if name == "in-process":
        return InProcess
    if name == "engine":
        return OnAnEngine
    raise SystemExit(f"no transport {name!r}")


def run_case(case: Case, transport: str = "in-process") -> list[str]:
    """What differs, a text each. Runs in a child of its own."""
    folders = Folders(case)
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=_in_child, args=(case, transport, folders, writer)
    )
    child.start()
    writer.close()
    try:
        if not reader.poll(90):
            return ["no answer after 90 s"]
        answers, failure = reader.recv()
    except EOFError:
        answers, failure = [], "the process ended"
    finally:
        child.join(1)
        if child.is_alive():
            child.kill()
            child.join()
        shutil.rmtree(folders.root, ignore_errors=True)
    differences = [] if failure is None else [failure]
    compare = rules().compare
    for number, cell in enumerate(case["cells"][: len(answers)]):
        expected = case["expect"]["cells"][number]
        for field, want, got in compare(cell, expected, answers[number]):
            differences.append(
                f"cell {number} {field}\n  want {want!r}\n  got  {got!r}"
            )
    return differences


def _in_child(case: Case, transport: str, folders: Folders, writer: Any) -> None:
    failure = None
    answers: list[Answer] = []
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        folders.enter(case)
        driver = Driver(case, transport_of(transport), folders)
        for cell in case["cells"]:
            answers.append(driver.run(cell))
        driver.session.close()
    except BaseException:
        failure = traceback.format_exc(limit=-4)
    writer.send((answers, failure))
    writer.close()
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-k", default="", help="only cases whose id contains this")
    parser.add_argument("-v", action="store_true", help="show what differs")
    parser.add_argument("--transport", default="in-process")
    parser.add_argument("--all", action="store_true", help="known differences too")
    options = parser.parse_args()
    if options.transport == "engine":
        from ipcluster import Cluster

        with Cluster(n=0) as rc:
            os.environ[TICKET] = str(rc.cluster.place.folder / "client.ticket")
            return _run_all(options)
    return _run_all(options)


def what_lacks(case: dict[str, Any]) -> str:
    """A library that a case needs, and that is not installed; "": it can be run."""
    for prefix, module in NEEDS.items():
        if case["id"].startswith(prefix) and not importlib.util.find_spec(module):
            return module
    return ""


def _run_all(options: argparse.Namespace) -> int:
    expected = known()
    failed: list[str] = []
    chosen = [case for case in cases() if options.k in case["id"]]
    for case in chosen:
        if case["id"] in expected and not options.all:
            continue
        lacking = what_lacks(case)
        if lacking:
            print(f"not run, for {lacking} is not installed: {case['id']}")
            continue
        differences = run_case(case, options.transport)
        if differences:
            failed.append(case["id"])
            print(f"FAIL {case['id']}")
            for text in differences if options.v else ():
                print("    " + text.replace("\n", "\n    "))
    print(f"{len(chosen) - len(failed)} of {len(chosen)} as recorded")
    if failed:
        print("failed:", " ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
