"""What could not be written because another program had the history file for long.

It goes to a file beside it, `history.sqlite.<host>-<pid>-<time>.pending`: a line of
JSON for the session, and one for each job. The session itself takes it away when it
gets to write; if it ended before, the next session that opens the history puts it in.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from sqlite3 import Connection
    from typing import Any

    from ipcluster.engines.interpreter.history.writer import Job

_SUFFIX = ".pending"
# Seconds after which a session of another host, of which we cannot know whether it
# still runs, is taken to be over.
_OLD = 24 * 3600.0


def file_for(path: str) -> str:
    """A name for what this session leaves beside the history file `path`."""
    import time

    return f"{path}.{_host()}-{os.getpid()}-{time.time_ns():x}{_SUFFIX}"


def write(file: str, session: int, started: str, jobs: list[Job]) -> bool:
    """Write jobs to a file of ours; whether that worked."""
    import json

    lines = [[session, started], *([name, *values] for name, values in jobs)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    temporary = f"{file}.new"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, file)
    except (OSError, TypeError):
        return False
    return True


def remove(file: str) -> None:
    """This session has written what it had put there."""
    try:
        os.unlink(file)
    except OSError:
        pass


def left_behind(path: str) -> list[str]:
    """Files beside the history whose sessions are over."""
    folder, base = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return []
    found = []
    for name in names:
        if name.startswith(base + ".") and name.endswith(_SUFFIX):
            file = os.path.join(folder, name)
            if _is_over(name[len(base) + 1 : -len(_SUFFIX)], file):
                found.append(file)
    return found


def put_in(
    path: str,
    connection: Connection,
    transact: Callable[[Connection, Iterable[tuple[str, Any]], int, str], Any],
) -> None:
    """Write into the history what ended sessions have left beside it.

    Raises:
        sqlite3.Error: the file cannot be written to; what was left is there still.
    """
    for file in left_behind(path):
        claimed = f"{file}.taken"
        try:
            os.rename(file, claimed)  # of two sessions one succeeds
        except OSError:
            continue
        try:
            (session, started), *jobs = _read(claimed)
            named = [(name, values) for name, *values in jobs]
            transact(connection, named, session, started)
        except (KeyError, ValueError, TypeError):
            continue  # it is none of ours, and stays as it is, out of the way
        except BaseException:
            os.rename(claimed, file)
            raise
        os.unlink(claimed)


def _read(file: str) -> list[Any]:
    """The lines.

    Raises:
        ValueError: it is none of our files.
    """
    import json

    with open(file, encoding="utf-8") as text:
        lines = [json.loads(line) for line in text]
    fine = all(isinstance(line, list) and line for line in lines)
    if not (fine and lines and len(lines[0]) == 2):
        raise ValueError(file)
    return lines


def _is_over(owner: str, file: str) -> bool:
    host, pid, _ = [*owner.rsplit("-", 2), "", ""][:3]
    if not pid.isdigit():
        return False
    if host == _host():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
    import time

    try:
        return time.time() - os.stat(file).st_mtime > _OLD
    except OSError:
        return False


def _host() -> str:
    return os.uname().nodename.replace("/", "_")
