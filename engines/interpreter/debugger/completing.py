"""What could stand at the cursor of the debugger's prompt. Runs no code of the user's.

Commands, names that the frame sees, attributes that can be seen without asking the
object, files and functions to break in, numbers of breakpoints, magics.
"""

from __future__ import annotations

import builtins
import keyword

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ipcluster.engines.interpreter.debugger.debugger import Debugger

_LOCATIONS = ("b", "break", "tbreak", "clear", "cl")
_BREAKPOINTS = ("enable", "disable", "condition", "ignore", "commands")


def complete(debugger: Debugger, text: str) -> tuple[int, list[str]]:
    """Where the completed word begins, and what it could be."""
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] in "_."):
        start -= 1
    word = text[start:]
    before = text[:start].strip()
    if before in ("%", "!%"):
        return start, _magics(debugger, word)
    found: Iterable[str]
    if before in _BREAKPOINTS:
        import bdb

        found = [str(n) for n, bp in enumerate(bdb.Breakpoint.bpbynumber) if bp]
    elif before in _LOCATIONS:
        start = len(text.rstrip()) if text[-1:] == " " else text.rfind(" ") + 1
        start = max(start, len(before) + 1)
        word = text[start:]
        found = [*_files(word), *_names(debugger)]
    elif "." in word:
        owner, _, _ = word.rpartition(".")
        found = [f"{owner}.{name}" for name in _attributes(debugger, owner)]
    else:
        found = [*_names(debugger), *keyword.kwlist]
        if not before:
            found = [*_commands(debugger), *found]
    wanted = {one for one in found if one.startswith(word)}
    hidden = not word.rpartition(".")[2].startswith("_")
    return start, sorted(
        one for one in wanted if not (hidden and _last(one).startswith("_"))
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _commands(debugger: Debugger) -> list[str]:
    names = [name[3:] for name in dir(debugger) if name.startswith("do_")]
    return [*[name for name in names if name != "EOF"], *debugger.aliases]


def _magics(debugger: Debugger, word: str) -> list[str]:
    if debugger.shell is None:
        return []
    names = debugger.shell.magics_manager.magics["line"].names()
    return sorted(name for name in names if name.startswith(word))


def _files(word: str) -> list[str]:
    import glob
    import os

    found = []
    for path in glob.glob(glob.escape(word) + "*"):
        if os.path.isdir(path):
            found.append(path + "/")
        elif path.endswith(".py"):
            found.append(path + ":")
    return found


def _names(debugger: Debugger) -> list[str]:
    frame = debugger.curframe
    if frame is None:
        return []
    places: tuple[Any, ...] = (frame.f_locals, frame.f_globals, vars(builtins))
    return [name for place in places for name in list(place) if isinstance(name, str)]


def _attributes(debugger: Debugger, owner: str) -> list[str]:
    """Names of attributes of what `a.b` is."""
    frame = debugger.curframe
    first, *rest = owner.split(".")
    value: Any = None
    for place in (frame.f_locals, frame.f_globals, vars(builtins)):
        if first in place:
            value = place[first]
            break
    else:
        return []
    for name in rest:
        found, value = _static(value, name)
        if not found:
            return []
    return _static_names(value)


def _static(value: object, name: str) -> tuple[bool, Any]:
    """An attribute that no code has to run for."""
    from inspect import getattr_static

    try:
        found = getattr_static(value, name)
    except AttributeError:
        return False, None
    kind = type(found)
    return not (hasattr(kind, "__get__") and not callable(found)), found


def _static_names(value: object) -> list[str]:
    names: list[str] = []
    try:
        names += object.__getattribute__(value, "__dict__")
    except AttributeError:
        pass
    classes = [value] if isinstance(value, type) else []
    for cls in [*classes, type(value)]:
        for base in type.mro(cls):
            names += vars(base)
    return [name for name in names if isinstance(name, str)]
