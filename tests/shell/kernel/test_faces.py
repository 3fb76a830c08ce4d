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


@pytest.fixture
def face(cluster: Any, own: Callable[..., Any]) -> Any:
    """The process of a face, and a client of it."""
    ticket = str(cluster.cluster.place.client_ticket)
    cluster[:].clear(block=True)
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
    assert info["supported_features"] == []


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

    who, event = seen.get(timeout=20)
    talk.close()
    assert event[:2] == ["input", "6 * 7"]
    assert who.startswith("ada via ")
    assert who.endswith(f":{face[0].process.pid}")


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
