"""A kernel of the console's own: it starts with it, and ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from ipcluster.shell.kernel.connection import Connection, runtime_folder

# Seconds that a kernel gets to end when it was told to.
GRACE = 5.0
# Seconds between looks for the file that a kernel writes when it listens.
LOOK = 0.01


class OwnKernel:
    """`ipshell kernel`, in a session of its own: Ctrl-C at the terminal is ours."""

    def __init__(self) -> None:
        name = f"kernel-{uuid.uuid4()}.json"
        self.path = os.path.join(runtime_folder(), name)
        # Its log, and its last words if it does not start.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by stop)
        self._process = self._start()
        try:
            self.connection = self._read_connection()
        except BaseException:
            self._process.kill()
            self.stop()
            raise

    def _read_connection(self) -> Connection:
        """Where it listens. It chooses that itself: nobody else can take the ports.

        Raises:
            OSError: it did not start.
        """
        while not os.path.exists(self.path):
            if self.has_ended:
                raise OSError(self.last_words())
            time.sleep(LOOK)
        return Connection.read(self.path)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-Xfrozen_modules=off"]
        command += ["-m", "ipcluster.shell.kernel.app", "-f", self.path]
        return subprocess.Popen(
            command,
            env={**os.environ, "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def start(self) -> None:
        """Start another at the same ports, when the last one has ended."""
        self.connection.write(self.path)  # the last one has taken its file away
        self._process = self._start()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def how(self) -> str:
        """How it ended, in a word or two."""
        status = self._process.poll() or 0
        if status >= 0:
            return f"exit status {status}"
        try:
            return f"signal {-status}, {signal.Signals(-status).name}"
        except ValueError:
            return f"signal {-status}"

    def last_words(self) -> str:
        """The last line that it wrote, or how it ended."""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else self.how

    def stop(self) -> None:
        """Wait for its end; end it, if it does not."""
        for number in (0, signal.SIGTERM, signal.SIGKILL):
            if number:
                self._process.send_signal(number)
            try:
                self._process.wait(GRACE)
                break
            except subprocess.TimeoutExpired:
                continue
        self._log.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:  # it has done so itself
            return
