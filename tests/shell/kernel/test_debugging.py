"""Breakpoints in cells, and variables, as a front end asks for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.ecosystem.cellfiles import murmur2

pytest.importorskip("debugpy", reason="pip install 'ipcluster[debugger]'")


class FrontEnd:
    """Speaks DAP through debug requests."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._numbers = itertools.count(1)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        reply: dict[str, Any] = self.client.ask(
            "debug_request",
            {
                "type": "request",
                "seq": next(self._numbers),
                "command": command,
                "arguments": arguments,
            },
            channel="control",
        )
        return reply

    def body(self, command: str, **arguments: Any) -> dict[str, Any]:
        reply = self.ask(command, **arguments)
        assert reply["success"], reply
        body: dict[str, Any] = reply["body"]
        return body

    def start(self) -> None:
        self.body(
            "initialize",
            clientID="test",
            adapterID="",
            linesStartAt1=True,
            columnsStartAt1=True,
            pathFormat="path",
        )
        self.body("attach")

    def event(self, name: str) -> dict[str, Any]:
        while True:
            event = self.client.until("debug_event")
            if event["event"] == name:
                body: dict[str, Any] = event["body"]
                return body


@pytest.fixture(params=["kernel", "engine"])
def client(
    request: pytest.FixtureRequest,
    shared: Any,
    shared_face: Any,
    client_class: Any,
    context: Any,
) -> Iterator[Any]:
    """A client of a kernel, and of one that is the face of an engine."""
    kernel = {"kernel": shared, "engine": shared_face}[request.param]
    client = client_class(kernel.connection, context)
    yield client
    client.close()


@pytest.fixture
def front(client: Any) -> Iterator[FrontEnd]:
    front = FrontEnd(client)
    yield front
    if front.body("debugInfo")["isStarted"]:
        front.body("disconnect", restart=False, terminateDebuggee=False)


def test_the_hash_is_murmur2() -> None:
    assert murmur2("", 0) == 0
    assert murmur2("test", 0) == 403862830
    assert murmur2("Hello, world!", 0) == 1077681669


@pytest.mark.cluster
def test_a_cell_stops_at_its_breakpoint_and_goes_on(
    client: Any, front: FrontEnd
) -> None:
    code = "def f(n):\n    half = n / 2\n    return half\nx = f(10)\n'over'"
    front.start()
    path = front.body("dumpCell", code=code)["sourcePath"]
    assert Path(path).read_text() == code
    points = front.body(
        "setBreakpoints",
        source={"path": path},
        breakpoints=[{"line": 3}],
        sourceModified=False,
    )
    assert points["breakpoints"][0]["verified"]

    request = client.start(code)
    thread = front.event("stopped")["threadId"]

    info = front.body("debugInfo")
    assert info["stoppedThreads"] == [thread]
    assert info["breakpoints"] == [{"source": path, "breakpoints": [{"line": 3}]}]
    frames = front.body("stackTrace", threadId=thread)["stackFrames"]
    assert [(frame["name"], frame["line"]) for frame in frames] == [
        ("f", 3),
        ("<module>", 4),
    ]
    scopes = front.body("scopes", frameId=frames[0]["id"])["scopes"]
    reference = scopes[0]["variablesReference"]
    found = front.body("variables", variablesReference=reference)["variables"]
    assert {one["name"]: one["value"] for one in found} == {"n": "10", "half": "5.0"}
    rich = front.body(
        "richInspectVariables", variableName="half", frameId=frames[0]["id"]
    )
    assert rich["data"] == {"text/plain": "5.0"}
    front.body(
        "copyToGlobals",
        srcVariableName="half",
        dstVariableName="kept",
        srcFrameId=frames[0]["id"],
    )

    front.body("continue", threadId=thread)

    assert client.reply_to(request)["status"] == "ok"
    assert front.body("debugInfo")["stoppedThreads"] == []
    _, shown = client.execute("kept")
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "5.0"}


@pytest.mark.cluster
def test_a_cell_is_interrupted_where_it_is_stopped_and_stops_again(
    client: Any, front: FrontEnd
) -> None:
    code = "def f(n):\n    half = n / 2\n    return half\nf(10)"
    front.start()
    path = front.body("dumpCell", code=code)["sourcePath"]
    front.body("setBreakpoints", source={"path": path}, breakpoints=[{"line": 3}])
    interrupted = client.start(code)
    front.event("stopped")

    client.ask("interrupt_request", channel="control")

    assert client.reply_to(interrupted)["ename"] == "KeyboardInterrupt"
    assert front.body("debugInfo")["stoppedThreads"] == []
    request = client.start(code)
    thread = front.event("stopped")["threadId"]
    front.body("continue", threadId=thread)
    assert client.reply_to(request)["status"] == "ok"


@pytest.mark.cluster
def test_steps_stay_in_the_users_code(client: Any, front: FrontEnd) -> None:
    code = "a = 1\nb = 2\nc = 3"
    front.start()
    path = front.body("dumpCell", code=code)["sourcePath"]
    front.body("setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}])

    request = client.start(code)
    thread = front.event("stopped")["threadId"]
    front.body("next", threadId=thread)
    front.event("stopped")

    frames = front.body("stackTrace", threadId=thread)["stackFrames"]
    assert frames[0]["line"] == 3
    front.body("continue", threadId=thread)
    assert client.reply_to(request)["status"] == "ok"


@pytest.mark.cluster
def test_variables_are_inspected_without_a_debugger(
    client: Any, front: FrontEnd
) -> None:
    client.execute("deep = {'a': [1, 2]}\nplain = 5")

    variables = front.body("inspectVariables")["variables"]

    by_name = {one["name"]: one for one in variables}
    assert by_name["plain"]["value"] == "5"
    assert by_name["plain"]["variablesReference"] == 0
    reference = by_name["deep"]["variablesReference"]
    assert not front.ask("variables", variablesReference=reference)["success"]
    rich = front.body("richInspectVariables", variableName="plain")
    assert rich["data"] == {"text/plain": "5"}
    assert front.body("modules")["totalModules"] > 10
    assert front.body("debugInfo")["isStarted"] is False


@pytest.mark.cluster
def test_the_users_variables_open_up(client: Any, front: FrontEnd) -> None:
    client.execute("deep = {'a': [1, 2]}")
    front.start()
    found = front.body("inspectVariables")["variables"]
    by_name = {one["name"]: one for one in found}

    children = front.body(
        "variables", variablesReference=by_name["deep"]["variablesReference"]
    )["variables"]

    assert children[0]["name"] == "'a'"
    assert children[0]["evaluateName"] == "deep['a']"
    again = front.body(
        "variables", variablesReference=children[0]["variablesReference"]
    )["variables"]
    assert [one["value"] for one in again] == ["1", "2"]


@pytest.mark.cluster
def test_a_wrong_request_is_answered_as_such(front: FrontEnd) -> None:
    assert "not been started" in front.ask("threads")["message"]
    assert not front.ask("source", source={"path": "/no/such"})["success"]
    assert not front.ask("richInspectVariables", variableName="1 + 1")["success"]


@pytest.mark.cluster
def test_debugging_is_begun_again_after_it_was_ended(
    client: Any, front: FrontEnd
) -> None:
    for _ in range(2):
        front.start()
        assert front.body("threads")["threads"]
        front.body("disconnect", restart=False, terminateDebuggee=False)
    assert client.execute("1")[0]["status"] == "ok"
