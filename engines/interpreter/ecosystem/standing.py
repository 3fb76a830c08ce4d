"""Modules of the field's names that are there without having been imported.

A `StandIn` knows who runs (`get_ipython`) and which version's interfaces these are. It
is asked for more in one of two ways:

    where it lies (`__path__`, `__spec__`, ...): who imports a module below it asks for
                  that. It is looked for then, and not yet run
    any name:     then it is run, in its place: the installed code, or, where nothing
                  is installed, a module whose names are looked up in ours
"""

from __future__ import annotations

import sys
from _thread import RLock
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any

# The versions whose interfaces these are: libraries look at them before use.
VERSION_INFO = (9, 18, 1, "")
KERNEL_VERSION_INFO = (7, 4, 0, "")
VERSION_TEXT = ".".join(str(part) for part in VERSION_INFO[:3])
KERNEL_VERSION_TEXT = ".".join(str(part) for part in KERNEL_VERSION_INFO[:3])
VERSIONS = {
    "IPython": (VERSION_INFO, VERSION_TEXT),
    "ipykernel": (KERNEL_VERSION_INFO, KERNEL_VERSION_TEXT),
}

_PLACES = ("__spec__", "__path__", "__file__", "__loader__", "__cached__")
# Seconds that one thread waits for another that runs the module.
_PATIENCE = 10.0


class StandIn(ModuleType):
    """A module that is run when somebody asks for its names."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        names = self.__dict__
        for place in _PLACES:
            names.pop(place, None)
        names["__package__"] = name.partition(".")[0]
        names["_ipcluster_lock"] = RLock()
        if name in VERSIONS:
            names["version_info"], names["__version__"] = VERSIONS[name]

    def __getattr__(self, name: str) -> Any:
        if name in _PLACES:
            _locate(self)
            try:
                return self.__dict__[name]
            except KeyError:
                raise AttributeError(_missing(self, name)) from None
        if name.startswith("__") and name != "__all__":
            # Asked by those who look through all modules: of no importance.
            raise AttributeError(_missing(self, name))
        _run(self)
        return getattr(self, name)


def get_ipython() -> Any:
    """The running shell; None where there is none."""
    from ipcluster.engines.interpreter.shell import get_ipython

    return get_ipython()


def stand_in(name: str) -> None:
    """Put a stand-in into `sys.modules`, unless the module has been imported."""
    module = sys.modules.get(name)
    if module is None:
        module = sys.modules[name] = StandIn(name)
        parent, _, child = name.rpartition(".")
        if parent:
            sys.modules[parent].__dict__.setdefault(child, module)
    if isinstance(module, StandIn) and name == "IPython":
        module.__dict__["get_ipython"] = get_ipython


def is_ours(module: ModuleType | None) -> bool:
    """Whether a module is none that was installed."""
    return isinstance(module, StandIn) or hasattr(type(module), "is_served")


def leave() -> None:
    """Take away what nobody has asked for, and what was served."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in VERSIONS or not is_ours(module):
            continue
        if isinstance(module, StandIn) and _is_above(name):
            # It is run when somebody asks it who runs.
            module.__dict__.pop("get_ipython", None)
        else:
            del sys.modules[name]


def _is_above(name: str) -> bool:
    """Whether installed modules below it have been imported."""
    return any(
        below.startswith(f"{name}.") and not is_ours(module)
        for below, module in list(sys.modules.items())
    )


def _missing(module: ModuleType, name: str) -> str:
    return f"module {module.__name__!r} has no attribute {name!r}"


def _locate(module: StandIn) -> None:
    """Find out where the module lies, without running it."""
    names = module.__dict__
    if "__spec__" in names:
        return
    name = module.__name__
    spec = _installed(name)
    if spec is None:
        from ipcluster.engines.interpreter.ecosystem import serving

        spec = serving.spec_of(name)
        if spec is None:
            raise AttributeError(_missing(module, "__spec__"))
    names["__spec__"] = spec
    names["__loader__"] = spec.loader
    if spec.submodule_search_locations is not None:
        names["__path__"] = spec.submodule_search_locations
    if spec.has_location:
        names["__file__"] = spec.origin
        names["__cached__"] = spec.cached


def _installed(name: str) -> ModuleSpec | None:
    from ipcluster.engines.interpreter import importing

    parent = name.rpartition(".")[0]
    path = list(sys.modules[parent].__path__) if parent else None
    for one in sys.meta_path:
        find = getattr(one, "find_spec", None)
        if one is not finder and one is not importing._finder and find is not None:
            spec: ModuleSpec | None = find(name, path)
            if spec is not None:
                return spec
    return None


def _run(module: StandIn) -> None:
    """Make it what it stands for, in its place: references to it stay good."""
    names = module.__dict__
    lock = names["_ipcluster_lock"]
    has_lock = lock.acquire(timeout=_PATIENCE)  # rather than for ever: imports lock too
    try:
        if not isinstance(module, StandIn):
            return  # another thread was here
        _locate(module)
        loader: Any = names["__loader__"]
        if hasattr(loader, "serve"):
            loader.serve(module)
            return
        kept = {name: names.get(name) for name in ("version_info", "__version__")}
        ModuleType.__setattr__(module, "__class__", ModuleType)
        try:
            loader.exec_module(module)
        except BaseException:
            ModuleType.__setattr__(module, "__class__", StandIn)
            names.update(kept)
            raise
        from ipcluster.engines.interpreter import ecosystem

        ecosystem._bind(module)
    finally:
        if has_lock:
            lock.release()


class _Finder:
    """At the end of `sys.meta_path`: serves what is not installed."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in VERSIONS:
            return None
        from ipcluster.engines.interpreter.ecosystem import serving

        return serving.spec_of(name)


finder: Any = _Finder()
