"""Exceptions as text that may travel, whatever the exception itself does.

User code raises what it likes: messages of 10 MB, a `__str__` that raises, a thousand
frames of recursion, lone surrogates. Each function here returns plain, bounded text and
never raises. Frames of our own engine are left out: they say nothing to the user.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable, Iterator

# Frames kept from the end of a traceback before it is formatted.
FRAMES = 1000

# The head of a frame in a cell of the shell, which people know by its number.
_CELL = re.compile(
    r'^([ |+]*)File "<ipython-input-(\d+)-[0-9a-f]{12}>"(, line \d+)', re.MULTILINE
)

# Attributes of builtin exceptions that programs look at to find out what went wrong.
# Not the `name` of a NameError: Python would look for similar names here.
FIELDS: dict[type[BaseException], tuple[str, ...]] = {
    OSError: ("errno", "strerror", "filename", "filename2"),
    ImportError: ("name", "path"),
    SystemExit: ("code",),
}
_FIELD_LIMIT = 4096  # characters; the longest path of Linux

# The longest cycle of frames recognised as recursion.
_CYCLE = 8

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_HIDDEN = tuple(os.path.join(_ROOT, part) + os.sep for part in ("engines", "wire"))

# What `asyncio.run` adds above a coroutine.
_ASYNCIO = os.path.join(os.path.dirname(traceback.__file__), "asyncio")
_LOOP = tuple(os.path.join(_ASYNCIO, n) for n in ("runners.py", "base_events.py"))

_type_name = type.__dict__["__name__"].__get__


def clean(text: str) -> str:
    """`text` with lone surrogates written out: they cannot be encoded as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shorten(text: str, limit: int, what: str = "message") -> str:
    """The first `limit` characters, and how many there were if that is not all."""
    # str's own methods: `text` may be of a subclass that overrides them.
    size = str.__len__(text)
    head = clean(str.__getitem__(text, slice(0, limit)))
    if size <= limit:
        return head
    return f"{head}\n[{what} of {size:,} characters, first {limit:,} shown]"


def type_name(exc: BaseException) -> str:
    """The name of the class of `exc`, past any metaclass that hides it."""
    try:
        return shorten(_type_name(type(exc)), 200, "name")
    except BaseException:
        return "Exception"


def message(exc: BaseException, limit: int) -> str:
    """`str(exc)`, at most `limit` characters."""
    try:
        text = str(exc)
    except BaseException as error:
        return f"<no message: its __str__ raised {type_name(error)}>"
    return shorten(text, limit)


def nearest_builtin(exc: BaseException) -> str:
    """The name of the nearest builtin class that `exc` is an instance of."""
    try:
        for cls in type.mro(type(exc)):
            if type.__getattribute__(cls, "__module__") == "builtins":
                return type_name_of(cls)
    except BaseException:
        return ""
    return ""


def fields(exc: BaseException) -> dict[str, int | str]:
    """What the builtin class of `exc` tells apart from its message, if it is plain."""
    found: dict[str, int | str] = {}
    try:
        for cls, names in FIELDS.items():
            if not isinstance(exc, cls):
                continue
            for name in names:
                value = getattr(exc, name, None)
                if isinstance(value, str):
                    found[name] = shorten(value, _FIELD_LIMIT, name)
                elif isinstance(value, int) and abs(value) < 1 << 63:
                    found[name] = int(value)
    except BaseException:
        return {}
    return found


def type_name_of(cls: type) -> str:
    """The name of a class, past any metaclass."""
    return clean(str(_type_name(cls)))


def text(exc: BaseException, limit: int, message_limit: int) -> str:
    """The traceback of `exc` with its causes and groups, about `limit` characters."""
    try:
        described = traceback.TracebackException(
            type(exc),
            exc,
            exc.__traceback__,
            limit=-FRAMES,
            lookup_lines=False,
            compact=True,
        )
        _hide(described)
        pieces = [shorten(piece, message_limit) for piece in described.format()]
        return _cut(_CELL.sub(r"\1Cell In[\2]\3", "".join(_collapse(pieces))), limit)
    except BaseException as error:
        head = f"{type_name(exc)}: {message(exc, message_limit)}"
        return f"{head}\n[no traceback: formatting it raised {type_name(error)}]"


def _hide(described: traceback.TracebackException) -> None:
    """Drop our own frames, here and in every cause, context and member of a group."""
    waiting: list[traceback.TracebackException | None] = [described]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        frames = list(one.stack)
        # Ours that run coroutines come first, with those of the loop between them.
        while frames and frames[0].filename.startswith((*_HIDDEN, *_LOOP)):
            del frames[0]
        shown = [frame for frame in frames if not frame.filename.startswith(_HIDDEN)]
        one.stack[:] = shown
        waiting += [one.__cause__, one.__context__]
        waiting += getattr(one, "exceptions", None) or []


def _collapse(pieces: list[str]) -> Iterator[str]:
    """Show a cycle of up to `_CYCLE` frames once, with how often it came again."""
    at = 0
    while at < len(pieces):
        length, again = max(_repeats(pieces, at), key=lambda one: one[0] * one[1])
        yield from pieces[at : at + length]
        if again:
            frames = "frame" if length == 1 else f"{length} frames"
            yield f"  [previous {frames} repeated {again} more times]\n"
        at += length * (again + 1)


def _repeats(pieces: list[str], at: int) -> Iterable[tuple[int, int]]:
    """(length, times again) of the cycles that start at `at`, or (1, 0)."""
    yield 1, 0
    for length in range(1, _CYCLE + 1):
        cycle = pieces[at : at + length]
        again = 0
        end = at + length
        while pieces[end : end + length] == cycle:
            again += 1
            end += length
        # Twice the same is a traceback that repeats itself; only runs are worth hiding.
        if again >= 3:
            yield length, again


def _cut(whole: str, limit: int) -> str:
    """The beginning and the end of `whole`; the end says what went wrong."""
    size = len(whole)
    if size <= limit:
        return whole
    half = limit // 2
    left_out = size - 2 * half
    return (
        f"{whole[:half]}\n[... {left_out:,} characters left out ...]\n{whole[-half:]}"
    )
