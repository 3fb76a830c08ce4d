"""A matrix product in blocks: rows are scattered, products gathered.

    ipcluster start -n 4 --daemonize
    python examples/matrix.py  # needs numpy

Each engine gets some rows of A and the whole of B, and computes its rows of A @ B. On
one host B is written to memory once, however many engines there are.
"""

import numpy as np

import ipcluster as ipp

ROWS, INNER, COLUMNS = 600, 500, 400


def main() -> None:
    random = np.random.default_rng(seed=1)
    a = random.random((ROWS, INNER))
    b = random.random((INNER, COLUMNS))
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc[:]
        view.push({"b": b}, block=True)
        view.scatter("a", a, block=True)
        view.execute("c = a @ b", block=True)
        shapes = view.apply_sync(np.shape, ipp.Reference("c"))
        c = view.gather("c", block=True)

    assert isinstance(c, np.ndarray)
    assert np.allclose(c, a @ b)
    print("blocks of C:", *(f"{rows} x {columns}" for rows, columns in shapes))
    print(f"C is {c.shape[0]} x {c.shape[1]}, its trace {np.trace(c):.3f}")


if __name__ == "__main__":
    main()
