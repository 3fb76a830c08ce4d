"""A kernel is as the user's files have it, and `ipshell kernel` says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.kernel.app import main


def profile(folder: Path, name: str = "default") -> Path:
    """The folder of a profile, as `start` lets kernels have it."""
    path = folder / "profiles" / f"profile_{name}"
    (path / "startup").mkdir(parents=True)
    return path


def start(own: Callable[..., Any], folder: Path, *words: str) -> Any:
    """A client of a kernel with these profiles."""
    return own(*words, IPCLUSTER_DIR=str(folder / "profiles"))[1]


def value(client: Any, expression: str) -> str:
    reply, _ = client.execute("", user_expressions={"it": expression})
    return str(reply["user_expressions"]["it"]["data"]["text/plain"])


def test_config_and_startup_files_count(
    own: Callable[..., Any], tmp_path: Path
) -> None:
    path = profile(tmp_path)
    (path / "ipshell_config.py").write_text(
        "c = get_config()\n"
        "c.InteractiveShell.autocall = 1\n"
        "c.InteractiveShellApp.exec_lines = ['line = 2']\n"
    )
    (path / "startup" / "00-first.py").write_text("started = 1\n")
    (path / "startup" / "10-then.ipy").write_text("also = !echo ${started}\n")

    client = start(own, tmp_path)

    assert value(client, "(started, list(also), line)") == "(1, ['1'], 2)"
    assert value(client, "get_ipython().autocall") == "1"


def test_a_profile_and_options_on_the_command_line(
    own: Callable[..., Any], tmp_path: Path
) -> None:
    (profile(tmp_path, "other") / "startup" / "a.py").write_text("started = 'other'\n")

    words = "--profile=other", "--InteractiveShell.autocall=2"
    client = start(own, tmp_path, *words)

    assert value(client, "started, get_ipython().autocall") == "('other', 2)"


def test_a_startup_file_that_fails_leaves_the_kernel_alive(
    own: Callable[..., Any], tmp_path: Path
) -> None:
    startup = profile(tmp_path) / "startup"
    (startup / "a.py").write_text("1 / 0\n")
    (startup / "b.py").write_text("second = 2\n")

    client = start(own, tmp_path)

    assert value(client, "second") == "2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--encript"], "no option --encript; did you mean --encrypt?"),
        (["instal"], "there is no command instal; see --help"),
        (["--quiet", "instal"], "there is no command instal; see --help"),
        (["--transport=udp"], "IPKernelApp.transport is one of 'tcp', 'ipc'"),
    ],
)
def test_a_wrong_word_is_told(words: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ipcluster.shell.terminal.app", "kernel", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert done.stdout == ""


def test_words_behind_the_connection_file_are_the_front_ends(
    own: Callable[..., Any],
) -> None:
    _, client = own("a_file.py", "--no-option")

    assert client.execute("6 * 7")[0]["status"] == "ok"


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    assert "usage: ipshell kernel" in capsys.readouterr().out


def test_how_to_connect_is_shown(own: Callable[..., Any]) -> None:
    kernel, client = own()

    _, shown = client.execute("%connect_info")

    text = "".join(content["text"] for kind, content in shown if kind == "stream")
    told = json.JSONDecoder().raw_decode(text)[0]
    assert told == json.loads(kernel.file.read_text())
    assert f"--existing {kernel.file}" in text


def test_autosave_takes_seconds(client: Any) -> None:
    _, shown = client.execute("%autosave 30")
    reply, _ = client.execute("%autosave often")

    data = next(one["data"] for kind, one in shown if kind == "display_data")
    assert "set_autosave_interval(30000)" in data["application/javascript"]
    assert reply["ename"] == "UsageError"
    assert "a number of seconds" in reply["evalue"]
