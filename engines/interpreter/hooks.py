"""Callbacks around cells, and functions that may be replaced.

*Events* tell that something has happened (`pre_run_cell`, ...): all who registered are
called, and one that fails is shown and the others are called none the less. *Hooks* do
something (`editor`, `show_in_pager`, ...): the first that does not raise `TryNext`.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import TryNext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

EVENTS = (
    "pre_execute",
    "pre_run_cell",
    "post_execute",
    "post_run_cell",
    "shell_initialized",
)


class EventManager:
    """Who wants to know what."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.callbacks: dict[str, list[Callable[..., object]]] = {
            name: [] for name in EVENTS
        }

    def register(self, event: str, function: Callable[..., object]) -> None:
        """Call `function` whenever the event happens.

        Raises:
            KeyError: there is no such event.
        """
        if not callable(function):
            raise TypeError(f"need a callable, got {function!r}")
        if event not in self.callbacks:
            known = ", ".join(self.callbacks)
            raise KeyError(f"no event {event!r}; there are {known}")
        if function not in self.callbacks[event]:
            self.callbacks[event].append(function)

    def unregister(self, event: str, function: Callable[..., object]) -> None:
        """Call it no more.

        Raises:
            ValueError: it was not registered for this event.
        """
        if function not in self.callbacks[event]:
            raise ValueError(f"{function!r} is not registered for {event!r}")
        self.callbacks[event].remove(function)

    def trigger(self, event: str, *args: Any) -> None:
        """The event has happened."""
        for function in self.callbacks[event][:]:
            try:
                function(*_wanted(function, args))
            except (Exception, KeyboardInterrupt):
                self.shell.showtraceback(
                    note=f"in a function that {event!r} calls: {function!r}"
                )


def _wanted(function: Callable[..., object], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments that a callback takes: old ones take none."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not args or code is None or code.co_flags & 0x04:  # *args
        return args
    takes = code.co_argcount - (1 if hasattr(function, "__self__") else 0)
    return args if takes >= len(args) else ()


def _method_of(function: Callable[..., Any], shell: InteractiveShell) -> Any:
    """A hook as a method of the shell's, which is its first argument."""
    from types import MethodType

    return MethodType(function, shell)


class CommandChain:
    """Functions for one hook, by priority: the lowest number first."""

    def __init__(self) -> None:
        self.chain: list[tuple[int, Callable[..., Any]]] = []

    def add(self, function: Callable[..., Any], priority: int = 0) -> None:
        self.chain.append((priority, function))
        self.chain.sort(key=lambda one: one[0])

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        for _, function in self.chain:
            try:
                return function(*args, **keywords)
            except TryNext:
                continue
        raise TryNext

    def __iter__(self) -> Any:
        return iter(self.chain)


class Hooks:
    """The hooks of a shell, by name."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.chains: dict[str, CommandChain] = {}

    def set(self, name: str, function: Callable[..., Any], priority: int = 50) -> None:
        method = _method_of(function, self.shell)
        self.chains.setdefault(name, CommandChain()).add(method, priority)

    def __getattr__(self, name: str) -> CommandChain:
        try:
            return self.__dict__["chains"][name]  # type: ignore[no-any-return]  # a chain
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> CommandChain:
        return self.chains[name]

    def call(self, name: str, *args: Any) -> bool:
        """Let a hook do something; False when nobody did."""
        chain = self.chains.get(name)
        if chain is None:
            return False
        try:
            chain(*args)
        except TryNext:
            return False
        return True
