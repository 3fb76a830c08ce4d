"""Config files: Python with `c = get_config()`, and JSON.

Read in this order, what comes later counts:

    /etc/ipcluster               the system's
    <prefix>/etc/ipcluster       the environment's: what came with it
    ~/.ipcluster                 the person's
    ~/.ipcluster/profile_<name>  the profile's
    --config FILE                named on the command line

In each folder `ipshell_config.py` comes before `ipshell_config.json`. Files written for
IPython have the same names of classes and options; `--config` may point at one.

A file that fails keeps what it said up to there. Its failure is a complaint that names
file and line, and a shell comes up none the less.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.profiles import CONFIG_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SYSTEM_FOLDER = "/etc/ipcluster"

# What IPython calls the file that we call `CONFIG_NAME`.
_OTHER_NAME = "ipython_config"

# The files being read, the innermost last: (config, folder, root of the profiles).
_reading: list[tuple[Config, str, str]] = []


def get_config() -> Config:
    """The config that the file being read adds to; elsewhere, an empty one."""
    return _reading[-1][0] if _reading else Config()


def load_subconfig(name: str, profile: str | None = None) -> None:
    """Read another file here: beside this one, or of another profile.

    One that does not exist counts as empty.
    """
    if not _reading:
        raise RuntimeError("load_subconfig is for config files")
    config, folder, root = _reading[-1]
    if profile is not None:
        folder = os.path.join(root, f"profile_{profile}")
    path = _path_of(name, folder)
    if path is not None:
        read_file(path, config, root)


def _path_of(name: str, folder: str) -> str | None:
    stem, extension = os.path.splitext(os.path.expanduser(name))
    names = [stem + extension] if extension else [f"{stem}.py", f"{stem}.json"]
    if stem == _OTHER_NAME:
        names.append(f"{CONFIG_NAME}{extension or '.py'}")
    for one in names:
        path = os.path.join(folder, one)
        if os.path.isfile(path):
            return path
    return None


def read_file(path: str, config: Config, root: str = "") -> None:
    """Add what a file says; what is wrong with it becomes a complaint."""
    path = os.path.abspath(path)
    if any(there.__dict__.get("_path") == path for there, _, _ in _reading):
        return  # it includes itself
    found = Config()
    found.__dict__["_path"] = path
    _reading.append((found, os.path.dirname(path), root))
    try:
        if path.endswith(".json"):
            _read_json(path, found)
        else:
            _read_python(path, found)
    finally:
        _reading.pop()
        config.merge(found)
        config.complaints.extend(found.complaints)


def _read_python(path: str, config: Config) -> None:
    from ipcluster.engines.interpreter.ecosystem import before_a_shell

    names = {
        "__name__": "__config__",
        "__file__": path,
        "c": config,
        "get_config": get_config,
        "load_subconfig": load_subconfig,
    }
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        with before_a_shell():
            exec(code, names)
    except SystemExit:
        pass  # a file may end itself early
    except KeyboardInterrupt:
        config.complaints.append(f"{path}: interrupted by Ctrl-C")
    except Exception as error:
        config.complaints.append(failure(path, error))


def _read_json(path: str, config: Config) -> None:
    import json

    try:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        config.complaints.append(f"{path}:{line}: no JSON: {error}")
        return
    except OSError as error:
        config.complaints.append(failure(path, error))
        return
    if not isinstance(said, dict):
        config.complaints.append(f"{path}:1: a config is an object of classes' options")
        return
    for name, section in said.items():
        if isinstance(section, dict):
            for option, value in section.items():
                dict.__setitem__(config[name], option, value)
                config[name].origins[option] = path
        elif name != "version":
            config.complaints.append(f"{path}: {name} wants an object of its options")


def failure(path: str, error: BaseException) -> str:
    """`file:line: what happened` of an error in a file that was run."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        text = error.msg
    else:
        try:
            text = str(error)
        except Exception:  # a broken __str__ is the file's, not ours
            text = ""
    where = f"{path}:{line}" if line else path
    return f"{where}: {type(error).__name__}{': ' if text else ''}{text}"


def folders(root: str) -> list[str]:
    """Where files for all profiles lie, in the order of reading."""
    prefix = os.path.join(sys.prefix, "etc", "ipcluster")
    return [SYSTEM_FOLDER, prefix, root]


def read_all(
    root: str,
    profile_folder: str,
    extra: list[str],
    command_line: Mapping[str, Any],
) -> Config:
    """The config of all files, and of the command line after them."""
    config = Config()
    for folder in (*folders(root), profile_folder):
        for extension in ("py", "json"):
            path = os.path.join(folder, f"{CONFIG_NAME}.{extension}")
            if os.path.exists(path):
                read_file(path, config, root)
    for name in extra:
        found = os.path.abspath(os.path.expanduser(name))
        if os.path.isfile(found):
            read_file(found, config, root)
        else:
            config.complaints.append(f"{found}: there is no such config file")
    config.merge(command_line)
    return config
