"""Ctrl-C is counted while something is under way, and acted on afterwards."""

from __future__ import annotations

import signal
import threading

import pytest

from ipcluster.client.interrupts import LAST_RESORT, Presses


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_press_is_raised_at_the_end() -> None:
    done: list[str] = []

    def work() -> None:
        press()
        done.append("all")

    with pytest.raises(KeyboardInterrupt), Presses():
        work()

    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_press_that_was_taken_is_not_raised() -> None:
    with Presses() as presses:
        press()

        assert presses.waiting
        assert presses.take() == 1
        assert not presses.waiting


def test_every_press_is_told() -> None:
    told: list[int] = []

    with Presses(lambda: told.append(1)) as presses:
        press()
        press()
        presses.take()

    assert told == [1, 1]


def test_presses_nobody_takes_get_out_in_the_end() -> None:
    def stuck() -> None:
        for _ in range(LAST_RESORT):
            press()

    with pytest.raises(KeyboardInterrupt), Presses() as presses:
        stuck()
    assert presses.count == LAST_RESORT
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_inner_one_leaves_it_to_the_outer_one() -> None:
    with Presses() as outer:
        with Presses() as inner:
            press()

        assert (outer.take(), inner.count) == (1, 0)


def test_other_handlers_get_the_press() -> None:
    got: list[int] = []
    before = signal.signal(signal.SIGINT, lambda signum, _frame: got.append(signum))
    try:
        with Presses():
            press()
    finally:
        signal.signal(signal.SIGINT, before)

    assert got == [signal.SIGINT]


def test_other_threads_change_nothing() -> None:
    handlers = []

    def run() -> None:
        with Presses():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert handlers == [signal.default_int_handler]
