"""Values by name as bytes: each on its own, and what they share only once.

A value that is another name's as well, or refers to it, is kept as a reference to that
name. Values that refer to one another in a circle are kept together, as a *bundle*.
What cannot be kept is left out with its reason, and whatever contains it too.
"""

from __future__ import annotations

import io
from types import BuiltinFunctionType, FunctionType, ModuleType

from ipcluster.engines.interpreter.byvalue import ATOMS, Pickler, why
from ipcluster.wire.importable import travels_by_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Bundle:
    """Names whose values are in one pickle: a dict of them."""

    def __init__(
        self, keys: list[str], data: bytes, needs: set[str], filenames: set[str]
    ) -> None:
        self.keys = keys
        self.data = data
        self.needs = needs
        self.filenames = filenames


def pack(
    values: dict[str, Any], session: dict[str, Any]
) -> tuple[list[Bundle], dict[str, str]]:
    """Bytes of all values that can be kept, and why the others cannot.

    `session` are the globals of the prompt's functions.
    """
    packer = _Packer(values, session)
    packer.run()
    return packer.bundles(), packer.failed


class _Packer:
    def __init__(self, values: dict[str, Any], session: dict[str, Any]) -> None:
        self._values = values
        self._session = session
        self._done: dict[str, Bundle] = {}
        self.failed: dict[str, str] = {}
        # The first name of each object that is kept on its own.
        self._names: dict[int, str] = {}
        for key, value in values.items():
            if _is_own(value):
                self._names.setdefault(id(value), key)

    def run(self) -> None:
        todo = list(self._values)
        while todo:
            for key in todo:
                self._dump_one(key)
            # What referred to a name that turned out to fail contains it after all.
            todo = [
                key
                for key, bundle in self._done.items()
                if not bundle.needs.isdisjoint(self.failed)
            ]
            for key in todo:
                del self._done[key]

    def _dump_one(self, key: str) -> None:
        try:
            self._done[key] = self._dump([key])
        except Exception as error:
            reason = why(self._values[key], error, key)
            self.failed[key] = reason.removeprefix(f"{key}: ")

    def _dump(self, keys: list[str]) -> Bundle:
        def name_of(obj: object) -> str | None:
            name = self._names.get(id(obj))
            return None if name in keys or name in self.failed else name

        stream = io.BytesIO()
        pickler = Pickler(stream, self._session, name_of)
        pickler.dump({key: self._values[key] for key in keys})
        return Bundle(keys, stream.getvalue(), pickler.references, pickler.filenames)

    def bundles(self) -> list[Bundle]:
        """All that is kept: names in a circle together, the others each alone."""
        needs = {key: bundle.needs for key, bundle in self._done.items()}
        return [
            self._done[keys[0]] if len(keys) == 1 else self._dump(keys)
            for keys in circles(needs)
        ]


def _is_own(value: object) -> bool:
    """Whether a value is kept on its own, for others to refer to."""
    kind = type(value)
    if kind in ATOMS or kind in (ModuleType, BuiltinFunctionType):
        return False
    if kind in (tuple, frozenset):
        return bool(value)
    if isinstance(value, (type, FunctionType)):
        return not travels_by_reference(value)
    return True


def circles(needs: dict[str, set[str]]) -> Iterable[list[str]]:
    """Names in groups: those that need one another, directly or not, are in one.

    Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion:
    a linked list of a thousand names is no error.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    open_: set[str] = set()
    for root in needs:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        stack.append(root)
        open_.add(root)
        path = [(root, iter(sorted(needs[root])))]
        while path:
            key, others = path[-1]
            for other in others:
                if other in open_:
                    lowest[key] = min(lowest[key], order[other])
                elif other in needs and other not in order:
                    order[other] = lowest[other] = len(order)
                    stack.append(other)
                    open_.add(other)
                    path.append((other, iter(sorted(needs[other]))))
                    break
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[key])
                if lowest[key] == order[key]:
                    group = stack[stack.index(key) :]
                    del stack[-len(group) :]
                    open_.difference_update(group)
                    yield group
