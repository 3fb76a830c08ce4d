"""The shell at a terminal: how soon it is there, and what a cell costs."""

from __future__ import annotations

import statistics
import sys

from benchmarks.row import Figure, Row
from benchmarks.shells import PEERS
from benchmarks.shells.shell import Shell, cpu_of
from benchmarks.systems.system import NotOffered, System

OURS = "ipshell"

# How often a start is measured in one run: each is short, and the machine is noisy.
STARTS = 5


def _shell(system: System) -> Shell:
    assert isinstance(system, Shell)
    return system


def start(system: System, quick: bool) -> Figure:
    """Processor time when the prompt appears, then whether it takes keys."""
    shell = _shell(system)
    with shell.at_prompt():
        pass  # its files are made, and in the system's cache
    cpu, answered = [], []
    for _ in range(2 if quick else STARTS):
        with shell.at_prompt() as terminal:
            cpu.append(terminal.cpu_seconds())
            terminal.type(b"6 * 7\r")
            answered.append(terminal.wait_for(b"42"))
    note = f"keys typed then are answered after {1e3 * min(answered):.0f} ms"
    return Figure(1e3 * min(cpu), note)


def one_cell(system: System, quick: bool) -> Figure:
    """`-c pass` beside the same Python without the shell."""
    shell = _shell(system)
    command = shell.cell_command("pass")
    bare = [sys.executable, "-c", "pass"]
    cpu_of(command)
    number = 3 if quick else 2 * STARTS
    ours = min(cpu_of(command) for _ in range(number))
    base = min(cpu_of(bare) for _ in range(number))
    return Figure(ours / base, f"{1e3 * ours:.0f} ms, bare {1e3 * base:.0f} ms")


def modules(system: System, quick: bool) -> Figure:
    return Figure(_shell(system).modules())


def popup(system: System, quick: bool) -> Figure:
    """From Tab until completions are on the screen; the first of the session."""
    shell = _shell(system)
    if not shell.has_menu:
        raise NotOffered
    with shell.at_prompt() as terminal:
        terminal.type(b"import numpy as np; print('it is', 'there')\r")
        terminal.wait_for(b"it is there")
        terminal.type(b"np.")
        terminal.wait_for(b"np.", after=terminal.text.rindex(b"it is there"))
        seen = len(terminal.text)
        terminal.type(b"\t")
        took = terminal.wait_for(b"absolute", after=seen)
    return Figure(1e3 * took)


def long_history(system: System, quick: bool) -> Figure:
    """How much more processor time a start takes with 100,000 inputs in the history."""
    shell = _shell(system)

    def median() -> float:
        found = []
        for _ in range(2 if quick else STARTS + 2):
            with shell.at_prompt() as terminal:
                found.append(terminal.cpu_seconds())
        return statistics.median(found)

    with shell.at_prompt():
        pass
    empty = median()
    shell.fill_history(100_000)
    return Figure(1e3 * (median() - empty), f"without {1e3 * empty:.0f} ms")


def cells(system: System, quick: bool) -> Figure:
    number = 300 if quick else 2000
    return Figure(1e3 * _shell(system).run_cells(number) / number)


def _row(name: str, what: str, unit: str, target: float, measure: object) -> Row:
    return Row(
        name,
        what,
        unit,
        target,
        measure,  # type: ignore[arg-type]  # one of the functions above
        more_is_better=False,
        ours=(OURS,),
        peers=PEERS,
    )


ROWS = (
    _row("shell_start", "start to a prompt that takes keys, CPU", "ms", 110, start),
    _row("shell_pass", "`-c pass`, CPU beside `python -c pass`", "x", 6, one_cell),
    _row(
        "shell_modules", "modules imported at the first prompt", "modules", 150, modules
    ),
    _row("shell_popup", "first completions of `np.`, numpy loaded", "ms", 100, popup),
    _row(
        "shell_history",
        "CPU of a start that 100,000 inputs in the history add",
        "ms",
        5,
        long_history,
    ),
    _row("shell_cell", "a cell `pass`, kept in the history", "ms", 0.3, cells),
)
