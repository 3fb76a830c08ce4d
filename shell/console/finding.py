"""Connection files of kernels that run: the one that a person means."""

from __future__ import annotations

import glob
import os
import shlex
import socket

from ipcluster.shell.console.remote import NotReached
from ipcluster.shell.kernel.connection import Connection, runtime_folder


def find_file(which: str) -> str:
    """The connection file that is meant.

    Args:
        which: a path, the id of a kernel, a glob pattern, a part of the name; "" is
            the newest. Of several that fit the newest is taken, of those that run.

    Raises:
        NotReached: there is none.
    """
    if which and os.path.isfile(os.path.expanduser(which)):
        return os.path.expanduser(which)
    folder = runtime_folder()
    for pattern in _patterns(which):
        found = glob.glob(os.path.join(glob.escape(folder), pattern))
        found.sort(key=_age, reverse=True)
        for path in found:
            if listens(path):
                return path
        if found and which:
            return found[0]
        if found:
            raise NotReached(
                f"no kernel runs: the connection files in {folder} are of kernels that "
                "have ended"
            )
    if which:
        raise NotReached(f"no connection file {which!r}, here or in {folder}")
    raise NotReached(f"no kernel runs: there is no connection file in {folder}")


def listens(path: str) -> bool:
    """Whether somebody listens where a connection file says.

    True also where that is not known at once: the kernel may be on another machine.
    """
    try:
        connection = Connection.read(path)
    except (OSError, ValueError):
        return False
    port = connection.ports["shell"]
    family: int = socket.AF_INET
    address: tuple[str, int] | str = (connection.ip, port)
    if connection.transport == "ipc":
        family, address = socket.AF_UNIX, f"{connection.ip}-{port}"
    elif not connection.ip.startswith("127."):
        return True
    with socket.socket(family) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def ident_of(path: str) -> str:
    """What a kernel is called, by its connection file."""
    return os.path.basename(path).removesuffix(".json").removeprefix("kernel-")


def _patterns(which: str) -> list[str]:
    if not which:
        return ["kernel-*.json"]
    if any(letter in which for letter in "*?["):
        return [which, f"{which}.json"]
    name = glob.escape(which)
    return [name, f"kernel-{name}.json", f"kernel*{name}*.json"]


def _age(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:  # it has just ended
        return 0.0


def finding_script(which: str) -> str:
    """A command for a shell elsewhere that prints the connection file meant there."""
    default = "${XDG_DATA_HOME:-$HOME/.local/share}/jupyter"
    folder = f"${{JUPYTER_RUNTIME_DIR:-${{JUPYTER_DATA_DIR:-{default}}}/runtime}}"
    if not which:
        files = '"$d"/kernel-*.json'
    else:
        word = shlex.quote(which)
        files = f'{word} "$d"/{word} "$d"/kernel-{word}.json "$d"/kernel*{word}*.json'
        if any(letter in which for letter in "*?["):
            safe = "".join(c if c.isalnum() or c in "*?[]-_." else "?" for c in which)
            files = f'"$d"/{safe} "$d"/{safe}.json'
    newest = f'd="{folder}"; ls -1td {files} 2>/dev/null | while read -r f; do'
    show = """cat -- "$f"; break; done | grep ''"""  # which fails if there is nothing
    if which:
        return f"{newest} {show}"
    # Kernels say in their files which process they are; not those that have gone.
    pid = 's/^ *"kernel_pid": *\\([0-9][0-9]*\\).*/\\1/p'
    gone = f"""p=$(sed -n '{pid}' "$f"); [ -z "$p" ] || kill -0 "$p" 2>/dev/null ||"""
    return f"{newest} {gone} continue; {show}"
