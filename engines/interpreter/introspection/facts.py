"""What there is to say of an object, under the names that the field gives to it.

Nothing of an object's own may stop it: a `__repr__`, a `__len__` or a `__doc__` that
raises is left out, or told as what it is.
"""

from __future__ import annotations

from types import ModuleType

from ipcluster.engines.interpreter.introspection.finding import OInfo
from ipcluster.engines.interpreter.introspection.signatures import (
    signature_of,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Facts = dict[str, Any]

FIELDS = (
    *("type_name", "base_class", "string_form", "namespace", "length", "file"),
    *("definition", "docstring", "source", "init_definition", "class_docstring"),
    *("init_docstring", "call_def", "call_docstring", "subclasses"),
    *("ismagic", "isalias", "isclass", "found", "name"),
)

# Characters of an object's text, without and with `??`.
TEXT_AT_MOST = 200
TEXT_IN_DETAIL = 10_000
# Of a longer container the text is not made: only its ends.
ITEMS_AT_MOST = 10_000
# Classes that are named below a class.
SUBCLASSES_AT_MOST = 10

GAP = " <...> "
NO_DOCSTRING = "<no docstring>"


def no_facts(name: str) -> Facts:
    """The facts of what was not found."""
    facts: Facts = dict.fromkeys(FIELDS)
    facts.update(name=name, found=False, isclass=False, ismagic=False, isalias=False)
    return facts


def facts_of(
    value: Any,
    name: str,
    info: OInfo | None = None,
    detail_level: int = 0,
) -> Facts:
    """All that there is to say; the source only with a detail level."""
    facts = no_facts(name)
    facts.update(
        found=True,
        type_name=type(value).__name__,
        base_class=str(type(value)),
        string_form=string_form(value, TEXT_IN_DETAIL if detail_level else None),
        namespace=None if info is None else info.namespace,
        ismagic=info is not None and info.ismagic,
        isalias=info is not None and info.isalias,
        isclass=isinstance(value, type),
        length=_length(value),
        docstring=_docstring(value, info) or NO_DOCSTRING,
        file=_file(value),
    )
    if info is not None and info.isalias:
        facts["string_form"] = _alias_text(value)
    if detail_level:
        from ipcluster.engines.interpreter.introspection.sources import source_of

        facts["source"] = source_of(value, name)
    if facts["isclass"]:
        _add_class(facts, value, name)
    else:
        _add_instance(facts, value, name)
    return facts


def _file(value: Any) -> str | None:
    from ipcluster.engines.interpreter.introspection.sources import file_of

    return file_of(value)


def _length(value: Any) -> str | None:
    if isinstance(value, type):
        return None
    try:
        return str(len(value))
    except KeyboardInterrupt:
        raise
    except BaseException:  # no length, or one that raises
        return None


# --- texts of objects -----------------------------------------------------------------


def string_form(value: Any, most: int | None = None) -> str:
    """An object's text; the middle of a long one is left out."""
    limit = TEXT_AT_MOST if most is None else most
    try:
        text = plain_text(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<its text cannot be made: {type(error).__name__}>"
    if len(text) > limit:
        half = (limit - len(GAP)) // 2
        text = text[:half] + GAP + text[-half:]
    if "\n" in text:
        text = text.replace("\n", "\n" + " " * len("String form: "))
    return text


def plain_text(value: Any) -> str:
    """`str(value)`, except of containers that are huge."""
    if type(value) in (str, bytes) and len(value) > TEXT_IN_DETAIL:
        return str(value[:TEXT_IN_DETAIL] + value[-TEXT_IN_DETAIL:])
    if type(value) in (list, tuple, dict, set, frozenset):
        from reprlib import Repr

        if _size(value, 3) > ITEMS_AT_MOST:
            shortened = Repr()
            shortened.maxlist = shortened.maxtuple = shortened.maxdict = 100
            shortened.maxset = shortened.maxfrozenset = 100
            shortened.maxstring = shortened.maxother = 200
            shortened.maxlevel = 3
            return shortened.repr(value)
    return str(value)


def _size(value: Any, depth: int) -> int:
    """About how many items a container has, with those of containers in it."""
    count = len(value)
    if depth and count <= ITEMS_AT_MOST:
        inner = value.values() if type(value) is dict else value
        for one in inner:
            if type(one) in (list, tuple, dict, set, frozenset):
                count += _size(one, depth - 1)
            elif type(one) in (str, bytes):
                count += len(one) // 10
            if count > ITEMS_AT_MOST:
                break
    return count


def docstring_of(value: Any) -> str | None:
    """An object's docstring, its indentation taken off; `getdoc()` may give it."""
    import inspect

    own = getattr(type(value), "getdoc", None)
    if callable(own) and not isinstance(value, type):
        try:
            text = value.getdoc()
            if isinstance(text, str):
                return inspect.cleandoc(text)
        except Exception:  # its `getdoc` is of another kind
            pass
    try:
        text = inspect.getdoc(value)
    except Exception:
        return None
    return text if isinstance(text, str) else None


def _docstring(value: Any, info: OInfo | None) -> str | None:
    """The docstring, or what the object's parent says of it instead."""
    if info is not None and info.parent is not None:
        try:
            documented = info.parent.__custom_documentations__
            text = documented.get(info.name)
        except Exception:
            text = None
        if isinstance(text, str):
            return text
    return docstring_of(value)


def _alias_text(value: Any) -> str:
    command = getattr(value, "cmd", None) or getattr(value, "shell_command", "")
    return f"Alias to the system command:\n{command}"


# --- classes and instances ------------------------------------------------------------


def definition_of(value: Any, name: str) -> str | None:
    """`name(a, b=2)`, as an object is called."""
    if not callable(value):
        return None
    signature = signature_of(value)
    if signature is None:
        return None
    return text_of(name.lstrip("%"), signature)


def _add_class(facts: Facts, value: Any, name: str) -> None:
    facts["init_definition"] = definition_of(value, name)
    facts["init_docstring"] = _method_docstring(value, "__init__", facts)
    try:
        below = [cls.__name__ for cls in type.__subclasses__(value)]
    except TypeError:  # `type` itself
        below = []
    shown = below[:SUBCLASSES_AT_MOST] + ["..."] * (len(below) > SUBCLASSES_AT_MOST)
    facts["subclasses"] = ", ".join(shown)


def _add_instance(facts: Facts, value: Any, name: str) -> None:
    facts["definition"] = None if facts["ismagic"] else definition_of(value, name)
    cls = type(value)
    if is_simple_callable(value):
        return
    of_class = docstring_of(cls)
    is_told = isinstance(value, (property, ModuleType))  # by itself, not by its class
    if of_class and of_class != facts["docstring"] and not is_told:
        facts["class_docstring"] = of_class
    facts["init_docstring"] = _method_docstring(cls, "__init__", facts)
    if callable(value):
        facts["call_docstring"] = _method_docstring(cls, "__call__", facts)


def _method_docstring(cls: type, method: str, facts: Facts) -> str | None:
    """The docstring of a class's own method; not of those that all objects have."""
    function = getattr(cls, method, None)
    kind = type(function).__name__
    if function is None or kind in ("wrapper_descriptor", "method-wrapper"):
        return None
    text = docstring_of(function)
    plain = docstring_of(getattr(object, method, None))
    return None if text in (plain, facts["docstring"]) else text


def is_simple_callable(value: Any) -> bool:
    """Whether it is a function of some kind: its signature says what it is."""
    from types import BuiltinFunctionType, FunctionType, MethodType

    return isinstance(value, (FunctionType, BuiltinFunctionType, MethodType))
