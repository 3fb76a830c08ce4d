"""What could stand at the cursor: asks sources, and puts their answers together.

Each source is a *matcher*: a function of what stands around the cursor. Ours are in a
table (matchers.py) and are imported when a place calls for them; users append theirs to
`custom_matchers`. A matcher that knows better than the others suppresses them (keys of
a mapping against files). What can only be told by running code is asked of jedi, in a
process of its own (static.py): that never delays the rest.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.completion.matchers import MATCHERS, OurMatcher
from ipcluster.engines.interpreter.completion.naming import KnowsNames
from ipcluster.engines.interpreter.completion.policies import NAMES, policy_of
from ipcluster.engines.interpreter.completion.results import (
    Completion,
    CompletionContext,
    Completions,
    SimpleCompletion,
)
from ipcluster.engines.interpreter.completion.scanning import LINE, Place
from ipcluster.engines.interpreter.configuration.options import (
    Configurable,
    Option,
    OptionError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.completion.policies import Policy
    from ipcluster.engines.interpreter.completion.results import MatcherResult
    from ipcluster.engines.interpreter.completion.static import StaticCompleter
    from ipcluster.engines.interpreter.shell import InteractiveShell


def _overrides(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"wants a dict of a policy's fields; not {value!r}")
    policy_of("limited", value)
    return value


def _suppression(value: Any) -> Any:
    if value is None or isinstance(value, (bool, dict)):
        return value
    raise TypeError(
        f"wants None, True, False, or a dict of matchers' names; not {value!r}"
    )


class Completer(Configurable):
    """Options of completing Python."""

    greedy = Option(
        False,
        'The same as evaluation = "unsafe" and auto_close_dict_keys = True.',
    )
    evaluation = Option(
        "limited",
        "How much code may run while completing: forbidden (none), minimal (literals), "
        "limited (what has no side effects), unsafe (all but statements), dangerous.",
        choices=NAMES,
    )
    policy_overrides: Option[dict[str, Any]] = Option(
        {}, "Single fields of that policy, such as allow_auto_import.", check=_overrides
    )
    use_jedi = Option(
        True, "Ask jedi, in a process of its own, for what cannot be evaluated."
    )
    jedi_compute_type_timeout = Option(
        400, "How many milliseconds to wait for jedi; 0 asks only, and never waits."
    )
    debug = Option(False, "Show the whole error of a completer that fails.")
    backslash_combining_completions = Option(
        True, r"Complete symbols by name: \alpha, \GREEK SMALL LETTER ALPHA."
    )
    auto_close_dict_keys = Option(
        False, "Close the quote and the bracket of a mapping's key."
    )
    auto_import_method = Option(
        "importlib.import_module",
        "What imports a module that is named before it is imported, where "
        "policy_overrides has allow_auto_import.",
    )
    fuzzy = Option(
        False, "Offer names that have the typed letters with others in between."
    )


class IPCompleter(KnowsNames, Completer):
    """Completes what is typed: Python, magics, commands, files."""

    omit__names = Option(
        2,
        "Behind a dot, leave out names that begin with an underscore (2), those that "
        "begin and end with two (1), or none (0), until one is typed.",
        choices=(0, 1, 2),
    )
    limit_to__all__ = Option(False, "Of a module offer only what its __all__ names.")
    merge_completions = Option(
        True, "Offer what all matchers give; else of the first that gives anything."
    )
    suppress_competing_matchers: Option[Any] = Option(
        None,
        "Whether a matcher that gives anything silences those behind it: None lets "
        "each say so itself; a dict says it by the matcher's name.",
        check=_suppression,
    )
    disable_matchers: Option[list[str]] = Option(
        [], "Names of matchers that are not asked."
    )
    dict_keys_only = Option(
        False, "In brackets offer keys that are texts, and nothing else."
    )
    profile_completions = Option(False, "Profile each completion.")
    profiler_output_dir = Option(
        ".completion_profiles", "The folder that those profiles are written to."
    )

    def __init__(
        self,
        shell: InteractiveShell,
        namespace: Mapping[str, Any] | None = None,
        global_namespace: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.shell = shell
        self._namespace = namespace
        self._global_namespace = global_namespace
        self.custom_matchers: list[Any] = []
        self._policy: Policy | None = None
        self._static: StaticCompleter | None = None
        self._complaints: set[str] = set()
        super().__init__(shell.config if config is None else config)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        """An option has changed."""
        if name == "greedy":
            self.evaluation = "unsafe" if new else "limited"
            self.auto_close_dict_keys = new
        self._policy = None

    def policy(self) -> Policy:
        """How much of the user's code may run."""
        if self._policy is None:
            try:
                self._policy = policy_of(self.evaluation, self.policy_overrides)
            except ValueError as error:
                raise OptionError(str(error)) from error
        return self._policy

    # --- completing -------------------------------------------------------------------

    def complete_code(self, code: str, cursor: int) -> Completions:
        """What could stand at the cursor, a count of characters.

        Waits for jedi only where nothing else has an answer.
        """
        context = self.context(code, cursor)
        found = self._profiled(self._runtime, context)
        if context.wants_static and self.use_jedi:
            wait = 0.0 if found.items else self.jedi_compute_type_timeout / 1000
            self._add(found, self._ask_static(context, wait))
        return found

    def completions(self, text: str, offset: int) -> Iterator[Completion]:
        """The same, one by one: first what is known at once, then what jedi finds."""
        context = self.context(text, offset)
        found = self._profiled(self._runtime, context)
        yield from found.items
        if context.wants_static and self.use_jedi:
            count = len(found.items)
            more = self._ask_static(context, self.jedi_compute_type_timeout / 1000)
            if found.items and self._add_start(found, more) != found.start:
                return
            self._add(found, more)
            yield from found.items[count:]

    def complete(
        self,
        text: str | None = None,
        line_buffer: str | None = None,
        cursor_pos: int | None = None,
    ) -> tuple[str, list[str]]:
        """What stands before the cursor, and what could stand in its place."""
        line = (text or "") if line_buffer is None else line_buffer
        found = self.complete_code(
            line, len(line) if cursor_pos is None else cursor_pos
        )
        return line[found.start : found.end], found.matches

    def context(self, code: str, cursor: int) -> CompletionContext:
        """What matchers are told."""
        from ipcluster.engines.interpreter.completion.custom import token_before

        cursor = max(0, min(cursor, len(code)))
        before = code[:cursor]
        line_start = before.rfind("\n") + 1
        return CompletionContext(
            token=token_before(before[line_start:]),
            full_text=code,
            cursor_position=cursor - line_start,
            cursor_line=before.count("\n"),
            place=Place(code, cursor),
        )

    def place_of(self, context: CompletionContext) -> Place:
        """What stands around the cursor."""
        if context.place is None:  # a context that somebody else has made
            lines = context.full_text.split("\n")[: context.cursor_line]
            at = sum(len(line) + 1 for line in lines) + context.cursor_position
            context.place = Place(context.full_text, at)
        return context.place

    def _runtime(self, context: CompletionContext) -> Completions:
        from ipcluster.engines.interpreter.completion.merging import merge, suppressed

        place = self.place_of(context)
        results: list[tuple[str, float, MatcherResult]] = []
        for identifier, priority, ask in self._relevant(context):
            if identifier in self.disable_matchers:
                continue
            result = ask()
            if result is not None and result.get("completions"):
                results.append((identifier, priority, result))
        results.sort(key=lambda one: -one[1])
        how = self.suppress_competing_matchers
        if not self.merge_completions:
            how = True
        return merge(suppressed(results, how), place)

    def _relevant(
        self, context: CompletionContext
    ) -> Iterator[tuple[str, float, Callable[[], MatcherResult | None]]]:
        """The matchers that may have something here."""
        for name, priority, module, function, wanted in MATCHERS:
            chosen = wanted(self, context)
            if chosen is not None:
                matcher = OurMatcher(self, name, priority, module, function)
                yield matcher.matcher_identifier, priority, _asking(matcher, chosen)
        if self.custom_matchers:
            from ipcluster.engines.interpreter.completion import custom

            for one in self.custom_matchers:
                identifier = custom.identifier_of(one)
                priority = getattr(one, "matcher_priority", 0)
                yield (
                    identifier,
                    priority,
                    _asking(custom.call_matcher, one, self, context),
                )

    @property
    def matchers(self) -> list[Any]:
        """All matchers, the user's first; each takes a `CompletionContext`."""
        ours = [OurMatcher(self, *entry[:4]) for entry in MATCHERS]
        return [*self.custom_matchers, *ours]

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_matcher"):
            for entry in MATCHERS:
                if entry[0] == name:
                    return OurMatcher(self, *entry[:4])
        raise AttributeError(name)

    # --- jedi -------------------------------------------------------------------------

    @property
    def static(self) -> StaticCompleter:
        """The process that completes what must not be evaluated."""
        if self._static is None:
            from ipcluster.engines.interpreter.completion.static import StaticCompleter

            self._static = StaticCompleter()
        return self._static

    def _ask_static(self, context: CompletionContext, wait: float) -> list[Completion]:
        place = self.place_of(context)
        if place.kind == LINE:
            return []
        before = self.shell.history_manager.input_hist_parsed
        return self.static.ask([*before], place.code, place.cursor, wait)

    def _add_start(self, found: Completions, more: list[Completion]) -> int:
        return min([found.start, *(one.start for one in more)])

    def _add(self, found: Completions, more: list[Completion]) -> None:
        """Put what jedi found behind the rest."""
        if not more:
            return
        if not found.items:
            found.start = more[0].start
        known = {item.text for item in found.items}
        hidden = {2: "_", 1: "__"}.get(self.omit__names, "")
        for one in more:
            if one.start != found.start or one.text in known:
                continue
            if hidden and one.start == one.end and one.text.startswith(hidden):
                continue
            found.items.append(one)

    def close(self) -> None:
        """End the process of jedi's, if there is one."""
        if self._static is not None:
            self._static.close()

    # --- trouble ----------------------------------------------------------------------

    def complain(self, what: str, error: Exception) -> None:
        """Say, once, that something of the user's fails while it completes."""
        if self.debug:
            self.shell.showtraceback((type(error), error, error.__traceback__))
        elif what not in self._complaints:
            self._complaints.add(what)
            print(
                f"{what} fails ({type(error).__name__}: {error}); "
                "IPCompleter.debug = True shows where.",
                file=sys.stderr,
            )

    def _profiled(
        self, function: Callable[[CompletionContext], Completions], context: Any
    ) -> Completions:
        if not self.profile_completions:
            return function(context)
        import cProfile
        import os
        import time

        profile = cProfile.Profile()
        found = profile.runcall(function, context)
        os.makedirs(self.profiler_output_dir, exist_ok=True)
        name = f"{time.time_ns()}.prof"
        profile.dump_stats(os.path.join(self.profiler_output_dir, name))
        return found


def _asking(function: Any, *args: Any) -> Callable[[], MatcherResult | None]:
    return lambda: function(*args)


__all__ = [
    "Completer",
    "Completion",
    "Completions",
    "IPCompleter",
    "SimpleCompletion",
]
