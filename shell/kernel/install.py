"""`ipshell kernel install`: tell Jupyter's programs that there is this kernel."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

NAME = "ipshell"


def kernel_spec(
    python: str | None = None, display_name: str = "", face: Sequence[str] = ()
) -> dict[str, Any]:
    """What `kernel.json` says; `face` are the options of one that is an engine's."""
    return {
        "argv": [
            python or sys.executable,
            "-Xfrozen_modules=off",
            "-m",
            "ipcluster.shell.kernel.app",
            "-f",
            "{connection_file}",
            *face,
        ],
        "display_name": display_name or f"{_title(face)} (ipshell)",
        "language": "python",
        "interrupt_mode": "message" if face else "signal",
        "kernel_protocol_version": "5.5",
        "metadata": {
            "debugger": True,
            "supported_features": ["debugger", *([] if face else ["kernel subshells"])],
            "supported_encryption": "curve",
        },
    }


def _title(face: Sequence[str]) -> str:
    """What menus call it: several engines are told apart."""
    told = dict(zip(face[::2], face[1::2], strict=True))
    engine = told.get("--engine")
    if engine is None:
        return "Python 3"
    cluster = told.get("--cluster", "")
    if os.sep in cluster:  # a ticket: its folder is the cluster's
        folder = os.path.basename(os.path.dirname(os.path.abspath(cluster)))
        cluster = folder.removeprefix("cluster_")
    return f"Engine {engine} of {cluster}" if cluster else f"Engine {engine}"


def install(
    *,
    prefix: str | None = None,
    user: bool = False,
    name: str = NAME,
    display: str = "",
    face: Sequence[str] = (),
) -> str:
    """Write the kernel spec; the folder it is in."""
    if prefix is not None:
        base = os.path.join(prefix, "share", "jupyter")
    elif user:
        base = _user_folder()
    else:
        base = os.path.join(sys.prefix, "share", "jupyter")
    folder = os.path.join(base, "kernels", name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "kernel.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(kernel_spec(display_name=display, face=face), file, indent=1)
    return folder


def _user_folder() -> str:
    given = os.environ.get("JUPYTER_DATA_DIR")
    if given:
        return given
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Jupyter")
    if os.name == "nt":
        return os.path.join(os.environ.get("APPDATA", home), "jupyter")
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(data, "jupyter")


def main(words: Sequence[str]) -> int:
    """The command line; its exit status."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="ipshell kernel install",
        description="Tell Jupyter's programs that there is this kernel.",
        epilog="example: ipshell kernel install --user --name ipshell",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user")
    where.add_argument("--prefix", help="below this folder")
    where.add_argument(
        "--sys-prefix",
        action="store_true",
        help="in this environment (the default)",
    )
    parser.add_argument("--name", default=NAME, help="its name; default %(default)s")
    parser.add_argument("--display-name", default="", help="what menus show")
    parser.add_argument("--engine", type=int, help="be this engine of a cluster")
    parser.add_argument("--cluster", help="its cluster; else the most recent")
    parser.add_argument("--profile", help="the cluster's profile")
    given = parser.parse_args(list(words))
    face: list[str] = []
    for name in ("profile", "cluster", "engine"):
        if getattr(given, name) is not None:
            face += [f"--{name}", str(getattr(given, name))]
    if face and given.engine is None:
        parser.error("--engine says which engine of the cluster is meant")
    if face and given.name == NAME:
        given.name = f"{NAME}-engine-{given.engine}"
    try:
        folder = install(
            prefix=given.prefix,
            user=given.user,
            name=given.name,
            display=given.display_name,
            face=face,
        )
    except OSError as error:
        print(
            f"cannot write the kernel spec: {error}\n"
            "try --user, or --prefix with a folder that you may write to",
            file=sys.stderr,
        )
        return 1
    print(f"installed kernel spec {given.name!r} in {folder}")
    return 0
