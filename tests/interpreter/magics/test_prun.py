"""`%prun`."""

from __future__ import annotations

import cProfile
import re
from pathlib import Path
from pstats import Stats

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def pages(frontend: RecordingFrontEnd) -> list[str]:
    return [page.data["text/plain"] for page in frontend.of_kind(e.Page)]


WORK = "def work(n):\n    return sum(range(n))\ndef other():\n    return work(3)"


def test_the_report_goes_to_the_pager(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, WORK, "%prun work(10)", "%%prun\nx = work(5)\ny = x", "y")

    first, second = pages(frontend)
    assert "function calls" in first
    assert "Ordered by: internal time" in first
    assert "(work)" in second
    assert frontend.results == ["10"]


def test_the_report_is_sorted_and_limited(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        WORK,
        "%prun -s cumulative -l work|other -l 1 other()",
        "%prun -l 0.5 work(1)",
    )

    first, second = pages(frontend)
    assert "Ordered by: cumulative time" in first
    assert "(other)" in first
    assert "(work)" not in first
    assert "due to restriction <0.5>" in second


def test_a_profile_as_a_value_and_in_files(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, WORK, "s = %prun -q -r -T report.txt -D p.prof work(10)")

    assert isinstance(shell.user_ns["s"], Stats)
    assert pages(frontend) == []
    assert "(work)" in Path("report.txt").read_text()
    stats: dict[tuple[str, int, str], object] = Stats("p.prof").stats  # type: ignore[attr-defined]  # documented, not in the stubs
    assert any(name == "work" for _, _, name in stats)
    assert capsys.readouterr().out == (
        "The profile is in 'p.prof'.\nThe report is in 'report.txt'.\n"
    )


def test_the_shells_own_functions_are_not_in_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("script.py").write_text("sum([1])\n")
    run(shell, WORK, "%prun -s name other()", "%run -p script.py")

    first, second = pages(frontend)
    assert ".py:" not in first
    assert set(re.findall(r"\S+\.py", second)) == {"script.py"}


@pytest.mark.parametrize("option", ["-D", "-T"])
def test_a_file_that_cannot_be_written_is_told(
    shell: InteractiveShell, frontend: RecordingFrontEnd, option: str
) -> None:
    run(shell, WORK)

    with pytest.raises(UsageError, match="no/such cannot be written: No such file"):
        shell.run_line_magic("prun", f"{option} no/such work(3)")

    assert "(work)" in pages(frontend)[0]


def test_what_ran_until_an_error_is_reported(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, WORK, "%prun work(3), 1/0", "%prun raise SystemExit(2)")

    first, second = pages(frontend)
    assert "(work)" in first
    assert "raised SystemExit" in second
    assert frontend.errors == ["ZeroDivisionError"]


def test_profiled_code_may_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        "import asyncio\nasync def wait():\n    await asyncio.sleep(0)\n    return 4",
        "%prun x = await wait()",
        "await wait()\n%prun y = await wait()",
        "x, y",
    )

    assert all("(wait)" in page for page in pages(frontend))
    assert frontend.results == ["4", "(4, 4)"][1:]
    assert frontend.errors == []


def test_the_line_is_python_and_nothing_is_put_into_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, "x = 1", "%prun -q y = f'{x} $x'", "y")

    assert frontend.results == ["'1 $x'"]


def test_a_statement_on_the_line_comes_first(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, "%%prun -q a = 1\nb = a + 1", "a, b")

    assert frontend.results == ["(1, 2)"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "wants a statement"),
        ("-s nonsense 1", "-s is one of calls, cumulative"),
        ("-z 1", "no option -z"),
    ],
)
def test_wrong_lines_get_one_line(
    shell: InteractiveShell, capsys: Out, line: str, message: str
) -> None:
    run(shell, f"%prun {line}")

    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_profile_within_a_profile_is_none_or_is_refused(
    shell: InteractiveShell, capsys: Out
) -> None:
    outer = cProfile.Profile()
    outer.enable()
    try:
        shell.run_cell("%prun -q 1")
    finally:
        outer.disable()

    # Before 3.12 the inner one takes over.
    err = capsys.readouterr().err
    assert err == "" or "something profiles already" in err
