"""The table of our matchers: their names and ranks, and where each of them is asked.

A matcher's module is imported when a place calls for it, so that the first popup waits
for no more than it needs.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.scanning import CODE, LINE, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )

_PLACE = "ipcluster.engines.interpreter.completion"


class OurMatcher:
    """One of our matchers, imported when it is called."""

    matcher_api_version = 2

    def __init__(
        self,
        completer: IPCompleter,
        name: str,
        priority: float,
        module: str,
        function: str,
    ) -> None:
        self.completer = completer
        self.matcher_identifier = f"IPCompleter.{name}"
        self.matcher_priority = priority
        self._module = module
        self._function = function

    def __call__(self, context: CompletionContext) -> MatcherResult | None:
        from importlib import import_module

        function = getattr(import_module(f"{_PLACE}.{self._module}"), self._function)
        result: MatcherResult | None = function(self.completer, context)
        return result

    def __repr__(self) -> str:
        return f"<matcher {self.matcher_identifier}>"


# --- which matchers a place calls for -------------------------------------------------


def _python(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    """The context in Python; in a line of a magic's, the one of its argument."""
    place = completer.place_of(context)
    if place.kind in (CODE, STRING) and not place.cell and completer.is_plain(place):
        return context
    from ipcluster.engines.interpreter.completion.commands import inner_place

    inner = inner_place(completer, place)
    if inner is None or inner.kind not in (CODE, STRING):
        return None
    return context if inner is place else context.inside(inner)


def _import(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    place = completer.place_of(context)
    if "import" not in place.code and "from" not in place.code:
        return None
    return _python(completer, context)


def _subscript(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    return _python(completer, context) if "[" in context.full_text else None


def _call(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    return _python(completer, context) if "(" in context.full_text else None


def _string(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    found = _python(completer, context)
    return found if found and completer.place_of(found).kind == STRING else None


def _backslash(
    _completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    return context if "\\" in context.text_until_cursor else None


def _line(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    place = completer.place_of(context)
    if place.kind == LINE or place.cell:
        return context
    return None if completer.is_plain(place) else context


def _start(
    completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    place = completer.place_of(context)
    is_first = place.kind == CODE and len(place.tokens) <= 1
    return context if is_first or place.kind == LINE else None


def _config(
    _completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    return context if "config" in context.text_until_cursor else None


def _always(
    _completer: IPCompleter, context: CompletionContext
) -> CompletionContext | None:
    return context


# Name, priority, module, function, when it is asked. The names are the field's where it
# has such a matcher.
MATCHERS: tuple[tuple[str, float, str, str, Any], ...] = (
    ("latex_name_matcher", 100, "symbols", "latex_name_matches", _backslash),
    ("unicode_name_matcher", 100, "symbols", "unicode_name_matches", _backslash),
    ("back_latex_name_matcher", 99, "symbols", "back_latex_matches", _backslash),
    ("back_unicode_name_matcher", 98, "symbols", "back_unicode_matches", _backslash),
    ("fwd_unicode_matcher", 97, "symbols", "forward_unicode_matches", _backslash),
    ("custom_completer_matcher", 90, "custom", "custom_completer_matches", _always),
    ("magic_config_matcher", 80, "configurables", "magic_config_matches", _config),
    ("magic_argument_matcher", 70, "commands", "magic_argument_matches", _line),
    ("command_matcher", 70, "commands", "command_matches", _line),
    ("import_matcher", 60, "imports", "import_matches", _import),
    ("dict_key_matcher", 50, "keys", "key_matches", _subscript),
    ("python_func_kw_matcher", 40, "parameters", "argument_matches", _call),
    ("python_matcher", 30, "names", "python_matches", _python),
    ("magic_matcher", 20, "commands", "magic_matches", _start),
    ("file_matcher", 10, "files", "string_matches", _string),
)
