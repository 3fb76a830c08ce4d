"""Classes that go on as the same objects, with what new ones have."""

from __future__ import annotations

import abc
import enum
import gc
from types import FunctionType, MemberDescriptorType

from ipcluster.engines.interpreter.reloading.functions import functions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Of each class its own.
_SKIPPED = frozenset({"__dict__", "__weakref__", "__module__", "_abc_impl"})


class Unpatchable(Exception):
    """A class cannot become what the new one is; the message says why."""


class _Gone:
    """Base of new classes whose place the old ones have taken."""


class _Object:
    """Stands for `object` as the base of a class that had another base before."""


class ClassPatcher:
    """Lets classes of one module take over what new ones have.

    Args:
        body_names: the names that a class's body bound before, by the class's qualified
            name; None: nobody knows. What others have put there stays, then.

    Attributes:
        pairs: old and new functions of the classes, to be patched when all has run.
        registered: old and new classes, of which the new one may stand in a registry:
            a metaclass, or `__init_subclass__`, has seen it.
    """

    def __init__(self, body_names: Callable[[str], set[str] | None]) -> None:
        self._body_names = body_names
        self._undo: list[Callable[[], None]] = []
        self.pairs: list[tuple[Any, Any]] = []
        self.registered: list[tuple[type, type]] = []
        self._validated: list[Any] = []

    def patch(self, old: type, new: type) -> None:
        """Let `old` be as `new` is.

        Raises:
            Unpatchable: it cannot be.
        """
        _check_layout(old, new)
        self._remember(old)
        _set_bases(old, new)
        _let_super_mean(old, new)
        values = dict(vars(new))
        if isinstance(old, enum.EnumMeta):
            from ipcluster.engines.interpreter.reloading.enums import take_members

            values = take_members(old, new, self._undo)
        for name, value in values.items():
            if name in _SKIPPED or isinstance(value, MemberDescriptorType):
                continue
            before = vars(old).get(name)
            if before is not value:
                # Not `setattr`: classes of the class may not let anybody.
                type.__setattr__(old, name, value)
                self.pairs.append((before, value))
        self._remove_what_is_gone(old, values)
        if type(new) not in _SILENT or _hears_of_subclasses(new):
            self.registered.append((old, new))
        if "__pydantic_validator__" in values:
            self._validated.append(old)
        _step_aside(new)

    def _remove_what_is_gone(self, old: type, values: dict[str, Any]) -> None:
        bound = self._body_names(old.__qualname__)
        for name, value in list(vars(old).items()):
            if name in values or name in _SKIPPED:
                continue
            if isinstance(value, MemberDescriptorType):
                continue
            is_special = name.startswith("__") and name.endswith("__")
            if is_special or bound is None or name in bound or _is_method(old, value):
                type.__delattr__(old, name)

    def finish(self) -> None:
        """All has run: what others have made of the new classes is of the old ones."""
        replace_registered(self.registered)
        for cls in self._validated:  # pydantic's models: they make what they validate
            cls.model_rebuild(force=True)

    # --- taking it back ---------------------------------------------------------------

    def _remember(self, cls: type) -> None:
        values, bases = dict(vars(cls)), cls.__bases__

        def restore() -> None:
            if cls.__bases__ != bases:
                cls.__bases__ = bases
            for name in vars(cls).keys() - values.keys():
                type.__delattr__(cls, name)
            for name, value in values.items():
                if vars(cls).get(name) is not value and name not in _SKIPPED:
                    type.__setattr__(cls, name, value)

        self._undo.append(restore)

    def take_back(self) -> None:
        """The module has failed: all classes are as they were."""
        while self._undo:
            self._undo.pop()()
        self.pairs.clear()
        self.registered.clear()
        self._validated.clear()


# Metaclasses that tell nobody of their classes.
_SILENT = (type, abc.ABCMeta, enum.EnumMeta)


def _hears_of_subclasses(cls: type) -> bool:
    return any("__init_subclass__" in vars(base) for base in cls.__mro__[1:-1])


def replace_registered(pairs: list[tuple[type, type]]) -> None:
    """Put old classes into the dicts, lists and sets that new ones were put into."""
    if not pairs:
        return
    old_of = {id(new): old for old, new in pairs}
    news = [new for _, new in pairs]
    for place in gc.get_referrers(*news):
        if place is pairs or place is news:
            continue
        if type(place) is dict and "__module__" not in place:  # else it is a class's
            for key, value in list(place.items()):
                if id(value) in old_of:
                    place[key] = old_of[id(value)]
                if id(key) in old_of:
                    place[old_of[id(key)]] = place.pop(key)
        elif type(place) is list:
            place[:] = [old_of.get(id(one), one) for one in place]
        elif type(place) is set:
            for one in [one for one in place if id(one) in old_of]:
                place.discard(one)
                place.add(old_of[id(one)])


def _check_layout(old: type, new: type) -> None:
    if type(old) is not type(new):
        raise Unpatchable("it has another metaclass")
    if _slots(old) != _slots(new):
        raise Unpatchable("its __slots__ have changed")
    for name in ("__basicsize__", "__itemsize__", "__dictoffset__"):
        if getattr(old, name) != getattr(new, name):
            raise Unpatchable("its instances are laid out differently")


def _slots(cls: type) -> set[str]:
    return {
        name
        for name, value in vars(cls).items()
        if isinstance(value, MemberDescriptorType)
    }


def _set_bases(old: type, new: type) -> None:
    bases = new.__bases__
    if old.__bases__ == bases:
        return
    if bases == (object,):  # which CPython does not let anybody change to
        bases = (_Object,)
    try:
        old.__bases__ = bases
    except TypeError as error:
        raise Unpatchable(f"it cannot have its new bases ({error})") from None


def _let_super_mean(old: type, new: type) -> None:
    """`super()` and `__class__` in the methods of `new` are to mean `old`."""
    for value in vars(new).values():
        for function in functions_of(value):
            names = function.__code__.co_freevars
            if "__class__" in names and function.__closure__ is not None:
                function.__closure__[names.index("__class__")].cell_contents = old


def _is_method(cls: type, value: Any) -> bool:
    """Whether a class's attribute was defined in it, or generated for it."""
    if not isinstance(value, FunctionType | property | staticmethod | classmethod):
        return False
    prefix = f"{cls.__qualname__}."
    return any(one.__qualname__.startswith(prefix) for one in functions_of(value))


def _step_aside(new: type) -> None:
    """A new class is no subclass of its bases any more: the old one is."""
    if new.__bases__ != (object,):
        try:
            new.__bases__ = (_Gone,)
        except TypeError:  # of a built-in one: it goes when it is collected
            pass
