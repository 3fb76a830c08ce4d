"""`%cluster`: engines for a session that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.shell.terminal.shell import TerminalInteractiveShell


@pytest.fixture
def shell() -> Iterator[TerminalInteractiveShell]:
    shell = TerminalInteractiveShell(RecordingFrontEnd())
    shell.activate()
    yield shell
    shell.close()


def cluster(shell: TerminalInteractiveShell, line: str) -> None:
    shell.run_line_magic("cluster", line)


@pytest.mark.cluster
def test_a_session_grows_engines_and_goes_on(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("x = 3\ndef f(y): return x * y")

    cluster(shell, "start -n 2")
    done = shell.run_cell("view.apply_sync(f, 5)")

    assert done.result == [15, 15]
    cluster(shell, "status")
    assert "engine 1: 0 to run, 1 completed" in capsys.readouterr().out
    with pytest.raises(UsageError, match="is in use here"):
        cluster(shell, "start -n 2")

    cluster(shell, "stop")

    assert "rc" not in shell.user_ns
    assert shell.user_ns["x"] == 3
    cluster(shell, "status")
    assert "no cluster here" in capsys.readouterr().out


@pytest.mark.cluster
def test_a_cluster_that_runs_is_connected_to_and_left_running(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    from ipcluster import Cluster

    with Cluster(n=1, cluster_id="mine") as rc:
        cluster(shell, "connect mine")
        assert shell.run_cell("len(rc)").result == 1

        cluster(shell, "stop")

        assert "left; it goes on" in capsys.readouterr().out
        assert rc[0].apply_sync(int, "4") == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("begin", "no %cluster begin"),
        ("start -n x", "at least 1; not 'x'"),
        ("start -n 0", "at least 1"),
        ("start eight", "does not know 'eight'"),
        ("start --many 3", "option --many not recognized"),
        ("stop now", "takes no arguments"),
        ("connect a b", "takes one ticket"),
        ("connect nobody-has-started-this", "no connection"),
    ],
)
def test_a_wrong_line_is_told_in_one_line(
    shell: TerminalInteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        cluster(shell, line)
