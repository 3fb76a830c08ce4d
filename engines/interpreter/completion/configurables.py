"""`%config`: names of classes and of their options; `%colors`: names of themes."""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.commands import line_at
from ipcluster.engines.interpreter.completion.matching import select
from ipcluster.engines.interpreter.completion.results import SimpleCompletion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )


def magic_config_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """`%config Class.option=value`: each of the three."""
    line = line_at(completer, completer.place_of(context))
    if line is None or line.name != "config" or not line.is_whole:
        return None
    typed = line.rest
    from ipcluster.engines.interpreter.configuration.finding import class_table

    classes = class_table(completer.shell)
    name, dot, option = typed.partition(".")
    if not dot:
        return _result(
            select([one for one in classes if one.startswith(typed)], typed), typed
        )
    if name not in classes:
        return None
    options = classes[name].options()
    option, equals, value = option.partition("=")
    if not equals:
        texts = [f"{name}.{one}" for one in options if one.startswith(option)]
        return _result(sorted(texts), typed)
    wanted = options.get(option.strip())
    if wanted is None:
        return None
    if wanted.choices is not None:
        values = [repr(one) for one in wanted.choices]
    else:
        values = ["False", "True"] if wanted.kind is bool else []
    value = value.lstrip()
    return _result([one for one in values if one.startswith(value)], value)


def _result(texts: list[str], fragment: str) -> MatcherResult | None:
    if not texts:
        return None
    return {
        "completions": [SimpleCompletion(text, type="param") for text in texts],
        "matched_fragment": fragment,
        "ordered": True,
        "suppress": True,
    }
