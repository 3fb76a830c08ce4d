"""`ipshell kernel`: a kernel for whoever speaks the Jupyter protocol."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipcluster.engines.interpreter.configuration.application import Settings
    from ipcluster.engines.interpreter.configuration.arguments import CommandLine
    from ipcluster.engines.interpreter.shell import InteractiveShell
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.frontend import KernelFrontEnd
    from ipcluster.shell.kernel.settings import IPKernelApp

USAGE = """\
usage: ipshell kernel [-f FILE] [--transport tcp|ipc] [--ip ADDRESS] [--encrypt]
                      [--profile NAME] [--quiet] [--Class.option=value ...]
       ipshell kernel [--cluster ID] [--profile NAME] --engine N [-f FILE] ...
       ipshell kernel install [--user | --prefix FOLDER] [--name NAME]

Runs a kernel for Jupyter clients, or tells Jupyter's programs that there is one.
-f names the connection file: one that is there is used, else a new one is written.
With --engine it is the face of an engine of a running cluster, the most recent or the
one named, for Jupyter's programs.
--encrypt has it make keys for CURVE: everything on the wire is encrypted then.
Config and startup files are those of the profile, as at the prompt of ipshell.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a kernel until it is told to stop; the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["install"]:
        from ipcluster.shell.kernel.install import main as install

        return install(words[1:])
    line = _command_line(words)
    if isinstance(line, int):
        return line
    from ipcluster.shell.kernel.connection import runtime_folder
    from ipcluster.shell.kernel.settings import IPKernelApp

    try:
        told = IPKernelApp(line.config)
        if complaints := line.config.take_complaints():
            raise ValueError("; ".join(complaints))
        path = told.connection_file or os.path.join(
            runtime_folder(), f"kernel-{os.getpid()}.json"
        )
        connection = _connection(path, told)
    except (OSError, ValueError) as error:
        print(f"ipshell kernel: {error}", file=sys.stderr)
        return 1
    parent = os.environ.get("JPY_PARENT_PID")
    if told.engine is not None or told.cluster is not None:
        from ipcluster.shell.console.app import face_of_engine

        return face_of_engine(connection, path, told)
    last_words = None
    if hasattr(os, "fork") and told.supervise:
        from ipcluster.shell.kernel.supervisor import LastWords, supervise

        last_words = LastWords()
        # Of a file that was named for it, somebody may want to use the ports again.
        supervise(connection, last_words, "" if told.connection_file else path)
    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.leftovers import whose

    parent_pid = int(parent) if parent and parent != "1" else None
    try:
        settings = _settings(line)
        kernel = Kernel(connection, parent_pid=parent_pid, last_words=last_words)
        connection.more.update(whose(parent_pid))
        connection.write(path)
    except (OSError, ValueError) as error:
        print(f"ipshell kernel: {error}", file=sys.stderr)
        return 78  # supervisor.UNUSABLE, which is not everywhere
    if not told.quiet and sys.stderr is not None and not parent:
        print(
            f"kernel {os.getpid()} runs; connect with\n"
            f"    ipshell console --existing {path}",
            file=sys.stderr,
        )

    def forget() -> None:
        try:
            if not kernel.restarting:  # who restarts it uses the same file
                os.unlink(path)
        except OSError:
            pass

    def make(frontend: KernelFrontEnd) -> InteractiveShell:
        from ipcluster.shell.kernel.settings import make_shell

        return make_shell(frontend, settings)

    kernel.on_forced_end = forget
    try:
        kernel.open(make)
        kernel.serve()
    finally:
        kernel.close()
        forget()
    return 0


def _command_line(words: list[str]) -> CommandLine | int:
    """What was said; or an exit status, where that was all."""
    from ipcluster.engines.interpreter.configuration.arguments import CommandLineError
    from ipcluster.shell.kernel.settings import read_line

    try:
        line = read_line(words)
        section = line.config["IPKernelApp"]
        if line.program == "file_to_run" and not section.get("connection_file"):
            command = section["file_to_run"]
            raise CommandLineError(f"there is no command {command}; see --help")
        # `jupyter run FILE` gives its own words to the kernel as well.
        section.pop("file_to_run", None)
    except CommandLineError as error:
        print(f"ipshell kernel: {error}", file=sys.stderr)
        return 2
    if line.wants:
        print(USAGE, end="")
        return 0
    return line


def _settings(line: CommandLine) -> Settings:
    """What config files and command line say.

    Raises:
        ValueError: there is no such profile.
    """
    from ipcluster.engines.interpreter.configuration import startup
    from ipcluster.engines.interpreter.configuration.application import Settings
    from ipcluster.shell.kernel.settings import IPKernelApp

    settings = Settings(IPKernelApp, line.config)
    startup.configure_logging(settings.app)
    startup.set_path(ignore_cwd=settings.app.ignore_cwd)
    return settings


def _connection(path: str, told: IPKernelApp) -> Connection:
    """What the file says, or a new one.

    Raises:
        OSError: the file cannot be read.
        ValueError: what it says is no connection.
    """
    from ipcluster.shell.kernel.connection import Connection

    if os.path.exists(path):
        connection = Connection.read(path)
    else:
        connection = Connection(
            ip=told.ip, transport=told.transport, kernel_name="ipshell"
        )
        if told.encrypt:
            connection.encrypt()
    connection.check()
    return connection


if __name__ == "__main__":
    sys.exit(main())
