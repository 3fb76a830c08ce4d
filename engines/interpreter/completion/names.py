"""Names and attributes: the heart of completing Python.

Matchers are functions of the completer and of what stands around the cursor. They give
a result as the field has it (results.py), or None for nothing.
"""

from __future__ import annotations

import builtins

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import NOTHING
from ipcluster.engines.interpreter.completion.imports import is_import
from ipcluster.engines.interpreter.completion.matching import is_loose, rank, select
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import (
    CODE,
    NAME,
    NUMBER,
    SIGN,
    TEXT,
    is_keyword,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )
    from ipcluster.engines.interpreter.completion.scanning import Place, Token

# Kinds of more attributes than these are not looked up for one list.
TYPED_AT_MOST = 20_000

# So many tokens before the cursor are looked at for names that they bind.
READ_AT_MOST = 5_000

# Words that may follow a value.
_BETWEEN = ("and", "as", "else", "for", "if", "import", "in", "is", "not", "or")


def python_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Attributes behind a dot, names elsewhere."""
    place = completer.place_of(context)
    if place.kind != CODE:
        return None
    count = place.before_fragment()
    if count and place.tokens[count - 1].text == ".":
        return _attributes(completer, context, place)
    return _names(completer, place)


# --- attributes -----------------------------------------------------------------------


def _attributes(
    completer: IPCompleter, context: CompletionContext, place: Place
) -> MatcherResult | None:
    source = place.attribute_of()
    if source is None:
        return None
    value = completer.evaluator(place).try_evaluate(source)
    if value is NOTHING:
        context.wants_static = True
        return None
    if type(value) is a.Instance:
        # What its methods assign is known by name only: the static one knows more.
        context.wants_static = True
    return {
        "completions": completions_of(completer, value, place.fragment),
        "matched_fragment": place.fragment,
        "ordered": True,
    }


def completions_of(
    completer: IPCompleter, value: Any, fragment: str
) -> list[SimpleCompletion]:
    """The attributes of a value that a fragment could mean."""
    names = a.attribute_names(value)
    if completer.limit_to__all__ and a.is_module(value):
        listed = a.own_dict(value).get("__all__")
        if isinstance(listed, (list, tuple)):
            names = [name for name in listed if isinstance(name, str)]
    names = [*names, *completer.more_attributes(value, names)]
    hidden = completer.omit__names
    if hidden and not fragment:
        start = "_" if hidden == 2 else "__"
        names = [
            name
            for name in names
            if not name.startswith(start) or (hidden == 1 and not name.endswith("__"))
        ]
    found = select(names, fragment, fuzzy=completer.fuzzy)
    if len(found) > TYPED_AT_MOST:
        return [SimpleCompletion(name) for name in found]
    return [_completion(value, name) for name in found]


def _completion(value: Any, name: str) -> SimpleCompletion:
    raw = a.raw_attribute(value, name)
    if raw is NOTHING:
        return SimpleCompletion(name, type="instance")
    return SimpleCompletion(name, type=a.type_name(raw), value=raw)


# --- names ----------------------------------------------------------------------------


def _names(completer: IPCompleter, place: Place) -> MatcherResult | None:
    fragment = place.fragment
    before = place.statement
    if fragment:
        before = before[:-1]
    if before and before[-1].text in ("def", "class", "as"):
        return None  # a new name
    if any(token.text in ("import", "from") for token in before) and is_import(place):
        return None  # `import_matches` knows
    last = before[-1] if before else None
    if not fragment and last is not None and is_operand(last):
        if last.end == place.cursor:
            return None
        words = [SimpleCompletion(word, type="keyword") for word in _BETWEEN]
        return {"completions": words, "matched_fragment": "", "ordered": True}
    known = _known_names(completer, place)
    if not fragment:
        known = {name: kind for name, kind in known.items() if name[0] != "_"}
    found = select(known, fragment, fuzzy=completer.fuzzy)
    return {
        "completions": [_named(name, known[name]) for name in found],
        "matched_fragment": fragment,
        "ordered": True,
        "is_loose": is_loose(found, fragment),
    }


def is_operand(token: Token) -> bool:
    """Whether a value ends with this token."""
    if token.kind == NAME:
        return not is_keyword(token.text) or token.text in ("None", "True", "False")
    return token.kind in (NUMBER, TEXT) or (
        token.kind == SIGN and token.text in (")", "]", "}")
    )


class _Word:
    """A name that has no value yet."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


_KEYWORD, _VARIABLE = _Word("keyword"), _Word("variable")


def _known_names(completer: IPCompleter, place: Place) -> dict[str, Any]:
    """All names that mean something here, with their values."""
    import keyword

    known: dict[str, Any] = {}
    policy = completer.policy()
    known.update(dict.fromkeys((*keyword.kwlist, "case", "match"), _KEYWORD))
    if policy.allow_builtins_access:
        known.update(
            (name, value) for name, value in vars(builtins).items() if name != "_"
        )
    if policy.allow_globals_access:
        known.update(completer.global_namespace)
    if policy.allow_locals_access:
        known.update(completer.namespace)
    for name in names_of_cell(place):
        known.setdefault(name, _VARIABLE)
    return {name: value for name, value in known.items() if type(name) is str}


def _named(name: str, value: Any) -> SimpleCompletion:
    if type(value) is _Word:
        return SimpleCompletion(name, type=value.kind)
    return SimpleCompletion(name, type=a.type_name(value), value=value)


def names_of_cell(place: Place) -> set[str]:
    """Names that the cell binds before the cursor."""
    found: set[str] = set()
    tokens = place.tokens[: place.before_fragment()][-READ_AT_MOST:]
    for number, token in enumerate(tokens):
        if token.kind == NAME and not is_keyword(token.text):
            before = tokens[number - 1].text if number else ""
            if before != "." and _is_bound(tokens, number, before):
                found.add(token.text)
    return found


def _is_bound(tokens: list[Token], number: int, before: str) -> bool:
    """Whether a name is bound where it stands; parameters and targets are."""
    after = tokens[number + 1].text if number + 1 < len(tokens) else ""
    if after == "as":
        return False
    if before in ("def", "class", "as", "import", "for", "global", "nonlocal"):
        return True
    if after in ("=", ":=", ":"):
        return before not in ("[", "{") and not _in_call(tokens, number)
    if after in (",", ")", "in") or before == ",":
        return _in_list_of_names(tokens, number)
    return before in ("lambda", "*", "**") and after in (",", ":", ")")


def _open_bracket(tokens: list[Token], number: int) -> int:
    """The bracket around a token, by number; -1 without one."""
    depth = 0
    for index in range(number - 1, max(-1, number - 400), -1):
        text = tokens[index].text
        if text in (")", "]", "}"):
            depth += 1
        elif text in ("(", "[", "{"):
            if depth == 0:
                return index
            depth -= 1
    return -1


def _is_def(tokens: list[Token], bracket: int) -> bool:
    return bracket >= 2 and tokens[bracket - 2].text in ("def", "class")


def _in_call(tokens: list[Token], number: int) -> bool:
    """Whether `name=` is an argument's name in a call."""
    bracket = _open_bracket(tokens, number)
    return (
        bracket > 0
        and tokens[bracket].text == "("
        and is_operand(tokens[bracket - 1])
        and not _is_def(tokens, bracket)
    )


def _in_list_of_names(tokens: list[Token], number: int) -> bool:
    """Whether a name is one of several that are bound: parameters, targets, imports."""
    bracket = _open_bracket(tokens, number)
    if bracket >= 0 and _is_def(tokens, bracket):
        return True
    for index in range(number - 1, max(-1, number - 40), -1):
        token = tokens[index]
        if token.text in ("for", "import", "lambda", "global", "nonlocal"):
            return True
        if token.text not in (",", "(", "*") and (
            token.kind != NAME or is_keyword(token.text)
        ):
            break
    for token in tokens[number + 1 : number + 40]:
        if token.text == "=":
            return bracket < 0
        if token.text not in (",", "*") and token.kind != NAME:
            return False
    return False


# --- words of a text that is no Python ------------------------------------------------


def words(text: str) -> Iterator[str]:
    """The words of a text, each once."""
    import re

    yield from sorted(set(re.findall(r"[^\W\d]\w+", text)), key=rank)
