"""Doing something when a module is imported: nothing before, nothing without it.

    when_imported("matplotlib", hook)     # hook(module), right after its import

A module that is loaded already is handed over at once. One finder in `sys.meta_path`
serves all hooks; names that nobody waits for cost it one look into a dict.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Hook = Callable[[ModuleType], object]

_waiting: dict[str, list[Hook]] = {}


def when_imported(name: str, hook: Hook) -> None:
    """Call `hook(module)` once the module has been imported, or now if it was."""
    module = sys.modules.get(name)
    if module is not None and not _is_initializing(module):
        hook(module)
        return
    _waiting.setdefault(name, []).append(hook)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def forget(name: str, hook: Hook) -> None:
    """Do not call it after all."""
    hooks = _waiting.get(name, [])
    if hook in hooks:
        hooks.remove(hook)
    if not hooks:
        _waiting.pop(name, None)
    if not _waiting and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _is_initializing(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _Finder:
    """Finds nothing itself: it puts our loader around what the others find."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name not in _waiting:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)
                return spec  # type: ignore[no-any-return]  # a finder's spec
        return None


class _Loader:
    """Does what another loader does, and calls the hooks after it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]  # as the loader's

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._loader
            module.__loader__ = self._loader
        for hook in _waiting.pop(module.__name__, []):
            hook(module)
        if not _waiting and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


_finder: Any = _Finder()
