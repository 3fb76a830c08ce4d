"""Completers and matchers of the user's.

def apples(shell, event):                      # of a command, or of a magic
    return ["golden", "russet"]
shell.set_hook("complete_command", apples, str_key="%pick")

@context_matcher(priority=5)                   # for any text
def colours(context): ...
shell.Completer.custom_matchers.append(colours)
"""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.errors import TryNext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )

    Hook = Callable[..., Any]

# Where readline cuts words.
DELIMITERS = " \t\n`!@#$^&*()=+[{]}\\|;:'\",<>?"


class StrDispatch:
    """Functions by the word, or by the pattern, that a line begins with."""

    def __init__(self) -> None:
        self.strs: dict[str, list[tuple[int, Hook]]] = {}
        self.regexs: dict[Any, list[tuple[int, Hook]]] = {}

    def add_s(self, key: str, hook: Hook, priority: int = 0) -> None:
        """Call it where a line's first word is `key`."""
        chain = self.strs.setdefault(key, [])
        chain.append((priority, hook))
        chain.sort(key=lambda one: one[0])

    def add_re(self, pattern: Any, hook: Hook, priority: int = 0) -> None:
        """Call it where a line matches the pattern."""
        import re

        chain = self.regexs.setdefault(re.compile(pattern), [])
        chain.append((priority, hook))
        chain.sort(key=lambda one: one[0])

    def s_matches(self, key: str) -> Iterator[Hook]:
        """The functions of a word, the lowest priority first."""
        for _, hook in self.strs.get(key, ()):
            yield hook

    def flat_matches(self, line: str) -> Iterator[Hook]:
        """The functions for a line: of itself as a word, and of patterns."""
        yield from self.s_matches(line)
        for pattern, chain in self.regexs.items():
            if pattern.match(line):
                for _, hook in chain:
                    yield hook

    def __iter__(self) -> Iterator[str]:
        return iter(self.strs)

    def __repr__(self) -> str:
        return f"<StrDispatch {[*self.strs]}, {[p.pattern for p in self.regexs]}>"


class Event:
    """What a completer of a command is told.

    line               the line with the cursor
    command            its first word
    symbol             the word at the cursor, up to it
    text_until_cursor  the line up to the cursor
    """

    def __init__(self, line: str, symbol: str, command: str, text: str) -> None:
        self.line = line
        self.symbol = symbol
        self.command = command
        self.text_until_cursor = text

    def __repr__(self) -> str:
        return f"<Event {self.command!r} symbol={self.symbol!r}>"


def custom_completer_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """What completers of the line's command offer."""
    dispatch = completer.custom_completers
    if not dispatch.strs and not dispatch.regexs:
        return None
    texts = _ask(dispatch, completer, context)
    if not texts:
        return None
    return {
        "completions": [SimpleCompletion(text, type="instance") for text in texts],
        "matched_fragment": context.token,
        "ordered": True,
        "suppress": True,
    }


def _ask(
    dispatch: StrDispatch, completer: IPCompleter, context: CompletionContext
) -> list[str]:
    line, text = context.line_with_cursor, context.text_until_cursor
    command = line.split(None, 1)[0] if line.strip() else ""
    if not command:
        return []
    token = context.token
    event = Event(line, token, command, text)
    hooks = [*dispatch.s_matches(command)]
    if not command.startswith("%"):  # automagic leaves the sign out
        hooks += dispatch.s_matches(f"%{command}")
    hooks += dispatch.flat_matches(text)
    for hook in hooks:
        try:
            found = hook(event)
        except TryNext:
            continue
        except Exception as error:
            completer.complain(f"the completer {hook!r}", error)
            continue
        if found:
            texts = [str(one) for one in found]
            fitting = [one for one in texts if one.startswith(token)]
            lowered = token.lower()
            return fitting or [one for one in texts if one.lower().startswith(lowered)]
    return []


def token_before(line: str) -> str:
    """The last word of a line, as readline's delimiters cut it."""
    at = len(line)
    while at and line[at - 1] not in DELIMITERS:
        at -= 1
    return line[at:]


def call_matcher(
    matcher: Any, completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """What a matcher of the user's offers; a broken one offers nothing."""
    version = getattr(matcher, "matcher_api_version", 1)
    try:
        found = matcher(context) if version == 2 else matcher(context.token)
    except Exception as error:
        completer.complain(f"the matcher {identifier_of(matcher)}", error)
        return None
    if not found:
        return None
    if version == 2:
        result: MatcherResult = dict(found)
        result["completions"] = [_simple(one) for one in result.get("completions", ())]
        return result
    return {
        "completions": [_simple(one) for one in found],
        "matched_fragment": context.token,
    }


def _simple(one: Any) -> SimpleCompletion:
    """A completion of the user's, whatever class it is of."""
    if isinstance(one, SimpleCompletion):
        return one
    if isinstance(one, str):
        return SimpleCompletion(one)
    return SimpleCompletion(str(one.text), type=getattr(one, "type", None))


def identifier_of(matcher: Any) -> str:
    """The name that switches a matcher off."""
    name = getattr(matcher, "matcher_identifier", None)
    if isinstance(name, str):
        return name
    return str(getattr(matcher, "__qualname__", "matcher"))
