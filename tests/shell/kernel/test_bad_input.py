"""What a hostile, broken or deaf peer does: the kernel lives on, and serves others."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
import zmq

from ipcluster.shell.kernel.messages import DELIMITER, Session

pytestmark = pytest.mark.cluster

CHANNELS = ("shell", "control", "stdin")


def memory_of(kernel: Any) -> int:
    """Of the kernel's processes, in bytes."""
    supervisor = psutil.Process(kernel.process.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    return sum(process.memory_info().rss for process in family)


def dealer(context: zmq.Context[Any], kernel: Any, channel: str) -> zmq.Socket[Any]:
    """A peer that does not know the key."""
    one: zmq.Socket[Any] = context.socket(zmq.DEALER)
    one.linger = 0
    one.connect(kernel.connection.address(channel))
    return one


def test_what_is_no_message_is_dropped(client: Any) -> None:
    for channel in CHANNELS:
        one = client.sockets[channel]
        one.send(b"")
        one.send_multipart([DELIMITER, b"x"])
        one.send_multipart([os.urandom(50) for _ in range(10)])
        client.send("no_such_request", channel=channel)
    client.send("execute_request", {"code": 5})

    assert client.execute("3")[0]["status"] == "ok"


def test_a_request_without_its_fields_is_refused(client: Any) -> None:
    assert client.ask("execute_request", {"code": 5})["status"] == "error"
    reply = client.ask("history_request", {"hist_access_type": "no such"})
    assert reply["status"] == "error"
    assert client.ask("inspect_request", {"detail_level": "x"})["status"] == "error"
    assert client.ask("complete_request", {"cursor_pos": "x"})["status"] == "ok"
    for kind in ("comm_open", "comm_msg", "comm_close"):
        client.send(kind, {"comm_id": ["no", "id"], "target_name": 7})
    bad = client.ask("replay_request", {"since": "x"}, channel="control")
    assert bad["status"] == "error"
    assert client.ask("debug_request", {}, channel="control")["success"] is False

    assert client.execute("3")[0]["status"] == "ok"


def test_another_key_runs_nothing(
    client: Any, shared: Any, context: zmq.Context[Any]
) -> None:
    for session in (Session(b"another"), Session(b"")):
        for channel in CHANNELS:
            one = dealer(context, shared, channel)
            one.send_multipart(
                session.pack("execute_request", {"code": "intruded = True"})
            )
            one.send_multipart(session.pack("shutdown_request", {}))
            one.close(linger=500)

    _, shown = client.execute("'intruded' in globals()")

    assert dict(shown)["execute_result"]["data"] == {"text/plain": "False"}


def test_a_replayed_request_is_not_run_again(client: Any) -> None:
    client.execute("runs = 0")
    content = {"code": "runs += 1", "silent": False}
    frames = client.session.pack("execute_request", content)

    for _ in range(3):
        client.sockets["shell"].send_multipart(frames)

    _, shown = client.execute("runs")
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "1"}


def test_frames_that_were_damaged_are_dropped(client: Any) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(300):
        frames = client.session.pack("execute_request", {"code": "damaged = 1"})
        match chance.randrange(4):
            case 0:
                frames = frames[: chance.randrange(len(frames))]
            case 1:
                del frames[chance.randrange(len(frames))]
            case 2:
                at = chance.randrange(1, len(frames))
                frames[at] = frames[at][: chance.randrange(len(frames[at]))]
            case _:
                at = chance.randrange(1, len(frames))
                frames[at] = chance.randbytes(chance.randrange(200))
        if frames:
            client.sockets[chance.choice(CHANNELS)].send_multipart(frames)

    _, shown = client.execute("'damaged' in globals()")

    assert dict(shown)["execute_result"]["data"] == {"text/plain": "False"}, seed


def test_bytes_that_are_no_zeromq_at_all(client: Any, shared: Any) -> None:
    for port in shared.connection.ports.values():
        for data in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            os.urandom(10_000),
            b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03",
            b"",
        ):
            with socket.create_connection(("127.0.0.1", port), 5) as peer:
                peer.sendall(data)

    assert client.execute("3")[0]["status"] == "ok"
    client.sockets["hb"].send(b"ping")
    assert client.sockets["hb"].poll(10_000)
    assert client.sockets["hb"].recv() == b"ping"


@pytest.mark.slow
def test_a_message_of_a_gigabyte_is_not_taken_in(
    client: Any, shared: Any, context: zmq.Context[Any]
) -> None:
    before = memory_of(shared)
    most = before
    for channel in (*CHANNELS, "hb"):
        one = dealer(context, shared, channel)
        one.send_multipart([DELIMITER, bytes(1 << 30)], copy=False)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            most = max(most, memory_of(shared))
            time.sleep(0.02)
        one.close()

    assert most - before < 100 << 20
    assert client.execute("3")[0]["status"] == "ok"


def test_a_long_message_that_is_signed_is_run(client: Any) -> None:
    size = 20_000_000

    reply, shown = client.execute(f"len({'x' * size!r})")

    assert reply["status"] == "ok"
    assert dict(shown)["execute_result"]["data"] == {"text/plain": str(size)}


def test_requests_that_nobody_waits_for_are_not_piled_up(
    own: Callable[..., Any], context: zmq.Context[Any]
) -> None:
    kernel, client = own()
    busy = client.start("print('on', flush=True); import time; time.sleep(600)")
    client.until("stream", busy)
    before = memory_of(kernel)
    flood = Session(kernel.connection.key.encode())
    one = dealer(context, kernel, "shell")

    # More than is taken: at last the sender is held up.
    size = 1 << 20
    for _ in range(600):
        frames = flood.pack("execute_request", {"code": "x", "more": "y" * size})
        if not one.poll(3000, zmq.POLLOUT):
            break
        one.send_multipart(frames)

    assert memory_of(kernel) - before < 1200 << 20
    assert client.ask("kernel_info_request", channel="control")["status"] == "ok"
    client.ask("interrupt_request", channel="control")
    assert client.reply_to(busy)["ename"] == "KeyboardInterrupt"
    one.close()
    assert client.ask("shutdown_request", channel="control")["status"] == "ok"


@pytest.mark.slow
def test_a_client_that_never_reads_costs_little_and_holds_up_for_a_while_only(
    own: Callable[..., Any], context: zmq.Context[Any]
) -> None:
    kernel, client = own()
    deaf = context.socket(zmq.SUB)
    deaf.linger = 0
    deaf.rcvhwm = 1
    deaf.setsockopt(zmq.SUBSCRIBE, b"")
    deaf.connect(kernel.connection.address("iopub"))
    client.until("iopub_welcome")

    request = client.start("for i in range(3000): print('x' * 200_000)")
    most = 0
    while True:
        message = client.receive("iopub", timeout=60)
        most = max(most, memory_of(kernel))
        if message.parent.get("msg_id") == request and (
            message.content.get("execution_state") == "idle"
        ):
            break

    assert most < 500 << 20
    assert client.reply_to(request)["status"] == "ok"
    _, shown = client.execute("'small'")
    assert dict(shown)["execute_result"]["data"] == {"text/plain": "'small'"}
    deaf.close()


def test_a_client_that_reads_slowly_misses_nothing(
    own: Callable[..., Any], context: zmq.Context[Any]
) -> None:
    _, client = own()
    request = client.start("for i in range(30_000): display(i)")

    time.sleep(2)  # in which nothing is read
    count = 0
    while True:
        message = client.receive("iopub", timeout=60)
        count += message.type == "display_data"
        if message.parent.get("msg_id") == request and (
            message.content.get("execution_state") == "idle"
        ):
            break

    assert count == 30_000


def test_a_client_that_reads_no_replies_costs_little(
    own: Callable[..., Any], context: zmq.Context[Any]
) -> None:
    kernel, client = own()
    before = memory_of(kernel)
    session = Session(kernel.connection.key.encode())
    one = dealer(context, kernel, "shell")
    one.rcvhwm = 1
    client.execute("text = 'y' * 1_000_000")

    for _ in range(300):
        one.send_multipart(
            session.pack(
                "execute_request",
                {"code": "", "silent": True, "user_expressions": {"text": "text"}},
            )
        )

    assert client.execute("3")[0]["status"] == "ok"
    assert memory_of(kernel) - before < 500 << 20
    one.close()
