"""What a program that carries a shell can be told: which profile, what runs first.

The class and option names are IPython's, for they stand in people's config files:
`c.InteractiveShellApp.exec_lines`, `c.TerminalIPythonApp.display_banner`, ... What is
done with them is startup.py's; where they come from is files.py's and arguments.py's.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.configuration import profiles
from ipcluster.engines.interpreter.configuration.options import Configurable, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.configuration.config import Config
    from ipcluster.engines.interpreter.shell import InteractiveShell

LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40}
LEVELS["CRITICAL"] = 50


def _level(value: Any) -> int:
    number = LEVELS.get(str(value).upper(), value)
    if not isinstance(number, int):
        raise ValueError(f"{value!r} is none of {', '.join(LEVELS)}")
    return number


class Application(Configurable):
    """What every program can be told."""

    log_level = Option[int](30, "What is logged: DEBUG, INFO, WARN, ...", check=_level)
    log_format = Option("[%(name)s] %(message)s", "How a line of the log looks.")
    log_datefmt = Option("%Y-%m-%d %H:%M:%S", "How the log shows a time.")
    logging_config = Option[dict[str, "Any"]](
        {}, "More handlers and loggers, as `logging.config.dictConfig` takes them."
    )
    show_config = Option(False, "Show what is set, and from where, and end.")
    show_config_json = Option(False, "The same, as JSON.")


class BaseIPythonApplication(Application):
    """Where a program finds its settings."""

    profile = Option("default", "The name of the profile.")
    ipython_dir = Option("", "The folder of all profiles; else $IPCLUSTER_DIR.")
    extra_config_file = Option("", "One more config file, read after all others.")
    auto_create = Option(True, "Make the profile's folder if there is none.")
    copy_config_files = Option(False, "Put a config file of comments into the profile.")
    overwrite = Option(False, "Let that file replace one that is there.")
    add_ipython_dir_to_sys_path = Option(
        False, "Let modules in the folder of all profiles be imported."
    )
    verbose_crash = Option(
        False, "Not used: a failure of the program is always told whole."
    )


class InteractiveShellApp(Configurable):
    """What runs before the first prompt."""

    code_to_run = Option("", "A cell to run: -c.")
    module_to_run = Option("", "A module to run as a script: -m.")
    file_to_run = Option("", "A file to run.")
    exec_PYTHONSTARTUP = Option(True, "Run the file that $PYTHONSTARTUP names.")
    exec_lines = Option[list[str]]([], "Lines to run.")
    exec_files = Option[list[str]]([], "Files to run.")
    extensions = Option[list[str]]([], "Extensions to load: names of modules.")
    extra_extensions = Option[list[str]]([], "More of them: --ext.")
    gui = Option[str | None](
        None, "The GUI whose windows stay live: tk, qt, gtk3, wx, ..."
    )
    matplotlib = Option[str | None](
        None, "Set matplotlib up for this GUI; auto: for its own."
    )
    pylab = Option[str | None](
        None, "The same, and names of numpy and matplotlib at the prompt."
    )
    pylab_import_all = Option(True, "Those names, or the modules alone.")
    hide_initial_ns = Option(True, "%who does not list what was set at start.")
    ignore_cwd = Option(False, "Do not import modules from the working folder.")
    reraise_ipython_extension_failures = Option(
        False, "An extension that fails ends the start."
    )


class TerminalIPythonApp(BaseIPythonApplication, InteractiveShellApp):
    """`ipshell`."""

    display_banner = Option(True, "Say what this is before the first prompt.")
    force_interact = Option(False, "A prompt after -c, -m or a file: -i.")
    quick = Option(False, "Read no config files.")
    interactive_shell_class = Option("", "`module.Class` of the shell, to replace it.")


class Settings:
    """What a program was told, by files and by its command line.

    Args:
        kind: the class of application whose options count.
        command_line: what was given there.
    """

    def __init__(
        self, kind: type[BaseIPythonApplication], command_line: Config
    ) -> None:
        told = kind(command_line)
        self.root = profiles.shell_root(told.ipython_dir)
        self.profile = self._profile(told, command_line)
        if getattr(told, "quick", False):
            from ipcluster.engines.interpreter.configuration.config import Config

            self.config = Config(command_line)
        else:
            from ipcluster.engines.interpreter.configuration.files import read_all

            extra = [told.extra_config_file] if told.extra_config_file else []
            self.config = read_all(
                self.root, self.profile.location, extra, command_line
            )
        self.app: Any = kind(self.config)  # of this kind

    def _profile(
        self, told: BaseIPythonApplication, command_line: Config
    ) -> profiles.ProfileDir:
        section = command_line.get("ProfileDir")
        given = None if section is None else dict(section).get("location")
        if given:
            return profiles.ProfileDir(str(given))
        name = told.profile
        if name == "default":
            name = os.environ.get("IPCLUSTER_PROFILE") or name
        return profiles.find(name, self.root)

    def prepare_folders(self) -> None:
        """Make the profile's folder, as far as that was asked for and can be done."""
        app = self.app
        if app.copy_config_files:
            try:
                self.profile.create(overwrite=app.overwrite)
            except OSError as error:
                print(f"{self.profile.location}: {error.strerror}", file=sys.stderr)
        elif app.auto_create:
            self.profile.ensure()
        if app.add_ipython_dir_to_sys_path:
            sys.path.append(self.root)

    def give_to(self, shell: InteractiveShell) -> None:
        """Let a shell know where its files lie."""
        shell.ipython_dir = self.root
        shell.profile = self.profile.name
        shell.profile_dir = self.profile
        shell.parent = self.app
