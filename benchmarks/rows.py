"""All rows, in the order of the table. A new row is a module with `ROWS`, named here."""

from __future__ import annotations

from benchmarks import (
    apply_all,
    broadcast,
    chain,
    death,
    flat_memory,
    many_engines,
    map,
    memory,
    pull,
    roundtrip,
    startup,
    throughput,
)
from benchmarks.row import Row

ROWS: tuple[Row, ...] = (
    *throughput.ROWS,
    *roundtrip.ROWS,
    *map.ROWS,
    *broadcast.ROWS,
    *pull.ROWS,
    *startup.ROWS,
    *memory.ROWS,
    *apply_all.ROWS,
    *chain.ROWS,
    *death.ROWS,
    *flat_memory.ROWS,
    *many_engines.ROWS,
)


def find(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
