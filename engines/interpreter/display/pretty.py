"""Objects to text that a person can read: the pretty printer.

    pretty([1, {"a": 2}])              # the text
    pprint(obj)                        # prints it
    for_type(Point, print_point)       # print_point(obj, p, cycle)

An object is printed by the first of these: a printer of this very object, a printer of
one of its classes (the nearest wins), that class's `_repr_pretty_(self, p, cycle)`, its
`__repr__`. layout.py breaks the lines, printers.py knows Python's own types.

What is *inside* an object and cannot be printed, because its `__repr__` raises, stands
there as a placeholder that says so. An object that is to be printed itself and cannot
raises what its `__repr__` raises.

A printer may have limits (items, characters, seconds). Where one is reached everything
ends: `...`, closing brackets, and `cut` says which it was.
"""

from __future__ import annotations

import sys
from time import perf_counter

from ipcluster.engines.interpreter.display.expressions import (
    CallExpression,
    RawStringLiteral,
    RawText,
)
from ipcluster.engines.interpreter.display.layout import (
    Breakable,
    Group,
    PrettyPrinter,
)
from ipcluster.engines.interpreter.display.methods import (
    key_of,
    mro_of,
    name_of,
    names_in,
)
from ipcluster.engines.interpreter.display.printers import (
    _deferred_type_pprinters,
    _dict_pprinter_factory,
    _repr_pprint,
    _safe_getattr,
    _seq_pprinter_factory,
    _set_pprinter_factory,
    _singleton_pprinters,
    _type_pprinters,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ipcluster.engines.interpreter.display.layout import Output
    from ipcluster.engines.interpreter.display.printers import Printer

__all__ = [
    "Breakable",
    "CallExpression",
    "Group",
    "Limits",
    "PrettyPrinter",
    "RawStringLiteral",
    "RawText",
    "RepresentationPrinter",
    "_deferred_type_pprinters",
    "_dict_pprinter_factory",
    "_repr_pprint",
    "_safe_getattr",
    "_seq_pprinter_factory",
    "_set_pprinter_factory",
    "_singleton_pprinters",
    "_type_pprinters",
    "for_type",
    "for_type_by_name",
    "pprint",
    "pretty",
]

# Of the message of an error in a placeholder.
MESSAGE_AT_MOST = 200


class Limits:
    """How much of one object is printed; 0: all of it."""

    __slots__ = ("characters", "items", "seconds")

    def __init__(
        self, items: int = 0, characters: int = 0, seconds: float = 0.0
    ) -> None:
        self.items = items
        self.characters = characters
        self.seconds = seconds


class _LimitReached(BaseException):
    """Ends the printing: not an Exception, so that no printer of a user's stops it."""


class RepresentationPrinter(PrettyPrinter):
    """Prints objects. The one that a `_repr_pretty_` method is given as `p`.

    The tables of printers are used as they are, not copied. `verbose` shows attributes
    of objects that have no `__repr__`.
    """

    def __init__(
        self,
        output: Output,
        verbose: bool = False,
        max_width: int = 79,
        newline: str = "\n",
        singleton_pprinters: dict[int, Printer] | None = None,
        type_pprinters: dict[type, Printer] | None = None,
        deferred_pprinters: dict[tuple[str, str], Printer] | None = None,
        max_seq_length: int = 1000,
        *,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(output, max_width, newline, max_seq_length)
        self.verbose = verbose
        self.stack: list[int] = []
        if singleton_pprinters is None:
            singleton_pprinters = _singleton_pprinters.copy()
        if type_pprinters is None:
            type_pprinters = _type_pprinters.copy()
        if deferred_pprinters is None:
            deferred_pprinters = _deferred_type_pprinters.copy()
        self.singleton_pprinters = singleton_pprinters
        self.type_pprinters = type_pprinters
        self.deferred_pprinters = deferred_pprinters
        # The limit that ended it: "items", "characters", "seconds".
        self.cut: str | None = None
        self._limits = limits or Limits()
        self._items = 0
        self._began = perf_counter()
        self._found: dict[type, Printer] = {}

    def pretty(self, obj: Any) -> None:
        """Print an object, wherever we are."""
        if not self.stack:
            self._print_outermost(obj)
            return
        state = len(self.stack), len(self.group_stack), self.indentation
        try:
            self._print(obj)
        except RecursionError:
            self._restore(*state)
            self.text("...")
        except Exception as error:
            self._restore(*state)
            self.text(_placeholder(obj, error))

    def _print_outermost(self, obj: Any) -> None:
        try:
            self._print(obj)
        except _LimitReached:
            return  # all that was open has been closed on the way here

    def _print(self, obj: Any) -> None:
        self._items += 1
        limits = self._limits
        if limits.items and self._items > limits.items:
            self.stop("items")
        if limits.characters and self.written > limits.characters:
            self.stop("characters")
        if limits.seconds and perf_counter() - self._began > limits.seconds:
            self.stop("seconds")
        key = id(obj)
        cycle = key in self.stack
        self.stack.append(key)
        self.begin_group()
        try:
            printer = self.singleton_pprinters.get(key)
            if printer is None:
                printer = self._printer(obj)
            printer(obj, self, cycle)
        finally:
            self.end_group()
            self.stack.pop()

    def _restore(self, depth: int, groups: int, indentation: int) -> None:
        """Leave what a printer which failed has begun and not ended."""
        del self.stack[depth:]
        del self.group_stack[groups:]
        self.indentation = indentation

    # --- limits -----------------------------------------------------------------------

    def stop(self, limit: str) -> NoReturn:
        """Print `...` and nothing more but closing brackets."""
        self.cut = limit
        self.text("...")
        raise _LimitReached

    def characters_left(self) -> int | None:
        """How much more text there may be; None: as much as there is."""
        limit = self._limits.characters
        return max(0, limit - self.written) if limit else None

    # --- which printer ----------------------------------------------------------------

    def _printer(self, obj: Any) -> Printer:
        cls = _safe_getattr(obj, "__class__", None)  # a proxy's is what it stands for
        if not isinstance(cls, type):
            cls = type(obj)
        printer = self._found.get(cls)
        if printer is None:
            printer = self._found[cls] = self._printer_of(cls)
        return printer

    def _printer_of(self, cls: type) -> Printer:
        for base in mro_of(cls):
            if base in self.type_pprinters:
                return self.type_pprinters[base]
            if self._in_deferred_types(base):
                return self.type_pprinters[base]
            names = names_in(base)
            if "_repr_pretty_" in names:
                method = _safe_getattr(base, "_repr_pretty_")
                if callable(method):
                    return method  # type: ignore[no-any-return]  # called as a printer
            if (
                base is not object
                and "__repr__" in names
                and callable(_safe_getattr(base, "__repr__"))
            ):
                return _repr_pprint
        return _default_pprint

    def _in_deferred_types(self, cls: type) -> bool:
        """Whether a printer waited for this class; it is its printer from now on."""
        key = key_of(cls)
        if key not in self.deferred_pprinters:
            return False
        self.type_pprinters[cls] = self.deferred_pprinters.pop(key)
        return True


def _default_pprint(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    """Print an object that says nothing of itself: its class and where it is."""
    cls = type(obj)
    if any("__repr__" in names_in(base) for base in mro_of(cls)[:-1]):
        _repr_pprint(obj, p, cycle)
        return
    with p.group(1, "<", ">"):
        p.pretty(cls)
        p.text(f" at 0x{id(obj):x}")
        if cycle:
            p.text(" ...")
        elif p.verbose:
            _print_attributes(obj, p)


def _print_attributes(obj: Any, p: RepresentationPrinter) -> None:
    from types import MethodType

    is_first = True
    for name in dir(obj):
        if name.startswith("_"):
            continue
        value = _safe_getattr(obj, name)
        if isinstance(value, MethodType):
            continue
        if not is_first:
            p.text(",")
        is_first = False
        p.breakable()
        with p.group(len(name) + 1, f"{name}="):
            p.pretty(value)


def _placeholder(obj: Any, error: Exception) -> str:
    """What stands for an object inside another that cannot be printed."""
    from ipcluster.engines.interpreter.showing import describe

    name, text = describe(type(error), error)
    message = " ".join(text.split())[:MESSAGE_AT_MOST]
    return (
        f"<{name_of(type(obj))} at 0x{id(obj):x}, cannot be printed: "
        f"{name}{': ' if message else ''}{message}>"
    )


# --- what is called from outside ------------------------------------------------------


def pretty(
    obj: Any,
    verbose: bool = False,
    max_width: int = 79,
    newline: str = "\n",
    max_seq_length: int = 1000,
) -> str:
    """The text of an object."""
    from io import StringIO

    stream = StringIO()
    printer = RepresentationPrinter(
        stream, verbose, max_width, newline, max_seq_length=max_seq_length
    )
    printer.pretty(obj)
    printer.flush()
    return stream.getvalue()


def pprint(
    obj: Any,
    verbose: bool = False,
    max_width: int = 79,
    newline: str = "\n",
    max_seq_length: int = 1000,
) -> None:
    """Print an object, and a line end."""
    text = pretty(obj, verbose, max_width, newline, max_seq_length)
    sys.stdout.write(text + newline)
    sys.stdout.flush()


def for_type(typ: type, func: Printer | None) -> Printer | None:
    """Let `func(obj, p, cycle)` print objects of a class; what did so before.

    This is for printers that are made from now on. A shell's own is told by
    `get_ipython().display_formatter.formatters["text/plain"].for_type`.
    """
    before = _type_pprinters.get(typ)
    if func is not None:
        _type_pprinters[typ] = func
    return before


def for_type_by_name(
    type_module: str, type_name: str, func: Printer | None
) -> Printer | None:
    """`for_type`, for a class that need not have been imported."""
    key = (type_module, type_name)
    before = _deferred_type_pprinters.get(key)
    if func is not None:
        _deferred_type_pprinters[key] = func
    return before
