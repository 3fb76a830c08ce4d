"""All options with their defaults and what they mean: as a config file, and as help."""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration import classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ipcluster.engines.interpreter.configuration.config import Config
    from ipcluster.engines.interpreter.configuration.options import (
        Configurable,
        Option,
    )

_HEAD = """# Settings of ipshell. A line counts once its leading # is taken away.
# Other files: load_subconfig("name.py"), load_subconfig("name.py", profile="other").
# `ipshell --show-config` tells what is set, and from where.

c = get_config()  # noqa: F821
"""


def described() -> list[tuple[type[Configurable], dict[str, Option[Any]]]]:
    """Each class with the options of its own, bases before those that inherit."""
    classes.import_all()
    found = sorted(
        classes.live().values(), key=lambda cls: (len(cls.__mro__), cls.__name__)
    )
    return [
        (cls, own)
        for cls in found
        if (own := {n: o for n, o in cls.options().items() if o.owner == cls.__name__})
    ]


def config_file() -> str:
    """A config file of comments: every option, its help and its default."""
    parts = [_HEAD]
    for cls, options in described():
        parts.append(f"\n# --- {cls.__name__}: {_summary(cls)}\n")
        for name, option in options.items():
            default = repr(option.default)
            parts.append(f"\n## {_help(option)}\n")
            parts.append(f"# c.{cls.__name__}.{name} = {default}\n")
    return "".join(parts)


def help_lines() -> Iterator[str]:
    """Every option as the command line takes it, with its help."""
    for cls, options in described():
        yield ""
        yield f"{cls.__name__}: {_summary(cls)}"
        for name, option in options.items():
            yield f"  --{cls.__name__}.{name}={option.default!r}"
            yield f"      {_help(option)}"


def shown(config: Config) -> Iterator[str]:
    """What is set, and where: for `--show-config`."""
    for section, option, value in config.options():
        where = config.origin(section, option)
        note = f"  # {where}" if where else ""
        yield f"{section}.{option} = {value!r}{note}"


def as_plain(config: Config) -> dict[str, dict[str, Any]]:
    """The same for a program to read: what JSON cannot hold is shown as text."""
    plain: dict[str, dict[str, Any]] = {}
    for section, option, value in config.options():
        fits = isinstance(value, (str, int, float, bool, list, dict, type(None)))
        plain.setdefault(section, {})[option] = value if fits else repr(value)
    return plain


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _help(option: Option[Any]) -> str:
    text = " ".join(option.help.split())
    if option.choices:
        text += f" One of: {', '.join(map(repr, option.choices))}."
    return text
