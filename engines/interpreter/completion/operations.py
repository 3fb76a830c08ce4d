"""Operators, subscripts and calls that an `Evaluator` may do, and what others give."""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.annotations import (
    AnnotationReader,
    element_of,
    returned_by,
)
from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    Unknown,
    class_attribute,
    class_of,
    is_class,
    is_trusted,
    module_of,
    name_of,
)
from ipcluster.engines.interpreter.completion.cell_scope import Defined
from ipcluster.engines.interpreter.completion.docstrings import told_by
from ipcluster.engines.interpreter.completion.evaluation import is_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from typing import Any

    from ipcluster.engines.interpreter.completion.evaluation import Evaluator

# Longer values are not made: `"x" * 10**9` is a text, and that is enough to know.
LENGTH = 10_000
# Nor greater numbers: `9**9**9` would never end.
BITS = 512

_METHODS = {
    "Add": "__add__",
    "Sub": "__sub__",
    "Mult": "__mul__",
    "Div": "__truediv__",
    "FloorDiv": "__floordiv__",
    "Mod": "__mod__",
    "Pow": "__pow__",
    "MatMult": "__matmul__",
    "LShift": "__lshift__",
    "RShift": "__rshift__",
    "BitOr": "__or__",
    "BitAnd": "__and__",
    "BitXor": "__xor__",
    "USub": "__neg__",
    "UAdd": "__pos__",
    "Invert": "__invert__",
}
# Methods that change nothing and are quick, of builtin classes.
_PURE: dict[type, frozenset[str]] = {
    dict: frozenset({"get", "items", "keys", "values", "copy"}),
    list: frozenset({"copy"}),
    str: frozenset(set(dir(str)) - {"format", "format_map"}),
    bytes: frozenset(dir(bytes)),
    int: frozenset({"bit_length", "conjugate", "as_integer_ratio", "to_bytes"}),
    float: frozenset({"is_integer", "hex", "conjugate", "as_integer_ratio"}),
    set: frozenset({"copy"}),
}
# Of these the length of their object does not matter.
_VIEWS = frozenset({"get", "items", "keys", "values"})
# Of what class the values of builtin functions are.
_BY_CLASS: tuple[tuple[type, str], ...] = (
    (str, "ascii bin chr format hex input oct repr"),
    (int, "hash id len ord"),
    (bool, "all any callable hasattr isinstance issubclass"),
    (list, "dir sorted"),
    (dict, "globals locals vars"),
)
_GIVES = {name: cls for cls, names in _BY_CLASS for name in names.split()}
# Methods whose value is of the class of their object.
_ALIKE = frozenset(
    {"copy", "union", "intersection", "difference", "reshape", "astype", "flatten"}
    | {"ravel", "transpose", "squeeze", "swapaxes", "repeat", "clip", "round"}
)
# Classes of libraries whose items may be read; their own code does nothing else.
_INDEXED = {
    ("numpy", "ndarray"),
    ("numpy", "void"),
    ("numpy", "record"),
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.series", "Series"),
    ("pandas.core.indexing", "_LocIndexer"),
    ("pandas.core.indexing", "_iLocIndexer"),
    ("pandas.core.indexing", "_AtIndexer"),
    ("pandas.core.indexing", "_iAtIndexer"),
    ("os", "_Environ"),
    ("collections", "deque"),
    ("builtins", "mappingproxy"),
    ("builtins", "range"),
    ("builtins", "bytearray"),
}


# --- operators ------------------------------------------------------------------------


def _method(node: ast.AST) -> str:
    return _METHODS.get(type(node).__name__, "")


def unary(evaluator: Evaluator, node: ast.UnaryOp) -> Any:
    name = _method(node.op)
    if not name:  # `not`
        return Instance(bool)
    value = evaluator.node(node.operand)
    if is_plain(value) or _may_operate(evaluator, value):
        import operator

        return getattr(operator, name)(value)
    return _result_of(value, name)


def binary(evaluator: Evaluator, node: ast.BinOp) -> Any:
    import operator

    left, right = evaluator.node(node.left), evaluator.node(node.right)
    name = _method(node.op)
    may = _may_operate(evaluator, left) and _may_operate(evaluator, right)
    if may or (is_plain(left) and is_plain(right) and _is_small(name, left, right)):
        return getattr(operator, name)(left, right)
    if _is_path(left) and (_is_path(right) or type(right) is str):
        return getattr(operator, name)(left, right)
    for value in (left, right):
        found = _result_of(value, name, missing=NOTHING)
        if found is not NOTHING:
            return found
    raise Unknown(name)


def _may_operate(evaluator: Evaluator, value: Any) -> bool:
    return type(value) is not Instance and evaluator.policy.may_operate(type(value))


def _is_path(value: Any) -> bool:
    return str(module_of(type(value))).partition(".")[0] == "pathlib"


def _is_small(name: str, left: Any, right: Any) -> bool:
    for value in (left, right):
        if isinstance(value, int) and value.bit_length() > BITS:
            return False
        if isinstance(value, (str, bytes, tuple)) and len(value) > LENGTH:
            return False
    if name in ("__pow__", "__lshift__"):
        return isinstance(right, int) and abs(right) <= BITS and _is_number(left)
    if name == "__mul__":
        return _is_number(left) == _is_number(right) or (
            (isinstance(right, int) and isinstance(left, (str, bytes, tuple)))
            and right * len(left) <= LENGTH
        )
    # `"%1000000000d" % 3`
    return name != "__mod__" or _is_number(left)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex))


def _result_of(value: Any, method: str, missing: Any = None) -> Any:
    """What an operator gives that may not be called, by the class of its operand."""
    cls = class_of(value)
    function, owner = class_attribute(cls, method)
    if function is not NOTHING:
        if name_of(type(function)) == "function":
            try:
                return returned_by(function, cls)
            except Unknown:
                pass
        elif is_trusted(owner) and cls is not object:
            return Instance(cls)
    if missing is NOTHING:
        return NOTHING
    raise Unknown(method)


def compare(evaluator: Evaluator, node: ast.Compare) -> Any:
    """Comparing gives a truth value, except where a library's arrays say otherwise."""
    left = evaluator.guess(node.left)
    cls = class_of(left)
    if str(module_of(cls)).partition(".")[0] in ("numpy", "pandas"):
        return Instance(cls)
    return Instance(bool)


# --- subscripts -----------------------------------------------------------------------


def subscript(evaluator: Evaluator, value: Any, index: ast.expr) -> Any:
    import ast

    policy = evaluator.policy
    if not policy.allow_item_access:
        raise Unknown("items may not be read")
    cls = class_of(value)
    key: Any
    if isinstance(index, ast.Slice):
        parts = [
            None if part is None else evaluator.node(part)
            for part in (index.lower, index.upper, index.step)
        ]
        key = slice(*parts)
        if type(value) is Instance:
            return Instance(cls, value.arguments)
    else:
        key = evaluator.node(index)
    if type(key) is Instance and _is_indexed(cls):
        return Instance(cls)  # an array, as a mask
    if type(value) is Instance:
        return element_of(value, key)
    if is_class(value):
        raise Unknown("a generic")
    return item(evaluator, value, key)


def item(evaluator: Evaluator, value: Any, key: Any) -> Any:
    """`value[key]`, if reading it runs no code of the user's.

    Raises:
        Unknown: it would, or there is no such item.
    """
    cls = type(value)
    if evaluator.policy.may_index(cls):
        return value[key]
    if not (is_plain(key) or (type(key) is slice and _is_plain_slice(key))):
        raise Unknown("an index")
    getter, owner = class_attribute(cls, "__getitem__")
    if owner is dict:
        found = dict.get(value, key, NOTHING)  # a default is not made
    elif owner in (list, tuple, str, bytes) or _is_indexed(cls):
        found = value[key]
    else:
        if name_of(type(getter)) == "function":
            return returned_by(getter, cls)
        raise Unknown("items of this class")
    if found is NOTHING:
        raise Unknown("no such item")
    return found


def _is_plain_slice(key: slice) -> bool:
    return all(is_plain(one) for one in (key.start, key.stop, key.step))


def _is_indexed(cls: type) -> bool:
    return (module_of(cls), name_of(cls)) in _INDEXED


# --- calls ----------------------------------------------------------------------------


def call(evaluator: Evaluator, node: ast.Call) -> Any:
    function = evaluator.node(node.func)
    if type(function) is not Instance and evaluator.policy.may_call(function):
        return function(
            *[evaluator.node(one) for one in node.args],
            **{one.arg: evaluator.node(one.value) for one in node.keywords if one.arg},
        )
    if is_class(function):
        if function is type and len(node.args) == 1:
            return class_of(evaluator.node(node.args[0]))
        return Instance(function)
    if type(function) is Defined:
        if function.node.returns is None:
            raise Unknown("no annotation")
        return AnnotationReader(evaluator.name).of_node(function.node.returns)
    try:
        return _declared(function)
    except Unknown:
        pass
    kind = name_of(type(function))
    if kind == "builtin_function_or_method":
        return _call_builtin(evaluator, function, node)
    if kind in ("method_descriptor", "wrapper_descriptor"):
        return _of_descriptor(function)
    if kind in ("function", "method", "ufunc", "_ArrayFunctionDispatcher"):
        return told_by(function)
    raise Unknown("a call")


def _declared(function: Any) -> Any:
    """What an annotation says that a call gives."""
    kind = name_of(type(function))
    if kind == "function":
        return returned_by(function)
    if kind == "method":
        owner = function.__self__
        cls = owner if is_class(owner) else class_of(owner)
        if name_of(type(function.__func__)) == "function":
            return returned_by(function.__func__, cls)
        raise Unknown("a method")
    caller, _ = class_attribute(class_of(function), "__call__")
    if name_of(type(caller)) == "function":
        return returned_by(caller, class_of(function))
    raise Unknown("no annotation")


def _call_builtin(evaluator: Evaluator, function: Any, node: ast.Call) -> Any:
    owner, name = function.__self__, function.__name__
    pure = _PURE.get(type(owner))
    if pure is not None and name in pure and not node.keywords:
        arguments = [evaluator.node(one) for one in node.args]
        if all(is_plain(one) and _is_modest(one) for one in arguments) and (
            name in _VIEWS or _is_modest(owner)
        ):
            return function(*arguments)
        return Instance(type(owner))
    if getattr(owner, "__name__", "") in ("builtins", "io", "_io"):
        if name in _GIVES:
            return Instance(_GIVES[name])
        if name == "open":
            return _opened(evaluator, node)
    return told_by(function)


def _opened(evaluator: Evaluator, node: ast.Call) -> Any:
    """What `open` gives depends on the mode."""
    import io

    modes = [*node.args[1:2], *[k.value for k in node.keywords if k.arg == "mode"]]
    mode = evaluator.guess(modes[0]) if modes else "r"
    if isinstance(mode, str) and "b" in mode:
        return Instance(io.BufferedReader if "r" in mode else io.BufferedWriter)
    return Instance(io.TextIOWrapper)


def _is_modest(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= LENGTH
    return not hasattr(type(value), "__len__") or len(value) <= LENGTH


def _of_descriptor(function: Any) -> Any:
    """What a method of a builtin class gives, its object being known by class only."""
    owner, name = function.__objclass__, function.__name__
    if owner in (str, bytes) and name in _PURE[owner]:
        if name in ("split", "rsplit", "splitlines"):
            return Instance(list, (owner,))
        try:
            return Instance(type(function(owner())))
        except Exception:
            return Instance(owner)
    if name in _ALIKE:
        return Instance(owner)
    return told_by(function, str(module_of(owner)))
