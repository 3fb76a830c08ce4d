"""Modules that travel by value: what their functions have as globals elsewhere.

A module that was registered (`serialize.register_pickle_by_value`) is known by an id,
given by the process that has it, its *owner*. Elsewhere there is a stand-in for it: a
module that no import finds, and whose dictionary is the globals of all functions that
came from it. Each function brings the values of those globals that it names; a module
that is itself among what travels brings all that it has.

Two sessions that have modules of the same name do not meet: their ids differ. Where the
owner gets something back, its own module is meant, and nothing in that changes.
"""

from __future__ import annotations

import builtins
import os
import sys
import weakref
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, Protocol

from ipcluster.wire.importable import (
    find,
    folder_of,
    import_from,
    is_by_value,
    travels_by_reference,
)


class Dump(Protocol):
    """The part of `functions.Dump` that is used here."""

    careful: bool

    def fails(self, value: object) -> Exception | None: ...


class Home(NamedTuple):
    """A module by value: the id that its owner gave it, and its name."""

    known_as: str
    name: str


# --- which module is meant ------------------------------------------------------------

# In the dictionary of a stand-in: what it is. That keeps it for as long as there are
# functions that have the dictionary as their globals.
_RECORD = "__stand_in__"


class _Record(NamedTuple):
    home: Home
    module: StandIn
    missing: dict[str, str]  # why a name is not there that the owner's module has


class StandIn(ModuleType):
    """What there is of a module of another process."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.name)
        self.__dict__[_RECORD] = _Record(home, self, {})
        self.__dict__["__builtins__"] = builtins.__dict__

    def __getattr__(self, name: str) -> Any:
        reason = _record_of(self).missing.get(name)
        because = f": it could not be sent: {reason}" if reason else ""
        raise AttributeError(
            f"module {self.__name__!r}, which came by value, has no {name!r}{because}",
            name=name,
            obj=self,
        )


def _record_of(module: StandIn) -> _Record:
    record = module.__dict__[_RECORD]
    assert isinstance(record, _Record)
    return record


_ids: dict[str, str] = {}
_stand_ins: weakref.WeakValueDictionary[str, StandIn] = weakref.WeakValueDictionary()


def home_of(module: ModuleType) -> Home | None:
    """Where a module that travels by value belongs; None: it does not."""
    if isinstance(module, StandIn):
        return _record_of(module).home
    name = module.__name__
    if not is_by_value(name) or sys.modules.get(name) is not module:
        return None
    if name not in _ids:
        _ids[name] = os.urandom(16).hex()
    return Home(_ids[name], name)


def home_of_function(function: FunctionType) -> Home | None:
    """The module by value whose globals the function has; None: that of no such."""
    names = function.__globals__
    record = names.get(_RECORD)
    if isinstance(record, _Record):
        return record.home
    module = sys.modules.get(str(names.get("__name__")))
    if module is None or module.__dict__ is not names:
        return None
    return home_of(module)


def module_of(home: Home) -> ModuleType:
    """The module itself if it is ours, else its stand-in."""
    if _ids.get(home.name) == home.known_as and home.name in sys.modules:
        return sys.modules[home.name]
    found = _stand_ins.get(home.known_as)
    return _stand_ins.setdefault(home.known_as, found or StandIn(home))


def add_values(home: Home, values: dict[str, Any], missing: dict[str, str]) -> None:
    """Values of globals that came along; the latest hold."""
    module = module_of(home)
    if isinstance(module, StandIn):
        module.__dict__.update(values)
        _record_of(module).missing.update(missing)


# --- a module among what travels ------------------------------------------------------

_NOT_CARRIED = {
    *("__builtins__", "__cached__", "__loader__", "__name__", "__path__", "__spec__"),
    _RECORD,
}

_Import = tuple[str, str, str]  # a module, a name in it or "", the folder it lies in


def reduce_module(dump: Dump, module: ModuleType, home: Home) -> Any:
    """As a reducer answers, for a module with a home.

    What the module has from elsewhere is imported there, too; where that is not to be
    had, only using it is an error.
    """
    values: dict[str, Any] = {}
    imports: dict[str, _Import] = {}
    missing: dict[str, str] = {}
    for name, value in vars(module).items():
        if name in _NOT_CARRIED:
            continue
        if (found := _import_of(value)) is not None:
            imports[name] = found
        elif dump.careful and (error := dump.fails(value)) is not None:
            missing[name] = str(error)
        else:
            values[name] = value
    given = home, values, imports, missing
    return module_of, (home,), given, None, None, _fill_module


def _import_of(value: Any) -> _Import | None:
    if isinstance(value, ModuleType) and home_of(value) is None:
        return value.__name__, "", folder_of(value.__name__)
    if isinstance(value, type | FunctionType) and travels_by_reference(value):
        return value.__module__, value.__qualname__, folder_of(value.__module__)
    return None


def _fill_module(
    module: ModuleType,
    given: tuple[Home, dict[str, Any], dict[str, _Import], dict[str, str]],
) -> None:
    home, values, imports, missing = given
    if not isinstance(module, StandIn):
        return
    for name, (where, inner, folder) in imports.items():
        try:
            found = find(where, inner, folder) if inner else import_from(where, folder)
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
        else:
            values[name] = found
    add_values(home, values, missing)
