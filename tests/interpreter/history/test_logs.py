"""The session's log, and going on where one ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.session import open_shell
from ipcluster.engines.interpreter.shell import InteractiveShell


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def read(name: str) -> str:
    """A log without its head."""
    head, _, text = Path(name).read_text().partition("\n\n")
    assert head.startswith("#")
    return text


def test_a_log_has_what_was_before_and_what_comes(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "a = 1", "a + 1")
    shell.run_line_magic("logstart", "-o my.py")
    run(shell, "'x\\ny'", "'x', \\\n5")
    shell.run_line_magic("logstop", "")
    run(shell, "b = 3")

    assert read("my.py") == (
        "a = 1\na + 1\n#[Out]# 2\n'x\\ny'\n#[Out]# 'x\\ny'\n"
        "'x', \\\n5\n#[Out]# ('x', 5)\n"
    )
    assert "Output logging : True" in capsys.readouterr().out


def test_a_log_is_python_whatever_was_typed(shell: InteractiveShell) -> None:
    shell.run_line_magic("logstart", "-q my.py")
    run(shell, "for", "1/0", "'\udc80'", "await something", "if 1:\n  for\n\n")

    text = read("my.py")
    assert text == (
        "#[Failed]# for\n1/0\n#[Failed]# '\\udc80'\nawait something\n"
        "#[Failed]# if 1:\n#[Failed]#   for\n"
    )


def test_an_entry_is_on_disk_before_the_cell_runs(shell: InteractiveShell) -> None:
    shell.run_line_magic("logstart", "-q my.py")
    run(shell, "from pathlib import Path; seen = Path('my.py').read_text()")

    assert shell.user_ns["seen"].endswith(".read_text()\n")


def test_a_raw_log_has_what_was_typed(shell: InteractiveShell) -> None:
    shell.input_transformers_post.append(lambda lines: ["a = 7\n"])
    run(shell, "%before")
    shell.run_line_magic("logstart", "-q -r raw.py")
    run(shell, "%after")

    assert read("raw.py") == "%before\n%after\n"
    assert shell.user_ns["a"] == 7


def test_a_log_tells_the_time(shell: InteractiveShell) -> None:
    run(shell, "a = 1")
    shell.run_line_magic("logstart", "-qt my.py")
    run(shell, "b = 2")

    first, stamp, last = read("my.py").splitlines()
    assert (first, last) == ("a = 1", "b = 2")
    assert time.strptime(stamp, "# %a, %d %b %Y %H:%M:%S")


@pytest.mark.parametrize(
    ("mode", "files"),
    [
        ("append", {"my.py": "old\nx = 1\n"}),
        ("over", {"my.py": "x = 1\n"}),
        ("backup", {"my.py": "x = 1\n", "my.py~": "old\n"}),
        (
            "rotate",
            {"my.py": "x = 1\n", "my.py.001~": "old\n", "my.py.002~": "older\n"},
        ),
        ("global", {"my.py": "old\n"}),
    ],
)
def test_modes_say_what_becomes_of_an_older_log(
    shell: InteractiveShell, mode: str, files: dict[str, str]
) -> None:
    Path("my.py").write_text("old\n")
    if mode == "rotate":
        Path("my.py.001~").write_text("older\n")
    shell.run_line_magic("logstart", f"-q my.py {mode}")
    run(shell, "x = 1")
    shell.run_line_magic("logstop", "")

    found = {
        name: Path(name).read_text().removeprefix("# Log of an ipshell session\n\n")
        for name in os.listdir()
    }
    assert found == files
    if mode == "global":
        assert "x = 1" in (Path.home() / "my.py").read_text()


def test_a_log_pauses_and_goes_on(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("logstate", "logoff", "logstop"):
        shell.run_line_magic(name, "")
    shell.run_line_magic("logstart", "-q my.py")
    run(shell, "a = 1")
    shell.run_line_magic("logoff", "")
    run(shell, "b = 2")
    shell.run_line_magic("logstate", "")
    shell.run_line_magic("logon", "")
    shell.run_line_magic("logon", "")
    run(shell, "c = 3")

    assert read("my.py") == "a = 1\nc = 3\n"
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "There is no log.",
        "There is no log: %logstart begins one.",
        "There is no log to stop.",
        "The log is now off.",
    ]
    assert "State          : temporarily suspended" in lines
    assert lines[-2:] == ["The log is now on.", "The log is on already."]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("my.py sideways", "'sideways' is no way to log"),
        ("no/folder/my.py", "No log in no/folder/my.py"),
        ("a b c", "no more"),
        ("-z", "-z"),
    ],
)
def test_logstart_says_what_is_wrong(
    shell: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        shell.run_line_magic("logstart", line)

    assert not shell.logger.log_active


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_log_on_a_full_disk_is_none(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="No log in /dev/full: No space left"):
        shell.run_line_magic("logstart", "/dev/full over")

    assert shell.logger.logfile is None
    shell.run_line_magic("logstart", "-q my.py")
    assert shell.logger.log_active


def test_there_is_one_log_at_a_time(shell: InteractiveShell) -> None:
    shell.run_line_magic("logstart", "-q my.py")
    with pytest.raises(UsageError, match=r"there is a log already: my\.py"):
        shell.run_line_magic("logstart", "other.py")

    assert not Path("other.py").exists()


def opened(**options: Any) -> InteractiveShell:
    return open_shell(RecordingFrontEnd(), config={"InteractiveShell": options})


def test_a_log_is_run_and_goes_on(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my.py").write_text(
        "# Log\n\na = 1; b = 2\n1/0\n"
        "def decorate(f):\n    return f\n@decorate\ndef f():\n    return a + b\n"
        "get_ipython().run_line_magic('logstart', 'my.py')\n"
        "#[Out]# 5\nc = f()\nc\nimport asyncio\nawait asyncio.sleep(0)\n"
    )

    other = opened(logappend="my.py")
    try:
        run(other, "d = 4")
        assert other.user_ns["c"] == 3
        assert Path("my.py").read_text().endswith("sleep(0)\nd = 4\n")
        assert other.execution_count == 2
    finally:
        other.close()

    assert capsys.readouterr().out == "9 statements of my.py run; 1 failed.\n"


def test_a_log_that_is_no_python_is_told_and_added_to(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my.py").write_text("this is no Python\n")
    other = opened(logappend="my.py")
    try:
        run(other, "a = 1")
    finally:
        other.close()

    assert "my.py was not run" in capsys.readouterr().err
    assert Path("my.py").read_text().endswith("a = 1\n")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"logappend": "new.py"}, "new.py"),
        ({"logfile": "named.py"}, "named.py"),
        ({"logstart": True}, "ipython_log.py"),
    ],
)
def test_options_start_a_log(
    shell: InteractiveShell, options: dict[str, Any], name: str
) -> None:
    other = opened(**options)
    try:
        run(other, "a = 1")
    finally:
        other.close()

    assert read(name) == "a = 1\n"


def test_a_log_that_cannot_be_written_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(logfile="no/folder/my.py").close()

    assert "There is no log: no/folder/my.py" in capsys.readouterr().err
