"""Appends results to RESULTS.md, with what one must know to read them later."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.table import Result, as_markdown

FILE = Path(__file__).resolve().parent / "RESULTS.md"


def processor() -> str:
    """The processor's name for itself."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def record(
    results: Sequence[Result], versions: Mapping[str, str], runs: int, *, quick: bool
) -> None:
    """Append one section. No names of hosts, users or folders go into it."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = [
        f"## {today}" + (" (quick)" if quick else ""),
        "",
        f"{processor()}, {os.cpu_count()} cores, {gigabytes:.0f} GiB, "
        f"{platform.system()} {platform.release().partition('-')[0]}. "
        f"Python {platform.python_version()}; {named}. Median of {runs} runs, "
        "systems taking turns.",
        "",
    ]
    new = not FILE.exists()
    with FILE.open("a", encoding="utf-8") as out:
        if new:
            out.write(
                "# Results\n\nEach section is one `python -m benchmarks --record`.\n\n"
            )
        out.write("\n".join([*head, *[as_markdown(result) for result in results], ""]))
