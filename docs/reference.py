"""Writes what the code knows into its pages: every magic, and every option.

    python docs/reference.py            write
    python docs/reference.py --check    write nothing; fail if a page is out of date

The pages are magics.md and configuration.md. What stands between these two lines

    <!-- written by docs/reference.py: magics -->
    <!-- end -->

is made of docstrings and of the help of options; all else in them is a person's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parent

# Title, then modules of magics; those that are no part of `TABLE` by their full names.
# What is in no subject is told last.
SUBJECTS: tuple[tuple[str, str], ...] = (
    ("Objects and names", "inspection namespace"),
    ("History and code", "history sources editing pasting notebooks logs"),
    ("Values and sessions that stay", "storing sessions"),
    ("Running and measuring", "run timing prun code_wrap capturing autoreload"),
    ("Errors and the debugger", "errors"),
    ("The system", "system aliases system_aliases script directories environment"),
    ("Packages and extensions", "packages extensions"),
    ("Files and pages", "files paging"),
    ("What values look like", "printing displaying plotting gui doctests"),
    ("How the shell behaves", "automagic autoawait config screen help"),
    ("Clusters", "ipcluster.shell.clusters connecting"),
    ("In an embedded shell", "ipcluster.shell.terminal.embed"),
    ("In a kernel", "ipcluster.shell.kernel.magics"),
)

# Columns of a table that a default may take; a longer one is in `ipshell --help-all`.
LONGEST = 44

Magic = tuple[str, str]
"""How it is called, what its docstring says."""


# --- magics ---------------------------------------------------------------------------


def magics() -> str:
    """A table of all magics, then each with its options."""
    from ipcluster.engines.interpreter.magics.registry import TABLE

    homes: dict[str, str] = dict(TABLE.keys())
    named = {module for _, modules in SUBJECTS for module in modules.split()}
    others = " ".join(module for module in homes if module not in named)
    parts = (*SUBJECTS, ("Others", others)) if others else SUBJECTS
    subjects = [(title, _magics_of(modules, homes)) for title, modules in parts]
    lines: list[str] = []
    for title, found in subjects:
        lines += [f"**[{title}](#{_anchor(title)})**", "", "| magic | what it does |"]
        lines += ["|---|---|"]
        lines += [f"| {name} | {_cell(_first(text))} |" for name, text in found]
        lines.append("")
    for title, found in subjects:
        lines += [f"## {title}", ""]
        for name, text in found:
            lines += [f"### {name}", "", _first(text), ""]
            if rest := text.partition("\n\n")[2].strip("\n"):
                lines += ["```text", rest, "```", ""]
    return "\n".join(lines).rstrip()


def _magics_of(modules: str, homes: dict[str, str]) -> list[Magic]:
    found: list[Magic] = []
    for module in modules.split():
        if module == "system_aliases":
            found.append(_system_aliases())
        elif "." in module:
            found += _magics_in(import_module(module), "")
        else:
            place = import_module(f"ipcluster.engines.interpreter.magics.{module}")
            found += _magics_in(place, homes[module])
    return sorted(found, key=lambda magic: re.findall(r"[\w!]+", magic[0].lower()))


def _magics_in(module: Any, class_name: str) -> list[Magic]:
    """The magics of a class, or of all classes of magics that a module defines."""
    from ipcluster.engines.interpreter.magics.registry import CELL, LINE, Magics

    classes = [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Magics)
        and value.__module__ == module.__name__
        and class_name in ("", name)
    ]
    found = []
    for cls in classes:
        table: Any = cls.magics
        for name in {**table[LINE], **table[CELL]}:
            signs = [
                sign
                for kind, sign in ((LINE, "%"), (CELL, "%%"))
                if name in table[kind]
            ]
            attribute = table[LINE].get(name) or table[CELL][name]
            text = cleandoc(_function(cls, attribute).__doc__ or "")
            assert text, f"{cls.__name__}: {name} has no docstring"
            found.append((" ".join(f"`{sign}{name}`" for sign in signs), text))
    return found


def _function(cls: type, attribute: Any) -> Any:
    return attribute if callable(attribute) else getattr(cls, attribute)


def _system_aliases() -> Magic:
    from ipcluster.engines.interpreter.aliases import default_aliases

    names = sorted(name for name, _ in default_aliases())
    text = (
        "Commands of the system by their names: aliases that are there from the start."
        "\n\nOn Windows: copy, ddir, echo, ldir, ls, mkdir, ren, rmdir."
    )
    return " ".join(f"`%{name}`" for name in names), text


# --- options --------------------------------------------------------------------------


def options() -> str:
    """Every class with its options."""
    for module in ("terminal.shell", "kernel.settings"):
        import_module(f"ipcluster.shell.{module}")
    from ipcluster.engines.interpreter.configuration.defaults import described

    found = sorted(described(), key=lambda pair: pair[0].__name__)
    names = [cls.__name__ for cls, _ in found]
    lines = [", ".join(f"[{name}](#{name.lower()})" for name in names) + ".", ""]
    for cls, own in found:
        summary = _first(cleandoc(cls.__doc__ or ""))
        bases = [base.__name__ for base in cls.__mro__[1:] if base.__name__ in names]
        if bases:
            kin = ", ".join(f"[{name}](#{name.lower()})" for name in bases)
            summary += f" It has the options of {kin} as well."
        lines += [f"### {cls.__name__}", "", summary, ""]
        lines += ["| option | default | what it is |", "|---|---|---|"]
        for name, option in own.items():
            lines.append(f"| `{name}` | {_default(option)} | {_cell(_help(option))} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _default(option: Any) -> str:
    text = repr(option.default)
    if len(text) > LONGEST:
        return f"a {type(option.default).__name__}"
    return f"`{_cell(text)}`"


def _help(option: Any) -> str:
    text = " ".join(option.help.split())
    if option.choices:
        text += f" One of {', '.join(f'`{choice!r}`' for choice in option.choices)}."
    return text


# --- text -----------------------------------------------------------------------------


def _first(text: str) -> str:
    """The first paragraph, as one line."""
    return " ".join(text.partition("\n\n")[0].split())


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")


def _anchor(title: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")


PARTS: dict[str, Callable[[], str]] = {"magics": magics, "options": options}


def filled(page: str) -> str:
    """A page with its parts as they have to be."""

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n{PARTS[found[2]]()}\n\n<!-- end -->"

    mark = r"(<!-- written by docs/reference\.py: (\w+) -->).*?<!-- end -->"
    return re.sub(mark, part, page, flags=re.DOTALL)


def main(words: list[str]) -> int:
    """Write the pages, or look at them; the exit status."""
    status = 0
    for path in sorted(PAGES.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        right = filled(page)
        if page == right:
            continue
        if "--check" in words:
            print(f"docs/{path.name} is out of date: run python docs/reference.py")
            status = 1
        else:
            path.write_text(right, encoding="utf-8")
            print(f"docs/{path.name} is written")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
