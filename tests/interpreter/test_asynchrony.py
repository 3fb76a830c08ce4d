"""The loop of a shell: what cells await, and what they start without `await`."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from types import ModuleType

import pytest

from ipcluster.engines.interpreter import runners
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

LENT = ("create_task", "ensure_future", "gather", "get_event_loop")

DEFINED = """
import asyncio
async def f(x=1):
    await asyncio.sleep(0)
    return x
"""


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


@pytest.mark.parametrize(
    "start",
    [
        "task = asyncio.create_task(f(5))",
        "task = asyncio.create_task(f(5), name='a')\nassert task.get_name() == 'a'",
        "from asyncio import tasks\ntask = tasks.create_task(f(5))",
        "task = asyncio.ensure_future(f(5))",
        "task = asyncio.get_event_loop().create_task(f(5))",
    ],
)
def test_a_task_of_a_cell_that_does_not_await_runs_in_later_ones(
    shell: InteractiveShell, frontend: RecordingFrontEnd, start: str
) -> None:
    run(shell, DEFINED, start, "await asyncio.sleep(0.01)\ntask.result()", "await task")

    assert frontend.errors == []
    assert frontend.results == ["5", "5"]


def test_gathered_coroutines_are_awaited_later(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, DEFINED, "both = asyncio.gather(f(1), f(2))", "await both")

    assert frontend.results == ["[1, 2]"]


def test_a_task_sees_the_context_that_it_was_started_in(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        DEFINED + "import contextvars\nv = contextvars.ContextVar('v')\n"
        "async def seen(): return v.get()",
        "token = v.set(3)\ntask = asyncio.create_task(seen())\ntoken = v.set(4)",
        "await task, v.get()",
    )

    assert frontend.results == ["(3, 4)"]


def test_loops_of_the_users_own_work_in_cells(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        DEFINED,
        "task = asyncio.create_task(f(7))",
        "asyncio.run(f(6))",
        "await task",
    )

    assert frontend.results == ["6", "7"]


def test_in_other_threads_asyncio_is_as_it_is(shell: InteractiveShell) -> None:
    found: list[BaseException | str] = []

    async def f() -> None: ...

    def work() -> None:
        coroutine = f()
        try:
            found.append(str(asyncio.create_task(coroutine)))
        except RuntimeError as error:
            found.append(error)
        finally:
            coroutine.close()
        found.append(asyncio.run(g()))

    async def g() -> str:
        return await asyncio.create_task(h())

    async def h() -> str:
        return "run"

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)

    assert isinstance(found[0], RuntimeError)
    assert found[1] == "run"


def test_asyncio_is_as_it_was_when_the_last_shell_has_gone(
    shell: InteractiveShell,
) -> None:
    lent = [getattr(asyncio, name) for name in LENT]
    inner = InteractiveShell()
    inner.activate()

    inner.close()
    assert [getattr(asyncio, name) for name in LENT] == lent
    shell.deactivate()
    given_back = [getattr(asyncio, name) for name in LENT]
    shell.activate()

    assert not any(hasattr(function, "_without_shell") for function in given_back)
    assert given_back == [function._without_shell for function in lent]
    coroutine = asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        given_back[0](coroutine)
    coroutine.close()


def test_a_shell_may_end_while_another_thread_imports_asyncio(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncio", ModuleType("asyncio"))

    assert not runners.is_loop_running()
    shell.deactivate()


def test_a_function_that_somebody_else_has_replaced_is_left(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mine() -> None: ...

    before = asyncio.create_task._without_shell  # type: ignore[attr-defined]  # ours is there
    monkeypatch.setattr(asyncio, "create_task", mine)

    runners.unwatch()

    assert vars(asyncio)["create_task"] is mine
    monkeypatch.undo()
    asyncio.create_task = asyncio.tasks.create_task = before
    runners.watch()


def test_all_of_a_cell_that_awaits_runs_in_one_loop(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        DEFINED,
        "await f()\n"
        "task = asyncio.current_task()\n"
        "asyncio.current_task() is task and asyncio.get_running_loop().is_running()",
    )

    assert frontend.results == ["True"]


def test_context_variables_survive_every_way_of_running(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        DEFINED + "import contextvars\nv = contextvars.ContextVar('v', default=0)",
        "t = v.set(1)",
        "await f()\nt = v.set(v.get() + 1)",
        "t = %time await f(v.set(v.get() + 1))",
        "%%capture\nawait f()\nt = v.set(v.get() + 1)",
        "def g():\n    %time await f(v.set(v.get() + 1))\ng()",
        "await f()\nt = get_ipython().run_cell('t = v.set(v.get() + 1)')",
        "v.get()",
    )

    assert frontend.errors == []
    assert frontend.results == ["6"]


@pytest.mark.parametrize("cell", ["await {}", "%time await {}", "%timeit await {}"])
def test_ctrl_c_cancels_what_a_cell_awaits_and_nothing_else(
    shell: InteractiveShell, frontend: RecordingFrontEnd, cell: str
) -> None:
    before = signal.getsignal(signal.SIGINT)
    shell.user_ns["press"] = lambda: signal.raise_signal(signal.SIGINT)
    run(
        shell,
        DEFINED + "other = asyncio.create_task(asyncio.sleep(0.02, 'went on'))\n"
        "async def wait():\n"
        "    asyncio.get_running_loop().call_soon(press)\n"
        "    await asyncio.sleep(60)",
        cell.format("wait()"),
        "await other",
    )

    assert frontend.errors == ["KeyboardInterrupt"]
    assert frontend.results == ["'went on'"]
    assert signal.getsignal(signal.SIGINT) == before


def test_cells_of_another_thread_have_a_loop_of_their_own(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, DEFINED + "loops = []")
    cells = ["await f()\nloops.append(asyncio.get_running_loop())"] * 2

    thread = threading.Thread(target=run, args=(shell, *cells))
    thread.start()
    thread.join(20)
    run(shell, cells[0])

    assert frontend.errors == []
    first, second, ours = shell.user_ns["loops"]
    assert first is second
    assert ours is not first


def test_closing_a_shell_closes_its_loops_and_cancels_their_tasks() -> None:
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    try:
        shell.run_cell(DEFINED + "task = asyncio.create_task(asyncio.sleep(60))")
        thread = threading.Thread(target=shell.run_cell, args=("await f()",))
        thread.start()
        thread.join(20)
        task, loop = shell.user_ns["task"], shell.loop.loop
    finally:
        shell.close()

    assert task.cancelled()
    assert loop.is_closed()


def test_a_process_that_imports_asyncio_later_gets_the_same() -> None:
    program = (
        "import sys\n"
        "from ipcluster.engines.interpreter.frontend import FrontEnd\n"
        "from ipcluster.engines.interpreter.shell import InteractiveShell\n"
        "before = len(sys.meta_path)\n"
        "shells = [InteractiveShell(FrontEnd()) for _ in range(2)]\n"
        "for shell in shells: shell.activate()\n"
        "was_there = 'asyncio' in sys.modules\n"
        "shells.pop().close()\n"
        "shells[0].run_cell('import asyncio')\n"
        "shells[0].run_cell('async def f(): return 6')\n"
        "shells[0].run_cell('t = asyncio.create_task(f())')\n"
        "shells[0].run_cell('await t')\n"
        "shells.pop().close()\n"
        "import asyncio\n"
        "lent = hasattr(asyncio.create_task, '_without_shell')\n"
        "print(was_there, lent, len(sys.meta_path) - before)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["6", "False", "False", "0"]
