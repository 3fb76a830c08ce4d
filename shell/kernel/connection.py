"""Connection files: what a client needs to find a kernel ("Connection files").

A file of mode 0600 from its first moment, in a folder of mode 0700, written whole or
not at all. It is removed when the kernel ends.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import zmq

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def runtime_folder() -> str:
    """The folder that Jupyter's programs look into for connection files."""
    given = os.environ.get("JUPYTER_RUNTIME_DIR")
    if given:
        return given
    data = os.environ.get("JUPYTER_DATA_DIR")
    if data:
        return os.path.join(data, "runtime")
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Jupyter", "runtime")
    if os.name == "nt":
        return os.path.join(os.environ.get("APPDATA", home), "jupyter", "runtime")
    data_home = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(data_home, "jupyter", "runtime")


class Connection:
    """What a connection file says. Ports of 0 are chosen when the kernel binds."""

    def __init__(
        self,
        *,
        key: str | None = None,
        ip: str = "",
        transport: str = "tcp",
        signature_scheme: str = "hmac-sha256",
        ports: dict[str, int] | None = None,
        kernel_name: str = "",
        more: dict[str, Any] | None = None,
    ) -> None:
        self.key = os.urandom(32).hex() if key is None else key
        self.transport = transport
        self.ip = ip or ("127.0.0.1" if transport == "tcp" else _socket_prefix())
        self.signature_scheme = signature_scheme
        self.ports = {name: (ports or {}).get(name, 0) for name in CHANNELS}
        self.kernel_name = kernel_name
        self.more = more or {}
        self.path = ""  # of the file, when it has been written

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Connection:
        known = {
            "key",
            "ip",
            "transport",
            "signature_scheme",
            "kernel_name",
            *[f"{name}_port" for name in CHANNELS],
        }
        return cls(
            key=str(found.get("key", "")),
            ip=str(found.get("ip", "")),
            transport=str(found.get("transport", "tcp")),
            signature_scheme=str(found.get("signature_scheme", "hmac-sha256")),
            ports={name: int(found.get(f"{name}_port") or 0) for name in CHANNELS},
            kernel_name=str(found.get("kernel_name", "")),
            more={name: value for name, value in found.items() if name not in known},
        )

    @classmethod
    def read(cls, path: str) -> Connection:
        """The connection in a file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no connection file.
        """
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            found = json.loads(text)
            if isinstance(found, dict):
                return cls.from_dict(found)
        except (ValueError, TypeError):
            pass
        raise ValueError(f"{path} is no connection file")

    def to_dict(self) -> dict[str, Any]:
        return {
            **{f"{name}_port": port for name, port in self.ports.items()},
            "ip": self.ip,
            "key": self.key,
            "transport": self.transport,
            "signature_scheme": self.signature_scheme,
            "kernel_name": self.kernel_name,
            **self.more,
        }

    @property
    def curve_keys(self) -> tuple[bytes, bytes] | None:
        """Public and secret key of an encrypted kernel; its clients have the same."""
        public, secret = (
            self.more.get(f"curve_{one}key") for one in ("public", "secret")
        )
        if not public or not secret:
            return None
        return str(public).encode(), str(secret).encode()

    def encrypt(self) -> None:
        """Make keys, for a connection that is encrypted."""
        import zmq

        public, secret = zmq.curve_keypair()
        self.more["curve_publickey"] = public.decode()
        self.more["curve_secretkey"] = secret.decode()

    def secure(self, socket: zmq.Socket[Any]) -> None:
        """Have a socket of the kernel's encrypt, if the connection says so."""
        keys = self.curve_keys
        if keys is not None:
            socket.curve_publickey, socket.curve_secretkey = keys
            socket.curve_server = True

    def check(self) -> None:
        """See whether a kernel can use this.

        Raises:
            ValueError: it cannot; the text says why.
        """
        if self.transport not in ("tcp", "ipc"):
            raise ValueError(f"transport is tcp or ipc, not {self.transport!r}")
        if self.key and not _is_known(self.signature_scheme):
            raise ValueError(f"no signature scheme {self.signature_scheme!r}")
        if not self.key and self.transport == "tcp" and not self.ip.startswith("127."):
            # Anybody who reaches a port could run code.
            raise ValueError("without a key a kernel listens on 127.0.0.1 only")
        keys = self.curve_keys
        if keys is None:
            return
        import zmq
        from zmq.utils import z85

        if not zmq.has("curve"):
            raise ValueError("it is to be encrypted, but this libzmq has no CURVE")
        try:
            sizes = {len(z85.decode(key)) for key in keys}
        except Exception:  # whatever it makes of letters that are none of its alphabet
            sizes = set()
        if sizes != {32}:
            raise ValueError("the connection file's CURVE keys are no keys")

    def address(self, channel: str, port: int | None = None) -> str:
        port = self.ports[channel] if port is None else port
        if self.transport == "tcp":
            ip = f"[{self.ip}]" if ":" in self.ip else self.ip
            return f"tcp://{ip}:{port or '*'}"
        return f"{self.transport}://{self.ip}-{port}"

    def write(self, path: str) -> None:
        """Write the file; whoever reads it sees all of it, and is its owner."""
        folder = os.path.dirname(os.path.abspath(path))
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.path = os.path.abspath(path)
        new = f"{path}.{os.getpid()}"
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(self.to_dict(), file, indent=2)
            os.replace(new, path)
        except BaseException:
            os.unlink(new)
            raise


def _socket_prefix() -> str:
    """Where the socket files of an ipc kernel lie: a path that fits into an address."""
    return os.path.join(runtime_folder(), f"kernel-{os.getpid()}-ipc")


def _is_known(scheme: str) -> bool:
    if scheme == "hmac-sha256":  # as a rule; a supervisor need not load OpenSSL for it
        return True
    import hashlib

    kind, _, name = scheme.partition("-")
    return kind == "hmac" and name in hashlib.algorithms_available
