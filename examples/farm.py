"""An uneven farm: tasks of very different length, results as they come.

    ipcluster start -n 4 --daemonize
    python examples/farm.py

Some numbers are factored in no time and some are not, and nobody knows which before.
A load-balanced view keeps every engine busy: work that waits behind a long task is
given to an engine that is idle. `imap` hands out results in the order in which they are
done, and takes new numbers only as fast as they are used up.
"""

import sys
from collections.abc import Iterator

import ipcluster as ipp

NUMBERS = 300


def numbers() -> Iterator[int]:
    """Large odd numbers: some fall apart at once, some are prime."""
    for n in range(NUMBERS):
        yield 10**11 + 2 * n + 1


def factor(number: int) -> tuple[int, list[int]]:
    """The number and its prime factors, by trial division."""
    left, divisor, factors = number, 2, []
    while divisor * divisor <= left:
        while left % divisor == 0:
            factors.append(divisor)
            left //= divisor
        divisor += 1
    return number, factors + [left] * (left > 1)


def show(done: int) -> None:
    """A bar on the terminal; nothing when there is none."""
    if sys.stderr.isatty():
        bar = "#" * (40 * done // NUMBERS)
        print(f"\r{bar:40} {done}/{NUMBERS}", end="", file=sys.stderr, flush=True)


def main() -> None:
    found: dict[int, list[int]] = {}
    out_of_order = 0
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc.load_balanced_view()
        expected = list(numbers())
        for number, factors in view.imap(factor, numbers(), ordered=False):
            out_of_order += number != expected[len(found)]
            found[number] = factors
            show(len(found))

        # The same with a progress bar of the library's: tqdm, if that is installed.
        again = view.map_async(factor, expected[:60])
        again.wait_interactive(interval=0.05)

    assert sorted(found) == expected
    for number, factors in found.items():
        product = 1
        for one in factors:
            product *= one
        assert product == number
    assert dict(again.get()) == {n: found[n] for n in expected[:60]}
    primes = [number for number, factors in found.items() if len(factors) == 1]
    print(f"{len(primes)} of {len(found)} are prime; {out_of_order} came out of turn")


if __name__ == "__main__":
    main()
