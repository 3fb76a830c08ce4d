"""Options of classes: checked when they are set, seen by `%config` and config files.

    class Printer(Configurable):
        width = Option(79, "Columns that lines are broken at.")

    Printer(config).width              # the default, or what a config file says
    Printer.options()["width"].help

An option takes values of its default's type; `kind` and `choices` say it otherwise. A
wrong one is an `OptionError` that names class, option and what was expected. A class
has the options of its bases too, and a config file may name any of them: the nearest
class wins.

No observers: an object that must act on a change defines `on_option`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, ClassVar, Generic, TypeVar, overload

    T = TypeVar("T")

    class _Typed(Generic[T]):
        """An option knows the type of its values."""
else:
    overload = staticmethod

    class _Typed:
        __class_getitem__ = classmethod(lambda cls, _item: cls)

    T = None


class OptionError(ValueError):
    """A value that an option does not take."""


# The options that each class itself has.
_declared: dict[type, dict[str, Option[Any]]] = {}


class Option(_Typed[T]):
    """A setting of a `Configurable`."""

    __slots__ = ("check", "choices", "default", "help", "kind", "name", "owner")

    def __init__(
        self,
        default: T,
        help: str = "",  # noqa: A002  (what users of such systems call it)
        *,
        kind: type | tuple[type, ...] | None = None,
        choices: Iterable[Any] | None = None,
        check: Callable[[Any], T] | None = None,
    ) -> None:
        self.default = default
        self.help = help
        self.kind = kind or (type(default) if default is not None else object)
        self.choices = None if choices is None else tuple(choices)
        self.check = check
        self.name = ""
        self.owner = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.owner = owner.__name__
        # Remembered here: people set `SomeClass.option = value` for all of a class.
        _declared.setdefault(owner, {})[name] = self

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: Configurable, owner: type) -> T: ...  # noqa: F811
    def __get__(  # noqa: F811  (an overload; ruff knows `typing.overload` only)
        self, instance: Configurable | None, owner: type
    ) -> Option[T] | T:
        if instance is None:
            return self
        values = instance._values
        try:
            return values[self.name]  # type: ignore[no-any-return]  # checked when set
        except KeyError:
            default = self.default
            if isinstance(default, (list, dict, set)):
                default = values[self.name] = default.copy()  # type: ignore[assignment]  # of the same type
            return default

    def __set__(self, instance: Configurable, value: T) -> None:
        instance.set_option(self.name, value)

    def checked(self, value: Any) -> T:
        """The value as it is kept.

        Raises:
            OptionError: not one that this option takes.
        """
        if self.check is not None:
            try:
                return self.check(value)
            except OptionError:
                raise
            except (TypeError, ValueError) as error:
                raise OptionError(f"{self.owner}.{self.name}: {error}") from error
        if self.choices is not None:
            if value not in self.choices:
                for choice in self.choices:
                    if isinstance(value, str) and value.lower() == str(choice).lower():
                        return choice  # type: ignore[no-any-return]  # one of them
                names = ", ".join(repr(one) for one in self.choices)
                raise OptionError(
                    f"{self.owner}.{self.name} is one of {names}; not {value!r}"
                )
            return value  # type: ignore[no-any-return]  # one of the choices
        if isinstance(value, self.kind):
            if isinstance(value, bool) and self.kind is int:
                return int(value)  # type: ignore[return-value]  # T is int
            return value  # type: ignore[return-value]  # of this kind
        if self.kind is float and isinstance(value, int):
            return float(value)  # type: ignore[return-value]  # T is float
        if self.kind is bool and value in (0, 1):
            return bool(value)  # type: ignore[return-value]  # T is bool
        if self.kind is list and isinstance(value, (tuple, set)):
            return list(value)  # type: ignore[return-value]  # T is list
        raise OptionError(
            f"{self.owner}.{self.name} wants {_kind_name(self.kind)}; "
            f"{value!r} is {_kind_name(type(value))}"
        )

    def from_text(self, text: str) -> T:
        """A value from a command line: a Python literal, or the text itself."""
        kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
        if kinds == (str,):
            return self.checked(text)
        from ast import literal_eval

        lowered = text.lower()
        if bool in kinds and lowered in ("true", "false", "yes", "no", "on", "off"):
            return self.checked(lowered in ("true", "yes", "on"))
        try:
            value: Any = literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        try:
            return self.checked(value)
        except OptionError:
            if list in kinds and not isinstance(value, (list, tuple, set)):
                return self.checked([value])
            if value is not text:
                return self.checked(text)
            raise


def imported(place: str) -> Any:
    """What has this full name, `module.name`; None: there is no such thing."""
    from importlib import import_module

    module, _, name = place.rpartition(".")
    try:
        return getattr(import_module(module), name, None) if module else None
    except ImportError:
        return None


def _kind_name(kind: type | tuple[type, ...]) -> str:
    names = {
        str: "text",
        int: "a whole number",
        float: "a number",
        bool: "True or False",
    }
    if isinstance(kind, tuple):
        return " or ".join(_kind_name(one) for one in kind)
    return names.get(kind, f"a {kind.__name__}")


class Sections(dict[str, "Any"]):
    """A config that may be asked for any class: where it says nothing, for nothing."""

    def __missing__(self, name: str) -> dict[str, Any]:
        return {}


class Configurable:
    """Something with options, set from a config when it is made.

    A config is a mapping of class names to mappings of option names to values.
    """

    _every: ClassVar[dict[type, dict[str, Option[Any]]]] = {}

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = {}
        if not hasattr(type(self), "config"):  # else it has traits, and one of its own
            self.config: Mapping[str, Any] = Sections() if config is None else config
        if config:
            self.apply(config)

    @classmethod
    def options(cls) -> dict[str, Option[Any]]:
        """All options of this class, its bases' included, by name."""
        found = Configurable._every.get(cls)
        if found is None:
            found = {}
            for base in reversed(cls.__mro__):
                found.update(_declared.get(base, {}))
            Configurable._every[cls] = found
        return found

    @classmethod
    def sections(cls) -> list[str]:
        """The names that a config knows this class by; the nearest is the last."""
        names = [
            base.__name__
            for base in reversed(cls.__mro__)
            if base not in (object, Configurable)
        ]
        return [name for name in names if not name.startswith("_")]

    def apply(self, config: Mapping[str, Any]) -> None:
        """Set what a config says of this class; what it does not know it leaves.

        A value that does not fit leaves the option as it is, if the config is one that
        takes complaints (config.py).

        Raises:
            OptionError: a value that does not fit.
        """
        known = self.options()
        complain = getattr(config, "complain", None)
        for section in self.sections():
            for name, value in dict(config.get(section, {})).items():
                if name in known:
                    try:
                        self._apply_one(known[name], name, value)
                    except OptionError as error:
                        if complain is None:
                            raise
                        complain(section, name, str(error))

    def _apply_one(self, option: Option[Any], name: str, value: Any) -> None:
        resolve = getattr(value, "for_option", None)
        if resolve is not None:  # `c.X.y.append(...)`, or a command line's text
            try:
                value = resolve(option, getattr(self, name))
            except (TypeError, ValueError, IndexError) as error:
                raise OptionError(str(error)) from error
        self.set_option(name, value)

    def set_option(self, name: str, value: Any) -> None:
        option = self.options()[name]
        old = getattr(self, name)
        new = option.checked(value)
        self._values[name] = new
        if getattr(type(self), name, None) is not option:
            # Somebody has put a value in its place, for all of the class.
            self.__dict__[name] = new
        if old != new:
            self.on_option(name, old, new)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        """An option has changed."""
