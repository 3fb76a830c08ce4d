"""Paths: in strings, in commands, and as arguments of magics."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.completion.matching import fits
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )

# What a shell would take apart, or replace by something else.
_SPECIAL = " \t\\'\"`$&|;<>()*?[]#~{}!"


def string_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Files that the text in an open string could name."""
    place = completer.place_of(context)
    string = place.string
    if place.kind != STRING or string is None:
        return None
    typed = place.code[string.start : place.cursor]
    if "\n" in typed or "b" in string.prefix or ("f" in string.prefix and "{" in typed):
        return None
    raw = "r" in string.prefix
    meaning = typed if raw else typed.replace("\\\\", "\\")
    paths = files(meaning, fuzzy=completer.fuzzy)
    return {
        "completions": [SimpleCompletion(path, type="path") for path in paths],
        "matched_fragment": typed,
        "ordered": True,
    }


def files(
    typed: str,
    *,
    only_folders: bool = False,
    suits: Callable[[str], bool] | None = None,
    fuzzy: bool = False,
) -> list[str]:
    """Paths that begin with what was typed; folders end with a slash.

    `~` stays as it was typed. Hidden files are for those who typed their dot.
    """
    folder, _, start = typed.rpartition(os.sep)
    shown = typed[: len(typed) - len(start)]
    if not folder and shown:  # "/"
        folder = shown
    if typed == "~" or (typed.startswith("~") and not shown):
        return _homes(typed)
    try:
        entries = list(os.scandir(os.path.expanduser(folder) or os.curdir))
    except (OSError, ValueError):
        return []
    found = []
    for entry in entries:
        name = entry.name
        if name.startswith(".") and start[:1] != ".":
            continue
        if not fits(name, start, fuzzy=fuzzy):
            continue
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            found.append(f"{shown}{name}{os.sep}")
        elif not only_folders and (suits is None or suits(name)):
            found.append(shown + name)
    return sorted(found)


def _homes(typed: str) -> list[str]:
    """`~` and `~name`."""
    if typed == "~":
        return ["~" + os.sep]
    import pwd

    return sorted(
        f"~{entry.pw_name}{os.sep}"
        for entry in pwd.getpwall()
        if entry.pw_name.startswith(typed[1:]) and os.path.isdir(entry.pw_dir)
    )


def shell_word(line: str) -> tuple[str, str]:
    """The last word of a command line as it was typed, and what it means.

    An open quote belongs to the word.
    """
    word, meaning, quote = "", "", ""
    escaped = False
    for char in line:
        if escaped:
            escaped = False
            word += char
            meaning += char
        elif char == "\\" and quote != "'":
            escaped = True
            word += char
        elif quote:
            word += char
            if char == quote:
                quote = ""
            else:
                meaning += char
        elif char in "'\"":
            quote = char
            word += char
        elif char in " \t\n|&;<>()=`":
            word = meaning = ""
        else:
            word += char
            meaning += char
    return word, meaning


def as_typed(path: str, word: str) -> str:
    """A path as it would be typed on in the manner of `word`."""
    if word[:1] in ("'", '"'):
        return word[0] + path
    head = ""
    if path.startswith("~"):
        head, path = "~", path[1:]
    return head + "".join("\\" + c if c in _SPECIAL else c for c in path)
