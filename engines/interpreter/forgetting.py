"""Forgetting names and what they hold: the part of `InteractiveShell` that deletes.

An object stays alive as long as anything refers to it, and a shell has many places that
do: `Out`, `_`, `_5`, the last error's frames. Deleting looks into all of them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.cells import ExecutionResult
    from ipcluster.engines.interpreter.display.hook import DisplayHook
    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.namespace import UserNamespace

# Names that a namespace cannot do without.
_NEEDED = ("__builtin__", "__builtins__")
# Python shares such objects of itself: another name of one is no reference to this one.
_SHARED = (int, float, str, bytes, type(None))


class ForgetsNames:
    """Methods of `InteractiveShell` that delete names."""

    namespace: UserNamespace
    history_manager: HistoryManager
    displayhook: DisplayHook
    outputs: dict[int, Any]
    dir_history: list[str]
    execution_count: int
    last_execution_result: ExecutionResult | None
    fill_namespace: Callable[[], None]
    _modules_at_start: frozenset[str]

    def del_var(self, varname: str, by_name: bool = False) -> None:
        """Delete a variable, and every other name of the same object.

        With `by_name`, this name only.

        Raises:
            NameError: there is no such variable.
            ValueError: one that the namespace needs.
        """
        if varname in _NEEDED:
            raise ValueError(f"{varname} is needed and cannot be deleted")
        names = self.namespace.names
        if varname not in names:
            raise NameError(f"name {varname!r} is not defined")
        value = names[varname]
        if by_name or isinstance(value, _SHARED):
            self._drop_name(varname)
            return
        for name in [name for name, one in names.items() if one is value]:
            self._drop_name(name)
        for count in [count for count, one in self.outputs.items() if one is value]:
            self.displayhook.drop(count)
        self.displayhook.forget(value)
        last = self.last_execution_result
        if last is not None and last.result is value:
            last.result = None
        self.forget_error()

    def _drop_name(self, name: str) -> None:
        self.namespace.names.pop(name, None)
        self.namespace.globals.pop(name, None)
        self.namespace.hidden.pop(name, None)

    def drop_by_id(self, variables: Mapping[str, Any]) -> None:
        """Delete names that still mean what they mean in `variables`."""
        names = self.namespace.names
        for name, value in variables.items():
            if name in names and names[name] is value:
                self._drop_name(name)

    def forget_error(self) -> None:
        """Let go of the last error, and of all that its frames hold."""
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            if hasattr(sys, name):
                delattr(sys, name)
        shown = self.__dict__.get("InteractiveTB")
        if shown is not None:
            shown.value = shown.tb = None

    def forget_inputs(self) -> None:
        """Empty `In` and its kin; numbers of later inputs stay as they would be."""
        names, history = self.namespace.names, self.history_manager
        count = self.execution_count
        for number in range(1, count + 1):
            self._drop_name(f"_i{number}")
        for name in ("_i", "_ii", "_iii"):
            if name in names:
                self.namespace.put(name, "")
        # The same lists: the user may have a name for them.
        history.input_hist_raw[:] = [""] * len(history.input_hist_raw)
        history.input_hist_parsed[:] = [""] * len(history.input_hist_parsed)

    def reset(self, new_session: bool = True, aggressive: bool = False) -> None:
        """Forget all that the user has bound, and inputs and outputs.

        A new session counts from 1 again. `aggressive` forgets modules that were
        imported since the start, too, so that they are imported anew.
        """
        self.displayhook.flush()
        self.forget_inputs()
        self.forget_error()
        self.namespace.clear()
        self.fill_namespace()
        if new_session:
            self.execution_count = 1
            del self.history_manager.input_hist_raw[1:]
            del self.history_manager.input_hist_parsed[1:]
        if aggressive:
            self._forget_modules()

    def _forget_modules(self) -> None:
        """Let modules of the user's be imported anew.

        Not Python's own, nor ours, nor packages with compiled parts: these cannot be
        imported twice.
        """
        recent = [name for name in sys.modules if name not in self._modules_at_start]
        kept = {__name__.partition(".")[0], *sys.stdlib_module_names}
        kept |= _compiled_packages(recent)
        for name in recent:
            if name.partition(".")[0] not in kept:
                del sys.modules[name]


def _compiled_packages(names: Iterable[str]) -> set[str]:
    """The packages of which any module is compiled."""
    found = set()
    for name in names:
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and not file.endswith((".py", ".pyc")):
            found.add(name.partition(".")[0])
    return found
