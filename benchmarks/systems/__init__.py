"""The measured systems: one adapter a file, all to the interface in `system.py`.

An adapter does the least that the system's own manual asks of a user. Each is made and
used in a process of its own (`measure.py`), which may be of another interpreter, so
here nothing of the systems themselves is imported.
"""

from benchmarks.systems.dask import Dask
from benchmarks.systems.executor import Executor
from benchmarks.systems.ipyparallel import IPyParallel
from benchmarks.systems.loky import Loky
from benchmarks.systems.ours import Ours, OursOverTcp
from benchmarks.systems.parsl import Parsl
from benchmarks.systems.pool import Pool
from benchmarks.systems.ray import Ray
from benchmarks.systems.system import System

OURS: tuple[type[System], ...] = (Ours, OursOverTcp)
ALWAYS: tuple[type[System], ...] = (Pool, Executor)
OPTIONAL: tuple[type[System], ...] = (Loky, IPyParallel, Ray, Dask, Parsl)

SYSTEMS: dict[str, type[System]] = {
    kind.name: kind for kind in (*OURS, *ALWAYS, *OPTIONAL)
}
PEERS = tuple(kind.name for kind in (*ALWAYS, *OPTIONAL))
