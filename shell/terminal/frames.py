"""A frame as a session's namespace: its locals and globals, read and written.

    names    the frame's locals, a dict; what is not in it is looked for in the module
    globals  what functions and comprehensions of cells see: locals first, then the
             module. So closures that are made at the prompt find the frame's locals

After each cell, locals that it has bound anew are written to the frame (PEP 667, or
what came before it), and those that have changed in the frame meanwhile are read.
"""

from __future__ import annotations

import builtins
import sys
from types import ModuleType

from ipcluster.engines.interpreter.namespace import UserNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_NOTHING = object()


class Locals(dict[str, "Any"]):
    """Names of a function; those it does not have are its module's."""

    def __init__(self, names: dict[str, Any], module: dict[str, Any]) -> None:
        super().__init__(names)
        self._module = module
        self.mirror: Globals | None = None

    def __missing__(self, name: str) -> Any:
        return self._module[name]

    def __setitem__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        if self.mirror is not None:
            dict.__setitem__(self.mirror, name, value)


class Globals(dict[str, "Any"]):
    """What code sees that is not at the top of a cell.

    Functions ask the methods of this class, so they see what is true now. Bodies of
    classes look into the dict itself, past all methods (before 3.13), and `global x`
    stores there: so the dict has copies of all names, made before each cell, and what
    has changed in it is given to the module after it.
    """

    def __init__(self, names: Locals, module: dict[str, Any]) -> None:
        super().__init__()
        self._names = names
        self._module = module
        self._copied: dict[str, Any] = {}
        names.mirror = self
        self.refresh()

    def refresh(self) -> None:
        """Copy all names: a cell is about to run."""
        dict.clear(self)
        self._copied = {**self._module, **dict(dict.items(self._names))}
        self._copied.setdefault("__builtins__", vars(builtins))
        self._copied.setdefault("__name__", "__main__")
        dict.update(self, self._copied)

    def settle(self) -> None:
        """Give the module what the cell has declared `global`."""
        for name in {*dict.keys(self), *self._copied}:
            if dict.__contains__(self._names, name) or not self._is_stored(name):
                continue
            if dict.__contains__(self, name):
                self._module[name] = dict.__getitem__(self, name)
            else:
                self._module.pop(name, None)
        self.refresh()

    def _is_stored(self, name: str) -> bool:
        """Whether a cell has bound a name in here, or unbound it."""
        now = dict.get(self, name, _NOTHING)
        return now is not self._copied.get(name, _NOTHING)

    def __getitem__(self, name: str) -> Any:
        if dict.__contains__(self._names, name):
            return dict.__getitem__(self._names, name)
        if self._is_stored(name):
            return dict.__getitem__(self, name)
        return self._module[name]

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class EmbeddedNamespace(UserNamespace):
    """The namespace of a shell in the midst of a program, which is left clean.

    Args:
        names: the locals.
        module: the module of the globals.
        frame: whose locals they are; None: they are nobody's but the caller's.
    """

    def __init__(
        self,
        names: dict[str, Any],
        module: ModuleType,
        frame: FrameType | None = None,
    ) -> None:
        self._frame = frame
        self._is_module = names is module.__dict__
        self._given = names
        self._shadowed: dict[str, Any] = {}
        self._globals: Any = module.__dict__
        inner = names
        if not self._is_module:
            inner = Locals(names, module.__dict__)
            self._globals = Globals(inner, module.__dict__)
        super().__init__(inner, module)
        self._seen = dict(names)

    @property
    def globals(self) -> dict[str, Any]:
        return self._globals  # type: ignore[no-any-return]  # a dict

    def put(self, name: str, value: Any) -> None:
        """A name of the shell's: a variable of the program's comes back at the end."""
        if name not in self._ours:
            self._shadowed[name] = dict.get(self.names, name, _NOTHING)
        super().put(name, value)

    def become_main(self) -> None:
        """A program's `__main__` stays what it is."""

    def step_down(self) -> None:
        """Take away what is ours."""
        for name, before in self._shadowed.items():
            if before is not _NOTHING:
                if self.is_hidden(name):
                    self.names[name] = before
                self._ours.pop(name, None)
            else:
                self.forget(name)
        self._shadowed.clear()

    # --- the frame --------------------------------------------------------------------

    def settle(self) -> None:
        """A cell is over: the program and we have to see the same."""
        if self._is_module:
            return
        self._globals.settle()
        if self._frame is None:
            for name in [name for name in self._given if name not in self.names]:
                del self._given[name]
            for name, value in self.names.items():
                if not self.is_hidden(name):
                    self._given[name] = value
            return
        changed = {
            name: dict.__getitem__(self.names, name)
            for name in _variables(self._frame)
            if dict.__contains__(self.names, name) and not self.is_hidden(name)
        }
        for name in [n for n, v in changed.items() if v is self._seen.get(n, _NOTHING)]:
            del changed[name]
        write_locals(self._frame, changed)
        now = dict(self._frame.f_locals)
        for name, value in now.items():
            if not self.is_hidden(name):
                self.names[name] = value
        self._seen = now


def _variables(frame: FrameType) -> tuple[str, ...]:
    """The names that are a frame's own variables, closures' included."""
    code = frame.f_code
    return (*code.co_varnames, *code.co_cellvars, *code.co_freevars)


def write_locals(frame: FrameType, changed: dict[str, Any]) -> None:
    """Bind variables of a running function anew. Python does not let us unbind them.

    Before 3.13, `f_locals` is a copy that has to be put back, and each look at it makes
    it anew; since then it writes through (PEP 667).
    """
    if not changed:
        return
    there: Any = frame.f_locals
    there.update(changed)
    if sys.version_info < (3, 13):
        import ctypes

        put_back = ctypes.pythonapi.PyFrame_LocalsToFast
        put_back(ctypes.py_object(frame), ctypes.c_int(0))


def namespace_of(
    frame: FrameType, local_ns: dict[str, Any] | None, module: ModuleType | None
) -> EmbeddedNamespace:
    """The namespace of a session that is opened in a frame."""
    if module is None:
        module = _module_of(frame.f_globals)
    if local_ns is not None:
        return EmbeddedNamespace(local_ns, module)
    if frame.f_locals is frame.f_globals:
        return EmbeddedNamespace(module.__dict__, module)
    if not frame.f_code.co_flags & 0x2:  # a class's body: its locals are a real dict
        return EmbeddedNamespace(frame.f_locals, module)
    names = {**_names_around(frame), **frame.f_locals}
    return EmbeddedNamespace(names, module, frame)


def _names_around(frame: FrameType) -> dict[str, Any]:
    """The locals of the functions that this one is defined in, as they are now.

    Python gives a function only those that its text names. The others are there as
    long as the functions around it run: they have called it, directly or not.
    """
    found: dict[str, Any] = {}
    code, caller = frame.f_code, frame.f_back
    while caller is not None:
        if code in caller.f_code.co_consts and caller.f_code.co_flags & 0x2:
            found = {**caller.f_locals, **found}
            code = caller.f_code
        caller = caller.f_back
    return found


def _module_of(names: dict[str, Any]) -> ModuleType:
    """The module whose globals these are, or one that stands for it."""
    found = sys.modules.get(names.get("__name__", ""))
    if isinstance(found, ModuleType) and found.__dict__ is names:
        return found
    return _Stand(names)


class _Stand(ModuleType):
    """A module for globals that are no module's: of `exec`, or of a shell's."""

    def __init__(self, names: dict[str, Any]) -> None:
        super().__init__(str(names.get("__name__", "__main__")))
        self._names = names

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            return super().__getattribute__("_names")
        return super().__getattribute__(name)
