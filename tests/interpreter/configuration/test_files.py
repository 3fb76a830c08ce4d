"""Config files: what they say, which counts, and what happens when they are broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.configuration import files
from ipcluster.engines.interpreter.configuration.application import (
    Settings,
    TerminalIPythonApp,
)
from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.files import get_config

Reader = Callable[..., Config]


def test_a_python_file_sets_options(read: Reader) -> None:
    config = read(
        "c = get_config()\n"
        "c.InteractiveShell.autocall = 1\n"
        "c.InteractiveShellApp.exec_lines.append('x = 1')\n"
    )

    assert config.InteractiveShell.autocall == 1
    assert config.InteractiveShellApp.exec_lines.of([]) == ["x = 1"]
    assert config.origin("InteractiveShell", "autocall").endswith("config.py:2")
    assert config.complaints == []


def test_elsewhere_get_config_gives_an_empty_one() -> None:
    assert get_config() == {}


def test_files_include_others(read: Reader, root: Path) -> None:
    (root / "other.py").write_text("c.InteractiveShell.colors = 'linux'\n")
    (root / "profile_p").mkdir()
    (root / "profile_p" / "ipshell_config.py").write_text(
        "load_subconfig('deeper.py')\nc.InteractiveShell.pdb = True\n"
    )
    (root / "profile_p" / "deeper.py").write_text("c.InteractiveShell.autocall = 2\n")

    config = read(
        "load_subconfig('other.py')\n"
        "load_subconfig('ipython_config.py', profile='p')\n"
        "load_subconfig('none.py')\n"
        "c.InteractiveShell.autocall = 0\n"
    )

    assert config.complaints == []
    assert dict(config.InteractiveShell) == {
        "colors": "linux",
        "autocall": 0,
        "pdb": True,
    }


def test_a_file_that_includes_itself_ends(read: Reader) -> None:
    config = read("c.A.x = 1\nload_subconfig('ipshell_config.py')\n")

    assert config.A.x == 1


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("c.A.x = 1\nc.A.y = nowhere\nc.A.z = 3\n", 2, "NameError"),
        ("c.A.x = 1\n\n1/0\n", 3, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise ValueError\nc.A.x = 1\nf()\n", 2, "ValueError"),
    ],
)
def test_a_broken_file_counts_up_to_there_and_names_the_line(
    read: Reader, root: Path, text: str, line: int, what: str
) -> None:
    config = read(text)

    assert dict(config.A) == {"x": 1}
    [complaint] = config.complaints
    assert complaint.startswith(f"{root / 'ipshell_config.py'}:{line}: {what}")


def test_a_syntax_error_names_the_line(read: Reader, root: Path) -> None:
    config = read("c.A.x = 1\nc.A.y = = 2\n")

    assert config == {}
    [complaint] = config.complaints
    assert complaint.startswith(f"{root / 'ipshell_config.py'}:2: SyntaxError")


def test_a_broken_file_within_another_is_named_itself(read: Reader, root: Path) -> None:
    (root / "inner.py").write_text("\n1/0\n")

    config = read("load_subconfig('inner.py')\nc.A.x = 1\n")

    assert config.A.x == 1
    [complaint] = config.complaints
    assert complaint.startswith(f"{root / 'inner.py'}:2: ZeroDivisionError")


def test_a_json_file_sets_options(read: Reader) -> None:
    text = json.dumps({"version": 1, "InteractiveShell": {"autocall": 2}})

    config = read(text, "ipshell_config.json")

    assert config == {"InteractiveShell": {"autocall": 2}}
    assert config.complaints == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{\n'a'", ":2: no JSON"),
        ("[1]", ":1: a config is an object"),
        ('{"A": 1}', "A wants an object of its options"),
    ],
)
def test_a_broken_json_file_is_a_complaint(read: Reader, text: str, what: str) -> None:
    config = read(text, "ipshell_config.json")

    [complaint] = config.complaints
    assert what in complaint


def settings(root: Path, command_line: Config | None = None) -> Settings:
    line = Config({"BaseIPythonApplication": {"ipython_dir": str(root)}})
    line.merge(command_line or Config())
    return Settings(TerminalIPythonApp, line)


def write(folder: Path, text: str, name: str = "ipshell_config.py") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_later_files_and_the_command_line_count(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, environment = tmp_path / "etc", tmp_path / "prefix"
    monkeypatch.setattr(files, "SYSTEM_FOLDER", str(system))
    monkeypatch.setattr("sys.prefix", str(environment))
    everywhere = "\n".join(f"c.A.{name} = 1" for name in "uvwxyz")
    write(system, everywhere)
    write(environment / "etc" / "ipcluster", "c.A.v = c.A.w = c.A.x = c.A.y = 2")
    write(root, "c.A.w = c.A.x = c.A.y = 3")
    write(root / "profile_default", "c.A.x = c.A.y = c.A.z = 4")
    write(root / "profile_default", '{"A": {"y": 5, "z": 5}}', "ipshell_config.json")

    found = settings(root, Config({"A": {"z": 6}})).config

    assert dict(found.A) == {"u": 1, "v": 2, "w": 3, "x": 4, "y": 5, "z": 6}


def test_an_existing_file_of_ipython_can_be_pointed_at(
    root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ipython_config.py"
    path.write_text("c.InteractiveShellApp.extensions = ['e']\n")
    line = Config({"BaseIPythonApplication": {"extra_config_file": str(path)}})

    assert settings(root, line).app.extensions == ["e"]


def test_a_config_file_that_is_not_there_is_a_complaint(root: Path) -> None:
    line = Config({"BaseIPythonApplication": {"extra_config_file": "/no/such.py"}})

    [complaint] = settings(root, line).config.complaints

    assert complaint == "/no/such.py: there is no such config file"


def test_quick_reads_no_files(root: Path) -> None:
    write(root / "profile_default", "c.InteractiveShellApp.exec_lines = ['1']")

    line = Config({"TerminalIPythonApp": {"quick": True}})

    assert settings(root, line).app.exec_lines == []
    assert settings(root).app.exec_lines == ["1"]


def test_the_profile_is_the_one_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Config({"BaseIPythonApplication": {"profile": "p"}})
    placed = Config({"ProfileDir": {"location": "/some/where"}})
    assert settings(root).profile.location == str(root / "profile_default")
    assert settings(root, asked).profile.location == str(root / "profile_p")
    assert settings(root, placed).profile.location == "/some/where"

    monkeypatch.setenv("IPCLUSTER_PROFILE", "q")
    assert settings(root).profile.location == str(root / "profile_q")
    assert settings(root, asked).profile.location == str(root / "profile_p")
