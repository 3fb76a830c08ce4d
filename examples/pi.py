"""Pi by Monte Carlo: how many of many random points fall into a quarter circle?

    ipcluster start -n 8 --daemonize
    python examples/pi.py
    ipcluster stop

Every batch of points has its own seed, so the answer is the same on any number of
engines.
"""

import random
import time

import ipcluster as ipp

BATCHES = 64
POINTS = 250_000


def inside(seed: int) -> int:
    """Count those of POINTS random points that lie within 1 of the origin."""
    uniform = random.Random(seed).random
    return sum(uniform() ** 2 + uniform() ** 2 < 1 for _ in range(POINTS))


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        began = time.perf_counter()
        hits = rc.load_balanced_view().map_sync(inside, range(BATCHES))
        took = time.perf_counter() - began
        points = BATCHES * POINTS
        print(f"pi is about {4 * sum(hits) / points:.5f}")
        print(f"{points:,} points on {len(rc)} engines in {took:.1f} s")


if __name__ == "__main__":
    main()
