"""The `ipcluster` command line: what is understood, what is refused, and how."""

import signal
import subprocess
import sys

import pytest

from ipcluster import __version__
from ipcluster.launchers.app import main, parser

COMMANDS = [
    "start",
    "stop",
    "list",
    "status",
    "engines",
    "stop-engines",
    "restart-engines",
    "clean",
]


@pytest.mark.parametrize("form", [["-n", "4"], ["-n4"], ["-n=4"]])
def test_n_as_people_write_it(form: list[str]) -> None:
    assert parser().parse_args(["start", *form]).n == 4


@pytest.mark.parametrize("n", ["x", "1.5", "-3", "10001"])
def test_what_is_no_number_is_said_to_be_none(
    n: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["start", f"-n={n}"])

    said = capsys.readouterr().err
    assert f"argument -n: {n} is no whole number from 0 to 10000" in said


def test_start_knows_where_and_how() -> None:
    line = "start --profile p --cluster-id c --ip 0.0.0.0 --port 7000 --preload a,b"
    options = parser().parse_args([*line.split(), "--daemonize", "--log-level", "10"])

    assert (options.profile, options.cluster_id) == ("p", "c")
    assert (options.ip, options.port, options.preload) == ("0.0.0.0", 7000, "a,b")
    assert options.daemonize
    assert options.log_level == "DEBUG"


@pytest.mark.parametrize("text", ["9", "KILL", "sigkill", "SIGKILL"])
def test_signals_by_name_and_number(text: str) -> None:
    assert parser().parse_args(["stop", "--signal", text]).signal == signal.SIGKILL


def test_targets_are_ids_and_runs_of_ids() -> None:
    def targets(text: str) -> object:
        return parser().parse_args(["stop-engines", "-t", text]).targets

    assert targets("0,2,4-7") == {0, 2, 4, 5, 6, 7}
    assert targets("3") == {3}
    assert targets("all") is None


@pytest.mark.parametrize(
    "line",
    [
        "start -n -1",
        "start -n many",
        "start --port 70000",
        "start --dae",
        "stop --signal NONE",
        "stop --signal 999",
        "stop-engines -t one",
        "list -o yaml",
        "start --log-level LOUD",
        "begin",
    ],
)
def test_what_is_not_understood_is_refused_in_one_line(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(line.split())

    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--help" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])

    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert f"  ipcluster {command}" in text
    assert "--cluster-id" in text


def test_no_command_shows_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"ipcluster {__version__}\n"


def test_a_bad_name_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--cluster-id", "a/b"]) == 1

    assert "a/b" in capsys.readouterr().err


def test_it_is_a_module_too() -> None:
    command = [sys.executable, "-m", "ipcluster", "--version"]

    said = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30
    )

    assert said.stdout == f"ipcluster {__version__}\n"


def test_start_loads_nothing_that_it_does_not_need_to_start() -> None:
    code = (
        "import sys, ipcluster.launchers.app, ipcluster.launchers.start_command;"
        "print([m for m in ('asyncio', 'zmq', 'psutil', 'cryptography', 'dill')"
        " if m in sys.modules])"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert said.stdout == "[]\n"
