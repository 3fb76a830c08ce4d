"""What libraries ask of `ipykernel`, where they find themselves in our kernel."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.shell.kernel.kernel import Kernel


def _kernel() -> Kernel:
    from ipcluster.engines.interpreter.shell import get_ipython

    kernel: Kernel | None = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        raise RuntimeError("this process is no kernel")
    return kernel


class IPKernelApp:
    """The application that a kernel is: here it is the kernel that knows."""

    def __init__(self) -> None:
        self.kernel = _kernel()
        self.shell = self.kernel.shell
        self.connection_file = self.abs_connection_file = get_connection_file()

    @classmethod
    def initialized(cls) -> bool:
        try:
            return _kernel() is not None
        except RuntimeError:
            return False

    @classmethod
    def instance(cls) -> IPKernelApp:
        return cls()


def get_connection_file(app: Any = None) -> str:
    """The path of this kernel's connection file."""
    return _kernel().connection.path


def get_connection_info(
    connection_file: str | None = None, unpack: bool = False
) -> Any:
    """What a connection file says, by default this kernel's: as text, or unpacked."""
    import json

    with open(connection_file or get_connection_file(), encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if unpack else text


def __getattr__(name: str) -> Any:
    """`Comm` and `CommManager`: of the package `comm`, as this kernel has them."""
    import comm

    if name == "Comm":
        return comm.create_comm
    if name == "CommManager":
        return comm.base_comm.CommManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
