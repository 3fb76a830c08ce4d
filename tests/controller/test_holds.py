"""Counting who maps which segment."""

from ipcluster.controller.holds import CONTROLLER, Holds
from ipcluster.wire.messages import Segment

ENGINE, OTHER, CLIENT = ("engine", 1), ("engine", 2), ("client", 7)
A, B = Segment("a", 0, 10), Segment("b", 0, 10)


def test_the_maker_hears_when_the_last_hold_is_gone() -> None:
    holds = Holds()
    holds.hold(CONTROLLER, [A], CLIENT)
    holds.hold(ENGINE, [A], CONTROLLER)

    assert holds.release(CONTROLLER, ["a"]) == {}
    assert holds.release(ENGINE, ["a"]) == {CLIENT: ["a"]}
    assert len(holds) == 0


def test_holds_are_counted() -> None:
    holds = Holds()
    holds.hold(ENGINE, [A, A], CLIENT)

    assert holds.release(ENGINE, ["a"]) == {}
    assert holds.release(ENGINE, ["a"]) == {CLIENT: ["a"]}


def test_who_never_had_it_cannot_release_it() -> None:
    holds = Holds()
    holds.hold(ENGINE, [A], CLIENT)

    assert holds.release(OTHER, ["a", "none"]) == {}
    assert holds.is_held(ENGINE, "a")
    assert not holds.is_held(OTHER, "a")
    assert not holds.is_held(ENGINE, "none")


def test_a_party_that_ends_lets_go_of_all_that_it_holds() -> None:
    holds = Holds()
    holds.hold(ENGINE, [A, A, B], CLIENT)
    holds.hold(OTHER, [B], CLIENT)

    assert holds.on_gone(ENGINE) == {CLIENT: ["a"]}
    assert holds.release(OTHER, ["b"]) == {CLIENT: ["b"]}


def test_a_holder_may_say_anew_what_it_holds() -> None:
    holds = Holds()
    holds.hold(ENGINE, [A, A, B], CLIENT)
    holds.hold(OTHER, [B], CLIENT)

    assert holds.restate(ENGINE, ["a", "never seen"]) == {}

    assert not holds.is_held(ENGINE, "b")
    assert holds.release(OTHER, ["b"]) == {CLIENT: ["b"]}
    assert holds.release(ENGINE, ["a"]) == {CLIENT: ["a"]}
    assert len(holds) == 0


def test_what_a_holder_does_not_name_is_free() -> None:
    holds = Holds()
    holds.hold(ENGINE, [A, A, B], CLIENT)

    assert holds.restate(ENGINE, ["b", "b"]) == {CLIENT: ["a"]}

    assert holds.release(ENGINE, ["b"]) == {}
    assert holds.release(ENGINE, ["b"]) == {CLIENT: ["b"]}


def test_what_a_party_made_is_the_controllers_when_it_has_ended() -> None:
    holds = Holds()
    holds.hold(CLIENT, [A], ENGINE)

    assert holds.on_gone(ENGINE) == {}
    assert holds.release(CLIENT, ["a"]) == {CONTROLLER: ["a"]}
