"""Lines that are no Python: magics with their arguments, commands, `?` and `/`.

The rest of such a line may be Python again (`%timeit np.so|`, `?np.so|`): then its own
place is looked at by the matchers of Python.
"""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.completion import magic_arguments
from ipcluster.engines.interpreter.completion.files import as_typed, files, shell_word
from ipcluster.engines.interpreter.completion.matching import fits, select
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import CODE, LINE, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )

_programs: dict[str, tuple[float, frozenset[str]]] = {}


class Line:
    """A line of a magic or a command, up to the cursor.

    sign   how it begins: "%", "%%", "!", "?", "/", ",", ";"; "" for automagic
    name   the magic's, without signs; `is_whole` when something stands behind it
    rest   what stands behind the name (or behind the sign, where there is no name)
    """

    def __init__(self, sign: str, text: str, has_name: bool) -> None:
        self.sign = sign
        self.name = ""
        self.is_whole = False
        self.rest = text
        if has_name:
            parts = text.split(None, 1)
            self.name = parts[0] if parts else ""
            self.is_whole = text != self.name
            self.rest = text[len(self.name) :].lstrip() if self.is_whole else ""


def line_at(completer: IPCompleter, place: Place) -> Line | None:
    """The line of a magic or a command that the cursor is in; None: it is in none."""
    code, cursor = place.code, place.cursor
    if place.kind == LINE:
        text = code[place.line : cursor]
        for sign in ("%%", "!!", "??", "%", "!", "?", "/", ",", ";"):
            if text.startswith(sign):
                return Line(sign, text[len(sign) :], sign[0] == "%")
    if place.cell in magic_arguments.COMMAND_CELLS and "\n" in code[:cursor]:
        return Line("!", code[code.rfind("\n", 0, cursor) + 1 : cursor], False)
    if place.kind != CODE or place.cell or "\n" in code:
        return None
    return _automagic(completer, code[:cursor].lstrip())


def _automagic(completer: IPCompleter, text: str) -> Line | None:
    """A magic without its sign: a name that nothing else has, and no operator."""
    name, blank, rest = text.partition(" ")
    if not blank or not name.isidentifier() or not completer.is_automagic(name):
        return None
    after = rest.lstrip()
    if after[:1] in ("=", "(", ",", ".", "[") or after[:2] in ("+=", "==", "in", "is"):
        return None
    return Line("", text, True)


# --- names of magics ------------------------------------------------------------------


def magic_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Names of magics: behind their signs, and at the beginning of a line."""
    place = completer.place_of(context)
    line = line_at(completer, place)
    first_line = "\n" not in place.code[: place.cursor].lstrip("\n")
    if line is not None and line.sign in ("%", "%%") and not line.is_whole:
        kinds = {"%": ("line", "cell"), "%%": ("cell",)}[line.sign]
        if not first_line or place.tokens:
            kinds = tuple(kind for kind in kinds if kind == "line")
        found = _magics(completer, line.name, kinds, fuzzy=completer.fuzzy)
        return {
            "completions": found,
            "matched_fragment": line.sign + line.name,
            "ordered": True,
            "suppress": bool(found),
        }
    if line is None and place.kind == CODE and first_line and "\n" not in place.code:
        fragment = place.fragment
        if fragment and len(place.tokens) == 1 and completer.has_automagic():
            return {
                "completions": _magics(completer, fragment, ("line", "cell")),
                "matched_fragment": fragment,
                "ordered": True,
            }
    return None


def _magics(
    completer: IPCompleter, start: str, kinds: Iterable[str], *, fuzzy: bool = False
) -> list[SimpleCompletion]:
    signs = {"line": "%", "cell": "%%"}
    having: dict[str, list[str]] = {}
    for kind in kinds:
        for name in completer.magic_names(kind):
            if fits(name, start, fuzzy=fuzzy):
                having.setdefault(name, []).append(signs[kind])
    return [
        SimpleCompletion(sign + name, type="magic")
        for name in select(having, start, fuzzy=fuzzy)
        for sign in having[name]
    ]


# --- arguments of magics --------------------------------------------------------------


def magic_argument_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Options of a magic, and arguments of the kind that it takes."""
    place = completer.place_of(context)
    line = line_at(completer, place)
    if line is None or line.sign not in ("%", "%%", "") or not line.is_whole:
        return None
    word, meaning = shell_word(line.rest)
    if word.startswith("-"):
        return _options(completer, line, word)
    kind = magic_arguments.argument_kind(line.name)
    words = line.rest.split()
    if line.name == "cd" and "-b" in words:
        kind = "bookmarks"
    if line.name == "run":
        kind = _kind_for_run(words[: -1 if word else None])
    if kind == "python":
        return None  # `python_matches` does it
    texts, type_ = _arguments(completer, kind, line, word, meaning)
    if kind == "any":
        texts += _paths(word, meaning)
    return {
        "completions": [SimpleCompletion(text, type=type_) for text in texts],
        "matched_fragment": word,
        "ordered": True,
    }


def _kind_for_run(words: list[str]) -> str:
    if words and words[-1] == "-m":
        return "modules"
    return "files" if any(not one.startswith("-") for one in words) else "scripts"


def _options(completer: IPCompleter, line: Line, word: str) -> MatcherResult | None:
    function = completer.shell.find_magic(
        line.name, "cell" if line.sign == "%%" else "line"
    )
    found = [
        one for one in magic_arguments.options_of(function) if one.startswith(word)
    ]
    completions = [SimpleCompletion(one, type="param") for one in found]
    if line.name == "cd":
        history = completer.shell.user_ns.get("_dh", ())
        for number, folder in enumerate(history):
            if f"-{number}".startswith(word):
                text = f"-{number}"
                completions.append(
                    SimpleCompletion(text, type="path", signature=str(folder))
                )
    if not completions:
        return None
    return {
        "completions": completions,
        "matched_fragment": word,
        "ordered": True,
        "suppress": True,
    }


def _arguments(
    completer: IPCompleter, kind: str, line: Line, word: str, meaning: str
) -> tuple[list[str], str]:
    """Arguments of a kind that begin as typed, and what kind of thing they are."""
    if kind in ("files", "folders", "scripts"):
        return _paths(word, meaning, kind), "path"
    if kind == "choice":
        return _beginning(magic_arguments.choices_of(line.name), word), "param"
    if kind == "modules":
        from ipcluster.engines.interpreter.completion import imports

        above, dot, _ = word.rpartition(".")
        names = imports.modules_below(above, Place("", 0))
        return _beginning([f"{above}{dot}{name}" for name in names], word), "module"
    if kind == "environment":
        return _beginning(os.environ, word), "param"
    if kind == "commands":
        texts = programs(word) if line.rest == word else _paths(word, meaning)
        return texts, "path"
    known = {
        "types": completer.type_names,
        "themes": completer.theme_names,
        "magics": lambda: [*completer.magic_names("line")],
        "aliases": completer.alias_names,
        "bookmarks": completer.bookmark_names,
        "extensions": completer.extension_names,
    }
    if kind in known:
        return _beginning(known[kind](), word), "param"
    return [], "param"


def _beginning(names: Iterable[str], word: str) -> list[str]:
    return select([name for name in names if name.startswith(word)], word)


def _paths(word: str, meaning: str, kind: str = "files") -> list[str]:
    suits = _is_script if kind == "scripts" else None
    found = files(meaning, only_folders=kind == "folders", suits=suits)
    return [as_typed(path, word) for path in found]


def _is_script(name: str) -> bool:
    return name.endswith((".py", ".ipy", ".ipynb"))


def inner_place(completer: IPCompleter, place: Place) -> Place | None:
    """The place in the Python of such a line; None: there is none.

    A place in plain Python is its own.
    """
    line = line_at(completer, place)
    if line is None:
        if place.cell in magic_arguments.OTHER_CELLS and place.kind == CODE:
            return None
        return None if place.kind == LINE else place
    if line.sign in ("?", "??", "/", ",", ";"):
        return Place(line.rest, len(line.rest))
    if line.sign in ("!", "!!"):
        return _expanded_name(line.rest)
    if not line.is_whole:
        return None
    kind = magic_arguments.argument_kind(line.name)
    word, _ = shell_word(line.rest)
    if kind not in ("python", "any") or word.startswith("-"):
        return _expanded_name(line.rest)
    return Place(line.rest, len(line.rest))


def _expanded_name(text: str) -> Place | None:
    """The Python in a command: `$name` and `{expression}`."""
    import re

    match = re.search(r"(?<!\$)\$([^\W\d][\w.]*)?\Z|\{([^{}]*)\Z", text)
    if match is None:
        return None
    source = match[1] or match[2] or ""
    return Place(source, len(source))


# --- commands -------------------------------------------------------------------------


def command_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Programs, files and variables in a command of the system's shell."""
    line = line_at(completer, completer.place_of(context))
    if line is None or line.sign not in ("!", "!!"):
        return None
    word, meaning = shell_word(line.rest)
    if word.startswith("$"):
        names = [f"${name}" for name in os.environ if name.startswith(word[1:])]
        texts = sorted(names)
    elif _is_first(line.rest, word) and "/" not in word:
        texts = programs(meaning) + _paths(word, meaning) if meaning else []
    else:
        texts = _paths(word, meaning)
    return {
        "completions": [SimpleCompletion(text, type="path") for text in texts],
        "matched_fragment": word,
        "ordered": True,
    }


def _is_first(text: str, word: str) -> bool:
    """Whether a word is a program's name: at the beginning, or behind `|`, `;`, `&`."""
    before = text[: len(text) - len(word)].rstrip()
    return not before or before[-1] in "|;&("


def programs(start: str) -> list[str]:
    """Programs of `PATH` whose names begin so."""
    found: set[str] = set()
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found.update(name for name in _programs_in(folder) if name.startswith(start))
    return sorted(found)


def _programs_in(folder: str) -> frozenset[str]:
    try:
        changed = os.stat(folder).st_mtime
        known = _programs.get(folder)
        if known is not None and known[0] == changed:
            return known[1]
        names = frozenset(
            entry.name
            for entry in os.scandir(folder)
            if not entry.is_dir() and os.access(entry.path, os.X_OK)
        )
    except OSError:
        return frozenset()
    _programs[folder] = changed, names
    return names
