"""What is taken off before anything else: indentation and prompts that were pasted.

Each function takes and gives lines with their line ends, as many as there were, so an
error's line number is the one that the user sees.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Match, Pattern

_SPACE = " \t"


def _first(lines: list[str]) -> int:
    """Which line is the first that is not blank; how many there are, if none is."""
    for number, line in enumerate(lines):
        if line and not line.isspace():
            return number
    return len(lines)


def leading_indent(lines: list[str]) -> list[str]:
    """Take off the indentation that all lines share.

    So a piece of a function's body runs as it is. Lines that begin within a string
    keep theirs: it is part of a value.
    """
    first = _first(lines)
    if first == len(lines) or lines[first][0] not in _SPACE:
        return lines
    line = lines[first]
    indent = line[: len(line) - len(line.lstrip(_SPACE))]
    within = _within_strings("".join(lines))
    for number, line in enumerate(lines):
        if number not in within and not line.isspace():
            while not line.startswith(indent):
                indent = indent[:-1]
    size = len(indent)
    return [
        line
        if number in within
        else line[size:]
        if line.startswith(indent)
        else line.lstrip(_SPACE)
        for number, line in enumerate(lines)
    ]


def _within_strings(text: str) -> set[int]:
    """The numbers of the lines that begin within a string."""
    if '"""' not in text and "'''" not in text:
        return set()
    from ipcluster.engines.interpreter.transforms.scanning import Scanner

    scanner = Scanner(text)
    for _ in scanner.lines():
        pass
    numbers: set[int] = set()
    for begin, end in scanner.strings:
        first = text.count("\n", 0, begin) + 1
        numbers.update(range(first, first + text.count("\n", begin, end)))
    return numbers


# --- prompts --------------------------------------------------------------------------

_COLOUR = r"\x1b\[[0-9;?]*[A-Za-z]"
_IPYTHON = r"[ \t]*(?:\[(?:ins|nav)\] )?In \[\d+\]: ?|[ \t]*\.{3,}: ?"


def classic_prompt(lines: list[str]) -> list[str]:
    """Take off `>>> ` and `... ` if a session of plain Python was pasted."""
    if not _may_have_prompt(lines, (">>>",), (">>>", "...")):
        return lines
    import re

    first = re.compile(r"(>>>)( |$|(?=\S))")
    every = re.compile(r"(>>>|\.\.\.)( |$)|>>>(?=\S)", re.MULTILINE)
    second = re.compile(r"(>>>|\.\.\.) ")
    return _without(lines, first, every, second)


def ipython_prompt(lines: list[str]) -> list[str]:
    """Take off `In [3]: ` and `   ...: ` if a session was pasted, and its outputs."""
    if not _may_have_prompt(lines, ("In [", "...", "["), ("In [", "...", "[")):
        return lines
    import re

    prompt = re.compile(_IPYTHON)
    return _without(lines, prompt, prompt, prompt, without_outputs)


def _may_have_prompt(
    lines: list[str], begins: tuple[str, ...], second: tuple[str, ...]
) -> bool:
    """Whether a closer look is worth it: most cells have no prompt."""
    first = _first(lines)
    if first == len(lines):
        return False
    if "\x1b" in lines[first]:
        return True
    if lines[first].lstrip(_SPACE).startswith(begins):
        return True
    following = lines[first + 1 : first + 2]
    return bool(following) and following[0].lstrip(_SPACE).startswith(second)


def _without(
    lines: list[str],
    initial: Pattern[str],
    prompt: Pattern[str],
    second: Pattern[str],
    after: Callable[[list[str], Pattern[str]], list[str]] | None = None,
) -> list[str]:
    """Lines without prompts, if the first line has one, or the second does.

    The second, because whoever copies may have begun behind the first prompt.
    """
    import re

    first = _first(lines)
    plain = lines
    if any("\x1b" in line for line in lines[first : first + 2]):
        plain = [re.sub(_COLOUR, "", line) for line in lines]
    line = plain[first]
    indent = line[: len(line) - len(line.lstrip(_SPACE))]
    if indent and not initial.match(line):
        plain = [line.removeprefix(indent) for line in plain]
    if not initial.match(plain[first]):
        if plain[first].startswith("%%"):  # a cell magic's text is its own
            return lines
        following = plain[first + 1 : first + 2]
        if not following or not second.match(following[0]):
            return lines
        if following[0].startswith("... ") and not plain[first].rstrip().endswith(":"):
            return lines  # it may be Python's Ellipsis
        if first + 1 in _within_strings("".join(plain)):
            return lines
    if after is not None:
        plain = after(plain, prompt)
    return [_cut(prompt.match(line), line) for line in plain]


def _cut(prompt: Match[str] | None, line: str) -> str:
    return line if prompt is None else line[prompt.end() :] or "\n"


def without_outputs(lines: list[str], prompt: Pattern[str]) -> list[str]:
    """Blank lines in the place of `Out[3]: ...`, up to a blank line or a prompt."""
    import re

    output = re.compile(r"[ \t]*Out\[\d+\]:")
    kept: list[str] = []
    is_output = False
    for line in lines:
        if output.match(line):
            is_output = True
        elif line.isspace() or prompt.match(line):
            is_output = False
        kept.append("\n" if is_output else line)
    return kept


# --- cell magics ----------------------------------------------------------------------


def cell_magic(lines: list[str]) -> list[str]:
    """One call for a cell that begins with `%%name`; `%%name?` asks for help."""
    first = _first(lines)
    if first == len(lines) or not lines[first].startswith("%%"):
        return lines
    from ipcluster.engines.interpreter.transforms import escapes

    line = lines[first].rstrip()
    asked = escapes.help_call(line) if " " not in line else None
    made = asked or escapes.cell_magic(line, "".join(lines[first + 1 :]))
    return [*lines[:first], made + "\n"]
