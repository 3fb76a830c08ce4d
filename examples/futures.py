"""concurrent.futures: a cluster where a program expects an Executor.

    ipcluster start -n 4 --daemonize
    python examples/futures.py

`rc.executor()` is a `concurrent.futures.Executor` and an AsyncResult is a Future, so
code written for a process pool runs on a cluster as it stands.
"""

from concurrent.futures import FIRST_COMPLETED, Executor, as_completed, wait

import ipcluster as ipp


def steps(n: int) -> int:
    """How many steps the Collatz sequence takes from n to 1."""
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count


def longest(first: int, stop: int) -> tuple[int, int]:
    """The longest sequence that begins in this range, and where."""
    return max((steps(n), n) for n in range(first, stop))


def search(pool: Executor, limit: int, part: int) -> tuple[int, int]:
    """The same for 1 to `limit`; any executor will do."""
    futures = [
        pool.submit(longest, first, first + part) for first in range(1, limit, part)
    ]
    done, _ = wait(futures, return_when=FIRST_COMPLETED)
    assert done
    return max(future.result() for future in as_completed(futures))


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        with rc.executor() as pool:
            assert list(pool.map(steps, [1, 27, 97])) == [0, 111, 118]
            length, start = search(pool, limit=30_000, part=2_000)

    assert (length, start) == (307, 26_623)
    print(f"below 30,000 the longest sequence is from {start:,}: {length} steps")


if __name__ == "__main__":
    main()
