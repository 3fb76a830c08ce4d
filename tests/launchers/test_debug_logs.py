"""`--debug`: one line for each message, of every process, and no secrets in them."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.client.client import Client
from ipcluster.client.conversation import CellResult, Conversation
from ipcluster.launchers import app, controller_app, engine_app
from ipcluster.launchers.ended import stop_cluster
from ipcluster.wire import tickets
from ipcluster.wire.places import ClusterPlace

SECRETS = ("5ecret-argument", "5ecret-result", "5ecret-output", "5ecret-code")


@pytest.mark.parametrize(
    ("words", "level"),
    [
        ([], "INFO"),
        (["--debug"], "DEBUG"),
        (["--log-level", "warning"], "WARNING"),
        (["--log-level=10"], "DEBUG"),
        (["--log-level=ERROR", "--debug"], "DEBUG"),
    ],
)
@pytest.mark.parametrize(
    ("parser", "first"),
    [
        (app.parser, ["start"]),
        (controller_app.arguments, []),
        (engine_app.arguments, ["--ticket=t"]),
    ],
)
def test_every_command_that_has_a_log_has_the_option(
    parser: Callable[[], argparse.ArgumentParser],
    first: list[str],
    words: list[str],
    level: str,
) -> None:
    assert parser().parse_args([*first, *words]).log_level == level


def test_a_level_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        engine_app.arguments().parse_args(["--ticket=t", "--log-level=LOUD"])

    assert "'LOUD' is none of DEBUG, INFO" in capsys.readouterr().err


@pytest.fixture
def place() -> Iterator[ClusterPlace]:
    place = ClusterPlace("default", "c")
    words = ("start", "-n1", "--daemonize", "--debug", "--cluster-id=c")
    subprocess.run(
        [sys.executable, "-m", "ipcluster", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    yield place
    stop_cluster(place)


def answer(cell: CellResult, event: list[Any]) -> None:
    if event[0] == "input_wanted":
        Conversation(cell._client, 0).answer(cell, "5ecret-argument")


def work(rc: Client) -> None:
    """All kinds of messages, with something in each that should be in no log."""
    np = pytest.importorskip("numpy")

    def secret(argument: str) -> str:
        print("5ecret-output")
        return argument.replace("argument", "result") + "5ecret-code"[:0]

    view = rc.load_balanced_view()
    assert view.apply_sync(secret, "5ecret-argument") == "5ecret-result"
    rc[:].push({"a": "5ecret-argument"}, block=True)
    rc[:].execute("b = '5ecret-code'", block=True)
    with pytest.raises(ValueError, match="5ecret"):
        rc[0].apply_sync(int, "5ecret-argument")
    assert rc[0].apply_sync(np.sum, np.zeros(100_000)) == 0
    assert rc.queue_status()
    talk = rc[0].converse(answer)
    cell = talk.run_cell("'5ecret-code' + input('5ecret-output')", allow_stdin=True)
    assert cell.get(timeout=20)["status"] == "ok"
    taken_back = view.apply_async(secret, "5ecret-argument")
    taken_back.cancel()
    taken_back.wait(timeout=20)


def check(read: Callable[[], str], *expected: str) -> str:
    """The log once it has all of these; another process writes it."""
    deadline = time.monotonic() + 10
    while missing := [one for one in expected if one not in read()]:
        assert time.monotonic() < deadline, missing
        time.sleep(0.01)
    text = read()
    for secret in SECRETS:
        assert secret not in text
    return text


@pytest.mark.cluster
def test_controller_keeper_and_client_log_every_message(
    place: ClusterPlace, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "ipcluster"),
        Client(str(place.client_ticket)) as rc,
    ):
        work(rc)
        rc.connection.ask("signal", {"signum": 0, "engines": [0]})
    ticket = tickets.read(place.client_ticket)

    log = check(
        (place.log_folder / "controller.log").read_text,
        *("from a stranger: hello ", "to client 1: welcome "),
        *("from client 1: submit function=", "from client 1: direct function='push'"),
        *("to engine 0: run function=", "from engine 0: done outcomes=1 ("),
        *("from engine 0: output task=", "to client 1: results number="),
        *("from engine 0: shown task=", "to client 1: shown task="),
        *("from client 1: typed task=", "to engine 0: typed task="),
        *("from client 1: ack number=", "from engine 0: released names=1 ('c1-"),
        *("to client 1: free names=1 ('c1-", "from client 1: ask request="),
        *("to the keeper of engine 0: signal slot=0", "from the keeper of station 0"),
    )
    check((place.log_folder / "keeper.log").read_text, "telling: born", "told: signal")
    ours = check(
        lambda: caplog.text,
        "to the controller: submit ",
        "from the controller: results ",
    )
    for text in (log, ours):
        assert ticket.grant not in text
        assert ticket.door_secret not in text


@pytest.mark.cluster
def test_an_agent_and_its_keeper_log_every_message(
    place: ClusterPlace, tmp_path: Path
) -> None:
    said = tmp_path / "agent.log"
    module = "ipcluster.launchers.engine_app"
    words = ["-n1", f"--ticket={place.engine_ticket}", "--debug"]
    with said.open("wb") as output:
        agent = subprocess.Popen(
            [sys.executable, "-m", module, *words], stdout=output, stderr=output
        )
    try:
        with Client(str(place.client_ticket)) as rc:
            rc.wait_for_engines(2, timeout=20)
            far = rc[rc.ids[1]]
            assert far.apply_sync(lambda x: x, "5ecret-argument") == "5ecret-argument"
    finally:
        agent.terminate()
        agent.wait(20)

    check(
        said.read_text,
        *("from the controller: welcome ", "to the controller: host host='"),
        *("from the controller: to-engine slot=0 frame=<", "to the controller: died"),
        *("to the controller: from-engine slot=0 frame=<", "telling: born slot=0"),
    )


@pytest.mark.cluster
def test_engines_leave_logging_to_the_user(place: ClusterPlace) -> None:
    def levels() -> Any:
        import logging

        root = logging.getLogger()
        return root.level, root.handlers, logging.getLogger("ipcluster").level

    with Client(str(place.client_ticket)) as rc:
        assert rc[0].apply_sync(levels) == (logging.WARNING, [], logging.NOTSET)
