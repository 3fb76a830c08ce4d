"""`%time` and `%timeit`."""

from __future__ import annotations

import gc
import inspect
import re

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.magics.repetition import TimeitResult
from ipcluster.engines.interpreter.magics.timing import span
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]

TIMES = re.compile(
    r"CPU times: user \S+ \S+, sys: \S+ \S+, total: \S+ \S+\nWall time: \S+ \S+\n"
)


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


# --- %time ----------------------------------------------------------------------------


def test_time_gives_the_value_and_assigns_in_the_session(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "%time x = 3", "%time x + 1", "y = %time x * 2\ny")

    assert frontend.results == ["4", "6"]
    assert len(TIMES.findall(capsys.readouterr().out)) == 3


def test_time_of_a_cell_gives_its_last_expressions_value(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "%%time\nx = 3\nx + 1", "%%time\nx;", "%%time\nfor i in 'ab': i")

    assert frontend.results == ["4"]
    assert shell.user_ns["i"] == "b"


def test_the_line_is_python_and_nothing_is_put_into_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, "x = 1", '%time f"{x}", "$x", {x}', "%time -x")

    assert frontend.results == ["('1', '$x', {1})", "-1"]


def test_magics_and_commands_work_in_a_timed_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "%%time\nx = !echo hi\nx[0]")

    assert frontend.results == ["'hi'"]


def test_an_error_is_raised_after_the_times_are_told(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    done = shell.run_cell("\nx = 1\n%time 1/0")

    assert not done.success
    assert TIMES.fullmatch(capsys.readouterr().out)
    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "%time 1/0" in text


def test_an_error_in_a_timed_cell_is_at_the_line_that_was_typed(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "%%time\nx = 1\n\n1/0")

    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert re.search(r"4 1/0", text)


def test_an_error_that_is_not_to_be_raised_is_shown(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    done = shell.run_cell("%%time --no-raise-error\n1/0")

    assert done.success
    assert frontend.errors == ["ZeroDivisionError"]
    assert TIMES.fullmatch(capsys.readouterr().out)


@pytest.mark.parametrize("ending", ["raise KeyboardInterrupt", "raise SystemExit(3)"])
def test_what_ends_a_cell_ends_a_timed_one(
    shell: InteractiveShell, capsys: Out, ending: str
) -> None:
    done = shell.run_cell(f"%%time --no-raise-error\n{ending}")

    assert not done.success


def test_sources_of_what_a_timed_cell_defines_are_found(
    shell: InteractiveShell, capsys: Out
) -> None:
    source = "def f():\n    # here\n    return 5\n"

    run(shell, "%%time\n" + source, "%time g = lambda: 7")

    assert inspect.getsource(shell.user_ns["f"]) == source


def test_time_sees_and_changes_what_its_function_sees(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "x = 1",
        "def f(a):\n"
        "    b = 2\n"
        "    return get_ipython().run_line_magic('time', '[a + b + x for _ in [1]]')",
        "f(10)",
    )

    assert frontend.results == ["[13]"]


def test_a_timed_cell_may_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x",
        "%time await f(1)",
        "%%time\nx = await f(2)\nx",
        "await f(0)\ny = %time await f(3)\ny",
        "async def g():\n    z = %time await f(4)\n    return z\nawait g()",
        "def h():\n    return get_ipython().run_line_magic('time', 'await f(5)')\nh()",
    )

    assert frontend.errors == []
    assert frontend.results == ["1", "2", "3", "4", "5"]


def test_time_wants_a_statement(shell: InteractiveShell, capsys: Out) -> None:
    run(shell, "%time", "%%time x = 1\nx")

    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "UsageError: %time wants a statement to run",
        "UsageError: %%time times what is below it: nothing goes behind it",
    ]


# --- %timeit --------------------------------------------------------------------------


def test_the_report_of_timeit(shell: InteractiveShell, capsys: Out) -> None:
    run(shell, "%timeit -n100 -r 3 pass", "%timeit -qn 1 -r1 pass", "%timeit -r1 -n1 1")

    first, second = capsys.readouterr().out.splitlines()
    number = r"[\d.e+-]+ (s|ms|μs|ns)"
    assert re.fullmatch(
        rf"{number} ± {number} per loop "
        r"\(mean ± std\. dev\. of 3 runs, 100 loops each\)",
        first,
    )
    assert second.endswith("of 1 run, 1 loop each)")


def test_the_result_of_timeit(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "r = %timeit -o -q -n4 -r2 pass", "%timeit -v v -q -n4 -r2 pass")

    result = shell.user_ns["r"]
    assert (result.loops, result.repeat, len(result.all_runs)) == (4, 2, 2)
    assert result.timings == [one / 4 for one in result.all_runs]
    assert result.best <= result.average <= result.worst
    assert result.stdev >= 0
    assert result.compile_time > 0
    assert isinstance(shell.user_ns["v"], TimeitResult)
    assert capsys.readouterr().out == ""


def test_loops_are_long_enough_for_the_clock(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    shell.user_ns["calls"] = calls
    monkeypatch.setattr("time.process_time", lambda: len(calls) / 1000)

    run(shell, "r = %timeit -c -o -q -r1 calls.append(1)")

    assert shell.user_ns["r"].loops == 1000  # 0.1 s would not do


def test_names_that_timed_code_binds_are_its_own(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "base = 1",
        "%%timeit -n1 -r1 start = base\nx = start + 1\ny = x",
        "dir()",
    )

    assert frontend.errors == []
    assert not {"start", "x", "y"} & set(shell.user_ns)


def test_the_line_of_a_timed_cell_is_run_once_for_each_loop(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "a, b = [], []", "%%timeit -n3 -r2 a.append(1)\nb.append(1)")

    assert (len(shell.user_ns["a"]), len(shell.user_ns["b"])) == (2, 6)


def test_timed_code_sees_what_its_function_sees(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "def f(found):\n    %timeit -n2 -r1 -q found.append(1)\n    return len(found)",
        "f([])",
    )

    assert frontend.results == ["2"]


def test_the_collector_is_off_meanwhile_and_on_again(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "import gc; on = []", "%timeit -n1 -r1 on.append(gc.isenabled())")
    run(shell, "%timeit -n1 -r1 1/0")

    assert shell.user_ns["on"] == [False]
    assert gc.isenabled()


def test_timed_code_may_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "import asyncio; calls = []\n"
        "async def f():\n    calls.append(1)\n    await asyncio.sleep(0)",
        "%timeit -q -n2 -r3 await f()",
        "await f()\n%timeit -q -n2 -r3 await f()",
        "%%timeit -q -n1 -r1 await f()\nawait f()",
        "len(calls)",
    )

    assert frontend.errors == []
    assert frontend.results == ["15"]


def test_code_that_is_none_outside_of_a_function_is_none(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "%timeit return 5", "%timeit yield", "%timeit x = = 1")

    assert frontend.errors == ["SyntaxError", "SyntaxError", "SyntaxError"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "wants a statement"),
        ("-n x pass", "-n takes a whole number, not x"),
        ("-r -1 pass", "-r takes a whole number, not -1"),
        ("-v 1 pass", "-v wants the name of a variable, not 1"),
        ("-z pass", "no option -z"),
        ("-n", "-n wants a value"),
    ],
)
def test_wrong_lines_get_one_line(
    shell: InteractiveShell, capsys: Out, line: str, message: str
) -> None:
    run(shell, f"%timeit {line}")

    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_code_may_begin_with_a_dash(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "x = 1", "%timeit -q -n1 -r1 -- -x", "%timeit -q -n1 -r1 -5 + x")

    assert frontend.errors == []


def test_a_run_that_was_much_slower_is_pointed_at(capsys: Out) -> None:
    from ipcluster.engines.interpreter.magics.timing import _tell_result

    _tell_result(TimeitResult(1, 2, [0.1, 0.9], 0.2, 3))

    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("The slowest run took 9.00 times as long")
    assert second.startswith("500 ms ± 400 ms per loop")
    assert third == "Compiler time: 0.20 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ns"),
        (1.5e-8, "15 ns"),
        (1.234e-6, "1.23 μs"),
        (0.0123, "12.3 ms"),
        (1, "1 s"),
        (59.94, "59.9 s"),
        (60, "1min"),
        (3723, "1h 2min 3s"),
        (90000, "1d 1h"),
        (1e-12, "0.001 ns"),
        (9.9999e-7, "1 μs"),
        (0.99996, "1 s"),
    ],
)
def test_how_long_something_took(seconds: float, text: str) -> None:
    assert span(seconds) == text
