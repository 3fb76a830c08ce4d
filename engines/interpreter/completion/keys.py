"""Keys of mappings, tables and arrays, inside the brackets of a subscript.

    table["na|       d[(1, "x|       store["a"]["b|       d[b'x|       d[10|

Texts are offered without the quote that has been typed; with `auto_close_dict_keys`
the closing quote and bracket come too, where there is none yet.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import NOTHING
from ipcluster.engines.interpreter.completion.evaluation import is_plain
from ipcluster.engines.interpreter.completion.matching import fits
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import CODE, STRING, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )
    from ipcluster.engines.interpreter.completion.scanning import Place, Token

# Of a larger mapping only these are looked at.
KEYS_AT_MOST = 100_000


class _Typed:
    """What stands in the brackets: whole parts of a tuple, and the part being typed.

    `start` is where the last part begins, `quote` its opening quote, "" without one,
    `prefix` the letters before that.
    """

    def __init__(
        self, parts: tuple[Any, ...], start: int, prefix: str, quote: str, text: str
    ) -> None:
        self.parts = parts
        self.start = start
        self.prefix = prefix
        self.quote = quote
        self.text = text


def key_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Keys that could be meant in the subscript at the cursor."""
    place = completer.place_of(context)
    number = _subscript(place)
    if number is None:
        return None
    source = place.bracket_of(number)
    if source is None:
        return None
    evaluator = completer.evaluator(place)
    typed = _read(place, number, evaluator)
    if typed is None:
        return None
    value = evaluator.try_evaluate(source)
    if value is NOTHING:
        return None
    offered = _offered(keys_of(value), typed, completer.dict_keys_only)
    after = place.code[place.cursor :]
    texts = sorted(
        text
        for key, is_last in offered
        if (text := _text(completer, key, typed, is_last, after)) is not None
    )
    if not texts:
        return None
    return {
        "completions": [SimpleCompletion(text, type="dict key") for text in texts],
        "matched_fragment": place.code[typed.start : place.cursor],
        "ordered": True,
        "suppress": True,
    }


def _subscript(place: Place) -> int | None:
    """The number of the `[` whose key is being typed; also around a tuple's `(`."""
    if place.kind not in (CODE, STRING) or not place.brackets:
        return None
    number = place.brackets[-1]
    tokens = place.tokens
    if (
        tokens[number].text == "("
        and len(place.brackets) > 1
        and place.brackets[-2] == number - 1
    ):
        number -= 1
    return number if tokens[number].text == "[" else None


def _read(place: Place, number: int, evaluator: Any) -> _Typed | None:
    tokens = place.tokens[number + 1 :]
    if tokens and tokens[0].text == "(" and len(place.brackets) > 1:
        tokens = tokens[1:]
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == ",":
            groups.append([])
        elif token.text == ":":
            return None  # a slice
        else:
            groups[-1].append(token)
    parts = []
    for group in groups[:-1]:
        if not group:
            return None
        source = place.code[group[0].start : group[-1].end]
        value = evaluator.try_evaluate(source)
        if value is NOTHING or not is_plain(value):
            value = ...  # any
        parts.append(value)
    last = groups[-1]
    if place.string is not None and place.kind == STRING:
        if last:
            return None
        string = place.string
        if "{" in place.code[string.start : place.cursor] and "f" in string.prefix:
            return None
        text = place.code[string.start : place.cursor]
        return _Typed(tuple(parts), string.start, string.prefix, string.quote, text)
    if any(token.kind == TEXT for token in last) or (
        last and last[-1].end != place.cursor
    ):
        return None
    start = last[0].start if last else place.cursor
    text = place.code[start : place.cursor]
    return _Typed(tuple(parts), start, "", "", text)


# --- keys -----------------------------------------------------------------------------


def keys_of(value: Any) -> list[Any]:
    """What a value may be subscripted with."""
    if type(value) is a.Instance:
        return []
    cls = type(value)
    hook, _ = a.class_attribute(cls, "_ipython_key_completions_")
    if hook is not NOTHING and not a.is_class(value):
        try:
            return list(hook.__get__(value, cls)())
        except Exception:
            return []
    if issubclass(cls, dict):
        return _some(dict.keys(value))
    known = _KEYS.get((str(a.module_of(cls)).partition(".")[0], a.name_of(cls)))
    if known is None:
        return []
    try:
        return _some(known(value))
    except Exception:
        return []


def _some(keys: Iterable[Any]) -> list[Any]:
    from itertools import islice

    try:
        return list(islice(keys, KEYS_AT_MOST))
    except RuntimeError:  # a thread has changed the mapping meanwhile
        return []


def _table_keys(table: Any) -> Iterable[Any]:
    return table.columns  # type: ignore[no-any-return]  # of a DataFrame


def _located_keys(indexer: Any) -> Iterable[Any]:
    """Of `.loc`: `(row, column)` pairs begin with rows; columns follow a comma."""
    table = indexer.obj
    columns = getattr(table, "columns", ())
    yield from table.index
    for column in columns:
        yield _Second(column)


class _Second:
    """A key that stands behind a comma, whatever stands before it."""

    def __init__(self, key: Any) -> None:
        self.key = key


_KEYS: dict[tuple[str, str], Any] = {
    ("pandas", "DataFrame"): _table_keys,
    ("pandas", "Series"): lambda series: series.index,
    ("pandas", "_LocIndexer"): _located_keys,
    ("pandas", "_AtIndexer"): _located_keys,
    ("numpy", "ndarray"): lambda array: array.dtype.names or (),
    ("numpy", "void"): lambda record: record.dtype.names or (),
    ("os", "_Environ"): lambda environment: list(environment),
    ("builtins", "mappingproxy"): lambda mapping: list(mapping),
    ("collections", "ChainMap"): lambda chain: {k: 0 for m in chain.maps for k in m},
}


def _offered(
    keys: list[Any], typed: _Typed, texts_only: bool
) -> list[tuple[Any, bool]]:
    """The next part of each key that fits, and whether the key ends with it."""
    count = len(typed.parts)
    found: dict[tuple[type, Any], tuple[Any, bool]] = {}
    for key in keys:
        if type(key) is _Second:
            if count != 1:
                continue
            part, is_last = key.key, True
        elif type(key) is tuple:
            if len(key) <= count or any(
                want is not ... and have != want
                for have, want in zip(key, typed.parts, strict=False)
            ):
                continue
            part, is_last = key[count], len(key) == count + 1
        elif count:
            continue
        else:
            part, is_last = key, True
        part = _python_value(part)
        if is_plain(part) and type(part) is not tuple:
            if texts_only and not isinstance(part, (str, bytes)):
                continue
            found.setdefault((type(part), part), (part, is_last))
    return list(found.values())


def _python_value(value: Any) -> Any:
    """A number or text of numpy's as Python's own."""
    if a.module_of(type(value)) == "numpy" and hasattr(value, "item"):
        return value.item()
    return value


def _text(
    completer: IPCompleter, key: Any, typed: _Typed, is_last: bool, after: str
) -> str | None:
    """What is put in the place of the typed part; None: it does not fit."""
    closes, fuzzy = completer.auto_close_dict_keys, completer.fuzzy
    end = "" if not closes else "]" if is_last and not after.startswith("]") else ""
    if closes and not is_last:
        end = ", "
    if not typed.quote:
        shown = repr(key) if not isinstance(key, complex) else None
        if shown is None or not fits(shown, typed.text, fuzzy=fuzzy):
            return None
        return shown + end
    wants_bytes = "b" in typed.prefix
    if isinstance(key, bytes) != wants_bytes or not isinstance(key, (str, bytes)):
        return None
    shown = _quoted(key, typed)
    if shown is None or not fits(shown, typed.text, fuzzy=fuzzy):
        return None
    if not closes:
        return shown
    if after.startswith(typed.quote):
        return shown
    return shown + typed.quote + end


def _quoted(key: str | bytes, typed: _Typed) -> str | None:
    """A text as it is written between these quotes."""
    quote = typed.quote
    if "r" in typed.prefix:
        text = key.decode("latin-1") if isinstance(key, bytes) else key
        if quote in text or "\n" in text or text.endswith("\\"):
            return None
        return text
    # `repr` chooses the quote by what it finds: a leading `"` makes it take `'`.
    marked = b'"' + key if isinstance(key, bytes) else '"' + key
    shown = repr(marked)
    shown = shown[shown.index("'") + 2 : -1]
    if quote[0] == '"':
        shown = shown.replace("\\'", "'").replace('"', '\\"')
    return shown
