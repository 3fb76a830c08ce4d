"""What a kernel can be told, and its shell, made as the user's files have it.

The profile, its config files and its startup files are those of `ipshell`: what a
person has set for the prompt holds in notebooks too.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.application import (
    BaseIPythonApplication,
    InteractiveShellApp,
    Settings,
)
from ipcluster.engines.interpreter.configuration.arguments import CommandLine
from ipcluster.engines.interpreter.configuration.options import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ipcluster.engines.interpreter.namespace import UserNamespace
    from ipcluster.engines.interpreter.shell import InteractiveShell
    from ipcluster.shell.kernel.frontend import KernelFrontEnd


class IPKernelApp(BaseIPythonApplication, InteractiveShellApp):
    """`ipshell kernel`."""

    connection_file = Option("", "Ports and key: used if it is there, else written.")
    ip = Option("", "The address to listen at; else this machine only.")
    transport = Option("tcp", "What clients come through.", choices=("tcp", "ipc"))
    encrypt = Option(False, "Make keys: everything on the wire is encrypted then.")
    supervise = Option(True, "A second process tells clients why a kernel died.")
    engine = Option[int | None](None, "Be the face of this engine of a cluster.")
    cluster = Option[str | None](None, "Its cluster; else the most recent.")
    quiet = Option(False, "Do not say where the connection file lies.")


_KERNEL = "IPKernelApp"
_APP = "InteractiveShellApp"

FLAGS: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "encrypt": ({_KERNEL: {"encrypt": True}}, "encrypt everything on the wire"),
    "quiet": ({_KERNEL: {"quiet": True}}, "do not say how to connect"),
    "no-supervisor": ({_KERNEL: {"supervise": False}}, "run in one process"),
    "matplotlib": ({_APP: {"matplotlib": "auto"}}, "set matplotlib up"),
    "pylab": ({_APP: {"pylab": "auto"}}, "the same, with names of numpy"),
    "debug": ({"Application": {"log_level": 10}}, "log everything"),
}
ALIASES: dict[str, tuple[str, str]] = {
    "f": (f"{_KERNEL}.connection_file", "the connection file"),
    "ip": (f"{_KERNEL}.ip", "the address to listen at"),
    "transport": (f"{_KERNEL}.transport", "tcp or ipc"),
    "engine": (f"{_KERNEL}.engine", "be the face of an engine of a cluster"),
    "cluster": (f"{_KERNEL}.cluster", "its cluster"),
    "profile": ("BaseIPythonApplication.profile", "the profile"),
    "profile-dir": ("ProfileDir.location", "the folder of the profile"),
    "ipython-dir": ("BaseIPythonApplication.ipython_dir", "the folder of profiles"),
    "config": ("BaseIPythonApplication.extra_config_file", "one more config file"),
    "ext": (f"{_APP}.extra_extensions", "an extension to load"),
    "gui": (f"{_APP}.gui", "the GUI whose windows stay live"),
    "matplotlib": (f"{_APP}.matplotlib", "the GUI for matplotlib, or inline"),
    "pylab": (f"{_APP}.pylab", "the GUI for pylab"),
    "colors": ("InteractiveShell.colors", "the theme"),
    "log-level": ("Application.log_level", "what is logged"),
}


def read_line(words: Sequence[str]) -> CommandLine:
    """What a command line says.

    Raises:
        CommandLineError: nothing sensible.
    """
    return CommandLine(FLAGS, ALIASES, _KERNEL).read(words)


def make_shell(
    frontend: KernelFrontEnd,
    settings: Settings,
    namespace: UserNamespace | None = None,
    shell_class: type[InteractiveShell] | None = None,
) -> InteractiveShell:
    """The interpreter of a kernel: configured, and what is to run first has run."""
    from ipcluster.engines.interpreter.configuration import startup
    from ipcluster.engines.interpreter.ecosystem.notebook import ZMQInteractiveShell
    from ipcluster.shell.kernel.magics import KernelMagics

    config, app = settings.config, settings.app
    # Its presence tells libraries (snakeviz) that this is a notebook's kernel.
    config[_KERNEL].connection_file = frontend.connection_file
    settings.prepare_folders()
    kind = shell_class or ZMQInteractiveShell
    shell = kind(frontend, config=config, namespace=namespace)
    settings.give_to(shell)
    shell.activate()
    shell.register_magics(KernelMagics)
    startup.load(shell, app, settings.profile)
    return shell
