"""Answers of several matchers made one: which silence others, in what order."""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.matching import rank
from ipcluster.engines.interpreter.completion.results import Completion, Completions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.completion.results import MatcherResult
    from ipcluster.engines.interpreter.completion.scanning import Place

    Result = tuple[str, float, MatcherResult]
    """A matcher's name and priority, and what it gave."""


def suppressed(results: list[Result], how: Any) -> list[Result]:
    """Those results that no other silences; the highest priority speaks first.

    `how` is the option `suppress_competing_matchers`.
    """
    if how is False or len(results) < 2:
        return results
    for identifier, _, result in results:
        does = result.get("suppress", False)
        if isinstance(how, dict):
            does = how.get(identifier, does)
        elif how is True:
            does = True
        if not does:
            continue
        spared = result.get("do_not_suppress") or ()
        return [
            one
            for one in results
            if one[0] == identifier
            or one[0] in spared
            or (isinstance(does, (set, frozenset)) and one[0] not in does)
        ]
    return results


def merge(results: list[Result], place: Place) -> Completions:
    """One list: all in the place of the same part of the text.

    A result for a shorter part is lengthened by what stands before it. Names that only
    resemble what was typed are left out where others begin with it.
    """
    strict = [one for one in results if not one[2].get("is_loose")]
    results = strict or results
    code, end = place.code, place.cursor
    starts = []
    for _, _, result in results:
        fragment = result.get("matched_fragment")
        length = len(place.fragment if fragment is None else fragment)
        starts.append(max(0, end - length))
    start = min(starts, default=end)
    items: list[Completion] = []
    known: set[str] = set()
    for (identifier, _, result), own in zip(results, starts, strict=True):
        completions = list(result["completions"])
        if not result.get("ordered"):
            completions.sort(key=lambda one: rank(one.text))
        before = code[start:own]
        for one in completions:
            text = before + one.text
            if text not in known:
                known.add(text)
                items.append(
                    Completion(
                        start,
                        end,
                        text,
                        type=one.type,
                        _origin=identifier,
                        simple=one,
                    )
                )
    return Completions(start, end, items)
