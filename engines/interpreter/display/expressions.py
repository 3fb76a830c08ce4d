"""Pieces of Python text for `_repr_pretty_` methods: calls, and text as it is.

    def _repr_pretty_(self, p, cycle):
        p.pretty(CallExpression("Point", self.x, self.y, label=self.label))

prints `Point(1, 2, label='a')`, broken behind its commas where that is too wide.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.display.pretty import RepresentationPrinter


class RawText:
    """Printed as the text that it holds, without quotes."""

    def __init__(self, value: str) -> None:
        self.value = value

    def _repr_pretty_(self, p: RepresentationPrinter, cycle: bool) -> None:
        p.text(self.value)


class RawStringLiteral:
    """Printed as a raw string, `r'...'`, where one can say it."""

    def __init__(self, value: str | bytes) -> None:
        self.value = value

    def _repr_pretty_(self, p: RepresentationPrinter, cycle: bool) -> None:
        plain = repr(self.value)
        prefix = "b" if isinstance(self.value, bytes) else ""
        raw = f"r{plain.replace(chr(92) * 2, chr(92))}"
        if prefix:
            raw = f"rb{raw[2:]}"
        p.text(raw)


class CallExpression:
    """Printed as a call: `CallExpression("f", 1, a=2)` is `f(1, a=2)`."""

    def __init__(__self, __name: str, *args: Any, **kwargs: Any) -> None:
        # Names that no keyword of the call has.
        __self.name = __name
        __self.args = args
        __self.kwargs = kwargs

    @classmethod
    def factory(cls, name: str) -> Callable[..., CallExpression]:
        """A function whose calls are printed as calls of `name`."""

        def call(*args: Any, **kwargs: Any) -> CallExpression:
            return cls(name, *args, **kwargs)

        return call

    def _repr_pretty_(self, p: RepresentationPrinter, cycle: bool) -> None:
        opening = f"{self.name}("
        items = [("", value) for value in self.args]
        items += [(f"{name}=", value) for name, value in self.kwargs.items()]
        with p.group(len(opening), opening, ")"):
            for number, (prefix, value) in enumerate(items):
                if number:
                    p.text(",")
                    p.breakable()
                if prefix:
                    with p.group(len(prefix), prefix):
                        p.pretty(value)
                else:
                    p.pretty(value)
