"""Ranges of inputs, as people write them.

    4           input 4 of this session
    4-6   4:7   inputs 4, 5 and 6
    4-          from 4 on
    243/1-5     inputs 1 to 5 of session 243
    ~2/         all of the session two before this one
    ~8/1-~6/5   from the first input of 8 sessions ago to the fifth of 6 sessions ago

Several, with spaces between them, follow one another.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Range = tuple[int, int, int | None]
    """(session, first line, the line behind the last or None). A session of 0 is this
    one, a negative one is counted back from it."""

# In one range: more is a slip of the fingers, and a list of them would fill the memory.
MOST_SESSIONS = 1_000_000


def extract_hist_ranges(ranges_str: str) -> Iterator[Range]:
    """The ranges in a text, one per session; words that are none are left out."""
    if ranges_str.strip() == "":
        yield 0, 1, None
    for word in ranges_str.split():
        yield from parse_range(word) or ()


def first_wrong(ranges_str: str) -> str | None:
    """The first word that is no range; None: all are."""
    for word in ranges_str.split():
        if parse_range(word) is None:
            return word
    return None


def parse_range(word: str) -> list[Range] | None:
    """The ranges that one word means; None: it is no range."""
    separator = next((sign for sign in word if sign in "-:"), "")
    left, _, right = word.partition(separator) if separator else (word, "", "")
    begin, end = _place(left), _place(right)
    if begin is None or end is None or not word.strip("-:/~"):
        return None
    first_session, start = begin
    last_session, stop = end
    if first_session is None and last_session is not None:
        return None  # 4-~2/6: forwards into the past
    first_session = first_session or 0
    last_session = first_session if last_session is None else last_session
    if not separator and start is not None:
        stop = start + 1
    elif separator == "-" and stop is not None:
        stop += 1
    if (first_session > 0) != (last_session > 0):
        return None
    if not 0 <= last_session - first_session <= MOST_SESSIONS:
        return None
    spans: list[Range] = []
    for session in range(first_session, last_session + 1):
        spans.append(
            (
                session,
                (start or 1) if session == first_session else 1,
                stop if session == last_session else None,
            )
        )
    return spans


def _place(text: str) -> tuple[int | None, int | None] | None:
    """`(session, line)` of one end of a range, None for what it does not say.

    None: that is no end of a range.
    """
    session, slash, line = text.rpartition("/")
    if line and not _is_number(line):
        return None
    number: int | None = None
    if slash:
        digits = session.removeprefix("~")
        if not _is_number(digits):
            return None
        number = int(digits) if digits == session else -int(digits)
    return number, int(line) if line else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
