"""A kernel that is the face of an engine: Jupyter's protocol here, its cells there."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.shell.kernel.install import main as install

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with ipp.Cluster(n=1) as rc:
        yield rc


# What an earlier test has left open.
CLOSE_ALL = """
import comm
for one in list(comm.get_comm_manager().comms.values()):
    one.close()
"""


@pytest.fixture
def face(cluster: Any, own: Callable[..., Any]) -> Any:
    """The process of a face, and a client of it."""
    ticket = str(cluster.cluster.place.client_ticket)
    cluster[:].clear(block=True)
    cluster[0].execute(CLOSE_ALL, block=True)
    return own("--cluster", ticket, "--engine", "0")


def test_cells_run_on_the_engine_beside_its_tasks(cluster: Any, face: Any) -> None:
    _, client = face
    cluster[0].push({"a": 20}, block=True)

    reply, shown = client.execute("print('hm'); b = a + 1; b * 2")

    assert reply["status"] == "ok"
    assert [kind for kind, _ in shown] == ["execute_input", "stream", "execute_result"]
    assert shown[1][1] == {"name": "stdout", "text": "hm\n"}
    assert shown[2][1]["data"]["text/plain"] == "42"
    assert shown[2][1]["execution_count"] == reply["execution_count"]
    assert cluster[0]["b"] == 21


def test_rich_output_and_errors_come_as_any_kernels(cluster: Any, face: Any) -> None:
    _, client = face

    _, shown = client.execute(
        "from IPython.display import HTML, display; display(HTML('<b>x</b>'))"
    )
    assert shown[1][0] == "display_data"
    assert shown[1][1]["data"]["text/html"] == "<b>x</b>"
    reply, shown = client.execute("1/0")

    assert (reply["status"], reply["ename"]) == ("error", "ZeroDivisionError")
    assert shown[-1][1]["evalue"] == "division by zero"
    assert reply["traceback"] == shown[-1][1]["traceback"] != []
    assert len(cluster.ids) == 1


def test_questions_are_the_engines_to_answer(cluster: Any, face: Any) -> None:
    _, client = face
    cluster[0].execute("ambidextrous = 3", block=True)

    found = client.ask("complete_request", {"code": "ambid", "cursor_pos": 5})
    known = client.ask("inspect_request", {"code": "ambidextrous", "cursor_pos": 3})
    whole = client.ask("is_complete_request", {"code": "for i in x:"})
    client.execute("'remember me'")
    past = client.ask(
        "history_request",
        {"hist_access_type": "tail", "n": 1, "output": False, "raw": True},
    )
    expressions, _ = client.execute("x = 4", user_expressions={"y": "x + 1"})
    info = client.ask("kernel_info_request")

    assert found["matches"] == ["ambidextrous"]
    assert known["found"]
    assert whole == {"status": "incomplete", "indent": "    "}
    assert past["history"][-1][2] == "'remember me'"
    value = expressions["user_expressions"]["y"]
    assert value["data"] == {"text/plain": "5"}
    assert info["supported_features"] == ["debugger"]


def test_input_goes_to_the_client_that_runs_the_cell(cluster: Any, face: Any) -> None:
    _, client = face
    request = client.start("name = input('who? ')")

    asked = client.receive("stdin")
    client.send("input_reply", {"value": "ada"}, channel="stdin")

    assert asked.content == {"prompt": "who? ", "password": False}
    assert client.reply_to(request)["status"] == "ok"
    assert cluster[0]["name"] == "ada"


def test_an_interrupt_hits_the_cell(cluster: Any, face: Any) -> None:
    _, client = face
    request = client.start("import time; print('runs', flush=True); time.sleep(60)")
    client.until("stream", request)

    assert client.ask("interrupt_request", channel="control")["status"] == "ok"

    assert client.reply_to(request)["ename"] == "KeyboardInterrupt"
    assert client.execute("7")[0]["status"] == "ok"
    assert cluster[0].apply_sync(int, "7") == 7


def test_what_others_type_on_the_engine_is_published_as_theirs(
    cluster: Any, face: Any
) -> None:
    _, client = face
    client.ask("kernel_info_request")  # it has begun to listen

    cluster[0].converse().run_cell("6 * 7").get(timeout=20)

    while (message := client.receive("iopub")).type != "execute_input":
        pass
    assert message.content["code"] == "6 * 7"
    who = message.parent["username"]
    assert "@" in who
    assert message.parent["session"] != client.session.session
    result = client.receive("iopub")
    assert result.content["data"] == {"text/plain": "42"}
    assert result.parent["username"] == who


def test_others_on_the_engine_see_who_typed_in_jupyter(cluster: Any, face: Any) -> None:
    _, client = face
    client.session.username = "ada"
    client.ask("kernel_info_request")
    seen: queue.SimpleQueue[tuple[str, list[Any]]] = queue.SimpleQueue()
    talk = cluster[0].converse(watch=lambda who, event: seen.put((who, event)))

    client.execute("6 * 7")

    _, parent = seen.get(timeout=20)
    who, event = seen.get(timeout=20)
    talk.close()
    assert (parent[0], parent[1]["username"]) == ("parent", "ada")
    assert event[:2] == ["input", "6 * 7"]
    assert who.startswith("ada via ")
    assert who.endswith(f":{face[0].process.pid}")


# A comm that answers with what it is told, and keeps what it has heard.
ECHO = """
import comm
heard = []
def opened(one, message):
    @one.on_msg
    def answer(message):
        heard.append(message["content"]["data"])
        print("heard")
        one.send({"echo": message["content"]["data"]}, {"m": 1},
                 [bytes(b)[::-1] for b in message["buffers"]])
    one.on_close(lambda message: heard.append("closed"))
comm.get_comm_manager().register_target("echo", opened)
"""


def test_comms_of_the_engine_talk_to_clients_of_its_face(
    cluster: Any, face: Any
) -> None:
    _, client = face
    client.execute(ECHO)
    opening = client.send("comm_open", {"comm_id": "a", "target_name": "echo"})
    client.shown(opening)

    told = {"comm_id": "a", "data": {"value": 3}}
    request = client.send("comm_msg", told, buffers=[b"\x00\x01\xff"])

    printed = client.until("stream", request)
    while (answer := client.receive("iopub")).type != "comm_msg":
        pass
    assert printed["text"] == "heard\n"
    assert answer.parent["msg_id"] == request
    assert answer.content == {"comm_id": "a", "data": {"echo": {"value": 3}}}
    assert answer.metadata == {"m": 1}
    assert [bytes(one) for one in answer.buffers] == [b"\xff\x01\x00"]
    assert answer.idents == [b"comm-a"] or answer.idents == []
    assert client.shown(request) == []  # it ends with idle: a slider waits for that
    assert cluster[0]["heard"] == [{"value": 3}]


def test_comms_are_listed_and_closed_from_either_side(cluster: Any, face: Any) -> None:
    _, client = face
    client.execute(ECHO)
    client.shown(client.send("comm_open", {"comm_id": "b", "target_name": "echo"}))
    client.execute("mine = comm.create_comm(target_name='other', data={'x': 1})")

    listed = client.ask("comm_info_request", {"target_name": "echo"})["comms"]
    everything = client.ask("comm_info_request", {})["comms"]
    client.shown(client.send("comm_close", {"comm_id": "b", "data": {}}))
    _, shown = client.execute("mine.close(); mine.comm_id")

    assert listed == {"b": {"target_name": "echo"}}
    assert {about["target_name"] for about in everything.values()} == {"echo", "other"}
    assert cluster[0]["heard"] == ["closed"]
    mine = shown[-1][1]["data"]["text/plain"].strip("'")
    assert ("comm_close", {"data": {}, "comm_id": mine}) in shown
    assert client.ask("comm_info_request", {})["comms"] == {}


def test_a_target_that_is_not_there_is_closed_at_once(face: Any) -> None:
    _, client = face

    request = client.send("comm_open", {"comm_id": "c", "target_name": "nobody"})

    assert client.shown(request) == [("comm_close", {"comm_id": "c", "data": {}})]


def test_comm_messages_wait_for_the_task_that_runs(
    cluster: Any, face: Any, tmp_path: Path
) -> None:
    _, client = face
    client.execute(ECHO)
    client.shown(client.send("comm_open", {"comm_id": "d", "target_name": "echo"}))
    file = tmp_path / "go on"
    task = cluster[0].execute(
        "import os, time\nprint('runs', flush=True)\n"
        f"while not os.path.exists({str(file)!r}): time.sleep(0.005)\n"
        "heard.append('the task has ended')"
    )
    cluster.connection.wait(lambda: "runs" in task.stdout)

    request = client.send("comm_msg", {"comm_id": "d", "data": {"n": 1}})
    file.touch()

    client.shown(request)
    assert cluster[0]["heard"] == ["the task has ended", {"n": 1}]


def test_a_callback_that_fails_is_shown_and_harms_nothing(face: Any) -> None:
    _, client = face
    client.execute(
        "import comm\ndef opened(one, message): one.on_msg(lambda m: 1 / 0)\n"
        "comm.get_comm_manager().register_target('bad', opened)"
    )
    client.shown(client.send("comm_open", {"comm_id": "e", "target_name": "bad"}))

    request = client.send("comm_msg", {"comm_id": "e", "data": {}})

    printed = "".join(content["text"] for _, content in client.shown(request))
    assert "ZeroDivisionError" in printed
    assert client.execute("1")[0]["status"] == "ok"


def test_an_interrupt_hits_the_callback_of_a_comm(face: Any) -> None:
    _, client = face
    client.execute(
        "import comm, time\n"
        "def slow(m): print('on', flush=True); time.sleep(60)\n"
        "def opened(one, message): one.on_msg(slow)\n"
        "comm.get_comm_manager().register_target('slow', opened)"
    )
    client.shown(client.send("comm_open", {"comm_id": "f", "target_name": "slow"}))
    request = client.send("comm_msg", {"comm_id": "f", "data": {}})
    client.until("stream", request)

    client.ask("interrupt_request", channel="control")

    assert ("KeyboardInterrupt") in [
        content.get("ename") for _, content in client.shown(request)
    ]
    assert client.execute("1")[0]["status"] == "ok"


def test_several_faces_of_an_engine_see_the_same_comms(
    cluster: Any, own: Callable[..., Any]
) -> None:
    ticket = str(cluster.cluster.place.client_ticket)
    words = ("--cluster", ticket, "--engine", "0")
    (_, first), (_, second) = own(*words), own(*words)
    second.ask("kernel_info_request")
    first.execute(ECHO)
    first.shown(first.send("comm_open", {"comm_id": "g", "target_name": "echo"}))

    request = second.send("comm_msg", {"comm_id": "g", "data": {"from": "second"}})
    echoed = first.until("comm_msg")
    own_echo = second.until("comm_msg", request)
    first.execute("mine = comm.create_comm(target_name='t', data={}, buffers=[b'x'])")
    while (opened := second.receive("iopub")).type != "comm_open":
        pass

    assert echoed == own_echo
    assert echoed["data"] == {"echo": {"from": "second"}}
    assert opened.content["target_name"] == "t"
    assert [bytes(one) for one in opened.buffers] == [b"x"]


def test_requests_have_one_id_in_all_faces(
    cluster: Any, own: Callable[..., Any]
) -> None:
    """An `Output` widget takes in what belongs to the request it was entered in."""
    ticket = str(cluster.cluster.place.client_ticket)
    words = ("--cluster", ticket, "--engine", "0")
    (_, first), (_, second) = own(*words), own(*words)
    second.ask("kernel_info_request")

    request = first.start(
        "parent = get_ipython().kernel.get_parent()['header']['msg_id']; print(parent)"
    )

    printed = first.until("stream", request)
    while (seen := second.receive("iopub")).type != "stream":
        pass
    assert printed["text"].strip() == request
    assert seen.content["text"].strip() == seen.parent["msg_id"] == request
    first.reply_to(request)


def test_a_thread_and_a_task_send_to_comms_while_no_cell_runs(
    cluster: Any, face: Any
) -> None:
    _, client = face
    client.execute("import comm, threading; mine = comm.create_comm(target_name='t')")

    cluster[0].execute("mine.send({'by': 'a task'})", block=True)
    by_task = client.until("comm_msg")
    cluster[0].execute(
        "go = threading.Event()\n"
        "def wait():\n    go.wait(20); mine.send({'by': 'a thread'})\n"
        "threading.Thread(target=wait).start()\n"
        "threading.Timer(0.05, go.set).start()",
        block=True,
    )
    by_thread = client.until("comm_msg")

    assert by_task["data"] == {"by": "a task"}
    assert by_thread["data"] == {"by": "a thread"}


def test_comms_that_a_face_has_opened_are_closed_with_it(
    cluster: Any, face: Any
) -> None:
    kernel, client = face
    client.execute(ECHO + "mine = comm.create_comm(target_name='t')")
    client.shown(client.send("comm_open", {"comm_id": "h", "target_name": "echo"}))

    client.ask("shutdown_request", {"restart": False}, channel="control")

    assert kernel.wait() == 0
    talk = cluster[0].converse()
    (left,) = talk.comm_info().values()
    assert left == {"target_name": "t"}  # the engine's own: names there lead to it
    assert cluster[0]["heard"] == ["closed"]
    talk.run_cell("mine.close()").get(timeout=20)


def test_libraries_know_a_notebook_by_the_shell_of_an_engine_with_a_face(
    face: Any,
) -> None:
    _, client = face

    _, shown = client.execute(
        "ip = get_ipython(); from ipykernel.zmqshell import ZMQInteractiveShell as Z\n"
        "type(ip).__name__, isinstance(ip, Z), 'IPKernelApp' in ip.config"
    )

    assert shown[-1][1]["data"]["text/plain"] == "('ZMQInteractiveShell', True, True)"


def test_tab_at_the_debuggers_prompt_is_the_engines_to_answer(face: Any) -> None:
    _, client = face
    client.execute("whatever = 5; 1 / 0")
    request = client.start("%debug")
    asked = client.receive("stdin")

    told = {"code": "p whate", "cursor_pos": 7}
    found = client.ask(
        "complete_request", told, channel="control", metadata={"for_input": True}
    )
    client.send("input_reply", {"value": "q"}, channel="stdin")

    assert asked.content["completes"] is True
    assert found["matches"] == ["whatever"]
    assert (found["cursor_start"], found["cursor_end"]) == (2, 7)
    assert client.reply_to(request)["status"] == "ok"


CODE = "def f(n):\n    half = n / 2\n    return half\nf(10)"


def debug(client: Any, command: str, **arguments: Any) -> dict[str, Any]:
    """The body of the response to a request of the Debug Adapter Protocol."""
    request = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
    reply = client.ask("debug_request", request, channel="control")
    assert reply["success"], reply
    body: dict[str, Any] = reply["body"]
    return body


def stop_in_a_cell(client: Any) -> str:
    """Have a cell stop at a breakpoint; its request."""
    pytest.importorskip("debugpy", reason="pip install 'ipcluster[debugger]'")
    debug(client, "initialize", adapterID="", pathFormat="path")
    debug(client, "attach")
    path = debug(client, "dumpCell", code=CODE)["sourcePath"]
    source = {"path": path}
    debug(client, "setBreakpoints", source=source, breakpoints=[{"line": 3}])
    request: str = client.start(CODE)
    while client.until("debug_event")["event"] != "stopped":
        pass
    return request


def test_a_face_that_ends_stops_nobody_at_its_breakpoints(
    cluster: Any, face: Any
) -> None:
    kernel, client = face
    stop_in_a_cell(client)

    client.ask("shutdown_request", {"restart": False}, channel="control")

    assert kernel.wait() == 0
    assert cluster[0].apply_async(int, "7").get(timeout=20) == 7


def test_all_faces_of_an_engine_hear_of_its_debugger(
    cluster: Any, own: Callable[..., Any]
) -> None:
    ticket = str(cluster.cluster.place.client_ticket)
    words = ("--cluster", ticket, "--engine", "0")
    (_, first), (_, second) = own(*words), own(*words)
    second.ask("kernel_info_request")

    request = stop_in_a_cell(first)
    while (told := second.until("debug_event"))["event"] != "stopped":
        pass
    debug(second, "continue", threadId=told["body"]["threadId"])

    assert first.reply_to(request)["status"] == "ok"
    debug(first, "disconnect")


def test_the_debugger_is_asked_while_a_task_runs(
    cluster: Any, face: Any, tmp_path: Path
) -> None:
    _, client = face
    client.execute("plain = 5")
    debug(client, "debugInfo")  # from now on the engine has one to ask
    file = tmp_path / "go on"
    task = cluster[0].execute(
        "import os, time\nprint('runs', flush=True)\n"
        f"while not os.path.exists({str(file)!r}): time.sleep(0.005)"
    )
    cluster.connection.wait(lambda: "runs" in task.stdout)

    variables = debug(client, "inspectVariables")["variables"]

    assert not task.ready()
    assert {one["name"]: one["value"] for one in variables}["plain"] == "5"
    file.touch()
    task.get(timeout=20)


def test_an_engine_without_debugpy_says_so(own: Callable[..., Any]) -> None:
    with ipp.Cluster(n=1) as rc:
        ticket = str(rc.cluster.place.client_ticket)
        _, client = own("--cluster", ticket, "--engine", "0")
        client.execute("import sys; sys.modules['debugpy'] = None")
        request = {"type": "request", "seq": 7, "command": "initialize"}

        reply = client.ask("debug_request", request, channel="control")

        assert not reply["success"]
        assert reply["request_seq"] == 7
        assert "pip install debugpy" in reply["message"]


def test_connect_info_names_the_console_and_the_face(cluster: Any, face: Any) -> None:
    kernel, client = face
    cluster_id = cluster.cluster.cluster_id

    _, shown = client.execute("%connect_info")

    text = shown[1][1]["text"]
    assert f"ipshell console --cluster {cluster_id} --engine 0" in text
    assert f"jupyter console --existing {kernel.file}" in text


def test_a_kernel_spec_names_the_engine(tmp_path: Path) -> None:
    words = ["--prefix", str(tmp_path), "--cluster", "night", "--engine", "3"]

    assert install(words) == 0

    (file,) = tmp_path.glob("share/jupyter/kernels/*/kernel.json")
    spec = json.loads(file.read_text())
    assert file.parent.name == "ipshell-engine-3"
    assert spec["argv"][-4:] == ["--cluster", "night", "--engine", "3"]
    assert spec["interrupt_mode"] == "message"
    assert spec["display_name"] == "Engine 3 of night (ipshell)"
    assert spec["metadata"]["supported_features"] == ["debugger"]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["--engine", "3", "--name", "mine"], "Engine 3 (ipshell)"),
        (
            ["--engine", "3", "--cluster", "/x/cluster_day/client.ticket"],
            "Engine 3 of day (ipshell)",
        ),
        (["--engine", "3", "--display-name", "My engine"], "My engine"),
        ([], "Python 3 (ipshell)"),
    ],
)
def test_kernel_specs_are_told_apart_in_menus(
    words: list[str], title: str, tmp_path: Path
) -> None:
    assert install(["--prefix", str(tmp_path), *words]) == 0

    (file,) = tmp_path.glob("share/jupyter/kernels/*/kernel.json")
    assert json.loads(file.read_text())["display_name"] == title


def test_a_kernel_spec_of_a_cluster_needs_an_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        install(["--prefix", str(tmp_path), "--cluster", "night"])

    assert "--engine says which engine" in capsys.readouterr().err


def test_a_face_that_ends_leaves_its_engine(cluster: Any, face: Any) -> None:
    kernel, client = face
    client.execute("kept = 1")

    client.ask("shutdown_request", {"restart": False}, channel="control")

    assert kernel.wait() == 0
    assert not kernel.file.exists()
    assert cluster[0]["kept"] == 1
    talk = cluster[0].converse()
    done = talk.run_cell("%connect_info")
    done.get(timeout=20)
    assert str(kernel.file) not in done.stdout
    assert "ipshell console" in done.stdout


def test_an_engine_that_dies_is_told_and_ends_its_face(own: Callable[..., Any]) -> None:
    with ipp.Cluster(n=1) as rc:
        ticket = str(rc.cluster.place.client_ticket)
        kernel, client = own("--cluster", ticket, "--engine", "0")
        request = client.start("import os, signal; os.kill(os.getpid(), 9)")

        told = client.until("error", request)
        reply = client.reply_to(request)

        assert told["ename"] == "EngineDied"
        assert "SIGKILL" in told["evalue"]
        assert (reply["status"], reply["ename"]) == ("error", "EngineDied")
        assert kernel.wait() == 0
