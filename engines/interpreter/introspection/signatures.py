"""Signatures of functions and classes, as text and as parameters.

`safe_...` ones are for completion: they look at functions and classes only, and call
nothing of the user's, not even a `__signature__` that is a property.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from typing import Any

# A longer signature is shown with one parameter on a line.
WIDTH = 75


def signature_of(value: Any) -> inspect.Signature | None:
    """The signature of a callable; None where Python cannot tell it."""
    import inspect

    try:
        return inspect.signature(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever a `__signature__` or a `__call__` raises
        return None


def text_of(name: str, signature: inspect.Signature) -> str:
    """`name(a, b=2)`, on several lines when one would be too long."""
    import inspect

    line = name + _shown(signature)
    if len(line) <= WIDTH and "\n" not in line:
        return line
    parts: list[str] = []
    kinds = inspect.Parameter
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is kinds.VAR_POSITIONAL:
            starred = True
        elif parameter.kind is kinds.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        if (
            parts
            and parameter.kind is not kinds.POSITIONAL_ONLY
            and _ends_positional(parts, signature)
        ):
            parts.append("/")
        parts.append(_parameter(parameter))
    if parts and all(p.kind is kinds.POSITIONAL_ONLY for p in _all(signature)):
        parts.append("/")
    body = "".join(f"    {part},\n" for part in parts)
    text = f"{name}(\n{body})"
    if signature.return_annotation is not signature.empty:
        shown = inspect.formatannotation(signature.return_annotation)
        text += f" -> {shown}"
    return text


def _all(signature: inspect.Signature) -> list[inspect.Parameter]:
    return list(signature.parameters.values())


def _ends_positional(parts: list[str], signature: inspect.Signature) -> bool:
    """Whether the parameters so far are all those that are positional only."""
    count = sum(p.kind is p.POSITIONAL_ONLY for p in _all(signature))
    return count > 0 and len(parts) == count and "/" not in parts


def _parameter(parameter: inspect.Parameter) -> str:
    try:
        return str(parameter)
    except Exception:  # a default whose `__repr__` is broken
        return f"{parameter.name}=..."


def _shown(signature: inspect.Signature) -> str:
    try:
        return str(signature)
    except Exception:  # a default or an annotation whose `__repr__` is broken
        return "(" + ", ".join(_parameter(one) for one in _all(signature)) + ")"


# --- without calling anything ---------------------------------------------------------


def _safe_target(value: Any) -> Any:
    """What a signature may be asked of; None where that could run somebody's code."""
    from types import (
        BuiltinFunctionType,
        FunctionType,
        MethodDescriptorType,
        MethodType,
        MethodWrapperType,
        WrapperDescriptorType,
    )

    kind = type(value)
    if kind in (staticmethod, classmethod):
        return _safe_target(value.__func__)
    if kind is MethodType:
        return value if type(value.__func__) is FunctionType else None
    if kind is type or kind.__name__ in ("ABCMeta", "EnumType", "EnumMeta"):
        return value
    plain = (
        FunctionType,
        BuiltinFunctionType,
        MethodDescriptorType,
        MethodWrapperType,
        WrapperDescriptorType,
    )
    if kind in plain:
        return value
    if kind.__module__ == "numpy" or kind.__name__ == "partial":
        return value
    return None


def safe_signature(value: Any) -> str | None:
    """`(a, b=2)`; None where there is none, or asking could run somebody's code."""
    target = _safe_target(value)
    if target is None:
        return None
    signature = signature_of(target)
    if signature is None:
        return None
    if type(value) is classmethod:
        parameters = list(signature.parameters.values())[1:]
        signature = signature.replace(parameters=parameters)
    return _shown(signature)


def safe_parameters(value: Any) -> list[inspect.Parameter] | None:
    """The parameters of a callable; None where `safe_signature` gives none."""
    target = _safe_target(value)
    if target is None:
        from ipcluster.engines.interpreter.completion.attributes import (
            NOTHING,
            class_attribute,
        )

        caller, _ = class_attribute(type(value), "__call__")
        if caller is NOTHING or type(caller).__name__ != "function":
            return None
        found = safe_parameters(caller)
        return None if found is None else found[1:]
    signature = signature_of(target)
    return None if signature is None else list(signature.parameters.values())
