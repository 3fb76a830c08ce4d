"""A cluster for as long as a block lasts, started and stopped by the program itself.

    python examples/own_cluster.py

Nothing needs to run before. When the block ends, by an error as well, every process
has ended and every file is gone.
"""

import os

import ipcluster as ipp


def main() -> None:
    with ipp.Cluster(n=2) as rc:
        pids = rc[:].apply_sync(os.getpid)
        squares = rc[:].map_sync(lambda x: x * x, range(10))
        print(f"engines {rc.ids} are processes {pids}")

    assert len({os.getpid(), *pids}) == 3
    assert squares == [x * x for x in range(10)]
    for pid in pids:
        assert not is_running(pid)
    print("and they have ended:", squares)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
