"""Does what a page of the documentation says, and looks at what it promises.

    python tests/documents/follow.py docs/shell.md FOLDER

All blocks of a page, in order, in one shell whose home and working folder are new ones
in FOLDER:

    ```python    a cell; each `# => value` in it is what the line gives
    ```ipython   `In [1]:` and what is shown after it; `...` stands for anything
    ```console   `$ command` and what it prints

A comment before a block makes something else of it:

    <!-- file: NAME -->    it is written to that file
    <!-- config -->        it is a config file: every name in it has to be known
    <!-- needs: MODULE --> it is left out where that is not installed
    <!-- not here -->      it wants what no test has; somebody has tried it by hand

Other blocks are for the eye.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.frontend import FrontEnd

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What a person's shell has in its environment, and the prompt would heed.
PERSONAL = ("JUPYTER_PATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "XDG_DATA_HOME")
# Seconds that one command of a console gets.
PATIENCE = 60


class Block(NamedTuple):
    """A fenced block: where it begins, what it is, what is in it."""

    line: int
    mark: str
    language: str
    text: str


def blocks_of(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    fence = r"^(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$"
    for found in re.finditer(fence, page, re.DOTALL | re.MULTILINE):
        line = page.count("\n", 0, found.start()) + 1
        yield Block(line, found[1] or "", found[2], found[3])


def steps_of(transcript: str) -> Iterator[tuple[str, str]]:
    """The inputs of a session that was written down, and what is shown after each."""
    for part in re.split(r"^In \[\d+\]: ?", transcript, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines()
        code = [first]
        while rest and (more := re.match(r" +\.\.\.: ?", rest[0])):
            code.append(rest.pop(0)[more.end() :])
        shown = re.sub(r"^Out\[\d+\]: ?", "", "\n".join(rest), flags=re.MULTILINE)
        yield "\n".join(code), shown.strip("\n")


def commands_of(transcript: str) -> Iterator[tuple[str, str]]:
    """The commands of a console, and what each prints."""
    for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed.strip("\n")


def promised(code: str) -> str:
    """Code with each `# => value` made an assertion."""
    return re.sub(
        r"^(\S.*?)  # => (.*)$",
        lambda line: f"_given = {line[1]}\nassert repr(_given) == {line[2]!r}, _given",
        code,
        flags=re.MULTILINE,
    )


def is_as_said(wanted: str, got: str) -> bool:
    """Whether this was shown, `...` being anything."""
    return doctest.OutputChecker().check_output(settled(wanted), settled(got), FLAGS)


def settled(text: str) -> str:
    """Text without what is another each time: durations, and lines in libraries."""
    text = re.sub(r"^The slowest run took .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"[\d.]+ (?:[nm\u03bc\u00b5]?s)\b", "N s", text.strip())
    return re.sub(r"\.py:\d+ in", ".py:N in", text) + "\n"


class Screen(FrontEnd):
    """A front end whose events are text among what is printed."""

    def emit(self, event: e.Event) -> None:
        if isinstance(event, e.Error):
            print("\n".join(event.traceback))
        elif isinstance(event, e.NextInput):
            print(event.text)
        else:
            super().emit(event)


class Reader:
    """Somebody who follows a page; `wrong` has what was not as it says."""

    def __init__(self, page: str) -> None:
        from ipcluster.engines.interpreter.configuration.application import (
            Settings,
            TerminalIPythonApp,
        )
        from ipcluster.engines.interpreter.configuration.config import Config
        from ipcluster.engines.interpreter.session import open_shell
        from ipcluster.shell.terminal.shell import TerminalInteractiveShell

        self.page = page
        self.wrong: list[str] = []
        self.shell: Any = open_shell(Screen(), shell_class=TerminalInteractiveShell)
        settings = Settings(TerminalIPythonApp, Config())
        settings.prepare_folders()
        settings.give_to(self.shell)

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        kind, _, name = block.mark.partition(": ")
        if kind == "file":
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(block.text)
        elif kind == "config":
            self._look(block, "the config", "", complaints_of(block.text))
        elif kind == "not here" or (kind == "needs" and find_spec(name) is None):
            pass
        elif block.language == "python":
            shown = self._shown_by(promised(block.text))
            if not self.shell.last_execution_succeeded:
                self.wrong.append(f"{self.page}:{block.line}:\n{block.text}\n{shown}")
        elif block.language == "ipython":
            for code, wanted in steps_of(block.text):
                self._look(block, code, wanted, self._shown_by(code))
        elif block.language == "console":
            for command, wanted in commands_of(block.text):
                self._look(block, command, wanted, printed_by(command))

    def _look(self, block: Block, what: str, wanted: str, got: str) -> None:
        if not is_as_said(wanted, got):
            self.wrong.append(
                f"{self.page}:{block.line}: {what}\nwants:\n{wanted}\ngot:\n{got}\n"
            )

    def _shown_by(self, code: str) -> str:
        out, err, screen = sys.stdout, sys.stderr, StringIO()
        sys.stdout = sys.stderr = screen
        try:
            self.shell.run_cell(code, store_history=True)
        finally:
            sys.stdout, sys.stderr = out, err
        return screen.getvalue()

    def close(self) -> None:
        self.shell.close()


def complaints_of(text: str) -> str:
    """What is wrong with a config file."""
    import ipcluster.shell.terminal.shell
    from ipcluster.engines.interpreter.configuration.checking import unknown_names
    from ipcluster.engines.interpreter.configuration.config import Config
    from ipcluster.engines.interpreter.configuration.files import read_file
    from ipcluster.engines.interpreter.configuration.options import OptionError

    assert ipcluster.shell.terminal.shell
    path = Path("looked_at_config.py")
    path.write_text(text)
    config = Config()
    read_file(str(path), config)
    complaints = [*config.take_complaints(), *unknown_names(config)]
    try:
        ipcluster.shell.terminal.shell.TerminalInteractiveShell(Screen(), config=config)
    except OptionError as error:
        complaints.append(str(error))
    complaints += config.take_complaints()
    return "\n".join(complaints)


def printed_by(command: str) -> str:
    """What a command prints, on either stream."""
    done = subprocess.run(
        ["sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout


def begin_in(folder: Path) -> None:
    """Have a home and a working folder in this one, and nothing of the person's."""
    for name in PERSONAL:
        os.environ.pop(name, None)
    for name in ("home", "work"):
        (folder / name).mkdir()
    programs = str(Path(sys.executable).parent)
    os.environ |= {
        "HOME": str(folder / "home"),
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")]),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "COLUMNS": "80",
        "TERM": "dumb",
    }
    os.chdir(folder / "work")


def main(path: str, folder: str) -> int:
    """Follow a page; the exit status."""
    path = os.path.abspath(path)
    begin_in(Path(folder).absolute())
    reader = Reader(path)
    languages = ("ipython",) if Path(path).name == "README.md" else ()
    try:
        for block in blocks_of(Path(path).read_text(encoding="utf-8")):
            if not languages or block.language in languages:
                reader.follow(block)
    finally:
        reader.close()
    print("\n".join(reader.wrong))
    return 1 if reader.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
