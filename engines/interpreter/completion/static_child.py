"""The process of the static completer: answers one question per line, until EOF.

Run as a file, by itself: it imports nothing of this package. The first line says where
modules are found; then comes one question a line. Nothing that jedi imports can write
into the answers, for standard output leads nowhere.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Seconds between two looks at whether the parent still lives. Its end is seen by EOF,
# but a fork of it may hold the other end of the pipe.
LOOKS = 5.0
# More completions than these help nobody.
ANSWERS = 2000
# Signatures cost time: a short list gets them.
SIGNED = 20


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    lines = read_lines()
    hello = json.loads(next(lines))
    sys.path[:] = hello["path"]
    import jedi

    jedi.settings.cache_directory = cache_folder()
    project = jedi.Project(
        hello["folder"], sys_path=hello["path"], smart_sys_path=False
    )
    environment = jedi.api.environment.InterpreterEnvironment()
    for line in lines:
        question = json.loads(line)
        try:
            answer = complete(jedi, project, environment, question)
        except Exception:
            # A file of the cache that was half written when its process was killed
            # would fail for ever; it may be that, or a bug of jedi's.
            shutil.rmtree(jedi.settings.cache_directory, ignore_errors=True)
            try:
                answer = complete(jedi, project, environment, question)
            except Exception:
                answer = []
        write(out, json.dumps(answer).encode() + b"\n")


def cache_folder() -> str:
    """Where jedi keeps what it has parsed: ours, for other programs have theirs."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(home, "ipcluster", "jedi")
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    import parso.cache

    parso.cache._save_to_file_system = lambda *_args, **_keywords: None
    return folder


def read_lines() -> Iterator[bytes]:
    """Lines of standard input, until its end or the parent's."""
    parent, buffer = os.getppid(), b""
    while True:
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            yield line
        if not select.select([0], [], [], LOOKS)[0]:
            if os.getppid() != parent:
                return
            continue
        data = os.read(0, 1 << 16)
        if not data:
            return
        buffer += data


def write(out: int, data: bytes) -> None:
    while data:
        data = data[os.write(out, data) :]


def complete(jedi: Any, project: Any, environment: Any, question: Any) -> list[Any]:
    """`[text, kind, how much of it is typed, signature]` each."""
    script = jedi.Script(question["code"], project=project, environment=environment)
    found = script.complete(question["line"], question["column"])[:ANSWERS]
    answer = []
    for one in found:
        signature = ""
        if len(found) <= SIGNED and one.type in ("function", "class"):
            signatures = one.get_signatures()
            if signatures:
                text = signatures[0].to_string()
                signature = text[text.find("(") :] if "(" in text else ""
        name = one.name_with_symbols
        answer.append([name, one.type, one.get_completion_prefix_length(), signature])
    return answer


if __name__ == "__main__":
    try:
        main()
    except (StopIteration, BrokenPipeError, ImportError):
        pass
