"""Which names a typed fragment means, and in which order they are offered."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def select(names: Iterable[str], fragment: str, *, fuzzy: bool = False) -> list[str]:
    """The names that could be meant, the likeliest first.

    Those that begin with the fragment; if none does, those that do in another case,
    or whose parts do (`d_f` means `data_frame`). With `fuzzy` also those that have its
    letters in this order, with others in between.
    """
    if not fragment:
        return sorted(names, key=rank)
    if not isinstance(names, (list, set, dict, tuple)):
        names = list(names)
    found = [name for name in names if name.startswith(fragment)]
    if found and not fuzzy:
        return sorted(found, key=rank)
    if fuzzy:
        return sorted(found, key=rank) + _fuzzily(names, fragment, set(found))
    lowered = fragment.lower()
    found = [name for name in names if name.lower().startswith(lowered)]
    if not found and "_" in fragment.strip("_"):
        found = [name for name in names if _has_initials(name, fragment)]
    return sorted(found, key=rank)


def fits(name: str, fragment: str, *, fuzzy: bool = False) -> bool:
    """Whether a name begins so; with `fuzzy`, whether it has the letters in order."""
    if not fuzzy or name.startswith(fragment):
        return name.startswith(fragment)
    letters = iter(name.lower())
    return all(letter in letters for letter in fragment.lower())


def is_loose(found: list[str], fragment: str) -> bool:
    """Whether names were chosen although none begins with the fragment."""
    return bool(found) and not any(name.startswith(fragment) for name in found)


def rank(name: str) -> tuple[int, str, str]:
    """Where a name stands in a list: those with underscores behind the others."""
    private = 0 if not name.startswith("_") else 2 if name.startswith("__") else 1
    return private, name.lower(), name


def _has_initials(name: str, fragment: str) -> bool:
    parts, typed = name.split("_"), fragment.split("_")
    return len(typed) <= len(parts) and all(
        part.startswith(start) for part, start in zip(parts, typed, strict=False)
    )


def _fuzzily(names: Iterable[str], fragment: str, without: set[str]) -> list[str]:
    """Names with the fragment's letters in order; the tightest match first."""
    letters = [re.escape(letter) for letter in fragment]
    # A look-ahead, so that each position is tried and the shortest span is found.
    pattern = re.compile(f"(?=({'.*?'.join(letters)}))", re.IGNORECASE)
    found: list[tuple[Any, str]] = []
    for name in names:
        if name in without:
            continue
        spans = [(len(m[1]), m.start()) for m in pattern.finditer(name)]
        if spans:
            found.append(((*min(spans), *rank(name)), name))
    found.sort()
    return [name for _, name in found]
