"""A kernel on another machine: this one, through a real OpenSSH server."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None,
    reason="wants OpenSSH: apt install openssh-server openssh-client",
)

PATIENCE = 20.0


class Server:
    """One `sshd`, for this user's key alone; kernels there are found in `runtime`."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        assert SSHD is not None
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name]
            subprocess.run(command, cwd=folder, check=True, timeout=PATIENCE)
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        Path("/run/sshd").mkdir(exist_ok=True)  # where it is root that starts it
        (folder / "config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\n"
            f"PasswordAuthentication no\nPidFile none\n"
            f"SetEnv JUPYTER_RUNTIME_DIR={runtime}\n"
        )
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=self._log
        )
        self._make_client()
        self._wait()

    def _make_client(self) -> None:
        """An `ssh` for $PATH that has our key, and nothing of the user's own."""
        real = shutil.which("ssh")
        (self.folder / "client").write_text(
            f"IdentityFile {self.folder}/user\nIdentitiesOnly yes\n"
            f"UserKnownHostsFile {self.folder}/known\nLogLevel ERROR\n"
            "StrictHostKeyChecking accept-new\nBatchMode yes\n"
        )
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "ssh"
        program.write_text(f'#!/bin/sh\nexec {real} -F {self.folder}/client "$@"\n')
        program.chmod(0o755)
        self.path = str(bin_folder)

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                words = (self.folder / "log").read_text()
                assert self.process.poll() is None, words
                assert time.monotonic() < deadline, words
                time.sleep(0.02)

    def want_to_know(self, passphrase: str) -> None:
        """From now on `ssh` has to ask: for this, and whether the host is known."""
        command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", "user"]
        subprocess.run(command, cwd=self.folder, check=True, timeout=PATIENCE)
        client = self.folder / "client"
        text = client.read_text().replace("accept-new", "ask")
        client.write_text(text.replace("BatchMode yes", "IdentityAgent none"))

    @property
    def name(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    def end(self) -> None:
        for one in psutil.Process(self.process.pid).children(recursive=True):
            one.terminate()
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._log.close()


@pytest.fixture
def server(kernel: Any, tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    found = Server(folder, kernel.file.parent)
    yield found
    found.end()


def test_the_newest_kernel_there_is_talked_to_and_left(
    kernel: Any, server: Server, start: Callable[..., Any], shells: Any
) -> None:
    path = f"{server.path}:{shells.environment['PATH']}"
    nowhere = str(shells.work)  # no kernel runs here
    terminal = start("--ssh", server.name, PATH=path, JUPYTER_RUNTIME_DIR=nowhere)
    terminal.wait_for_prompt(1)

    terminal.enter("print('from', 'afar'); 6 * 7")
    terminal.wait_for("Out[1]: 42")
    terminal.wait_for_prompt(2)
    assert "from afar" in terminal.text
    terminal.enter("import time; print('it', 'runs'); time.sleep(60)")
    terminal.wait_for("it runs")
    terminal.press("c-c")
    terminal.wait_for_prompt(3)
    tunnels = [p for p in psutil.process_iter() if _is_tunnel(p, server.folder)]
    assert len(tunnels) == 1
    terminal.enter("exit")

    assert terminal.wait_for_end() == 0
    assert kernel.process.poll() is None
    psutil.wait_procs(tunnels, PATIENCE)
    assert [one for one in tunnels if one.is_running()] == []


def _is_tunnel(process: psutil.Process, folder: Path) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return bool(words) and "ssh" in words[0] and f"{folder}/client" in " ".join(words)


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("nobody@127.0.0.1:{port}", "ssh nobody@127.0.0.1 failed"),
        ("-oProxyCommand=x", "--ssh takes [user@]host[:port]"),
    ],
)
def test_what_cannot_be_reached_is_one_line(
    server: Server, shells: Any, host: str, told: str
) -> None:
    shells.environment["PATH"] = f"{server.path}:{shells.environment['PATH']}"

    done = shells.call("console", f"--ssh={host.format(port=server.port)}")

    assert done.returncode == 1
    assert f"ipshell console: {told}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_kernel_that_is_not_there_is_one_line(server: Server, shells: Any) -> None:
    shells.environment["PATH"] = f"{server.path}:{shells.environment['PATH']}"

    done = shells.call("console", "--existing", "nobody", "--ssh", server.name)

    assert done.returncode == 1
    assert done.stderr.startswith(
        "ipshell console: there is no connection file 'nobody' on "
    )


def test_ssh_asks_at_the_terminal(
    kernel: Any, server: Server, start: Callable[..., Any], shells: Any
) -> None:
    server.want_to_know("sesame")
    path = f"{server.path}:{shells.environment['PATH']}"

    terminal = start("--ssh", server.name, PATH=path)
    terminal.wait_for("(yes/no/")
    terminal.enter("yes")
    terminal.wait_for("Enter passphrase")
    terminal.enter("sesame")
    terminal.wait_for_prompt(1)
    assert "sesame" not in terminal.text
    terminal.enter("exit")

    assert terminal.wait_for_end() == 0


def test_ctrl_c_where_ssh_asks_is_no_traceback(
    server: Server, start: Callable[..., Any], shells: Any
) -> None:
    server.want_to_know("sesame")
    path = f"{server.path}:{shells.environment['PATH']}"

    terminal = start("--ssh", server.name, PATH=path)
    terminal.wait_for("(yes/no/")
    terminal.press("c-c")

    assert terminal.wait_for_end() == 130
    assert "Traceback" not in terminal.text


def test_without_a_terminal_what_ssh_would_ask_is_one_line(
    server: Server, shells: Any
) -> None:
    server.want_to_know("sesame")
    shells.environment["PATH"] = f"{server.path}:{shells.environment['PATH']}"

    unknown = shells.call("console", "--ssh", server.name)
    client = server.folder / "client"
    client.write_text(client.read_text().replace("ask", "accept-new"))
    locked = shells.call("console", "--ssh", server.name)

    for done, why in (
        (unknown, "Host key verification failed"),
        (locked, "Permission denied"),
    ):
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert line.startswith("ipshell console: ssh ")
        assert why in line
        assert line.endswith("; there is no terminal at which it could ask")
