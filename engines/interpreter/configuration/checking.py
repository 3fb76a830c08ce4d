"""Names in a config that nobody knows: told once, with the nearest that there is.

Asked after extensions have been loaded, for they bring classes of their own.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration import classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipcluster.engines.interpreter.configuration.config import Config


def unknown_names(config: Config) -> list[str]:
    """A line for each class or option that there is not."""
    found = []
    for section, values in config.items():
        if section in classes.FOREIGN:
            continue
        options = _options_of(section)
        names = list(dict.keys(values))
        if options is None:
            where = next(filter(None, (config.origin(section, n) for n in names)), "")
            near = _nearest(section, {*classes.PLACES, *classes.live()})
            found.append(_line(where, f"no class {section} has options", near))
            continue
        for name in names:
            if name not in options:
                near = _nearest(name, options)
                near = near and f"{section}.{near}"
                text = f"{section} has no option {name}"
                found.append(_line(config.origin(section, name), text, near))
    return found


def _options_of(section: str) -> set[str] | None:
    """The options of all classes that have this section; None: nobody has it."""
    classes.import_class(section)
    found = _live_options(section)
    if found is None:  # a base of a class that is not imported yet, perhaps
        classes.import_all()
        found = _live_options(section)
    foreign = classes.foreign_options(section)
    if found is None or foreign is None:
        return found if foreign is None else set(foreign)
    return found | set(foreign)


def _live_options(section: str) -> set[str] | None:
    """The options of all imported classes that have this section."""
    having = [cls for cls in classes.live().values() if section in cls.sections()]
    return {name for cls in having for name in cls.options()} if having else None


def _nearest(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    lowered = {one.lower(): one for one in names}
    found = get_close_matches(name.lower(), lowered, 1, 0.6)
    return lowered[found[0]] if found else ""


def _line(where: str, what: str, near: str) -> str:
    start = f"{where}: " if where else ""
    return f"{start}{what}{f'; did you mean {near}?' if near else ''}"
