"""Lines that are no Python, and the calls that they become.

    %name rest        get_ipython().run_line_magic('name', 'rest')
    !command          get_ipython().system('command')
    !!command         get_ipython().getoutput('command')
    ?name  name?      get_ipython().run_line_magic('pinfo', 'name')
    ??name  name??    ... 'pinfo2', and 'psearch' for a name with *
    ,f a b            f("a", "b")
    ;f a b            f("a b")
    /f a b            f(a, b)

A `# comment` behind a magic or a command is a part of it: `#` means something to them.
A call takes as many lines as what it stands for, so the lines below keep their numbers.
"""

from __future__ import annotations

import re

from ipcluster.engines.interpreter.transforms import scanning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.transforms.scanning import Line

# A name as `?` takes it: dots, subscripts and calls behind it, wildcards in it.
_PART = r"(?!\d)[\w*]+"
_SUBSCRIPT = r"""\[(?:[^\[\]"'\n]|"[^"\n]*"|'[^'\n]*')*\]"""
_CALL = r"""\((?:[^()"'\n]|"[^"\n]*"|'[^'\n]*')*\)"""
_TARGET = re.compile(
    rf"(?:%{{1,2}}(?:{_PART}|!)|{_PART}(?:\.{_PART}|{_SUBSCRIPT}|{_CALL}(?=[.\[]))*)\Z"
)
_QUESTION = re.compile(r"(?<=[^?\s])\?{1,2}\Z")


def call(line: Line, text: str) -> str | None:
    """The Python of a line that is none, its line end included; None: leave it."""
    made: str | None
    kept = text[line.start : line.begin]
    if line.kind == scanning.ASSIGNED:
        kept = text[line.start : line.mark]
        made = _assigned(joined(text[line.mark : line.end]))
    elif line.kind == scanning.HELP:
        made = help_call(text[line.begin : line.mark])
    else:
        made = _escaped(joined(text[line.begin : line.end]))
    if made is None:
        return None
    ends = text.count("\n", line.start, line.end) - kept.count("\n")
    return kept + made + "\n" * ends


def joined(verbatim: str) -> str:
    """One line of several that end in backslashes, without its line end."""
    if "\\\n" not in verbatim:
        return verbatim.rstrip()
    parts = verbatim.rstrip("\n").split("\\\n")
    return " ".join([*parts[:-1], parts[-1].rstrip()])


def _escaped(line: str) -> str | None:
    if line.startswith("!!"):
        return _output(line[2:])
    if line[0] == "!":
        return _command(line[1:])
    if line[0] == "%":
        asked = help_call(line) if line.endswith("?") else None
        return asked or magic(line)
    if line[0] == "?":
        return _asked(line)
    return _quoted(line)


def _assigned(line: str) -> str:
    if line[0] == "%":
        return magic(line)
    return _output(line.removeprefix("!").removeprefix("!"))


def _command(command: str) -> str:
    return f"get_ipython().system({command.lstrip()!r})"


def _output(command: str) -> str:
    return f"get_ipython().getoutput({command.lstrip()!r})"


def magic(line: str) -> str:
    """The call of `%name rest`; of two percent signs the second stays.

    A cell magic below the first line does not run: the message about the missing magic
    says why.
    """
    name, _, rest = line[1:].lstrip(" \t").replace("\t", " ", 1).partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest!r})"


def cell_magic(line: str, body: str) -> str:
    """The call of `%%name line` with all that stands below it."""
    name, _, rest = line[2:].strip().replace("\t", " ", 1).partition(" ")
    return f"get_ipython().run_cell_magic({name!r}, {rest!r}, {body!r})"


# --- help -----------------------------------------------------------------------------


def help_call(code: str) -> str | None:
    """The call that `... name?` stands for: help on the last name; None: no help."""
    question = _QUESTION.search(code)
    if question is None:
        return None
    before = code[: question.start()]
    # A name begins at the start, or behind what can not be a part of it.
    starts = [0, *(m.end() for m in re.finditer(r"[\s=+\-/,;:&|^<>~@({\[%]", before))]
    if "%" in before:
        starts += [m.start() for m in re.finditer(r"(?<!%)%", before)]
    for start in sorted(starts):
        target = _TARGET.match(before, start)
        if target is not None:
            return _about(target[0], question[0])
    return None


def _asked(line: str) -> str | None:
    marks = "??" if line.startswith("??") else "?"
    target = line[len(marks) :].strip().rstrip("?").rstrip()
    if not target:
        return "get_ipython().show_usage()"
    return _about(target, marks)


def _about(target: str, marks: str) -> str:
    if "*" in target and "(" not in target and "[" not in target:
        return f"get_ipython().run_line_magic('psearch', {target!r})"
    name = "pinfo2" if marks == "??" else "pinfo"
    return f"get_ipython().run_line_magic({name!r}, {target!r})"


# --- calls without parentheses --------------------------------------------------------


def _quoted(line: str) -> str | None:
    mark, content = line[0], line[1:].strip()
    name, _, rest = content.replace("\t", " ", 1).partition(" ")
    if not name or not _is_callable_name(name):
        return None  # Python will point at the mark
    rest = rest.strip()
    if mark == "/":
        return f"{name}({', '.join(rest.split())})"
    words = rest.split() if mark == "," else [rest]
    return f"{name}({', '.join(_in_quotes(word) for word in words or [''])})"


def _is_callable_name(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _in_quotes(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
