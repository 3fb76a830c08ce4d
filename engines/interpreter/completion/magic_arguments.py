"""What magics take: the kind of argument each wants, for completing it.

A magic that is not in the table gets names and files. Options are read from the
docstrings of magics, so those of extensions are completed too.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SWITCH = ("on", "off", "0", "1")
_TOOLKITS = "agg asyncio auto gtk3 gtk4 inline notebook osx qt qt5 qt6 tk widget wx"
_INSTALLERS = "check download freeze install list search show uninstall"
_MODES = ("Context", "Docs", "Doctest", "Minimal", "Plain", "Verbose")

# Kind of argument: the names of magics that take it.
_KINDS: dict[str, str] = {
    "python": "time timeit prun debug pinfo pinfo2 pdef pdoc psource page macro xdel"
    " store psearch sc pprint reset_selective code_wrap capture mprun memit lprun",
    "files": "load loadpy edit ed pfile pycat writefile file save notebook more less"
    " cat cp mv rm ls ll lf lk lx logstart",
    "folders": "cd pushd mkdir rmdir ldir",
    "scripts": "run",
    "modules": "load_ext reload_ext aimport",
    "extensions": "unload_ext",
    "types": "who who_ls whos",
    "config": "config",
    "themes": "colors",
    "environment": "env set_env",
    "magics": "alias_magic",
    "aliases": "unalias",
    "bookmarks": "bookmark",
    "commands": "script alias sx system",
    "nothing": "pwd dirs popd dhist lsmagic magic quickref logon logoff logstop"
    " logstate killbgscripts rehashx precision pastebin history hist recall rep"
    " rerun autosave connect_info doctest_mode autoindent paste cpaste man",
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "autoawait": ("asyncio", "trio", "sync", "on", "off"),
    "autocall": ("0", "1", "2"),
    "automagic": _SWITCH,
    "pdb": _SWITCH,
    "xmode": _MODES,
    "tb": _MODES,
    "gui": tuple(_TOOLKITS.split()),
    "matplotlib": tuple(_TOOLKITS.split()),
    "pylab": tuple(_TOOLKITS.split()),
    "reset": ("array", "dhist", "in", "out"),
    "autoreload": ("all", "complete", "explicit", "now", "off", "0", "1", "2", "3"),
    "cluster": ("start", "status", "stop"),
    "session": ("restore", "save"),
    "pip": tuple(_INSTALLERS.split()),
    "conda": tuple(_INSTALLERS.split()),
    "mamba": tuple(_INSTALLERS.split()),
    "micromamba": tuple(_INSTALLERS.split()),
    "uv": tuple(_INSTALLERS.split()),
}
_OF: dict[str, str] = {
    name: kind for kind, names in _KINDS.items() for name in names.split()
}

# Cells of these are no Python of this session's.
COMMAND_CELLS = frozenset({"bash", "sh", "script", "sx", "system", "!", "cmd", "zsh"})
_OTHER = (
    "HTML SVG file html javascript js latex markdown perl pypy python python2 python3"
    " ruby svg writefile"
)
OTHER_CELLS = COMMAND_CELLS | frozenset(_OTHER.split())

_OPTION = re.compile(r"(?<![\w-])(--[a-zA-Z][\w-]*|-[a-zA-Z](?![\w-]))")


def argument_kind(magic: str) -> str:
    """What a magic's argument is: a key of the table above, "choice" or "any"."""
    if magic in _CHOICES:
        return "choice"
    return _OF.get(magic, "any")


def choices_of(magic: str) -> tuple[str, ...]:
    return _CHOICES.get(magic, ())


def options_of(function: Any) -> list[str]:
    """The options of a magic, as its parser or its docstring names them."""
    parser: Any = getattr(function, "parser", None)
    if hasattr(parser, "_option_string_actions"):
        return sorted(parser._option_string_actions)
    text = getattr(function, "__doc__", None)
    if not isinstance(text, str):
        return []
    found = dict.fromkeys(_OPTION.findall(text))
    # `-n<N>` names an option, too.
    found.update(dict.fromkeys(re.findall(r"(?<![\w-])-[a-zA-Z](?=<|\[)", text)))
    return sorted(found, key=lambda option: option.lstrip("-").lower())
