"""What a kernel answers, shows, and survives."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster


def texts(shown: list[tuple[str, dict[str, Any]]], name: str = "stdout") -> str:
    return "".join(
        content["text"]
        for kind, content in shown
        if kind == "stream" and content["name"] == name
    )


# --- executing ------------------------------------------------------------------------


def test_a_cell_shows_its_input_its_prints_and_its_value(client: Any) -> None:
    reply, shown = client.execute("print('a'); 6 * 7")

    assert reply["status"] == "ok"
    assert [kind for kind, _ in shown] == ["execute_input", "stream", "execute_result"]
    assert shown[0][1]["code"] == "print('a'); 6 * 7"
    assert texts(shown) == "a\n"
    assert shown[2][1]["data"] == {"text/plain": "42"}
    assert shown[2][1]["execution_count"] == reply["execution_count"]


def test_an_error_is_shown_and_in_the_reply(client: Any) -> None:
    reply, shown = client.execute("1/0")

    assert reply["status"] == "error"
    assert reply["ename"] == "ZeroDivisionError"
    assert dict(shown)["error"]["ename"] == "ZeroDivisionError"
    assert reply["traceback"] == dict(shown)["error"]["traceback"]


def test_a_silent_cell_shows_nothing_but_prints(client: Any) -> None:
    before = client.execute("0")[0]["execution_count"]

    reply, shown = client.execute("print('x'); 5", silent=True)

    assert [kind for kind, _ in shown] == ["stream"]
    assert reply["execution_count"] == before


def test_expressions_come_with_the_reply(client: Any) -> None:
    reply, _ = client.execute("a = 2", user_expressions={"x": "a * 3", "y": "nope"})

    assert reply["user_expressions"]["x"]["data"] == {"text/plain": "6"}
    assert reply["user_expressions"]["y"]["ename"] == "NameError"


def test_what_c_code_and_children_print_comes_in_order(client: Any) -> None:
    _, shown = client.execute(
        "import os, sys\nprint('one')\nos.system('echo two')\nprint('three')\n"
        "os.write(1, b'four\\n')\nprint('five', file=sys.stderr)"
    )

    assert texts(shown) == "one\ntwo\nthree\nfour\n"
    assert texts(shown, "stderr") == "five\n"


def test_threads_that_print_much_at_once_lose_nothing(client: Any, shared: Any) -> None:
    _, shown = client.execute(
        "import threading\n"
        "def speak(name):\n"
        "    for number in range(5_000): print(f'{name}{number}\\n', end='')\n"
        "threads = [threading.Thread(target=speak, args=(one,)) for one in 'abc']\n"
        "for one in threads: one.start()\n"
        "speak('d')\n"
        "for one in threads: one.join()"
    )

    texts = [content["text"] for kind, content in shown if kind == "stream"]
    lines = "".join(texts).splitlines()
    for name in "abcd":
        own = [line for line in lines if line.startswith(name)]
        assert own == [f"{name}{number}" for number in range(5_000)]
    assert "Traceback" not in shared.log.read_text()


def _texts_of_two(client: Any) -> dict[str, str]:
    """What two requests have printed, by their ids, once both have."""
    found: dict[str, str] = {}
    # A line may come in two messages: its end is a text of its own.
    while len(found) < 2 or not all(text.endswith("\n") for text in found.values()):
        message = client.receive("iopub")
        if message.type == "stream":
            key = message.parent["msg_id"]
            found[key] = found.get(key, "") + message.content["text"]
    return found


def test_output_of_a_thread_goes_to_the_cell_that_started_it(client: Any) -> None:
    code = (
        "import threading\ngo = threading.Event()\n"
        "def f():\n    go.wait(20); print('from the thread'); done.set()\n"
        "done = threading.Event()\nthreading.Thread(target=f).start()"
    )
    first = client.start(code)
    client.reply_to(first)
    client.shown(first)

    second = client.start("go.set(); done.wait(20); print('second')")
    client.reply_to(second)

    assert _texts_of_two(client) == {first: "from the thread\n", second: "second\n"}


def test_output_of_a_pool_goes_to_the_cell_that_submitted_it(client: Any) -> None:
    """The pool's threads are those of an earlier cell: what counts is the call."""
    made = client.start(
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1); pool.submit(int).result()\n"
        "go = threading.Event()\n"
        "def f():\n    go.wait(20); print('from the pool'); return 7"
    )
    client.reply_to(made)
    client.shown(made)
    first = client.start("future = pool.submit(f)")
    client.reply_to(first)
    client.shown(first)

    second = client.start("go.set(); print(future.result())")
    client.reply_to(second)

    assert _texts_of_two(client) == {first: "from the pool\n", second: "7\n"}


def test_a_failed_cell_aborts_those_that_wait_behind_it(client: Any) -> None:
    first = client.start("import time; time.sleep(0.1); 1/0")
    second = client.start("x_after = 1")
    third = client.start("x_third = 1", stop_on_error=False)

    assert client.reply_to(first)["status"] == "error"
    assert client.reply_to(second)["status"] == "aborted"
    assert client.reply_to(third)["status"] == "aborted"
    assert client.execute("'x_after' in globals()")[1][1][1]["data"] == {
        "text/plain": "False"
    }


def test_without_stop_on_error_the_next_cell_runs(client: Any) -> None:
    first = client.start("1/0", stop_on_error=False)
    second = client.start("y_after = 1")

    assert client.reply_to(first)["status"] == "error"
    assert client.reply_to(second)["status"] == "ok"


def test_another_clients_cells_are_not_aborted(client: Any, another: Any) -> None:
    first = client.start("import time; time.sleep(0.1); 1/0")
    client.until("execute_input", first)
    other = another.start("5")

    assert client.reply_to(first)["status"] == "error"
    assert another.reply_to(other)["status"] == "ok"


def test_a_payload_is_in_the_reply(client: Any) -> None:
    reply, _ = client.execute("get_ipython().set_next_input('abc')")

    assert reply["payload"] == [
        {"source": "set_next_input", "text": "abc", "replace": False}
    ]


def test_tasks_of_asyncio_go_on_between_cells(client: Any) -> None:
    client.execute(
        "import asyncio\nsteps = []\n"
        "async def f():\n"
        "    for i in range(3):\n        await asyncio.sleep(0.001); steps.append(i)\n"
        "    open('over', 'w').close()\n"
        "t = asyncio.ensure_future(f(), loop=get_ipython().loop.loop)"
    )

    reply, shown = client.execute(
        "import time\nwhile not t.done(): await asyncio.sleep(0)\nsteps"
    )

    assert reply["status"] == "ok"
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "[0, 1, 2]"}


def test_a_cell_that_does_not_await_starts_tasks_as_elsewhere(client: Any) -> None:
    client.execute(
        "import asyncio\nasync def f(): return 4\nt = asyncio.create_task(f())"
    )

    reply, shown = client.execute("(await t, t.done())")

    assert reply["status"] == "ok"
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "(4, True)"}


def test_asyncio_run_works_in_a_cell(client: Any) -> None:
    reply, _ = client.execute("import asyncio; asyncio.run(asyncio.sleep(0, 3))")

    assert reply["status"] == "ok"


# --- interrupts -----------------------------------------------------------------------


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
@pytest.mark.parametrize("way", ["group", "process", "message"])
def test_what_runs_is_interrupted(
    client: Any, shared: Any, code: str, way: str
) -> None:
    request = client.start(f"print('running', flush=True)\n{code}")
    client.until("stream", request)

    if way == "group":
        shared.interrupt_group()
    elif way == "process":
        shared.interrupt()
    else:
        reply = client.ask("interrupt_request", channel="control")
        assert reply["status"] == "ok"

    assert client.reply_to(request)["ename"] == "KeyboardInterrupt"
    assert client.execute("7")[0]["status"] == "ok"


def test_an_interrupt_reaches_a_sleep_that_is_about_to_begin(
    client: Any, shared: Any
) -> None:
    """Signals that come just before the system call are not seen by it."""
    for _ in range(30):
        request = client.start("print(1, flush=True)\nimport time; time.sleep(60)")
        client.until("stream", request)

        client.send("interrupt_request", channel="control")

        assert client.reply_to(request)["ename"] == "KeyboardInterrupt"


def test_an_interrupt_reaches_a_cell_that_has_just_been_taken(client: Any) -> None:
    """Its code has not begun when a front end hears that it is at work."""
    for _ in range(30):
        request = client.start("import time; time.sleep(60)")
        while client.until("status", request)["execution_state"] != "busy":
            pass

        client.send("interrupt_request", channel="control")

        assert client.reply_to(request)["ename"] == "KeyboardInterrupt"
        shown = client.shown(request)
        assert [kind for kind, _ in shown] == ["execute_input", "error"]


def test_one_interrupt_hits_one_cell(client: Any, shared: Any) -> None:
    """The supervisor passes it on, late; the kernel has had it already."""
    import psutil

    supervisor = psutil.Process(shared.process.pid)
    request = client.start("print('running', flush=True)\nwhile True: pass")
    client.until("stream", request)

    supervisor.suspend()
    try:
        shared.interrupt_group()
        assert client.reply_to(request)["ename"] == "KeyboardInterrupt"
        request = client.start(
            "import time; print('next', flush=True)\n"
            "for _ in range(20): time.sleep(0.01)"
        )
        client.until("stream", request)
    finally:
        supervisor.resume()

    assert client.reply_to(request)["status"] == "ok"


def test_an_interrupt_between_cells_hits_nothing(client: Any, shared: Any) -> None:
    client.execute("1")
    shared.interrupt_group()
    client.ask("interrupt_request", channel="control")

    assert client.execute("7")[0]["status"] == "ok"


def test_a_handler_of_the_users_is_called_once(client: Any, shared: Any) -> None:
    client.execute(
        "import signal\ncalls = []\n"
        "before = signal.signal(signal.SIGINT, lambda *_: calls.append(1))"
    )

    def by_message() -> None:  # of this one the supervisor knows nothing
        client.ask("interrupt_request", channel="control")

    ways = (shared.interrupt_group, shared.interrupt, by_message, shared.interrupt)
    try:
        for send in ways:
            request = client.start(
                "print('on', flush=True); import time\n"
                "while not calls: time.sleep(0.01)\n"
                "time.sleep(0.1); found = len(calls); calls.clear()\nfound"
            )
            client.until("stream", request)

            send()

            result = dict(client.shown(request))["execute_result"]
            assert result["data"] == {"text/plain": "1"}
    finally:
        client.execute("signal.signal(signal.SIGINT, before)")


def test_what_was_printed_before_an_interrupt_is_shown(
    client: Any, shared: Any
) -> None:
    request = client.start(
        "n = 0\nprint('running', flush=True)\nwhile True:\n    n += 1; print(n)"
    )
    client.until("stream", request)

    shared.interrupt_group()

    assert client.reply_to(request)["ename"] == "KeyboardInterrupt"
    printed = texts(client.shown(request)).split()
    assert [int(number) for number in printed] == [*range(1, len(printed) + 1)]
    count = int(client.execute("n")[1][1][1]["data"]["text/plain"])
    assert count - len(printed) in (0, 1)


def test_an_interrupt_reaches_the_child_that_a_cell_waits_for(client: Any) -> None:
    request = client.start(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', "
        "'import time; print(1, flush=True); time.sleep(60)'])\n"
        "try:\n    child.wait()\nexcept KeyboardInterrupt:\n    pass"
    )
    client.until("stream", request)

    client.ask("interrupt_request", channel="control")

    assert client.reply_to(request)["status"] == "ok"
    _, shown = client.execute("child.wait(10)")
    assert dict(shown)["execute_result"]["data"] != {"text/plain": "0"}


@pytest.mark.parametrize("kind", ["complete", "inspect"])
def test_a_question_that_runs_the_users_code_is_interrupted(
    client: Any, shared: Any, kind: str
) -> None:
    client.execute(
        "class Endless:\n"
        "    def __dir__(self):\n"
        "        open('asked', 'w').close()\n        while True: pass\n"
        "    __repr__ = __dir__\n"
        "endless = Endless()"
    )
    asked = shared.file.parent / "asked"
    asked.unlink(missing_ok=True)
    request = client.send(
        f"{kind}_request",
        {"code": "endless.", "cursor_pos": 8 if kind == "complete" else 5},
    )
    while not asked.exists():
        if client.sockets["shell"].poll(10):
            break  # it can be answered without running that

    shared.interrupt_group()

    assert client.reply_to(request)
    assert client.execute("7")[0]["status"] == "ok"


def test_an_awaiting_cell_is_interrupted(client: Any, shared: Any) -> None:
    request = client.start(
        "import asyncio; print('running', flush=True); await asyncio.sleep(60)"
    )
    client.until("stream", request)

    shared.interrupt()

    assert client.reply_to(request)["ename"] == "KeyboardInterrupt"


# --- input ----------------------------------------------------------------------------


def test_input_asks_the_client_that_runs_the_cell(client: Any, another: Any) -> None:
    request = client.start("from getpass import getpass\nx = input('? ') + getpass()")

    asked = client.receive("stdin")
    assert asked.content == {"prompt": "? ", "password": False}
    client.send("input_reply", {"value": "ada"}, channel="stdin")
    assert client.receive("stdin").content["password"] is True
    client.send("input_reply", {"value": "byron"}, channel="stdin")

    assert client.reply_to(request)["status"] == "ok"
    assert not another.sockets["stdin"].poll(0)
    assert client.execute("x")[1][1][1]["data"] == {"text/plain": "'adabyron'"}


def test_without_a_keyboard_input_fails(client: Any) -> None:
    reply, _ = client.execute("input()", allow_stdin=False)

    assert reply["ename"] == "StdinNotAvailable"


def test_an_input_that_nobody_answers_can_be_interrupted(
    client: Any, shared: Any
) -> None:
    request = client.start("input()")
    client.receive("stdin")

    shared.interrupt()

    assert client.reply_to(request)["ename"] == "KeyboardInterrupt"


# --- questions ------------------------------------------------------------------------


def test_the_kernel_says_what_it_is(client: Any) -> None:
    info = client.ask("kernel_info_request")

    assert info["protocol_version"].startswith("5.")
    assert info["language_info"]["name"] == "python"
    assert client.ask("kernel_info_request", channel="control") == info


def test_whether_a_cell_is_complete(client: Any) -> None:
    ask = client.ask

    assert ask("is_complete_request", {"code": "1"})["status"] == "complete"
    reply = ask("is_complete_request", {"code": "def f():"})
    assert reply["status"] == "incomplete"
    assert ask("is_complete_request", {"code": "1 +* 2"})["status"] == "invalid"


def test_history_of_this_session(client: Any) -> None:
    client.execute("unlikely_name = 1")

    tail = client.ask("history_request", {"hist_access_type": "tail", "n": 1})
    found = client.ask(
        "history_request", {"hist_access_type": "search", "pattern": "unlikely*"}
    )

    assert tail["history"][-1][2] == "unlikely_name = 1"
    assert found["history"][-1][2] == "unlikely_name = 1"


def test_what_it_uses(client: Any) -> None:
    reply = client.ask("usage_request", channel="control")

    assert reply["kernel_memory"] > 1 << 20
    assert reply["pid"] > 0


def test_control_answers_while_a_cell_runs(client: Any, shared: Any) -> None:
    request = client.start("print('on', flush=True)\nwhile True: pass")
    client.until("stream", request)

    assert client.ask("kernel_info_request", channel="control")["status"] == "ok"

    shared.interrupt()
    client.reply_to(request)


def test_the_heart_beats_while_a_cell_runs(client: Any, shared: Any) -> None:
    request = client.start("print('on', flush=True)\nwhile True: pass")
    client.until("stream", request)

    client.sockets["hb"].send(b"ping")

    assert client.sockets["hb"].poll(20_000)
    assert client.sockets["hb"].recv() == b"ping"
    shared.interrupt()
    client.reply_to(request)


# --- subshells ------------------------------------------------------------------------


def test_a_subshell_runs_cells_beside_the_main_one(client: Any, shared: Any) -> None:
    ident = client.ask("create_subshell_request", channel="control")["subshell_id"]
    assert client.ask("list_subshell_request", channel="control")["subshell_id"] == [
        ident
    ]
    busy = client.start(
        "import threading; gate = threading.Event()\n"
        "print('closed', flush=True); gate.wait(20)"
    )
    client.until("stream", busy)

    request = client.start("gate.set(); print('beside'); 'sub'", subshell=ident)
    reply = client.reply_to(request)

    assert reply["status"] == "ok"
    shown = client.shown(request)
    assert texts(shown) == "beside\n"
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "'sub'"}
    reply = client.ask(
        "delete_subshell_request", {"subshell_id": ident}, channel="control"
    )
    assert reply["status"] == "ok"
    reply = client.ask(
        "delete_subshell_request", {"subshell_id": ident}, channel="control"
    )
    assert reply["status"] == "error"


# --- the end --------------------------------------------------------------------------


def test_a_shutdown_is_answered_and_leaves_nothing(own: Callable[..., Any]) -> None:
    kernel, client = own()

    reply = client.ask("shutdown_request", {"restart": False}, channel="control")

    assert reply == {"status": "ok", "restart": False}
    assert kernel.wait() == 0
    assert not kernel.file.exists()


def test_a_shutdown_ends_a_cell_that_runs(own: Callable[..., Any]) -> None:
    kernel, client = own()
    request = client.start("print('on', flush=True)\nwhile True: pass")
    client.until("stream", request)

    client.ask("shutdown_request", {"restart": True}, channel="control")

    assert kernel.wait() == 0
    assert kernel.file.exists()  # who restarts it uses the same file


# --- when it dies ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV, a crash in code that is not"),
        ("import os; os._exit(7)", "exited with status 7 in the middle of a cell"),
        ("import os; os.abort()", "SIGABRT"),
    ],
)
def test_a_kernel_that_dies_says_why(
    own: Callable[..., Any], code: str, reason: str
) -> None:
    kernel, client = own()
    request = client.start(f"import sys; print('last words', file=sys.stderr)\n{code}")

    told = client.until("error", request)

    assert told["ename"] == "KernelDied"
    assert reason in told["evalue"]
    assert "last words" in told["evalue"]
    if "SIGSEGV" in reason:
        assert "string_at" in told["evalue"]
    kernel.wait()
    assert reason in kernel.log.read_text()


def test_a_kernel_that_runs_out_of_memory_says_so_in_python(client: Any) -> None:
    reply, _ = client.execute("x = bytearray(1 << 62)")

    assert reply["ename"] == "MemoryError"


FILL = """
import os, resource
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * os.sysconf("SC_PAGE_SIZE") + (200 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
kept = []
for size in (10**6, 10**5, 10**4, 10**3):
    try:
        while True:
            kept.append("x" * size)
    except MemoryError:
        if size == 10**3:
            raise
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit that holds")
def test_a_cell_that_keeps_all_memory_does_not_end_the_kernel(
    own: Callable[..., Any],
) -> None:
    _, client = own()
    client.execute("'something'")

    reply, shown = client.execute(FILL)
    assert reply["ename"] == "MemoryError"
    assert [kind for kind, _ in shown] == ["execute_input", "error"]
    assert client.execute("print(len(kept) > 10)")[0]["status"] == "ok"
    client.execute("kept = None")

    reply, shown = client.execute("len('x' * 10**8)")
    assert reply["status"] == "ok"
    assert shown[1][1]["data"] == {"text/plain": "100000000"}


def test_a_killed_supervisor_takes_its_kernel_along(own: Callable[..., Any]) -> None:
    import psutil

    kernel, client = own()
    client.execute("1")
    child = psutil.Process(kernel.process.pid).children()[0]

    kernel.process.kill()

    child.wait(20)


def test_a_kernel_ends_with_the_process_that_started_it(
    own: Callable[..., Any],
) -> None:
    import subprocess
    import sys

    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    kernel, client = own(JPY_PARENT_PID=str(parent.pid))
    assert client.execute("1")[0]["status"] == "ok"

    parent.kill()
    try:
        kernel.wait()  # the one that is dead need not be waited for by anybody
    finally:
        parent.communicate()
