"""What the measured systems run: importable everywhere, and next to free."""

from __future__ import annotations

import os
import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy


def nothing(*_: Any) -> None:
    """What most rows call: all that is measured is the way there and back."""


def same(item: Any) -> Any:
    return item


def pid() -> int:
    return os.getpid()


@lru_cache(maxsize=1)
def stored(size_bytes: int) -> numpy.ndarray[Any, Any]:
    """An array that lies in the engine already when it is asked for again."""
    import numpy as np

    return np.ones(size_bytes // 8)


def echo(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    return array


_kept: dict[str, Any] = {}


def keep(array: numpy.ndarray[Any, Any]) -> int:
    """Keep an array as a variable of this engine, and look at both of its ends."""
    _kept["array"] = array
    return int(array[0] + array[-1])


def sleep_and_tell(file: str, seconds: float) -> int:
    """Write when this began and where, then sleep."""
    with open(file, "a", encoding="ascii") as out:
        out.write(f"{time.monotonic()!r} {os.getpid()}\n")
    if seconds:
        time.sleep(seconds)
    return os.getpid()


def sleep_once(file: str, seconds: float) -> int:
    """The same, but at the second attempt it does not sleep."""
    again = os.path.exists(file)
    return sleep_and_tell(file, 0.0 if again else seconds)


def version() -> str:
    return sys.version
