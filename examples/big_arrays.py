"""Large arrays: a hundred megabytes for every engine, and each may write in its own.

    ipcluster start -n 4 --daemonize
    python examples/big_arrays.py  # needs numpy

On the controller's host a large array is written once into shared memory. Engines map
it privately: they have it at once, they may write to it, and nobody sees what another
has written.
"""

import os
import time

import numpy as np

import ipcluster as ipp

MEGABYTES = 100


Array = np.ndarray[tuple[int], np.dtype[np.float64]]


def stain(array: Array, number: int) -> float:
    """Write to this engine's array; what is in it now."""
    array[:10] = number
    return float(array[:20].sum())


def main() -> None:
    size_bytes = MEGABYTES << 20
    array = np.ones(size_bytes // 8)
    with ipp.Client() as rc:
        rc.wait_for_engines(2, timeout=30)
        view = rc[:]

        # The second time the memory is there already, and only the bytes are copied.
        for when in ("first", "then"):
            began = time.perf_counter()
            view.push({"big": array}, block=True)
            took = time.perf_counter() - began
            rate = len(view) * MEGABYTES / took
            where = f"{MEGABYTES} MB to {len(view)} engines"
            print(f"{when} {where}: {took:.3f} s, {rate:,.0f} MB/s together")

        # Each engine writes to its own; neither the others nor we see it.
        stained = [rc[i].apply_sync(stain, ipp.Reference("big"), i) for i in rc.ids]
        assert stained == [10.0 + 10 * i for i in rc.ids]
        assert array.sum() == len(array)

        began = time.perf_counter()
        back = rc[rc.ids[0]].pull("big", block=True)
        took = time.perf_counter() - began
        print(f"{MEGABYTES} MB from one engine: {took:.2f} s")
        assert back.nbytes == size_bytes
        assert back[:10].sum() == 10 * rc.ids[0]
        assert (back[10:] == 1).all()
        back[0] = os.getpid()  # ours, and writable as well

        view.execute("del big", block=True)


if __name__ == "__main__":
    main()
