"""Reconnecting: one process submits and ends, another one takes the results.

    ipcluster start -n 4 --daemonize
    python examples/reconnect.py

The first process prints the msg_ids of its tasks and goes home while they run. The
second, which could be another session on another day, asks the controller by msg_id.
"""

import subprocess
import sys
import time

import ipcluster as ipp

TASKS = 6


def cube(x: int) -> int:
    time.sleep(0.2)
    return x**3


def submit() -> None:
    """What the first process does: it does not wait for anything."""
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        result = rc.load_balanced_view().map_async(cube, range(TASKS))
        print(*result.msg_ids, flush=True)


def collect(msg_ids: list[str]) -> None:
    """What the second process does."""
    with ipp.Client() as rc:
        result = rc.get_result(msg_ids)
        assert result.get(timeout=30) == [x**3 for x in range(TASKS)]
        print(f"{TASKS} cubes that another process asked for: {result.get()}")
        print(f"computed on {len(set(result.engine_id))} engines")


def main() -> None:
    if "submit" in sys.argv:
        submit()
        return
    first = subprocess.run(
        [sys.executable, __file__, "submit"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    collect(first.stdout.split())


if __name__ == "__main__":
    main()
