"""Which object a cursor in code is about.

In the parentheses of a call that is what is called, wherever the cursor is there:
somebody who asks then wants to know the parameters. Elsewhere it is the name at the
cursor, with what it is an attribute of.
"""

from __future__ import annotations

import re

from ipcluster.engines.interpreter.completion.scanning import LINE, NAME, Place

_REST_OF_NAME = re.compile(r"\w*")
_MAGIC = re.compile(r"(%{1,2})([^\W\d][\w.]*)?")


def token_at_cursor(code: str, cursor: int) -> str:
    """The expression at the cursor, or the one that is called around it; "" if none."""
    cursor = max(0, min(cursor, len(code)))
    match = _REST_OF_NAME.match(code, cursor)
    end = match.end() if match else cursor
    place = Place(code, end)
    if place.kind == LINE:
        return _in_line(code, place, end)
    return _in_python(place)


def _in_line(code: str, place: Place, end: int) -> str:
    """In a line of a magic's: its name, or what stands in its argument."""
    match = _MAGIC.match(code, place.line)
    if match is None:
        start = (
            place.line
            + len(code[place.line : end])
            - len(code[place.line : end].lstrip("!?/,;"))
        )
        return (
            token_at_cursor(code[start:end], end - start) if start > place.line else ""
        )
    if end <= match.end():
        return match[0]
    inner = code[match.end() : end]
    return _in_python(Place(inner, len(inner))) or match[0]


def _in_python(place: Place) -> str:
    called = _called(place)
    if called:
        return called
    tokens = place.tokens
    count = len(tokens)
    while count > place.first:
        token = tokens[count - 1]
        if token.kind == NAME or token.text in (")", "]"):
            found = place.primary_before(count)
            if found is not None:
                return _without_call(found)
        if token.text == "=" or (token.end < place.cursor and token.kind == NAME):
            break
        count -= 1
    return ""


def _called(place: Place) -> str:
    """What the innermost call around the cursor calls."""
    for number in reversed(place.brackets):
        if place.tokens[number].text == "(":
            owner = place.bracket_of(number)
            is_new = number >= 2 and place.tokens[number - 2].text in ("def", "class")
            if owner is not None and not is_new:
                return owner
    return ""


def _without_call(source: str) -> str:
    """`f(x)` to `f`: what is asked of a call is the function."""
    while source.endswith(")"):
        depth = 0
        for at in range(len(source) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(source[at], 0)
            if depth == 0:
                break
        if at == 0:
            return source
        source = source[:at].rstrip()
    return source
