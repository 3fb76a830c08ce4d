"""The `ipshell` command.

A plain `ipshell` and `ipshell -c CELL` are the fast paths: nothing is imported for a
command line that says nothing, nor for config files that are not there.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ipcluster.engines.interpreter.configuration.application import (
        Settings,
        TerminalIPythonApp,
    )
    from ipcluster.engines.interpreter.configuration.arguments import CommandLine
    from ipcluster.engines.interpreter.configuration.config import Config
    from ipcluster.engines.interpreter.namespace import UserNamespace
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

SUBCOMMANDS = ("profile", "locate", "history")
# Other faces of the shell: each has a command line of its own.
PROGRAMS = {
    "console": "ipcluster.shell.console.app",
    "kernel": "ipcluster.shell.kernel.app",
}
# Programs of Jupyter, with our kernel.
JUPYTER = ("notebook", "lab", "qtconsole")


def main(argv: Sequence[str] | None = None) -> int:
    """Start a shell; its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] and words[0] in SUBCOMMANDS:
        from ipcluster.shell.terminal.commands import run_subcommand

        return run_subcommand(words)
    if words[:1] and words[0] in PROGRAMS:
        from importlib import import_module

        status: int = import_module(PROGRAMS[words[0]]).main(words[1:])
        return status
    if words[:1] and words[0] in JUPYTER:
        from ipcluster.shell.kernel.programs import main as run_program

        return run_program(words)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: what is said is said to nobody
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, open(nowhere, "w", closefd=False))  # noqa: SIM115  (it stays)
    try:
        return start(words)
    except KeyboardInterrupt:  # before there was anybody to take it
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read what we say has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def start_shell(
    argv: Sequence[str] | None = None,
    *,
    user_ns: dict[str, Any] | None = None,
    **options: Any,
) -> int:
    """Start a whole shell within a program, as the command does; its exit status.

    Args:
        argv: the command line; None takes none.
        user_ns: names to begin with; the dict is the session's namespace from then on.
        options: of the shell and the application by name: `autocall=1`, `config={...}`.
    """
    return start(list(argv or ()), user_ns=user_ns, options=options)


# The name that programs written for IPython know.
start_ipython = start_shell


def start(
    words: list[str],
    *,
    user_ns: dict[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> int:
    """Do what a command line says."""
    from ipcluster.engines.interpreter.configuration.application import (
        Settings,
        TerminalIPythonApp,
    )
    from ipcluster.engines.interpreter.configuration.profiles import ProfileError

    line = command_line(words)
    if isinstance(line, int):
        return line
    if options:
        from ipcluster.shell.terminal.shell import TerminalInteractiveShell

        line.config.merge(options_config(options, TerminalInteractiveShell))
    try:
        settings = Settings(TerminalIPythonApp, line.config)
    except ProfileError as error:
        print(f"ipshell: {error}", file=sys.stderr)
        return 2
    if settings.app.show_config or settings.app.show_config_json:
        from ipcluster.shell.terminal.helping import config_text

        as_json = settings.app.show_config_json
        print(config_text(settings.config, as_json=as_json))
        return 0
    return _run(settings, line, user_ns)


def command_line(words: list[str]) -> Any:
    """What was said; or an exit status, where that was all."""
    from ipcluster.engines.interpreter.configuration.arguments import (
        CommandLine,
        CommandLineError,
    )

    if not words:
        return CommandLine({}, {}, "TerminalIPythonApp")
    if len(words) == 2 and words[0] == "-c":
        return CommandLine({}, {}, "TerminalIPythonApp").read(words)
    from ipcluster.shell.terminal.flags import ALIASES, FLAGS

    line = CommandLine(FLAGS, ALIASES, "TerminalIPythonApp")
    try:
        line.read(words)
    except CommandLineError as error:
        print(f"ipshell: {error}", file=sys.stderr)
        return 2
    if not line.wants:
        return line
    from ipcluster.shell.terminal import helping

    if line.wants == "version":
        import ipcluster

        print(ipcluster.__version__)
    else:
        print(helping.help_text() if line.wants == "help" else helping.all_help())
    return 0


def options_config(options: Mapping[str, Any], shell_class: type) -> Config:
    """Options given to a function by name: of the application, or of the shell.

    Raises:
        TypeError: nobody has such an option.
    """
    from ipcluster.engines.interpreter.configuration.application import (
        TerminalIPythonApp,
    )
    from ipcluster.engines.interpreter.configuration.config import Config

    config = Config(options.get("config"))
    for name, value in options.items():
        for kind in (TerminalIPythonApp, shell_class):
            if name in kind.options():  # type: ignore[attr-defined]  # a Configurable
                config[kind.__name__][name] = value
                break
        else:
            if name != "config":
                raise TypeError(f"there is no option {name!r}")
    return config


def _run(settings: Settings, line: CommandLine, user_ns: dict[str, Any] | None) -> int:
    from ipcluster.engines.interpreter.configuration import startup

    app = settings.app
    assert hasattr(app, "force_interact")
    settings.prepare_folders()
    startup.configure_logging(app)
    startup.set_path(ignore_cwd=app.ignore_cwd)
    namespace: UserNamespace | None = None
    if user_ns is not None:
        from ipcluster.engines.interpreter.namespace import UserNamespace

        namespace = UserNamespace(user_ns)
    shell = make_shell(settings, namespace)
    shell.activate()
    if os.environ.get("VIRTUAL_ENV"):
        from ipcluster.engines.interpreter.configuration.virtualenv import (
            use_virtual_environment,
        )

        use_virtual_environment(shell)
    try:
        has_program = bool(app.code_to_run or app.module_to_run or app.file_to_run)
        talks = app.force_interact or not has_program
        shell.frontend.is_conversation = talks
        if talks and app.display_banner:
            shell.show_banner()
        startup.load(shell, app, settings.profile)
        tell(settings)
        status = startup.run_program(shell, app, line.words)
        if talks and not shell.exit_now:
            shell.mainloop()
            return 0
        return status or 0
    finally:
        shell.close()


def make_shell(
    settings: Settings, namespace: UserNamespace | None = None
) -> TerminalInteractiveShell:
    """A shell as the settings have it."""
    from ipcluster.shell.terminal.frontend import TerminalFrontEnd

    frontend = TerminalFrontEnd()
    kind = _shell_class(settings.app)
    shell = kind(frontend, config=settings.config, namespace=namespace)
    settings.give_to(shell)
    return shell


def _shell_class(app: TerminalIPythonApp) -> type[TerminalInteractiveShell]:
    name = app.interactive_shell_class
    if name and not name.startswith("IPython."):
        from importlib import import_module

        module, _, attribute = name.rpartition(".")
        kind: type[TerminalInteractiveShell] = getattr(import_module(module), attribute)
        return kind
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

    return TerminalInteractiveShell


def tell(settings: Settings) -> None:
    """What was wrong with the configuration: once, a line each."""
    config = settings.config
    complaints = config.take_complaints()
    if config:
        from ipcluster.engines.interpreter.configuration.checking import unknown_names

        complaints += unknown_names(config)
    for line in complaints:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
