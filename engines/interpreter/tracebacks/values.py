"""Texts of objects that may be hostile: whatever they do, a text comes of it.

Values are shortened, so that a traceback with a list of a million items stays one. Only
`KeyboardInterrupt` gets through: somebody is tired of waiting.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Characters of a value in a frame, and of an exception's own message. A compiler's
# output may be worth 20,000; a thousand times that would stall a terminal for minutes.
LONGEST_VALUE = 160
LONGEST_MESSAGE = 20_000
# How deep containers are opened, and how many items of each are shown.
DEPTH = 3
ITEMS = 6


def attribute(thing: object, name: str, default: Any = None) -> Any:
    """An attribute; the default if getting it raises anything."""
    try:
        return getattr(thing, name, default)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return default


def class_name(kind: type | None) -> str:
    """The name of a class, even if its metaclass lies."""
    try:
        return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]  # text
    except TypeError:
        return str(attribute(kind, "__name__", None) or "NoneType")


def message_of(value: object, longest: int | None = LONGEST_MESSAGE) -> str:
    """`str` of an exception."""
    try:
        text = str(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<its __str__ raises {class_name(type(error))}>"
    if longest is not None and len(text) > longest:
        half = longest // 2
        left = len(text) - 2 * half
        return f"{text[:half]}… ({left} more characters) …{text[-half:]}"
    return text


def notes_of(value: object) -> list[str]:
    """The lines that `add_note` has put there, or what stands in their place."""
    notes = attribute(value, "__notes__")
    if notes is None:
        return []
    if not isinstance(notes, (list, tuple)):
        return [f"__notes__: {text_of(notes)}"]
    lines: list[str] = []
    for note in list(notes):
        text = note if type(note) is str else message_of(note)
        lines += text.split("\n")
    return lines


def text_of(value: object, longest: int = LONGEST_VALUE) -> str:
    """One line for a value, however large it is and whatever its `repr` does."""
    text = _text(value, DEPTH)
    if "\n" in text:
        text = " ".join(text.split())
    if len(text) > longest:
        half = longest // 2 - 1
        text = f"{text[:half]}…{text[-half:]}"
    return text


def _text(value: object, depth: int) -> str:
    kind = type(value)
    if kind in _OPENERS and value:
        return _container(value, kind, depth)
    if kind is str or kind is bytes:
        return _string(value)  # type: ignore[arg-type]  # either of the two
    try:
        return repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = class_name(type(error))
        return f"<{class_name(kind)} object; its repr raises {name}>"


def _string(value: str | bytes) -> str:
    if len(value) <= LONGEST_VALUE:
        return repr(value)
    half = LONGEST_VALUE // 2
    start, end = repr(value[:half]), repr(value[-half:])
    quote = end.index(end[-1])
    return f"{start[:-1]}…{end[quote + 1 :]}"


_OPENERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def _container(value: Any, kind: type, depth: int) -> str:
    opening, closing = _OPENERS[kind]
    if depth == 0:
        return f"{opening}…{closing}"
    from itertools import islice

    try:
        if kind is dict:
            parts = [
                f"{_text(key, depth - 1)}: {_text(one, depth - 1)}"
                for key, one in islice(value.items(), ITEMS)
            ]
        else:
            parts = [_text(one, depth - 1) for one in islice(value, ITEMS)]
    except RuntimeError:  # another thread is changing it
        return f"<{kind.__name__} of {len(value)}>"
    if len(value) > ITEMS:
        parts.append(f"… {len(value) - ITEMS} more")
    elif kind is tuple and len(value) == 1:
        parts[0] += ","
    return opening + ", ".join(parts) + closing
