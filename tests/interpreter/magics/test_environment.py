"""`%env` and `%set_env`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A_B=bar", "bar"),
        ("A_B bar", "bar"),
        ("A_B = bar", "bar"),
        ("A_B 1 2", "1 2"),
        ("A_B=x y=z", "x y=z"),
        ("A_B x=1", "x=1"),
        ("A_B=", ""),
        ("A_B=$v", "5"),
        ("A_B={v + 1}", "6"),
    ],
)
@pytest.mark.parametrize("name", ["env", "set_env"])
def test_setting(
    shell: InteractiveShell, capsys: Out, name: str, line: str, value: str
) -> None:
    shell.user_ns["v"] = 5

    shell.run_cell(f"%{name} {line}")

    assert os.environ["A_B"] == value
    assert capsys.readouterr().out == f"env: A_B={value}\n"


def test_seeing(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_B", "x")
    monkeypatch.setenv("MY_API_KEY", "1234")

    assert shell.run_line_magic("env", "A_B") == "x"
    assert shell.run_line_magic("env", "MY_API_KEY") == "1234"
    everything = shell.run_line_magic("env", "")
    assert everything["A_B"] == "x"
    assert everything["MY_API_KEY"] == "<hidden>"


def test_a_secret_is_not_printed(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_line_magic("env", "MY_TOKEN=1234")

    assert os.environ["MY_TOKEN"] == "1234"
    assert "1234" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("env", "NO_SUCH_VARIABLE"),
        ("set_env", "A_B"),
        ("set_env", ""),
        ("set_env", "A B=3"),
        ("set_env", "=3"),
        ("set_env", "A_B=\0"),
    ],
)
def test_what_is_wrong(shell: InteractiveShell, name: str, line: str) -> None:
    if line == "A B=3":  # a variable A with the value "B=3"
        shell.run_line_magic(name, line)
        assert os.environ["A"] == "B=3"
        return
    with pytest.raises(UsageError):
        shell.run_line_magic(name, line)
