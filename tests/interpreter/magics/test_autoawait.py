"""`%autoawait`, and the option that it sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


DEFINED = "async def f(): return 4"


def test_it_tells_what_is_set(shell: InteractiveShell, capsys: Out) -> None:
    run(shell, "%autoawait", "%autoawait off", "%autoawait", "%autoawait sync")
    run(shell, "%autoawait")

    assert capsys.readouterr().out.splitlines() == [
        "Autoawait is on; coroutines are run by asyncio.",
        "Autoawait is off; coroutines are run by asyncio.",
        "Autoawait is on; coroutines are run by sync.",
    ]


@pytest.mark.parametrize("off", ["off", "False", "0"])
def test_off_means_that_cells_do_not_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd, off: str
) -> None:
    run(shell, DEFINED, f"%autoawait {off}", "await f()", "%autoawait on", "await f()")

    assert frontend.errors == ["SyntaxError"]
    assert frontend.results == ["4"]


def test_without_a_loop_nothing_may_wait(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, DEFINED, "import asyncio", "%autoawait sync", "await f()")
    run(shell, "await asyncio.sleep(0)", "%time await f()")

    assert frontend.results == ["4", "4"]
    assert frontend.errors == ["RuntimeError"]


def test_a_function_of_the_users_runs_coroutines(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        DEFINED,
        "ran = []\n"
        "def mine(coroutine):\n"
        "    import asyncio\n"
        "    ran.append(1)\n"
        "    return asyncio.run(coroutine)",
        "%autoawait mine",
        "await f()",
        "len(ran)",
    )

    assert frontend.results == ["4", "1"]


def test_trio_runs_cells_and_magics(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    pytest.importorskip("trio")
    run(
        shell,
        "import trio, contextvars; v = contextvars.ContextVar('v')",
        "%autoawait trio",
        "await trio.sleep(0)\ntoken = v.set(5)",
        "await trio.sleep(0)\nv.get()",
        "x = %time await trio.lowlevel.checkpoint()\nawait trio.sleep(0)\n7",
        "async def magic(line):\n    await trio.sleep(0)\n    return line",
        "get_ipython().register_magic_function(magic)",
        "%magic a",
        "await trio.sleep(0)\n%magic b",
    )

    assert frontend.errors == []
    assert frontend.results == ["5", "7", "'a'", "'b'"]


@pytest.mark.parametrize("name", ["nonsense", "os.nonsense", "no_such.module", "1"])
def test_what_runs_nothing_is_refused(
    shell: InteractiveShell, capsys: Out, name: str
) -> None:
    run(shell, f"%autoawait {name}")

    captured = capsys.readouterr()
    if name == "1":
        assert captured.err == ""
    else:
        assert captured.err.startswith("UsageError: %autoawait is on, off, asyncio,")
        assert captured.err.count("\n") == 1


def test_a_library_that_is_not_installed_is_refused(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "%autoawait curio")

    err = capsys.readouterr().err
    assert err in ("", "UsageError: %autoawait: curio is not installed\n")


def test_a_cell_that_awaits_does_not_change_what_runs_it(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "import asyncio\nawait asyncio.sleep(0)\n%autoawait sync")

    assert "its loop runs already" in capsys.readouterr().err


def test_a_config_says_what_runs_coroutines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my_runners.py").write_text("def mine(coroutine): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def shell_with(value: Any) -> InteractiveShell:
        return InteractiveShell(config={"InteractiveShell": {"loop_runner": value}})

    assert type(shell_with("sync").loop_runner).__name__ == "PlainRunner"
    trio = "IPython.core.async_helpers._trio_runner"  # as it is in old files
    assert type(shell_with(trio).loop_runner).__name__ == "TrioRunner"
    plain = shell_with("asyncio")
    assert plain.loop_runner is plain.loop
    assert shell_with("my_runners.mine").loop_runner.__name__ == "mine"
    assert shell_with(print).loop_runner is print
    with pytest.raises(OptionError, match="loop_runner is one of asyncio, trio"):
        shell_with("nonsense")


def test_a_config_turns_awaiting_off() -> None:
    shell = InteractiveShell(config={"InteractiveShell": {"autoawait": False}})

    assert not shell.compile.awaits
