"""The short ways to say things on `ipshell`'s command line.

A flag sets options to fixed values; an alias gives one option a short name. The names
are those of IPython's command line.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_APP = "TerminalIPythonApp"
_SHELL = "InteractiveShell"
_TERMINAL = "TerminalInteractiveShell"

_NO_SPACES = {"separate_in": "", "separate_out": "", "separate_out2": ""}


def _both(name: str, section: str, option: str, on: str, off: str) -> dict[str, Any]:
    """`--name` and `--no-name`."""
    return {
        name: ({section: {option: True}}, on),
        f"no-{name}": ({section: {option: False}}, off),
    }


FLAGS: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "i": ({_APP: {"force_interact": True}}, "a prompt after -c, -m or the file"),
    "quick": ({_APP: {"quick": True}}, "read no config files"),
    **_both("banner", _APP, "display_banner", "say what this is", "say nothing first"),
    **_both("tip", _TERMINAL, "enable_tip", "show a tip at start", "show no tip"),
    **_both(
        "simple-prompt",
        _TERMINAL,
        "simple_prompt",
        "read lines plainly: no editing, no colours",
        "edit lines, if the terminal can do that",
    ),
    **_both(
        "confirm-exit",
        _TERMINAL,
        "confirm_exit",
        "ask before Ctrl-D leaves",
        "leave at Ctrl-D without asking",
    ),
    **_both("term-title", _TERMINAL, "term_title", "name the window", "do not name it"),
    **_both(
        "autoindent",
        _SHELL,
        "autoindent",
        "indent lines as Python's syntax suggests",
        "do not indent lines",
    ),
    **_both(
        "automagic",
        _SHELL,
        "automagic",
        "call line magics without %",
        "call magics with % only",
    ),
    **_both("pdb", _SHELL, "pdb", "start the debugger at an error", "do not start it"),
    **_both(
        "pprint",
        "PlainTextFormatter",
        "pprint",
        "print values prettily",
        "print values as `repr` has them",
    ),
    **_both(
        "ignore-cwd",
        "InteractiveShellApp",
        "ignore_cwd",
        "import no modules from the working folder",
        "import modules from the working folder",
    ),
    "nosep": ({_SHELL: _NO_SPACES}, "no blank lines between prompts"),
    "classic": (
        {
            _SHELL: {
                **_NO_SPACES,
                "cache_size": 0,
                "colors": "nocolor",
                "xmode": "Plain",
            },
            "PlainTextFormatter": {"pprint": False},
            _TERMINAL: {"prompts_class": "ClassicPrompts"},
        },
        "look like Python's own prompt",
    ),
    "matplotlib": (
        {"InteractiveShellApp": {"matplotlib": "auto"}},
        "set matplotlib up for its own GUI; --matplotlib=qt: for that one",
    ),
    "pylab": (
        {"InteractiveShellApp": {"pylab": "auto"}},
        "the same, and names of numpy and matplotlib at the prompt",
    ),
    "logstart": ({_SHELL: {"logstart": True}}, "log what is typed"),
    "init": (
        {"BaseIPythonApplication": {"copy_config_files": True}},
        "put a config file of comments into the profile",
    ),
    "debug": ({"Application": {"log_level": 10}}, "log everything"),
    "quiet": ({"Application": {"log_level": 50}}, "log next to nothing"),
    "show-config": (
        {"Application": {"show_config": True}},
        "show what is set, and where, and end",
    ),
    "show-config-json": (
        {"Application": {"show_config_json": True}},
        "the same, as JSON",
    ),
}

ALIASES: dict[str, tuple[str, str]] = {
    "profile": ("BaseIPythonApplication.profile", "the profile"),
    "profile-dir": ("ProfileDir.location", "the folder of the profile"),
    "ipython-dir": (
        "BaseIPythonApplication.ipython_dir",
        "the folder of all profiles; else $IPCLUSTER_DIR, or ~/.ipcluster",
    ),
    "config": (
        "BaseIPythonApplication.extra_config_file",
        "one more config file; an ipython_config.py will do",
    ),
    "ext": ("InteractiveShellApp.extra_extensions", "an extension to load; repeatable"),
    "gui": ("InteractiveShellApp.gui", "the GUI whose windows stay live: tk, qt, ..."),
    "matplotlib": ("InteractiveShellApp.matplotlib", "the GUI for matplotlib"),
    "pylab": ("InteractiveShellApp.pylab", "the GUI for pylab"),
    "colors": (f"{_SHELL}.colors", "the theme: neutral, linux, lightbg, nocolor, ..."),
    "theme": (f"{_SHELL}.colors", "the same"),
    "autocall": (f"{_SHELL}.autocall", "call without parentheses: 0, 1 or 2"),
    "cache-size": (f"{_SHELL}.cache_size", "how many values Out keeps"),
    "logfile": (f"{_SHELL}.logfile", "log to this file, which begins empty"),
    "logappend": (f"{_SHELL}.logappend", "run this log, and go on with it"),
    "log-level": ("Application.log_level", "what is logged: DEBUG, INFO, WARN, ..."),
}
