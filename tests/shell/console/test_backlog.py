"""What has been told and not shown: bounded, and never a deadlock."""

from __future__ import annotations

import threading

from ipcluster.shell.console.backlog import Backlog
from ipcluster.shell.console.remote import Note, Pressed, Told


def told(number: int) -> Told:
    return Told(Note(str(number)))


def test_who_tells_too_much_waits_until_some_of_it_is_shown() -> None:
    backlog, sent = Backlog(2), threading.Semaphore(0)

    def tell() -> None:
        for number in range(4):
            backlog.put(told(number))
            sent.release()

    teller = threading.Thread(target=tell)
    teller.start()
    assert sent.acquire(timeout=20)
    assert sent.acquire(timeout=20)
    assert not sent.acquire(timeout=0.05)

    assert [backlog.get() for _ in range(4)] == [told(n) for n in range(4)]
    teller.join(20)
    assert not teller.is_alive()
    assert backlog.get_nowait() is None


def test_a_press_and_the_one_who_shows_never_wait() -> None:
    backlog = Backlog(1)

    for number in range(3):
        backlog.put(told(number))
    backlog.put_at_once(Told(Pressed()))

    assert [backlog.get() for _ in range(3)] == [told(n) for n in range(3)]
    assert backlog.get() == Told(Pressed())


def test_nobody_waits_once_it_is_closed() -> None:
    backlog = Backlog(1)

    def tell() -> None:
        for number in range(5):
            backlog.put(told(number))

    tellers = [threading.Thread(target=tell) for _ in range(3)]
    for teller in tellers:
        teller.start()

    backlog.close()

    for teller in tellers:
        teller.join(20)
    assert not any(teller.is_alive() for teller in tellers)
