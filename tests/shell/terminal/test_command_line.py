"""`ipshell` without a terminal: cells, files, modules, pipes, other commands."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.terminal import app as app_module
from ipcluster.shell.terminal.app import main
from ipcluster.shell.terminal.commands import run_subcommand
from ipcluster.shell.terminal.flags import ALIASES, FLAGS


def test_a_cell_is_run(shells: Any) -> None:
    done = shells.call("-c", "import sys; print(sys.argv); 6 * 7", "a", "-b")

    assert done.returncode == 0
    assert done.stdout == "['-c', 'a', '-b']\nOut[1]: 42\n"
    assert done.stderr == ""


def test_a_cell_that_fails_ends_with_one(shells: Any) -> None:
    done = shells.call("-c", "1/0")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "ZeroDivisionError" in done.stderr


def test_a_cell_that_exits_is_not_told_how_to_leave(shells: Any) -> None:
    done = shells.call("-c", "raise SystemExit(4)")

    assert done.returncode == 4
    assert done.stderr == "SystemExit: 4\n"


def test_a_file_is_run_with_its_words(shells: Any) -> None:
    (shells.work / "program.py").write_text(
        "import sys\nprint(__name__, sys.argv, __file__)\nsys.exit(3)\n"
    )

    done = shells.call("program.py", "-x", "y")

    assert done.returncode == 3
    path = shells.work / "program.py"
    assert done.stdout == f"__main__ ['program.py', '-x', 'y'] {path}\n"


def test_a_prompt_after_a_file(shells: Any) -> None:
    (shells.work / "program.py").write_text("x = 6\n")

    done = shells.call("--no-banner", "program.py", "-i", text="x * 7\n")

    assert done.returncode == 0
    assert "Out[1]: 42" in done.stdout


def test_a_module_is_run(shells: Any) -> None:
    (shells.work / "program.py").write_text("import sys; print(__name__, sys.argv[1:])")

    done = shells.call("-m", "program", "--help")

    assert done.stdout == "__main__ ['--help']\n"


def test_a_pipe_is_read_to_its_end(shells: Any) -> None:
    done = shells.call("--no-banner", text="x = 6\nx * 7\n1/0\nprint('last')\n")

    assert done.returncode == 0
    assert "Out[2]: 42" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    assert "In [4]: last\n" in done.stdout
    assert "really want to exit" not in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("redirection", "status"), [("<&-", 0), (">&-", 0), ("2>&-", 0), ("| true", 0)]
)
def test_streams_that_are_closed_are_no_reason_to_fail(
    shells: Any, redirection: str, status: int
) -> None:
    command = f"{sys.executable} -m ipcluster.shell.terminal.app --no-banner"

    done = subprocess.run(
        ["/bin/sh", "-c", f"yes 'x = 5' | head -50 | {command} {redirection}"],
        env=shells.environment,
        cwd=shells.work,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == status
    assert done.stderr == ""


def test_modules_of_the_working_folder_can_be_imported(shells: Any) -> None:
    (shells.work / "beside.py").write_text("x = 5\n")

    assert shells.call("-c", "import beside; print(beside.x)").stdout == "5\n"
    done = shells.call("--ignore-cwd", "-c", "import beside")
    assert "ModuleNotFoundError" in done.stderr


def test_extensions_are_loaded(shells: Any) -> None:
    (shells.work / "mine.py").write_text(
        "def load_ipython_extension(shell): shell.push({'loaded': 5})\n"
    )

    done = shells.call("--ext=mine", "-c", "print(loaded)")

    assert (done.stdout, done.stderr) == ("5\n", "")


# --- in this process ------------------------------------------------------------------


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a start changes of the process comes back."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)


def test_help_names_every_flag_and_alias(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    shown = capsys.readouterr().out
    assert shown.startswith("usage: ipshell ")
    for name in (*FLAGS, *ALIASES):
        assert f"-{name}" in shown


def test_every_flag_and_alias_sets_an_option_that_there_is() -> None:
    from ipcluster.engines.interpreter.configuration.checking import unknown_names
    from ipcluster.engines.interpreter.configuration.config import Config

    config = Config()
    for sets, _ in FLAGS.values():
        config.merge(sets)
    for target, _ in ALIASES.values():
        section, _, option = target.partition(".")
        dict.__setitem__(config[section], option, None)
    assert unknown_names(config) == []


def test_all_options_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help-all"]) == 0

    shown = capsys.readouterr().out
    for name in (
        "InteractiveShell.autocall",
        "TerminalInteractiveShell.editing_mode",
        "InteractiveShellApp.exec_lines",
        "MagicsManager.auto_magic",
    ):
        assert f"--{name}=" in shown


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    import ipcluster

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{ipcluster.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--no-baner"], "no option --no-baner; did you mean --no-banner?"),
        (["--profile=a/b"], "profile 'a/b': use 1 to 64 letters"),
        (["--profile"], "--profile wants a value"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    told = capsys.readouterr().err
    assert told.startswith("ipshell: ")
    assert message in told
    assert told.count("\n") == 1


def test_what_is_set_is_shown_with_where(
    capsys: pytest.CaptureFixture[str], ipcluster_dir: Path
) -> None:
    folder = ipcluster_dir / "profile_default"
    folder.mkdir()
    (folder / "ipshell_config.py").write_text("c.InteractiveShell.autocall = 1\n")

    assert main(["--show-config", "--no-banner"]) == 0
    lines = capsys.readouterr().out.splitlines()
    path = folder / "ipshell_config.py"
    assert f"InteractiveShell.autocall = 1  # {path}:1" in lines
    assert "TerminalIPythonApp.display_banner = False  # --no-banner" in lines

    assert main(["--show-config-json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["InteractiveShell"] == {"autocall": 1}


def test_ctrl_c_at_start_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module, "start", interrupted)

    assert main([]) == 130
    assert capsys.readouterr().err == "\n"


# --- profiles -------------------------------------------------------------------------


def test_profiles_are_created_listed_and_found(
    capsys: pytest.CaptureFixture[str], ipcluster_dir: Path
) -> None:
    assert main(["profile", "list"]) == 0
    assert "no profiles in" in capsys.readouterr().out

    assert main(["profile", "create", "work"]) == 0
    assert main(["profile", "create", "--profile=home"]) == 0
    capsys.readouterr()
    work = ipcluster_dir / "profile_work"
    assert (
        "c.TerminalInteractiveShell.editing_mode"
        in (work / "ipshell_config.py").read_text()
    )
    assert (work / "startup" / "README").exists()

    assert main(["profile", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "home",
        "work",
    ]
    assert main(["profile", "locate", "work"]) == 0
    assert main(["locate", "profile", "work"]) == 0
    assert capsys.readouterr() == (f"{work}\n{work}\n", "")


def test_the_folder_of_all_profiles_is_found(
    capsys: pytest.CaptureFixture[str], ipcluster_dir: Path, tmp_path: Path
) -> None:
    assert main(["locate"]) == 0
    assert capsys.readouterr().out == f"{ipcluster_dir}\n"

    assert main(["locate", f"--ipython-dir={tmp_path / 'other'}"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'other'}\n"
    assert "does not exist yet" in err


@pytest.mark.parametrize(
    "words",
    [
        ["profile"],
        ["profile", "make"],
        ["profile", "create", "a", "b"],
        ["profile", "create", "a/b"],
        ["history"],
        ["history", "trim"],  # there is none
        ["locate", "x"],
    ],
)
def test_a_wrong_subcommand_shows_how_it_is_used(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    told = capsys.readouterr().err
    assert told.startswith("ipshell: ")
    assert "usage: ipshell profile create" in told


def test_help_of_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_a_profile_that_cannot_be_made_is_told(
    capsys: pytest.CaptureFixture[str], ipcluster_dir: Path
) -> None:
    (ipcluster_dir / "profile_p").write_text("a file in its place")

    assert main(["profile", "create", "p"]) == 1
    assert f"ipshell: {ipcluster_dir / 'profile_p'}: " in capsys.readouterr().err


# --- the history ----------------------------------------------------------------------


@pytest.fixture
def history(ipcluster_dir: Path) -> Path:
    """A history of two sessions of three inputs, as IPython's tables have it."""
    folder = ipcluster_dir / "profile_default"
    folder.mkdir()
    path = folder / "history.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            """
            CREATE TABLE sessions (session integer PRIMARY KEY AUTOINCREMENT,
                start timestamp, "end" timestamp, num_cmds integer, remark text);
            CREATE TABLE history (session integer, line integer, source text,
                source_raw text, PRIMARY KEY (session, line));
            CREATE TABLE output_history (session integer, line integer, output text,
                PRIMARY KEY (session, line));
            """
        )
        for session in (1, 2):
            database.execute(
                "INSERT INTO sessions VALUES (?, 'then', 'later', 3, '')", (session,)
            )
            for line in (1, 2, 3):
                row = (session, line, "x", "x")
                database.execute("INSERT INTO history VALUES (?, ?, ?, ?)", row)
                database.execute("INSERT INTO output_history VALUES (?, ?, ?)", row[:3])
    return path


def lines(path: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT session, line FROM {table}").fetchall()


def test_the_history_is_trimmed_to_the_newest(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_subcommand(["history", "trim", "--keep=2"]) == 0

    assert lines(history, "history") == [(2, 2), (2, 3)]
    assert lines(history, "output_history") == [(2, 2), (2, 3)]
    assert "4 inputs forgotten" in capsys.readouterr().out
    with closing(sqlite3.connect(history)) as database:
        assert database.execute("SELECT session FROM sessions").fetchall() == [(2,)]

    assert run_subcommand(["history", "trim"]) == 0
    assert "0 inputs forgotten" in capsys.readouterr().out


def test_the_history_is_cleared_if_that_is_meant(
    history: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert run_subcommand(["history", "clear"]) == 1
    assert len(lines(history, "history")) == 6

    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    assert run_subcommand(["history", "clear"]) == 0
    assert lines(history, "history") == []
    assert "6 inputs forgotten" in capsys.readouterr().out


def test_the_history_is_cleared_without_asking(history: Path) -> None:
    assert run_subcommand(["history", "clear", "-f"]) == 0
    assert lines(history, "history") == []


def test_a_history_that_is_none_is_told(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history.write_bytes(b"no database at all" * 100)

    assert run_subcommand(["history", "trim"]) == 1
    assert "the history cannot be written to: " in capsys.readouterr().err


def test_a_wrong_number_is_told(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_subcommand(["history", "trim", "--keep=few"]) == 2
    assert "--keep wants a number, not 'few'" in capsys.readouterr().err
