"""How a kernel listens: files, transports, keys, and what cannot be used."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zmq

from ipcluster.shell.kernel.connection import CHANNELS, Connection


def run(*words: str, timeout: float = 20, **environment: str) -> tuple[int, str]:
    """A kernel that does not begin: its status, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "ipcluster.shell.kernel.app", *words],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_file_says_all_that_a_client_needs(tmp_path: Path) -> None:
    connection = Connection(key="k", ports={"shell": 5}, kernel_name="x")
    connection.encrypt()
    path = str(tmp_path / "new" / "kernel.json")

    connection.write(path)

    again = Connection.read(path)
    assert again.to_dict() == connection.to_dict()
    assert again.curve_keys == connection.curve_keys
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert os.listdir(os.path.dirname(path)) == ["kernel.json"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"transport": "carrier-pigeon"}, "tcp or ipc"),
        ({"signature_scheme": "hmac-nonsense"}, "no signature scheme"),
        ({"signature_scheme": "sha256"}, "no signature scheme"),
        ({"key": "", "ip": "0.0.0.0"}, "without a key"),
        ({"curve_publickey": "short", "curve_secretkey": "short"}, "no keys"),
        ({"curve_publickey": "é" * 40, "curve_secretkey": "é" * 40}, "no keys"),
    ],
)
def test_what_a_kernel_cannot_use_is_refused(more: dict[str, str], why: str) -> None:
    connection = Connection.from_dict({"key": "k", "ip": "127.0.0.1"} | more)

    with pytest.raises(ValueError, match=why):
        connection.check()


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no connection file"),
        ("[]", "is no connection file"),
        ('{"shell_port": "many"}', "is no connection file"),
        ('{"transport": "udp", "key": "k"}', "tcp or ipc"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "kernel.json"
    file.write_text(text)

    status, said = run("-f", str(file))

    assert status != 0
    assert why in said
    assert len(said.splitlines()) == 1
    assert file.read_text() == text


@pytest.mark.cluster
def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        file = tmp_path / "kernel.json"
        port = other.getsockname()[1]
        file.write_text(json.dumps({"key": "k", "shell_port": port}))

        status, said = run("-f", str(file))

    assert status != 0
    assert said.strip().endswith("Address already in use")
    assert len(said.splitlines()) == 1


@pytest.mark.cluster
def test_a_kernel_on_socket_files_leaves_none(
    own: Callable[..., Any], tmp_path: Path
) -> None:
    kernel, client = own("--transport", "ipc", XDG_DATA_HOME=str(tmp_path))

    assert client.execute("1")[0]["status"] == "ok"

    folder = Path(kernel.connection.ip).parent
    prefix = Path(kernel.connection.ip).name
    sockets = [one for one in folder.iterdir() if one.name.startswith(prefix)]
    assert len(sockets) == len(CHANNELS)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    client.ask("shutdown_request", {}, channel="control")
    assert kernel.wait() == 0
    assert not [one for one in folder.iterdir() if one.name.startswith(prefix)]


@pytest.mark.cluster
def test_a_kernel_on_ipv6(own: Callable[..., Any]) -> None:
    import socket

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    _, client = own("--ip", "::1")

    assert client.execute("1")[0]["status"] == "ok"


@pytest.mark.cluster
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_an_encrypted_kernel_talks_to_those_with_its_key_only(
    own: Callable[..., Any],
    context: zmq.Context[Any],
    transport: str,
    tmp_path: Path,
) -> None:
    kernel, client = own(
        "--encrypt", "--transport", transport, XDG_DATA_HOME=str(tmp_path)
    )
    _, shown = client.execute("print(6 * 7)")
    assert dict(shown)["stream"]["text"] == "42\n"
    client.sockets["hb"].send(b"ping")
    assert client.sockets["hb"].poll(10_000)

    plain = context.socket(zmq.SUB)
    plain.setsockopt(zmq.SUBSCRIBE, b"")
    plain.connect(kernel.connection.address("iopub"))
    other = context.socket(zmq.DEALER)
    other.linger = 0
    other.connect(kernel.connection.address("shell"))
    other.send_multipart(client.session.pack("kernel_info_request", {}))
    client.execute("print('secret')")

    assert not plain.poll(300)
    assert not other.poll(300)
    plain.close()
    other.close()


@pytest.mark.cluster
def test_an_encrypted_kernel_says_why_it_dies(own: Callable[..., Any]) -> None:
    _, client = own("--encrypt")

    request = client.start("import os; os.abort()")

    assert "SIGABRT" in client.until("error", request)["evalue"]
