"""`--help`, `--help-all` and their like: what the command can be told."""

from __future__ import annotations

from ipcluster.shell.terminal.flags import ALIASES, FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.configuration.config import Config

USAGE = """usage: ipshell [options] [-c CELL | -m MODULE | FILE] [--] [words ...]
       ipshell profile create|list|locate [NAME]
       ipshell locate [profile [NAME]]
       ipshell history trim|clear
       ipshell kernel [install] ...
       ipshell console|notebook|lab|qtconsole ...

An interactive Python: numbered prompts, completion, history, magics, a debugger, the
system's shell at hand, and a cluster when one core is not enough.

A FILE (.py, .ipy, .ipynb), CELL or MODULE is run, with the words that follow as its
`sys.argv`; with -i there is a prompt after it.
"""

_LAST = """
Every option of every class is --Class.option=value; --help-all lists them. They also
stand in the profile's config file: `ipshell profile create` makes one with all of them
explained, `ipshell locate profile` says where it is.
"""


def help_text() -> str:
    """What `--help` shows."""
    lines = [
        ("-c CELL", "run this, and end"),
        ("-m MODULE", "run a module as a script"),
        ("-h, --help, --help-all", "show this; show all options"),
        ("-V, --version", "which version this is"),
    ]
    lines += [(_dashed(name), text) for name, (_, text) in FLAGS.items()]
    lines += [
        (f"{_dashed(name)}=...", text)
        for name, (_, text) in ALIASES.items()
        if name not in FLAGS
    ]
    shown = "".join(f"  {name:<24} {text}\n" for name, text in lines)
    return f"{USAGE}\noptions:\n{shown}{_LAST}"


def _dashed(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def all_help() -> str:
    """What `--help-all` shows."""
    import ipcluster.shell.terminal.shell  # noqa: F401  (its options are listed)
    from ipcluster.engines.interpreter.configuration.defaults import help_lines

    return help_text() + "\n".join(help_lines())


def config_text(config: Config, *, as_json: bool) -> str:
    """What `--show-config` shows."""
    from ipcluster.engines.interpreter.configuration import defaults

    if as_json:
        import json

        return json.dumps(defaults.as_plain(config), indent=2, default=repr)
    return "\n".join(defaults.shown(config)) or "nothing is set"
