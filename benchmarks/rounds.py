"""Runs rows: every system once in each round, so that all see the same weather.

A measurement is a process with folders of its own; what it leaves running is killed,
and said.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import MARK, end_marked
from benchmarks.row import Row

ROOT = Path(__file__).resolve().parent.parent
# Seconds that a system's processes get to end after it was stopped.
ENDING = 5.0


@dataclass
class Samples:
    """What the rounds gave for one system in one row."""

    system: str
    values: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    left: int = 0
    """Processes that it left behind, at most."""

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    def add(self, found: dict[str, Any]) -> None:
        self.left = max(self.left, found.get("left", 0))
        if "value" in found:
            self.values.append(found["value"])
            self.notes.append(found["note"])
        else:
            self.failure = found.get("error", "not offered")

    @property
    def note(self) -> str:
        """That of the median run, and what went wrong."""
        median = self.median
        parts = []
        if median is not None:
            nearest = min(self.values, key=lambda value: abs(value - median))
            parts.append(self.notes[self.values.index(nearest)])
        if self.failure:
            parts.append(self.failure)
        if self.left:
            parts.append(f"{self.left} processes left after the stop")
        return "; ".join([part for part in parts if part])


def measure(row: Row, system: str, python: str, *, quick: bool) -> dict[str, Any]:
    """One measurement, in a process and a folder of its own."""
    mark = secrets.token_hex(8)
    # A short path: sockets lie below it, and theirs have 107 bytes at most.
    with tempfile.TemporaryDirectory(
        prefix="ipb-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:
        answer = Path(folder) / "answer.json"
        command = [python, "-m", "benchmarks.measure", row.name, system, str(answer)]
        found = _run(command + ["--quick"] * quick, folder, mark, row.timeout)
        if not found and answer.exists():
            found = json.loads(answer.read_text())
        elif not found:
            found = {"error": "it ended without an answer"}
        if "value" in found:
            found["left"] = end_marked(mark, ENDING)
        else:
            end_marked(mark, 0.5)  # nobody has stopped anything, perhaps
        if "error" in found:
            _show_end(Path(folder) / "output")
    return found


def _run(command: list[str], folder: str, mark: str, timeout: float) -> dict[str, Any]:
    with open(Path(folder) / "output", "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(command[0], folder, mark),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return {"error": f"not done within {timeout:.0f} s"}
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            end_marked(mark, 2.0)
            raise
    return {}


def _environment(python: str, folder: str, mark: str) -> dict[str, str]:
    """Folders of its own, our modules on the path, and the mark."""
    # Some systems start their parts by the names of scripts beside the interpreter.
    scripts = str(Path(python).absolute().parent)
    ours = {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
        MARK: mark,
        "IPCLUSTER_DIR": f"{folder}/c",
        "XDG_RUNTIME_DIR": folder,
        "IPYTHONDIR": f"{folder}/i",
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        ).rstrip(os.pathsep),
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("IPCLUSTER_")}
    return kept | ours


def _show_end(file: Path) -> None:
    if file.exists():
        lines = file.read_text(errors="replace").splitlines()[-12:]
        print("\n".join(f"    | {line}" for line in lines), file=sys.stderr)


def run_row(
    row: Row,
    systems: Sequence[str],
    runs: int,
    *,
    quick: bool,
    python_of: Callable[[str], str],
    say: Callable[[str], None],
) -> list[Samples]:
    """All rounds of one row. A system that failed once is not asked again."""
    samples = {system: Samples(system) for system in systems}
    for run in range(runs):
        for system, sample in samples.items():
            if sample.failure:
                continue
            say(f"{row.name}: run {run + 1} of {runs}: {system}")
            sample.add(measure(row, system, python_of(system), quick=quick))
    return list(samples.values())
