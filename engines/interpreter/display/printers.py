"""How the pretty printer prints what comes with Python, type by type.

A printer is a function `(obj, p, cycle)` that calls the methods of `p`; `cycle` says
that `obj` is being printed already, further out. The tables at the end are what every
new printer starts with. Their names are the field's: Hypothesis and Sage read them.

Nothing here copies a container or looks at all of it: one with ten million items is
printed as fast as one with a thousand.
"""

from __future__ import annotations

import collections
import os
import types

from ipcluster.engines.interpreter.display.expressions import (
    CallExpression,
    RawStringLiteral,
    RawText,
)
from ipcluster.engines.interpreter.display.methods import mro_of, name_of, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ipcluster.engines.interpreter.display.pretty import RepresentationPrinter

    Printer = Callable[[Any, RepresentationPrinter, bool], object]

# How many items a set may have that is sorted, and a Counter whose most common are
# looked for, where the printer does not limit what it prints. Sorting takes 1 s for
# two million.
SORTED_AT_MOST = 1_000_000


def _safe_getattr(obj: Any, attr: str, default: Any = None) -> Any:
    """`getattr`, whatever that raises."""
    try:
        return getattr(obj, attr, default)
    except Exception:
        return default


# --- containers -----------------------------------------------------------------------


def _print_items(items: Iterable[Any], p: RepresentationPrinter) -> int:
    """Print items with commas between them; how many there were."""
    count = 0
    for number, item in p._enumerate(items):
        if number:
            p.text(",")
            p.breakable()
        p.pretty(item)
        count = number + 1
    return count


def _seq_pprinter_factory(start: str, end: str) -> Printer:
    """A printer of sequences between two brackets."""

    def print_sequence(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
        if cycle:
            p.text(f"{start}...{end}")
            return
        with p.group(len(start), start, end):
            if _print_items(obj, p) == 1 and isinstance(obj, tuple):
                p.text(",")

    return print_sequence


def _set_pprinter_factory(start: str, end: str) -> Printer:
    """A printer of sets: their items in order, where they have one."""

    def print_set(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
        if cycle:
            p.text(f"{start}...{end}")
        elif not len(obj):
            p.text(f"{name_of(type(obj))}()")
        else:
            with p.group(len(start), start, end):
                limit = p.max_seq_length or SORTED_AT_MOST
                _print_items(_in_order(obj) if len(obj) < limit else obj, p)

    return print_set


def _in_order(items: Iterable[Any]) -> list[Any]:
    found = list(items)
    for key in (None, str):
        try:
            return sorted(found, key=key)
        except Exception:  # not all can be compared, or made text of
            continue
    return found


def _dict_pprinter_factory(start: str, end: str) -> Printer:
    """A printer of mappings between two brackets."""

    def print_mapping(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
        if cycle:
            p.text("{...}")
            return
        with p.group(len(start), start, end):
            for number, key in p._enumerate(obj.keys()):
                if number:
                    p.text(",")
                    p.breakable()
                p.pretty(key)
                p.text(": ")
                p.pretty(obj[key])

    return print_mapping


class _Like:
    """Has another object printed in a certain way: as the argument of a call, here."""

    def __init__(self, printer: Printer, obj: Any) -> None:
        self._printer = printer
        self._obj = obj

    def _repr_pretty_(self, p: RepresentationPrinter, cycle: bool) -> None:
        self._printer(self._obj, p, cycle)


_print_list = _seq_pprinter_factory("[", "]")
_print_dict = _dict_pprinter_factory("{", "}")


def _print_call(
    arguments: Callable[[Any, RepresentationPrinter], tuple[tuple[Any, ...], Any]],
) -> Printer:
    """A printer of objects as calls of their class, with the arguments given."""

    def print_call(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
        name = name_of(type(obj))
        if cycle:
            p.pretty(CallExpression(name, RawText("...")))
            return
        positional, keywords = arguments(obj, p)
        p.pretty(CallExpression(name, *positional, **keywords))

    return print_call


def _of_ordered_dict(obj: Any, p: RepresentationPrinter) -> Any:
    return ((_Like(_print_list, obj.items()),) if len(obj) else ()), {}


def _of_defaultdict(obj: Any, p: RepresentationPrinter) -> Any:
    return (obj.default_factory, _Like(_print_dict, obj)), {}


def _of_deque(obj: Any, p: RepresentationPrinter) -> Any:
    keywords = {} if obj.maxlen is None else {"maxlen": obj.maxlen}
    return (_Like(_print_list, obj),), keywords


def _of_counter(obj: Any, p: RepresentationPrinter) -> Any:
    if not len(obj):
        return (), {}
    if len(obj) > SORTED_AT_MOST:
        return (_Like(_print_dict, obj),), {}
    # One more than will be printed, so that `...` stands for the others.
    wanted = p.max_seq_length + 1 if p.max_seq_length else None
    return (dict(obj.most_common(wanted)),), {}


def _of_user_list(obj: Any, p: RepresentationPrinter) -> Any:
    return (obj.data,), {}


def _of_view(obj: Any, p: RepresentationPrinter) -> Any:
    return (_Like(_print_list, obj),), {}


def _print_environ(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    p.pretty(CallExpression("environ", _Like(_print_dict, obj)))


def _print_mapping_proxy(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    if cycle:
        p.text("mappingproxy(...)")
    else:
        p.pretty(CallExpression("mappingproxy", _Like(_print_dict, obj)))


def _print_namespace(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    plain = type(obj) is types.SimpleNamespace
    name = "namespace" if plain else name_of(type(obj))
    if cycle:
        p.pretty(CallExpression(name, RawText("...")))
    else:
        p.pretty(CallExpression(name, **vars(obj)))


# --- classes, functions, exceptions ---------------------------------------------------


def _qualified(obj: Any) -> str:
    """The name of a class or function, with its module's unless that is builtins."""
    name = _safe_getattr(obj, "__qualname__")
    if not isinstance(name, str):
        name = _safe_getattr(obj, "__name__")
    if not isinstance(name, str):
        name = name_of(obj) if isinstance(obj, type) else "<unknown>"
    module = _safe_getattr(obj, "__module__")
    if module in (None, "builtins", "exceptions"):
        return name
    return f"{module}.{name}"


def _print_type(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    for base in mro_of(type(obj)):  # a metaclass may have a repr of its own
        if "__repr__" in names_in(base):
            if base is not type:
                _repr_pprint(obj, p, cycle)
                return
            break
    p.text(_qualified(obj))


def _print_function(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    from inspect import signature

    try:
        parameters = str(signature(obj))
    except Exception:  # none is known, or a default's repr fails
        parameters = ""
    p.text(f"<function {_qualified(obj)}{parameters}>")


def _print_exception(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    name = _qualified(type(obj))
    if cycle:
        p.pretty(CallExpression(name, RawText("...")))
    else:
        p.pretty(CallExpression(name, *_safe_getattr(obj, "args", ())))


def _print_super(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    with p.group(8, "<super: ", ">"):
        p.pretty(obj.__thisclass__)
        p.text(",")
        p.breakable()
        p.pretty(obj.__self__)


# --- text and numbers -----------------------------------------------------------------


def _repr_pprint(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    """Print what `repr` gives; its lines are indented as what is around them."""
    text = repr(obj)
    left = p.characters_left()
    is_cut = left is not None and len(text) > left
    with p.group():
        for number, line in enumerate((text[:left] if is_cut else text).splitlines()):
            if number:
                p.break_()
            p.text(line)
        if is_cut:
            p.stop("characters")


def _print_text(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    """Print a string; of a long one no more is looked at than will be shown."""
    left = p.characters_left()
    if left is not None and len(obj) > left and type(obj) in (str, bytes, bytearray):
        p.text(repr(obj[:left]))
        p.stop("characters")
    _repr_pprint(obj, p, cycle)


_FLAGS = (
    *("ASCII", "DEBUG", "DOTALL", "IGNORECASE"),
    *("LOCALE", "MULTILINE", "UNICODE", "VERBOSE"),
)


def _print_pattern(obj: Any, p: RepresentationPrinter, cycle: bool) -> None:
    import re

    names = [f"re.{name}" for name in _FLAGS if obj.flags & getattr(re, name)]
    flags = (RawText("|".join(names)),) if names else ()
    p.pretty(CallExpression("re.compile", RawStringLiteral(obj.pattern), *flags))


# --- the tables -----------------------------------------------------------------------

_singleton_pprinters: dict[int, Printer] = dict.fromkeys(
    map(id, (None, True, False, Ellipsis, NotImplemented)), _repr_pprint
)

_type_pprinters: dict[type, Printer] = {
    int: _repr_pprint,
    float: _repr_pprint,
    str: _print_text,
    bytes: _print_text,
    bytearray: _print_text,
    range: _repr_pprint,
    slice: _repr_pprint,
    tuple: _seq_pprinter_factory("(", ")"),
    list: _print_list,
    dict: _print_dict,
    set: _set_pprinter_factory("{", "}"),
    frozenset: _set_pprinter_factory("frozenset({", "})"),
    type({}.keys()): _print_call(_of_view),
    type({}.values()): _print_call(_of_view),
    type({}.items()): _print_call(_of_view),
    type(os.environ): _print_environ,
    collections.OrderedDict: _print_call(_of_ordered_dict),
    collections.defaultdict: _print_call(_of_defaultdict),
    collections.deque: _print_call(_of_deque),
    collections.Counter: _print_call(_of_counter),
    collections.UserList: _print_call(_of_user_list),
    types.MappingProxyType: _print_mapping_proxy,
    types.SimpleNamespace: _print_namespace,
    type: _print_type,
    super: _print_super,
    types.FunctionType: _print_function,
    types.BuiltinFunctionType: _print_function,
    types.MethodType: _repr_pprint,
    BaseException: _print_exception,
}

# Printers of classes that may not have been imported, by module and name.
_deferred_type_pprinters: dict[tuple[str, str], Printer] = {
    ("re", "Pattern"): _print_pattern,
}
