"""`ipshell lab`, `notebook` and `qtconsole`: the real programs, with our kernel."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60
IPSHELL = [sys.executable, "-m", "ipcluster.shell.terminal.app"]


def wait_for(what: Any, log: Path) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return found


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(
    ("name", "module"), [("lab", "jupyterlab"), ("notebook", "notebook")]
)
def test_a_server_starts_our_kernel_by_default(
    name: str, module: str, tmp_path: Path
) -> None:
    pytest.importorskip(module)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def ask(path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/{path}",
            headers={"Authorization": "token secret"},
            data=body,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.loads(reply.read())
        except (urllib.error.URLError, OSError):
            return None

    log = tmp_path / "log"
    with log.open("wb") as out:
        words = [name, "--no-browser", "--allow-root", f"--port={port}"]
        server = subprocess.Popen(
            [*IPSHELL, *words, "--IdentityProvider.token=secret"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: ask("status"), log)
        specs = ask("kernelspecs")
        kernel = ask("kernels", b"{}")

        assert specs["default"] == "ipshell"
        spec = specs["kernelspecs"]["ipshell"]["spec"]
        assert spec["argv"][0] == sys.executable
        assert kernel["name"] == "ipshell"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE)


@pytest.mark.usefixtures("folders")
def test_the_qt_console_opens_on_our_kernel(tmp_path: Path) -> None:
    pytest.importorskip("qtconsole")
    runtime = tmp_path / "runtime"
    log = tmp_path / "log"

    with log.open("wb") as out:
        console = subprocess.Popen(
            [*IPSHELL, "qtconsole"],
            cwd=tmp_path,
            env={
                **os.environ,
                "JUPYTER_RUNTIME_DIR": str(runtime),
                "QT_QPA_PLATFORM": "offscreen",
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        [file] = wait_for(lambda: [*runtime.glob("kernel-*.json")], log)
        from jupyter_client import BlockingKernelClient

        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        info = client.kernel_info(reply=True, timeout=PATIENCE)
        assert info["content"]["implementation"] == "ipcluster"
        client.shutdown()
        client.stop_channels()
    finally:
        console.terminate()
        console.wait(PATIENCE)


@pytest.mark.usefixtures("folders")
def test_jupyter_run_runs_a_file(tmp_path: Path) -> None:
    pytest.importorskip("jupyter_client")
    file = tmp_path / "a.py"
    file.write_text("print('from', 'a file')\n")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "jupyter_client.runapp"),
            *("--kernel", "ipshell-test", str(file)),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 0, done.stderr
    assert "from a file" in done.stdout
