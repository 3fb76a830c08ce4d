"""Magics that install packages into the environment this Python runs in."""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

# Of conda's commands, those that are about an environment, and those that ask.
_OF_ENVIRONMENT = ("install", "list", "remove", "uninstall", "update", "upgrade")
_ASKING = ("install", "remove", "uninstall", "update", "upgrade")
_CHANGING = ("install", "uninstall", "remove", "update", "upgrade", "sync", "add")

NOTE = (
    "A module that is imported already stays as it is: start the shell anew to use "
    "its new version."
)


@magics_class
class PackageMagics(Magics):
    """Packages."""

    def _run(self, program: list[str], line: str) -> None:
        """Run an installer as a command of the user's."""
        from importlib import invalidate_caches
        from shlex import join

        from ipcluster.engines.interpreter.system import run_command

        command = join(program)
        if sys.platform == "win32":
            from subprocess import list2cmdline

            command = list2cmdline(program)
        run_command(self.shell, f"{command} {line.strip()}".rstrip())
        if any(word in _CHANGING for word in line.split()):
            invalidate_caches()
            print(NOTE)

    @line_magic
    def pip(self, line: str) -> None:
        """Run pip for the Python that runs here: `%pip install numpy`."""
        from importlib.util import find_spec

        if find_spec("pip") is None:
            raise UsageError(
                "there is no pip in this environment; use %uv pip ..., "
                "or !python -m ensurepip"
            )
        self._run([sys.executable, "-m", "pip"], line)

    @line_magic
    def uv(self, line: str) -> None:
        """Run uv for the environment that runs here: `%uv pip install numpy`."""
        from importlib.util import find_spec
        from shutil import which

        program = which("uv")
        if program is None and find_spec("uv") is not None:
            run = [sys.executable, "-m", "uv"]
        elif program is None:
            raise UsageError("there is no uv on $PATH; %pip install uv")
        else:
            run = [program]
        words = line.split()
        if words[:1] == ["pip"] and "--python" not in words and len(words) > 1:
            command, _, rest = line.strip()[3:].strip().partition(" ")
            line = f"pip {command} --python {_quoted(sys.executable)} {rest}"
        self._run(run, line)

    @line_magic
    def conda(self, line: str) -> None:
        """Run conda for the environment that runs here: `%conda install numpy`."""
        self._conda("conda", line)

    @line_magic
    def mamba(self, line: str) -> None:
        """Run mamba for the environment that runs here: `%mamba install numpy`."""
        self._conda("mamba", line)

    @line_magic
    def micromamba(self, line: str) -> None:
        """Run micromamba for the environment that runs here."""
        self._conda("micromamba", line)

    def _conda(self, name: str, line: str) -> None:
        if not os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
            raise UsageError(
                f"{sys.prefix} is no environment of conda's; use %pip install ..."
            )
        words = line.split()
        command = words[0] if words else ""
        options = []
        if command in _OF_ENVIRONMENT and not _has(
            words, "-p", "--prefix", "-n", "--name"
        ):
            options += ["--prefix", sys.prefix]
        if command in _ASKING and not _has(words, "-y", "--yes", "--dry-run"):
            options.append("--yes")
        rest = line.strip()[len(command) :].strip()
        text = " ".join([command, *map(_quoted, options), rest])
        self._run([_program(name)], text)


def _has(words: list[str], *options: str) -> bool:
    return any(word.partition("=")[0] in options for word in words)


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)


def _program(name: str) -> str:
    """Where conda and its kin are: beside this Python, at its base, or on $PATH."""
    from shutil import which

    named = os.environ.get("CONDA_EXE" if name == "conda" else "MAMBA_EXE", "")
    if os.path.basename(named).partition(".")[0] == name and os.path.exists(named):
        return named
    base = os.path.dirname(os.path.dirname(sys.prefix))
    for prefix in (sys.prefix, base):
        for folder in ("bin", "condabin", "Scripts"):
            found = which(name, path=os.path.join(prefix, folder))
            if found is not None:
                return found
    found = which(name)
    if found is None:
        raise UsageError(f"there is no {name} in {sys.prefix} or on $PATH")
    return found
