"""`Config`: what config files and command lines say, before any object has it.

    c = get_config()
    c.InteractiveShell.autocall = 1               # a value
    c.InteractiveShellApp.exec_lines.append("x")  # a change to whatever the value is

A config maps class names to sections, a section maps option names to values. Both give
their items as attributes. A name of a section that is not set yet gives a `Change`,
which remembers what was done to it and does it to the default, or to the value of a
file that was read before. So files can be merged in order without knowing defaults.

Each value remembers the file and line that set it, for messages about it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.configuration.options import Option


class Change:
    """What to do to an option's value: the list, dict and set methods of a config."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Any]] = []

    def append(self, item: Any) -> None:
        self.steps.append(("extend", [item]))

    def extend(self, items: Any) -> None:
        self.steps.append(("extend", list(items)))

    def prepend(self, items: Any) -> None:
        """Put items before those that are there."""
        self.steps.append(("prepend", list(items)))

    def insert(self, index: int, item: Any) -> None:
        self.steps.append(("insert", (index, item)))

    def add(self, item: Any) -> None:
        self.steps.append(("update", {item}))

    def update(self, items: Any) -> None:
        """Put in the items of a dict, or of a set."""
        plain = dict(items) if hasattr(items, "keys") else set(items)
        self.steps.append(("update", plain))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.steps.append(("update", {key: value}))

    def of(self, value: Any) -> Any:
        """The value after all that was done to it; `value` itself stays as it is."""
        for step, items in self.steps:
            value = _done(step, items, value)
        return value

    def for_option(self, option: Option[Any], current: Any) -> Any:
        """The value of an option that has been `current`."""
        return self.of(current)

    def after(self, earlier: Any) -> Any:
        """This change behind what an earlier file said: a value, or a change too."""
        if not isinstance(earlier, Change):
            return self.of(earlier)
        both = Change()
        both.steps = [*earlier.steps, *self.steps]
        return both

    def __repr__(self) -> str:
        return f"<{' '.join(f'{step} {items!r}' for step, items in self.steps)}>"


def _done(step: str, items: Any, value: Any) -> Any:
    if step == "update":
        if isinstance(items, dict):
            return {**(value or {}), **items}
        if isinstance(value, (list, tuple)):
            return [*value, *(item for item in items if item not in value)]
        return {*(value or ()), *items}
    there = list(value or ())
    if step == "extend":
        return [*there, *items]
    if step == "prepend":
        return [*items, *there]
    index, item = items
    there.insert(index, item)
    return there


class Text:
    """What a command line says of an option: only the option knows what it means.

    An option that is a list takes one that was given several times as its items.
    """

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def for_option(self, option: Option[Any], current: Any) -> Any:
        kinds = option.kind if isinstance(option.kind, tuple) else (option.kind,)
        if list not in kinds:
            return option.from_text(self.texts[-1])
        found: list[Any] = []
        for text in self.texts:
            found += option.from_text(text)  # a list, then
        return found

    def and_more(self, text: str) -> Text:
        return Text(*self.texts, text)

    def __repr__(self) -> str:
        return " ".join(self.texts)


class Section(dict[str, "Any"]):
    """What a config says of one class."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.__dict__["origins"] = {}
        for name, value in (values or {}).items():
            self[name] = value

    if TYPE_CHECKING:
        origins: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._get(name, sys._getframe(1))

    def __getitem__(self, name: str) -> Any:
        return self._get(name, sys._getframe(1))

    def _get(self, name: str, frame: Any) -> Any:
        if name not in self:
            dict.__setitem__(self, name, Change())
            self._note(name, frame)
        return dict.__getitem__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        self._note(name, sys._getframe(1))

    def __setitem__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        self._note(name, sys._getframe(1))

    def __delattr__(self, name: str) -> None:
        del self[name]

    def _note(self, name: str, frame: Any) -> None:
        self.origins[name] = f"{frame.f_code.co_filename}:{frame.f_lineno}"


class Config(dict[str, Section]):
    """Class names to sections. A section comes into being when it is asked for."""

    def __init__(self, sections: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.__dict__["complaints"] = []
        self.__dict__["_told"] = set()
        if sections:
            self.merge(sections)

    if TYPE_CHECKING:
        complaints: list[str]
        """What was wrong with values, a line each; the shell shows them once."""
        _told: set[tuple[str, str]]

    def __missing__(self, name: str) -> Section:
        section = self[name] = Section()
        return section

    def __setitem__(self, name: str, section: Any) -> None:
        if not isinstance(section, Section):
            section = Section(section)
        dict.__setitem__(self, name, section)

    def __getattr__(self, name: str) -> Section:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, section: Any) -> None:
        self[name] = section

    def merge(self, other: Mapping[str, Any]) -> None:
        """Let another config have its say; where both speak, the other counts."""
        for name, section in other.items():
            own = self[name]
            origins = getattr(section, "origins", {})
            for option, value in dict(section).items():
                if isinstance(value, Change) and option in own:
                    value = value.after(dict.__getitem__(own, option))
                dict.__setitem__(own, option, value)
                if option in origins:
                    own.origins[option] = origins[option]

    def origin(self, section: str, option: str) -> str:
        """`file:line` of where an option was set; "" if that is not known."""
        found = self.get(section)
        return "" if found is None else found.origins.get(option, "")

    def complain(self, section: str, option: str, message: str) -> None:
        """A value does not fit: to be told once, and the default stays."""
        if (section, option) not in self._told:
            self._told.add((section, option))
            where = self.origin(section, option)
            self.complaints.append(f"{where}: {message}" if where else message)

    def take_complaints(self) -> list[str]:
        taken = self.complaints[:]
        self.complaints.clear()
        return taken

    def options(self) -> Iterator[tuple[str, str, Any]]:
        """`(section, option, value)` for each that was set."""
        for name, section in sorted(self.items()):
            for option, value in sorted(dict(section).items()):
                yield name, option, value
