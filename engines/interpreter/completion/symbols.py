r"""Symbols by name: `\alpha`, `\GREEK SMALL LETTER ALPHA`, and back from a symbol.

A whole name is replaced by its symbol; the beginning of one by the names that begin so.
"""

from __future__ import annotations

import re

from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import LINE, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )

# More names than these help nobody to choose.
NAMES_AT_MOST = 1000

_LATEX = re.compile(r"\\([\w^!+()-]*)\Z")
_UNICODE = re.compile(r"\\([A-Z][A-Z0-9 -]+)\Z")
_ESCAPE = re.compile(r"\\N\{([A-Z0-9 -]*)\Z")
# Ranges whose names are made by a rule or that have none: nobody completes them.
_UNNAMED = ((0x3400, 0x9FFF), (0xAC00, 0xD7FF), (0x17000, 0x18CFF), (0x20000, 0xE00FF))
_LAST = 0xE01F0

_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron"
    " pi rho sigma tau upsilon phi chi psi omega"
)
_GREEK = _LETTERS.split()
# Prefixes of alphabets, and what Unicode calls these.
_STYLES = {
    "bf": "BOLD",
    "it": "ITALIC",
    "bi": "BOLD ITALIC",
    "scr": "SCRIPT",
    "bscr": "BOLD SCRIPT",
    "frak": "FRAKTUR",
    "bfrak": "BOLD FRAKTUR",
    "bb": "DOUBLE-STRUCK",
    "sans": "SANS-SERIF",
    "bsans": "SANS-SERIF BOLD",
    "isans": "SANS-SERIF ITALIC",
    "bisans": "SANS-SERIF BOLD ITALIC",
    "tt": "MONOSPACE",
}
_VARIANTS = {
    "vartheta": "THETA SYMBOL",
    "varkappa": "KAPPA SYMBOL",
    "phi": "PHI SYMBOL",
    "varphi": "SMALL PHI",
    "varrho": "RHO SYMBOL",
    "varpi": "PI SYMBOL",
    "epsilon": "EPSILON SYMBOL",
    "varepsilon": "SMALL EPSILON",
    "nabla": "NABLA",
    "partial": "PARTIAL DIFFERENTIAL",
    "varsigma": "SMALL FINAL SIGMA",
    "varTheta": "CAPITAL THETA SYMBOL",
    "Digamma": "CAPITAL DIGAMMA",
    "digamma": "SMALL DIGAMMA",
}
# Letters that were in Unicode before their alphabets.
_OLD = {"scr": "SCRIPT", "frak": "BLACK-LETTER", "bb": "DOUBLE-STRUCK"}
_NUMBERS = "zero one two three four five six seven eight nine"
_DIGITS = _NUMBERS.split()

_tables: dict[str, dict[str, str]] = {}


# --- matchers -------------------------------------------------------------------------


def latex_name_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    r"""A name of LaTeX to its symbol, the beginning of one to the names."""
    match = _typed(_LATEX, completer, context)
    if match is None:
        return None
    name = match[1]
    place = completer.place_of(context)
    if place.kind == STRING and len(name) < 2:
        return None  # `"\n"`
    table = symbols()
    if name in table:
        return _result(match[0], [table[name]], "latex")
    names = sorted(f"\\{one}" for one in table if one.startswith(name))
    return _result(match[0], names, "latex")


def unicode_name_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """A whole name of Unicode to its character."""
    import unicodedata

    match = _typed(_UNICODE, completer, context)
    if match is None:
        return None
    try:
        return _result(match[0], [unicodedata.lookup(match[1])], "unicode")
    except KeyError:
        return None


def forward_unicode_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    r"""Names of Unicode that begin as typed, or else have these words; in \N{} too."""
    match = _typed(_ESCAPE, completer, context)
    if match is not None:
        names = [f"\\N{{{name}}}" for name in names_like(match[1])]
        return _result(match[0], names, "unicode")
    match = _typed(_UNICODE, completer, context)
    if match is None:
        return None
    names = [f"\\{name}" for name in names_like(match[1]) if name != match[1]]
    return _result(match[0], names, "unicode")


def back_latex_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """A symbol behind a backslash to its name of LaTeX."""
    typed = context.text_until_cursor[-2:]
    if not completer.backslash_combining_completions or not _is_back(typed):
        return None
    names = [f"\\{name}" for name, one in symbols().items() if one == typed[1]]
    return _result(typed, names, "latex")


def back_unicode_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """A character behind a backslash to its name of Unicode."""
    import unicodedata

    typed = context.text_until_cursor[-2:]
    if not completer.backslash_combining_completions or not _is_back(typed):
        return None
    name = unicodedata.name(typed[1], "")
    return _result(typed, [f"\\{name}"], "unicode") if name else None


def _typed(
    pattern: re.Pattern[str], completer: IPCompleter, context: CompletionContext
) -> re.Match[str] | None:
    if not completer.backslash_combining_completions:
        return None
    place = completer.place_of(context)
    if place.kind == LINE and place.code.startswith("!", place.line):
        return None  # a shell's backslash
    return pattern.search(context.text_until_cursor)


def _is_back(typed: str) -> bool:
    return len(typed) == 2 and typed[0] == "\\" and not typed[1].isascii()


def _result(fragment: str, texts: list[str], kind: str) -> MatcherResult | None:
    if not texts:
        return None
    return {
        "completions": [
            SimpleCompletion(text, type=kind) for text in texts[:NAMES_AT_MOST]
        ],
        "matched_fragment": fragment,
        "ordered": True,
        "suppress": True,
    }


# --- names ----------------------------------------------------------------------------


def symbols() -> dict[str, str]:
    """Names of LaTeX, without the backslash, to their symbols."""
    table = _tables.get("latex")
    if table is None:
        table = _tables["latex"] = _make_table()
    return table


def _make_table() -> dict[str, str]:
    from ipcluster.engines.interpreter.completion import symbol_table as t

    table = {"^" + name: symbol for name, symbol in _pairs(t.ABOVE)}
    table.update(("_" + name, symbol) for name, symbol in _pairs(t.BELOW))
    table.update((name, chr(int(code, 16))) for name, code in _pairs(t.ACCENTS))
    for name, symbol in _alphabets():
        table.setdefault(name, symbol)
    table.update(_pairs(t.PLAIN))
    # LaTeX's plain ones are the curved forms; `\var...` are the plain letters.
    table["epsilon"], table["phi"] = "\u03f5", "\u03d5"
    return table


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    words = text.split()
    return zip(words[::2], words[1::2], strict=True)


def _alphabets() -> Iterator[tuple[str, str]]:
    """Letters and digits of all alphabets, as far as Unicode has them."""
    import unicodedata

    for short, full in _wanted():
        try:
            yield short, unicodedata.lookup(full)
        except KeyError:
            continue


def _wanted() -> Iterator[tuple[str, str]]:
    """Names of letters, and what Unicode would call them."""
    greek = [(name, name.upper().replace("LAMBDA", "LAMDA")) for name in _GREEK]
    for short, name in greek:
        yield short, f"GREEK SMALL LETTER {name}"
        yield short.capitalize(), f"GREEK CAPITAL LETTER {name}"
    for prefix, style in _STYLES.items():
        start = f"MATHEMATICAL {style}"
        for variant, name in _VARIANTS.items():
            yield prefix + variant, f"{start} {name}"
        for letter in "abcdefghijklmnopqrstuvwxyz":
            for case, shown in (("SMALL", letter), ("CAPITAL", letter.upper())):
                name = f"{case} {letter.upper()}"
                yield prefix + shown, f"{start} {name}"
                if prefix in _OLD:
                    yield prefix + shown, f"{_OLD[prefix]} {name}"
        for short, name in greek:
            yield prefix + short, f"{start} SMALL {name}"
            yield prefix + short.capitalize(), f"{start} CAPITAL {name}"
        for digit in _DIGITS:
            yield prefix + digit, f"{start} DIGIT {digit.upper()}"


def names_like(typed: str) -> list[str]:
    """Unicode's names that begin with what was typed, or else have its words."""
    names = _all_names()
    found = [name for name in names if name.startswith(typed)]
    if not found and typed.strip():
        wanted = typed.split()
        found = [
            name
            for name in names
            if all(
                any(word.startswith(start) for word in name.split()) for start in wanted
            )
        ]
    return sorted(found)[:NAMES_AT_MOST]


def _all_names() -> dict[str, str]:
    table = _tables.get("unicode")
    if table is None:
        import unicodedata

        table = {}
        at = 0x20
        for start, stop in (*_UNNAMED, (_LAST, _LAST)):
            for code in range(at, start):
                name = unicodedata.name(chr(code), "")
                if name:
                    table[name] = chr(code)
            at = stop + 1
        _tables["unicode"] = table
    return table
