"""Names of keyword arguments, inside the parentheses of a call."""

from __future__ import annotations

import re
from itertools import pairwise

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import NOTHING
from ipcluster.engines.interpreter.completion.cell_scope import Defined
from ipcluster.engines.interpreter.completion.matching import is_loose, select
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import CODE, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )
    from ipcluster.engines.interpreter.completion.scanning import Place


def argument_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """`name=` for those parameters of the called function that have no value yet."""
    place = completer.place_of(context)
    source = called(place)
    if source is None:
        return None
    function = completer.evaluator(place).try_evaluate(source)
    if function is NOTHING:
        context.wants_static = True
        return None
    names = [name for name in parameter_names(function) if name not in _given(place)]
    found = select(names, place.fragment, fuzzy=completer.fuzzy)
    return {
        "completions": [SimpleCompletion(f"{name}=", type="param") for name in found],
        "matched_fragment": place.fragment,
        "ordered": True,
        "is_loose": is_loose(found, place.fragment),
    }


def called(place: Place) -> str | None:
    """What is called, if the cursor is where an argument's name could begin."""
    bracket = place.bracket()
    if place.kind != CODE or bracket is None or bracket.text != "(":
        return None
    before = place.tokens[place.before_fragment() - 1]
    if before is not bracket and before.text != ",":
        return None
    number = place.brackets[-1]
    if number >= 2 and place.tokens[number - 2].text in ("def", "class"):
        return None
    return place.bracket_of(number)


def _given(place: Place) -> set[str]:
    """Keyword arguments that the call has already."""
    found = set()
    depth = 0
    tokens = place.tokens[place.brackets[-1] + 1 :]
    for token, after in pairwise(tokens):
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        elif depth == 0 and token.kind == NAME and after.text == "=":
            found.add(token.text)
    return found


def parameter_names(function: Any) -> list[str]:
    """Names of the parameters that may be given by name, in their order."""
    if type(function) is Defined:
        spec = function.node.args
        return [argument.arg for argument in (*spec.args, *spec.kwonlyargs)]
    if type(function) is a.Instance:
        caller, _ = a.class_attribute(function.cls, "__call__")
        return [] if caller is NOTHING else parameter_names(caller)[1:]
    from ipcluster.engines.interpreter.introspection.signatures import safe_parameters

    parameters = safe_parameters(function)
    if parameters is None:
        return _from_docstring(function)
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]


def _from_docstring(function: Any) -> list[str]:
    """Parameters as the first line of a docstring has them: `min(iterable, *[, key])`.

    That is how functions in C say it that have no signature.
    """
    text = a.raw_attribute(function, "__doc__")
    if type(text).__name__ == "getset_descriptor":
        text = getattr(function, "__doc__", None)
    if not isinstance(text, str):
        return []
    names: list[str] = []
    for line in text.lstrip().splitlines()[:6]:
        match = re.match(r"[\w.]+\((.*?)\)\s*(?:->.*)?$", line.strip())
        if match is not None:
            for part in match[1].split(","):
                found = re.match(r"\W*(\w+)", part)
                if found is not None and found[1] not in names:
                    names.append(found[1])
    return [name for name in names if name.isidentifier()]
