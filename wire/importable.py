"""What travels by reference: that which a fresh import finds under the same name."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from types import ModuleType
from typing import Any


def travels_by_reference(obj: Any) -> bool:
    """Whether importing `obj.__module__` and looking up its name gives this object."""
    module_name = getattr(obj, "__module__", None)
    if module_name == "__main__" or not isinstance(module_name, str):
        return False
    name = getattr(obj, "__qualname__", None)
    if not isinstance(name, str):
        return False
    found: Any = sys.modules.get(module_name)
    if found is None or not is_importable(module_name):
        return False
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return found is obj


_importable: dict[str, tuple[ModuleType, bool]] = {}


def is_importable(name: str) -> bool:
    """Whether a fresh interpreter with our `sys.path` finds the loaded module."""
    module = sys.modules.get(name)
    if module is None or name in ("__main__", "__mp_main__"):
        return False
    known = _importable.get(name)
    if known is None or known[0] is not module:
        known = _importable[name] = module, _find(name)
    return known[1]


def _find(name: str) -> bool:
    parent, _, _ = name.rpartition(".")
    path = None
    if parent:
        if not is_importable(parent):
            return False
        path = getattr(sys.modules[parent], "__path__", None)
        if path is None:  # `os.path` and the like stand in sys.modules only
            return getattr(sys.modules[name], "__spec__", None) is not None
    for finder in sys.meta_path:
        try:
            if finder.find_spec(name, path) is not None:
                return True
        except (AttributeError, ImportError, ValueError):
            continue
    # Packages that make their submodules themselves (`six.moves`).
    return bool(parent) and getattr(sys.modules[name], "__spec__", None) is not None


_LIBRARY_FOLDERS = tuple(
    f"{sysconfig.get_path(which)}/" for which in ("stdlib", "platstdlib")
)
_OURS = __name__.partition(".")[0]


@lru_cache(maxsize=1024)
def is_library(name: str) -> bool:
    if name.partition(".")[0] == _OURS:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return name in sys.builtin_module_names or name in sys.stdlib_module_names
    path = str(file).replace("\\", "/")
    return (
        "/site-packages/" in path
        or "/dist-packages/" in path
        or path.startswith(_LIBRARY_FOLDERS)
    )
