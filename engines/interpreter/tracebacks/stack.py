"""The frames of a traceback: which are shown, and what stands for those that are not.

    a traceback -> entries -> without ours and hidden ones -> libraries folded
                -> recursion folded -> a list of `Entry` and `Gap`

Nothing here reads a source file, so a traceback of 100,000 frames costs no more than
walking it; what is left over to be rendered is at most `MOST`.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.tracebacks.places import (
    LIBRARY,
    OURS,
    USERS,
    kind_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, TracebackType

    Key = tuple[object, ...]

# Frames that are rendered at most: no screen is read to its end that has more.
MOST = 100
# Times that one line of one function is shown before it counts as recursion.
TIMES = 2


class Entry:
    """One frame of a traceback."""

    __slots__ = ("code", "frame", "key", "kind", "lasti", "lineno")

    def __init__(self, frame: FrameType, lineno: int | None, lasti: int) -> None:
        self.frame = frame
        self.code: CodeType = frame.f_code
        self.lineno = lineno or 0
        self.lasti = lasti
        self.kind = kind_of(self.code.co_filename, frame.f_globals)
        self.key: Key = (self.code.co_filename, self.name, self.lineno)

    @property
    def name(self) -> str:
        """The function's name with the classes it is in."""
        return self.code.co_qualname

    @property
    def module(self) -> str:
        name = self.frame.f_globals.get("__name__")
        return name if isinstance(name, str) else ""


class Gap:
    """What stands for frames that are not shown."""

    __slots__ = ("entries", "key", "why")

    def __init__(self, why: str, entries: list[Entry]) -> None:
        self.why = why
        self.entries = entries
        self.key: Key = (why, *(entry.key for entry in entries))


HIDDEN, FOLDED, SIMILAR, TOO_MANY = "hidden", "folded", "similar", "too many"


def entries_of(tb: TracebackType | None, offset: int = 0) -> list[Entry]:
    """All frames, without the first `offset`."""
    found: list[Entry] = []
    while tb is not None:
        if offset > 0:
            offset -= 1
        else:
            found.append(Entry(tb.tb_frame, tb.tb_lineno, tb.tb_lasti))
        tb = tb.tb_next
    return found


def is_hidden(frame: FrameType) -> bool:
    """Whether the frame has set `__tracebackhide__`."""
    code = frame.f_code
    name = "__tracebackhide__"
    if name not in code.co_varnames and name not in code.co_names:
        return False
    try:
        return bool(frame.f_locals.get(name))
    except Exception:
        return False


def without_ours(entries: list[Entry], *, leading: bool = False) -> list[Entry]:
    """The frames that are not this shell's; with `leading`, all from the first such on.

    What ours calls to run a cell, an event loop for one, goes with ours.
    """
    start = 0
    if entries and entries[0].kind is OURS:
        kinds = [entry.kind for entry in entries]
        if USERS in kinds:
            start = kinds.index(USERS)
    left = entries[start:]
    if not leading:
        return _without_callers(left)
    while left and left[0].kind is OURS:
        left = left[1:]
    return left


def _without_callers(entries: list[Entry]) -> list[Entry]:
    """Without ours, and without a cell's line that has called ours to run the rest.

    In `%time f()` the magic is a call of ours, which runs code with the same place.
    """
    result: list[Entry] = []
    above: Entry | None = None
    for entry in entries:
        if entry.kind is not OURS:
            is_called = above is not None and above.kind is OURS
            if is_called and result and _is_cell(entry) and _is_cell(result[-1]):
                result.pop()
            result.append(entry)
        above = entry
    return result


def _is_cell(entry: Entry) -> bool:
    """Whether it is code at the top level: of a cell, or of a magic's argument."""
    return entry.code.co_name == "<module>"


def shown(
    entries: list[Entry], *, fold: bool, hide: bool, whole: bool = False
) -> list[Entry | Gap]:
    """What is shown of a traceback; with `whole`, all but repetitions."""
    items: list[Entry | Gap] = [*without_ours(entries, leading=whole)]
    if hide and not whole:
        items = _gathered(items, HIDDEN, lambda entry: is_hidden(entry.frame))
    if fold and not whole and any(entry.kind is USERS for entry in entries):
        items = _gathered(items, FOLDED, lambda entry: entry.kind is LIBRARY)
    items = _without_repetitions(items)
    if len(items) > MOST and not whole:
        half = MOST // 2
        between = [item for item in items[half:-half] if isinstance(item, Entry)]
        items = [*items[:half], Gap(TOO_MANY, between), *items[-half:]]
    return items


def _gathered(
    items: list[Entry | Gap], why: str, belongs: Callable[[Entry], bool]
) -> list[Entry | Gap]:
    """Runs of entries that belong together become a `Gap` each."""
    result: list[Entry | Gap] = []
    run: list[Entry] = []
    for item in items:
        if isinstance(item, Entry) and belongs(item):
            run.append(item)
            continue
        if run:
            result.append(Gap(why, run))
            run = []
        result.append(item)
    if run:
        result.append(Gap(why, run))
    return result


def _without_repetitions(items: list[Entry | Gap]) -> list[Entry | Gap]:
    """Recursion: what has been seen `TIMES` and will be seen again is left out."""
    left: dict[Key, int] = {}
    for item in items:
        left[item.key] = left.get(item.key, 0) + 1
    if all(times <= TIMES + 1 for times in left.values()):
        return items
    seen: dict[Key, int] = {}
    result: list[Entry | Gap] = []
    run: list[Entry] = []
    for item in items:
        left[item.key] -= 1
        seen[item.key] = times = seen.get(item.key, 0) + 1
        if times > TIMES and left[item.key]:
            run += [item] if isinstance(item, Entry) else item.entries
            continue
        if run:
            result.append(Gap(SIMILAR, run))
            run = []
        result.append(item)
    return result
