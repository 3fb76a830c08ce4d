"""A shell started within a virtual environment that it is not installed in.

The person wants the packages of the environment: they are put on the path, with a word
about it, for the shell's own interpreter may be another version than theirs.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.shell import InteractiveShell


def use_virtual_environment(shell: InteractiveShell) -> None:
    """Put the packages of `$VIRTUAL_ENV` on the path, unless they are there already."""
    folder = os.environ.get("VIRTUAL_ENV")
    if not folder or _is_ours(folder):
        return
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = os.path.join(folder, "lib", version, "site-packages")
    if os.path.isdir(packages):
        sys.path.insert(1 if sys.path[:1] == [""] else 0, packages)
        told = f"using the packages of the virtual environment {folder}"
    elif os.path.isdir(os.path.join(folder, "lib")):
        told = f"the virtual environment {folder} is not of {version}: it is not used"
    else:
        return
    if shell.warn_venv:
        print(f"{told}; ipshell itself is not installed there", file=sys.stderr)


def _is_ours(folder: str) -> bool:
    """Whether this Python is the environment's, by whatever links."""
    there = os.path.realpath(folder)
    if os.path.realpath(sys.prefix) == there:
        return True
    # pipenv and others name a folder of links.
    return os.path.abspath(sys.executable).startswith(os.path.abspath(folder) + os.sep)
