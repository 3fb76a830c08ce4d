"""Objects that are called when their name is typed alone: `exit`, and those of users.

class Hello(IPyAutocall):
    def __call__(self): print("hello")

get_ipython().user_ns["hello"] = Hello()    # from now on `hello` says hello
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class IPyAutocall:
    """An instance is called when a line is its name, or its name and arguments."""

    # Whether the line that was made of it is shown.
    rewrite = True

    _ip: InteractiveShell | None = None

    def __init__(self, ip: InteractiveShell | None = None) -> None:
        self._ip = ip

    def set_ip(self, ip: InteractiveShell) -> None:
        """Called with the shell before the object is."""
        self._ip = ip

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has to define __call__")


class ExitAutocall(IPyAutocall):
    """`exit` and `quit`: as names, as calls, and in the middle of a cell."""

    rewrite = False

    def __call__(self, keep_kernel: bool = False) -> None:
        """Leave the shell; with `keep_kernel`, an engine that others use goes on."""
        if self._ip is not None:
            self._ip.keepkernel_on_exit = bool(keep_kernel)
            self._ip.ask_exit()

    def __repr__(self) -> str:
        return "<leaves the shell when it is called: exit()>"


class ZMQExitAutocall(ExitAutocall):
    """The name that it has for kernels."""
