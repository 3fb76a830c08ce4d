"""Errors that a handler of the user's shows."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.mark.parametrize(
    ("given", "shown"),
    [(None, []), ("one", [["one"]]), (["a", "b"], [["a", "b"]]), ([], [])],
)
def test_what_it_gives_is_shown(
    shell: InteractiveShell, frontend: RecordingFrontEnd, given: Any, shown: Any
) -> None:
    seen: list[Any] = []

    def handler(
        shell: Any, etype: Any, value: Any, tb: Any, tb_offset: Any = None
    ) -> Any:
        seen.append((etype, tb is not None))
        return given

    shell.set_custom_exc((ZeroDivisionError,), handler)

    shell.run_cell("1 / 0")
    shell.run_cell("missing")

    assert seen == [(ZeroDivisionError, True)]
    traces = [one.traceback for one in frontend.of_kind(e.Error)]
    assert traces[:-1] == shown
    assert frontend.errors[-1] == "NameError"


@pytest.mark.parametrize("body", ["missing", "return 5", "return [5]"])
def test_one_that_fails_is_taken_out(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
    body: str,
) -> None:
    shell.run_cell(
        f"def handler(*_, tb_offset=None):\n    {body}\n"
        "get_ipython().set_custom_exc((ZeroDivisionError,), handler)"
    )

    shell.run_cell("1 / 0")
    shell.run_cell("1 / 0")

    assert len(frontend.errors) == 3
    assert frontend.errors[1:] == ["ZeroDivisionError", "ZeroDivisionError"]
    assert "has failed, and is taken out" in capsys.readouterr().err


def test_ctrl_c_in_one_is_a_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(
        "def handler(*_, tb_offset=None):\n    raise KeyboardInterrupt\n"
        "get_ipython().set_custom_exc((ZeroDivisionError,), handler)"
    )

    shell.run_cell("1 / 0")

    assert capsys.readouterr().err == "\nKeyboardInterrupt\n"


def test_the_exceptions_are_a_tuple(shell: InteractiveShell) -> None:
    with pytest.raises(TypeError, match="in a tuple"):
        shell.set_custom_exc(ValueError, None)  # type: ignore[arg-type]  # that is the point
