"""What a controller reports of its start."""

from ipcluster.launchers.controller_process import (
    StartUp,
    controller_command,
    controller_environment,
)
from ipcluster.wire.places import ClusterPlace


def test_a_start_is_complete_when_it_listens_and_all_engines_answer() -> None:
    start = StartUp(2)

    start.feed(b'{"event": "engines", "ready": 2, "of": 2}\n')
    assert not start.is_complete
    start.feed(b'{"event": "listening", "port": 40123}\n')

    assert start.is_complete
    assert start.port == 40123


def test_without_engines_listening_is_enough() -> None:
    start = StartUp(0)

    start.feed(b'{"event": "listening", "port": 1}\n')

    assert start.is_complete


def test_lines_may_be_cut_anywhere() -> None:
    start = StartUp(3)
    text = (
        b'{"event": "listening", "port": 5}\n'
        b'{"event": "engines", "ready": 1, "of": 3}\n'
        b'{"event": "engines", "ready": 3, "of": 3}\n'
    )

    for at in range(len(text)):
        start.feed(text[at : at + 1])

    assert (start.port, start.ready, start.is_complete) == (5, 3, True)


def test_a_failure_carries_its_reason() -> None:
    start = StartUp(1)

    start.feed(b'{"event": "failed", "reason": "port in use"}\n')

    assert start.reason == "port in use"
    assert not start.is_complete


def test_what_it_does_not_know_is_passed_over() -> None:
    start = StartUp(1)

    start.feed(b'no json\n[1]\n{"event": "new"}\n{"event": "listening"}\n\n')

    assert (start.port, start.ready, start.reason) == (None, 0, None)


def test_every_process_is_marked_with_its_cluster() -> None:
    place = ClusterPlace("p", "c")

    environment = controller_environment(place, {"COLOUR": "blue"})

    assert environment["IPCLUSTER_PLACE"] == str(place.folder)
    assert environment["IPCLUSTER_DIR"] == str(place.root)
    assert environment["COLOUR"] == "blue"
    assert controller_command(place, ["--ip=0.0.0.0"], 3)[-4:] == [
        "--profile=p",
        "--cluster-id=c",
        "-n=3",
        "--ip=0.0.0.0",
    ]
