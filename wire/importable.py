"""What travels by reference: that which a fresh import finds under the same name.

By reference is a module and a name. With those of the user's own modules goes the
folder where the module lies: a process that cannot import it by itself looks there
too, which finds it on the same host and on a shared file system; elsewhere the error
tells what to do. What is in `registered` modules never travels by reference.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from types import ModuleType
from typing import Any

registered: set[str] = set()
"""Names of modules that travel by value; `serialize.register_pickle_by_value` adds."""


def travels_by_reference(obj: Any) -> bool:
    """Whether importing `obj.__module__` and looking up its name gives this object."""
    module_name = getattr(obj, "__module__", None)
    if module_name == "__main__" or not isinstance(module_name, str):
        return False
    if is_by_value(module_name):
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


def is_by_value(name: str) -> bool:
    """Whether this module, or a package that it is in, is `registered`."""
    if not registered:
        return False
    while name not in registered:
        name = name.rpartition(".")[0]
        if not name:
            return False
    return True


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


# --- libraries and the user's modules -------------------------------------------------

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
    return _is_of_library(str(file))


def _is_of_library(path: str) -> bool:
    path = path.replace("\\", "/")
    return (
        "/site-packages/" in path
        or "/dist-packages/" in path
        or path.startswith(_LIBRARY_FOLDERS)
    )


def user_folders() -> list[str]:
    """The folders on `sys.path` that the user's own modules lie in."""
    here = current_folder()
    folders = [os.path.normpath(os.path.join(here, path)) for path in sys.path]
    return [
        one
        for one in dict.fromkeys(folders)
        if os.path.isdir(one) and not _is_of_library(f"{one}/")
    ]


def current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


_folders: dict[str, tuple[ModuleType, str]] = {}


def folder_of(name: str) -> str:
    """The folder to import the user's module `name` from; "" for libraries.

    Also "" for what is not loaded here.
    """
    top = sys.modules.get(name.partition(".")[0])
    if top is None or name not in sys.modules or is_library(name):
        return ""
    known = _folders.get(name)
    if known is None or known[0] is not top:
        known = _folders[name] = top, _folder_of(top)
    return known[1]


def _folder_of(top: ModuleType) -> str:
    inside = next(iter(getattr(top, "__path__", ())), None)
    inside = inside or getattr(top, "__file__", None)
    return os.path.dirname(os.path.abspath(inside)) if inside else ""


def folders_for(names: Iterable[str]) -> list[str]:
    """The folders that imports of the user's modules among `names` need."""
    found = []
    for top in dict.fromkeys([name.partition(".")[0] for name in names]):
        if top in sys.modules:
            found.append(folder_of(top))
        elif top and top not in sys.stdlib_module_names:
            found.append(_look_for(top))
    return [folder for folder in dict.fromkeys(found) if folder]


def _look_for(top: str) -> str:
    """The folder of a module of the user's that is not loaded; "" if it is no such."""
    try:
        spec = importlib.util.find_spec(top)
    except (AttributeError, ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    place = next(iter(spec.submodule_search_locations or ()), None) or spec.origin
    if place is None or not os.path.exists(place) or _is_of_library(place):
        return ""
    return os.path.dirname(os.path.abspath(place))


# --- by reference, with a folder ------------------------------------------------------


def reduce_by_reference(obj: Any) -> Any:
    """As a reducer answers, for what travels by reference."""
    folder = folder_of(obj.__module__)
    if not folder:
        return NotImplemented
    return find, (obj.__module__, obj.__qualname__, folder)


def find(module: str, name: str, folder: str) -> Any:
    """What `name` is in this module of the user's.

    Raises:
        ModuleNotFoundError: the module is not here.
        AttributeError: it is, and has no such name.
    """
    home = found = import_from(module, folder)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AttributeError(
                f"module {module!r} on host {platform.node()!r} has no {name!r}: "
                f"{getattr(home, '__file__', None) or 'it'} is another one than that "
                f"in {folder!r}, or was imported before that was changed; "
                "`ipcluster restart-engines` gives engines that import it anew",
                name=part,
                obj=found,
            ) from None
    return found


def import_from(name: str, folder: str) -> ModuleType:
    """The module; looked for in `folder` too, if it is not to be had without.

    Raises:
        ModuleNotFoundError: it is in neither; says where it should be.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not is_about(error, name):
            raise
    look_in([folder])
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not is_about(error, name):
            raise
        missing = str(error.name)
    top = name.partition(".")[0]
    where = f"; where it was sent from it lies in {folder!r}" if folder else ""
    raise ModuleNotFoundError(
        f"no module {missing!r} on host {platform.node()!r}, for {sys.executable} in "
        f"{current_folder()!r}{where}. Install it there, or start the engines in the "
        "folder that it lies in, or send it along: "
        f"ipcluster.register_pickle_by_value({top})",
        name=missing,
    )


def look_in(folders: Iterable[str]) -> None:
    """Have modules looked for in these folders, too, as far as they are here."""
    for folder in folders:
        if folder and folder not in sys.path and os.path.exists(folder):
            # At the end: nothing that this process finds by itself changes.
            sys.path.append(folder)
            importlib.invalidate_caches()


def is_about(error: ModuleNotFoundError, name: str) -> bool:
    """Whether it is this module that is missing, and not one that it imports."""
    return error.name is not None and f"{name}.".startswith(f"{error.name}.")
