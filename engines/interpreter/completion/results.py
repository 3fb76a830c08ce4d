"""What completing gives: single completions, all of them together, and to whom.

`Completion` and the decorators of matchers have the names and fields that extensions of
IPython know. A completion's signature is only made when somebody looks at it: a popup
shows ten of a thousand.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Literal

    from ipcluster.engines.interpreter.completion.scanning import Place

    MatcherResult = dict[str, Any]
    """As the field has it: "completions" (a list of `SimpleCompletion`), and perhaps
    "matched_fragment", "ordered", "suppress", "do_not_suppress"; ours: "is_loose"."""
    Matcher = Callable[..., Any]

# Signatures of more completions than these are not made for a whole answer at once.
SIGNATURES_AT_ONCE = 100

_NOTHING: Any = object()


class ProvisionalCompleterWarning(FutureWarning):
    """IPython's warning that its API may change. Ours does not, and never warns."""


class provisionalcompleter:
    """A context in which IPython's completions may be asked for; nothing here."""

    def __init__(self, action: str = "ignore") -> None:
        self.action = action

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        pass


class SimpleCompletion:
    """What a matcher offers in the place of its fragment.

    `value` is the object of that name where it is known; it makes the signature.
    """

    __slots__ = ("_signature", "text", "type", "value")

    def __init__(
        self,
        text: str,
        *,
        type: str | None = None,  # noqa: A002  (the field's name)
        signature: str | None = None,
        value: Any = _NOTHING,
    ) -> None:
        self.text = text
        self.type = type
        self.value = value
        self._signature = signature

    @property
    def signature(self) -> str:
        if self._signature is None:
            self._signature = ""
            if self.value is not _NOTHING:
                from ipcluster.engines.interpreter.introspection.signatures import (
                    safe_signature,
                )

                self._signature = safe_signature(self.value) or ""
        return self._signature

    def __repr__(self) -> str:
        return f"<SimpleCompletion text={self.text!r} type={self.type!r}>"


class Completion:
    """`text` in the place of `code[start:end]`."""

    __slots__ = ("_origin", "_simple", "end", "start", "text", "type")

    def __init__(
        self,
        start: int,
        end: int,
        text: str,
        *,
        type: str | None = None,  # noqa: A002  (the field's name)
        _origin: str = "",
        signature: str = "",
        simple: SimpleCompletion | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.type = type
        self._origin = _origin
        self._simple = simple or SimpleCompletion(text, signature=signature)

    @property
    def signature(self) -> str:
        return self._simple.signature

    def __repr__(self) -> str:
        return (
            f"<Completion start={self.start} end={self.end} text={self.text!r} "
            f"type={self.type!r}>"
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Completion)
            and self.start == other.start
            and self.end == other.end
            and self.text == other.text
        )

    def __hash__(self) -> int:
        return hash((self.start, self.end, self.text))


class Completions:
    """All that could stand at a cursor: `matches` in the place of `code[start:end]`."""

    def __init__(self, start: int, end: int, items: list[Completion]) -> None:
        self.start = start
        self.end = end
        self.items = items

    @property
    def matches(self) -> list[str]:
        return [item.text for item in self.items]

    @property
    def types(self) -> list[dict[str, Any]]:
        """What kind of thing each is, as Jupyter's experimental metadata has it."""
        return [
            {
                "start": item.start,
                "end": item.end,
                "text": item.text,
                "type": item.type or "<unknown>",
                "signature": item.signature if number < SIGNATURES_AT_ONCE else "",
            }
            for number, item in enumerate(self.items)
        ]

    @property
    def signatures(self) -> list[str]:
        return [item.signature for item in self.items]

    def __iter__(self) -> Iterator[Completion]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def rectify_completions(
    text: str, completions: Iterable[Completion]
) -> Iterator[Completion]:
    """The same, all in the place of the same part of a text. Ours are already."""
    found = list(completions)
    start = min((one.start for one in found), default=0)
    end = max((one.end for one in found), default=0)
    for one in found:
        whole = text[start : one.start] + one.text + text[one.end : end]
        yield Completion(
            start, end, whole, type=one.type, _origin=one._origin, simple=one._simple
        )


# What matchers of version 2 give is a dict; the field has a name for it.
SimpleMatcherResult = dict


class CompletionContext:
    """What a matcher of version 2 is told.

    `token` is the word before the cursor as a shell would cut it; `limit` how many
    completions are of use, where there is one; `place` what stands around the cursor.
    A matcher that had to leave something unknown sets `wants_static`.
    """

    def __init__(
        self,
        token: str,
        full_text: str,
        cursor_position: int,
        cursor_line: int,
        limit: int | None = None,
        place: Place | None = None,
    ) -> None:
        self.token = token
        self.full_text = full_text
        self.cursor_position = cursor_position
        self.cursor_line = cursor_line
        self.limit = limit
        self.place = place
        self.wants_static = False

    def inside(self, place: Place) -> CompletionContext:
        """The context of a text within this one's, with a place of its own."""
        line = place.code.rfind("\n", 0, place.cursor) + 1
        return CompletionContext(
            self.token,
            place.code,
            place.cursor - line,
            place.code.count("\n", 0, place.cursor),
            self.limit,
            place,
        )

    @property
    def text_until_cursor(self) -> str:
        """The cursor's line, up to the cursor."""
        return self.line_with_cursor[: self.cursor_position]

    @property
    def line_with_cursor(self) -> str:
        return self.full_text.split("\n")[self.cursor_line]


# --- what makes a function a matcher --------------------------------------------------


def completion_matcher(
    *,
    priority: float | None = None,
    identifier: str | None = None,
    api_version: Literal[1, 2] = 1,
) -> Callable[[Matcher], Matcher]:
    """Mark a matcher: its rank, and a name to switch it off by."""

    def mark(function: Matcher) -> Matcher:
        marked: Any = function
        marked.matcher_priority = priority or 0
        marked.matcher_identifier = identifier or function.__qualname__
        marked.matcher_api_version = api_version
        return function

    return mark


def context_matcher(
    *, priority: float | None = None, identifier: str | None = None
) -> Callable[[Matcher], Matcher]:
    """Mark a matcher that takes a `CompletionContext` and gives a dict."""
    return completion_matcher(priority=priority, identifier=identifier, api_version=2)
