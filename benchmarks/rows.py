"""All rows, in the order of the table. A new one is a module with `ROWS`."""

from __future__ import annotations

from benchmarks import (
    apply_all,
    broadcast,
    chain,
    death,
    flat_memory,
    many_engines,
    memory,
    prompts,
    protocol,
    pull,
    roundtrip,
    startup,
    throughput,
)
from benchmarks import map as map_row
from benchmarks.row import Row

ROWS: tuple[Row, ...] = (
    *throughput.ROWS,
    *roundtrip.ROWS,
    *map_row.ROWS,
    *broadcast.ROWS,
    *pull.ROWS,
    *startup.ROWS,
    *memory.ROWS,
    *apply_all.ROWS,
    *chain.ROWS,
    *death.ROWS,
    *flat_memory.ROWS,
    *many_engines.ROWS,
    *prompts.ROWS,
    *protocol.ROWS,
)


def find(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
