"""When the controller's loop stays awake."""

from __future__ import annotations

from ipcluster.wire.spin import AWAKE, LONGEST, Spin


def after(*waits: float) -> Spin:
    spin = Spin()
    for wait in waits:
        spin.note(wait)
    return spin


def test_a_loop_that_has_just_begun_sleeps() -> None:
    assert not Spin().pays


def test_it_stays_awake_once_things_follow_closely() -> None:
    assert not after(AWAKE / 4).pays
    assert after(*[AWAKE / 4] * 20).pays


def test_it_sleeps_again_when_work_takes_longer() -> None:
    assert not after(*[AWAKE / 4] * 20, *[AWAKE * 2] * 20).pays


def test_one_pause_is_soon_forgotten() -> None:
    spin = after(*[AWAKE / 4] * 50, 3600.0)
    for _ in range(5):
        spin.note(AWAKE / 4)
    assert spin.pays


def test_waits_of_mixed_length_that_are_long_on_average_do_not_pay() -> None:
    assert not after(*[0.0, LONGEST] * 50).pays


class Poll:
    """Something comes at the look with this number, or when it sleeps."""

    def __init__(self, comes_at: int) -> None:
        self.comes_at = comes_at
        self.looks = 0
        self.slept: list[float | None] = []

    def __call__(self, timeout: float | None) -> list[str]:
        if timeout == 0:
            self.looks += 1
            return ["it"] if self.looks == self.comes_at else []
        self.slept.append(timeout)
        return ["it"]


def test_what_comes_soon_is_found_without_sleep() -> None:
    poll = Poll(comes_at=2)

    assert after(*[0.0] * 20).wait(poll, 5.0, awake=True) == ["it"]
    assert poll.slept == []


def test_what_does_not_come_soon_is_slept_for() -> None:
    poll = Poll(comes_at=-1)

    assert after(*[0.0] * 20).wait(poll, 5.0, awake=True) == ["it"]
    assert poll.looks > 0
    assert poll.slept == [5.0]


def test_it_is_slept_for_at_once_where_looking_does_not_pay_or_is_not_wanted() -> None:
    poll = Poll(comes_at=1)

    assert Spin().wait(poll, 5.0, awake=True) == ["it"]
    assert after(*[0.0] * 20).wait(poll, None, awake=False) == ["it"]
    assert poll.looks == 0
    assert poll.slept == [5.0, None]
