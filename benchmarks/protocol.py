"""The kernel over Jupyter's protocol: start, cells, output, interrupt, memory."""

from __future__ import annotations

import os
import signal
import statistics
import time

from benchmarks.kernels import PEERS
from benchmarks.kernels.kernel import Kernel
from benchmarks.processes import family, pss_bytes
from benchmarks.row import Figure, Row
from benchmarks.systems.system import System

OURS = "ipshell-kernel"
LINES = 100_000
MB = 1e6


def _kernel(system: System) -> Kernel:
    assert isinstance(system, Kernel)
    return system


def start(system: System, quick: bool) -> Figure:
    """From the command until `kernel_info_reply` is here."""
    kernel = _kernel(system)
    with kernel.running():
        pass  # its files are in the system's cache
    took = []
    for _ in range(2 if quick else 5):
        with kernel.running() as session:
            took.append(session.seconds)
    return Figure(1e3 * statistics.median(took))


def empty_cell(system: System, quick: bool) -> Figure:
    """`pass`, until both its reply and the end of its output are here."""
    number = 100 if quick else 500
    with _kernel(system).running() as session:
        client = session.client
        client.settle()
        for _ in range(20):
            client.execute("pass")
        took = sorted(client.execute("pass")[0] for _ in range(number))
    worst = took[int(0.99 * number)]
    return Figure(1e3 * statistics.median(took), f"p99 {1e3 * worst:.1f}")


def lines(system: System, quick: bool) -> Figure:
    """`print("line", n)` so often, until the client has all of it."""
    with _kernel(system).running() as session:
        client = session.client
        client.settle()
        client.execute("pass")
        rates = []
        for _ in range(2 if quick else 3):
            took, seen = client.execute(f"for n in range({LINES}): print('line', n)")
            assert seen == LINES, f"{seen:,} lines have come"
            rates.append(LINES / took)
    return Figure(statistics.median(rates))


def interrupt(system: System, quick: bool) -> Figure:
    """From the signal, to the process group as Jupyter sends it, until the reply."""
    took = []
    with _kernel(system).running() as session:
        client = session.client
        client.settle()
        for number in range(5 if quick else 20):
            # In one piece: a kernel may send what is printed in several.
            text = f"round {number} runs"
            client.start(f"print({text!r}, end='')\nwhile True: pass")
            client.until_printed(text.encode())
            began = time.perf_counter()
            os.killpg(session.process.pid, signal.SIGINT)
            reply = client.reply()
            took.append(time.perf_counter() - began)
            assert reply["ename"] == "KeyboardInterrupt", reply
    worst = 1e3 * max(took)
    return Figure(1e3 * statistics.median(took), f"worst {worst:.1f}")


def completion(system: System, quick: bool) -> Figure:
    """The first completions of `np.`, numpy loaded."""
    with _kernel(system).running() as session:
        client = session.client
        client.settle()
        client.execute("import numpy as np")
        began = time.perf_counter()
        client.send("complete_request", {"code": "np.", "cursor_pos": 3})
        reply = client.reply()
        took = time.perf_counter() - began
        assert any(one.endswith("arange") for one in reply["matches"])
    return Figure(1e3 * took, f"{len(reply['matches'])} names")


def memory(system: System, quick: bool) -> Figure:
    """All processes of an idle kernel that has run a cell."""
    with _kernel(system).running() as session:
        session.client.settle()
        session.client.execute("pass")
        processes = family()
        total = sum(pss_bytes(pid) for pid in processes)
    return Figure(total / MB, f"{len(processes)} processes")


def _row(
    name: str,
    what: str,
    unit: str,
    target: float,
    measure: object,
    factor: float | None = None,
    *,
    more_is_better: bool = False,
) -> Row:
    return Row(
        name,
        what,
        unit,
        target,
        measure,  # type: ignore[arg-type]  # one of the functions above
        more_is_better=more_is_better,
        ours=(OURS,),
        peers=PEERS,
        factors={} if factor is None else {"ipykernel": factor},
    )


ROWS = (
    _row("kernel_start", "start to `kernel_info_reply`", "ms", 185, start, 2.0),
    _row(
        "kernel_cell", "empty cell over the protocol, p50", "ms", 1.6, empty_cell, 2.5
    ),
    _row(
        "kernel_lines",
        "100,000 printed lines to the client",
        "lines/s",
        130_000,
        lines,
        3.0,
        more_is_better=True,
    ),
    _row("kernel_interrupt", "interrupt of a Python loop, p50", "ms", 50, interrupt),
    _row("kernel_popup", "first completions of `np.`", "ms", 137, completion),
    _row("kernel_memory", "memory (PSS) of an idle kernel", "MB", 31, memory, 1 / 0.6),
)
