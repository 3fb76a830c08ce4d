"""Options of a magic's line, in getopt's way."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Options(dict[str, "Any"]):
    """Options by name, as attributes as well; one that was not given is none there."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"option {name!r} was not given") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def merge(self, defaults: dict[str, Any]) -> None:
        """Take over what is not here yet."""
        for name, value in defaults.items():
            self.setdefault(name, value)


def parse_options(
    line: str,
    short: str,
    *long: str,
    mode: str = "string",
    list_all: bool = False,
    posix: bool = True,
    strict: bool = True,
    preserve_non_opts: bool = False,
) -> tuple[Options, Any]:
    """Split options off a line.

    Args:
        line: what was typed behind the magic's name.
        short: letters, each followed by `:` if it takes a value; as `getopt.getopt`.
        long: names of long options, followed by `=` if they take a value.
        mode: what the rest is given as: one "string" or a "list".
        list_all: values are lists even of options that were given once.
        posix: whether quotes are taken off.
        strict: whether quotes have to be closed.
        preserve_non_opts: with mode "string", give the rest exactly as it was typed.

    Returns:
        The options, those without a value as "", and the rest of the line.

    Raises:
        UsageError: an option that there is not, or one without its value.
    """
    from getopt import GetoptError, getopt

    if mode not in ("string", "list"):
        raise ValueError(f"mode is string or list; not {mode!r}")
    found = Options()
    words = split(line, posix, strict)
    rest: list[str] = words
    if words:
        try:
            pairs, rest = getopt(words, short, [*long])
        except GetoptError as error:
            allowed = " ".join(f"-{letter}" for letter in short.replace(":", ""))
            names = " ".join(f"--{name}" for name in long)
            raise UsageError(
                f"{error.msg} (allowed: {' '.join(filter(None, (allowed, names)))})"
            ) from None
        for name, value in pairs:
            name = name.lstrip("-")
            if name in found:
                if not isinstance(found[name], list):
                    found[name] = [found[name]]
                found[name].append(value)
            else:
                found[name] = [value] if list_all else value
    if mode == "list":
        return found, rest
    if preserve_non_opts:
        return found, _behind(line, len(words) - len(rest))
    return found, " ".join(rest)


def leading_options(line: str, short: str, *long: str) -> tuple[Options, str]:
    """Options in front of code, which is left exactly as it was typed.

    Args:
        line: what was typed behind the magic's name.
        short: letters, each followed by `:` if it takes a value.
        long: names of long options, none of which takes a value.

    Returns:
        The values of each option, a list, and the code.

    Raises:
        UsageError: an option that there is not, or one without its value.
    """
    import re

    found, rest = Options(), line.strip()
    while match := re.match(r"-(-[\w-]*|[^\W\d])", rest):
        word = re.match(r"\S+", rest)[0]  # type: ignore[index]  # it begins with "-"
        name, before = match[1].lstrip("-"), rest
        rest = rest[len(word) :].lstrip()
        if word == "--":
            break
        if word[2:] in long and word.startswith("--"):
            found.setdefault(name, []).append("")
        elif f"{name}:" in short and len(name) == 1:
            value = word[2:]
            if not value:
                value, rest = _first_word(rest)
            if not value:
                raise UsageError(f"-{name} wants a value behind it")
            found.setdefault(name, []).append(value)
        elif len(name) == 1 and name in short:
            found.setdefault(name, []).append("")
            if word[2:]:  # more letters: `-qo`
                rest = f"-{word[2:]} {rest}"
        elif (short and len(word) == 2) or (long and word.startswith("--")):
            allowed = [f"-{letter}" for letter in short.replace(":", "")]
            allowed += [f"--{name}" for name in long]
            raise UsageError(
                f"no option {word}: there are {' '.join(allowed)}; a -- goes in front "
                "of code that begins with -"
            )
        else:  # `-x.y + 1`: code
            return found, before
    return found, rest


def _first_word(text: str) -> tuple[str, str]:
    """The first word, without the quotes around it, and what is behind it."""
    import re

    match = re.match(r"""("[^"]*"|'[^']*'|\S+)\s*""", text)
    if match is None:
        return "", text
    word = match[1]
    if word[0] in "'\"" and word[-1] == word[0]:
        word = word[1:-1]
    return word, text[match.end() :]


def split(line: str, posix: bool = True, strict: bool = True) -> list[str]:
    """The words of a line, as a shell sees them; an open quote is not an error."""
    if "'" not in line and '"' not in line and "\\" not in line:
        return line.split()
    import shlex

    lexer = shlex.shlex(line, posix=posix)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    while True:
        try:
            words.append(next(lexer))
        except StopIteration:
            return words
        except ValueError:
            if strict:
                raise
            words.append(lexer.token)
            return words


def options_first(line: str) -> str:
    """A line without quotes, its options before the rest: `name --all` is fine too."""
    return " ".join(sorted(line.split(), key=lambda word: not word.startswith("-")))


def _behind(line: str, words: int) -> str:
    """What stands in a line behind its first words."""
    import re

    rest = line.lstrip()
    for _ in range(words):
        match = re.match(r"""(?:[^\s"']+|"[^"]*"|'[^']*')+\s*""", rest)
        if match is None:
            break
        rest = rest[match.end() :]
    return rest
