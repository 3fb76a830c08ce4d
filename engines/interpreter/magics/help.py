"""Magics that explain the shell itself: which magics there are, and how it is used."""

from __future__ import annotations

from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@magics_class
class HelpMagics(Magics):
    """Help about magics and the shell."""

    @line_magic
    def lsmagic(self, parameter_s: str = "") -> Any:
        """List the magics.

        %lsmagic [-j]

        -j, --json  give a dict instead: for each kind, names and where they come from
        """
        listing = MagicsListing(self.shell)
        if parameter_s.strip() in ("-j", "--json"):
            return listing.to_dict()
        return listing

    @line_magic
    def magic(self, parameter_s: str = "") -> None:
        """Tell about magics, and what each of them does.

        %magic [-brief | -rest]

        -brief  one line for each
        -rest   as reStructuredText
        """
        from ipcluster.engines.interpreter.introspection.paging import page

        word = parameter_s.strip().lstrip("-")
        docs = self.shell.magics_manager.lsmagic_docs(
            brief=word == "brief", missing="No documentation"
        )
        page(self.shell, _ABOUT_MAGICS + "\n" + _described(docs, word))

    @line_magic
    def quickref(self, arg: str = "") -> None:
        """Show the most useful things on one page."""
        from ipcluster.engines.interpreter.introspection.paging import page

        page(self.shell, _QUICK_REFERENCE)


class MagicsListing:
    """The names of all magics, for showing and as a dict."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def to_dict(self) -> dict[str, dict[str, str]]:
        """For each kind, names and the classes that they come from."""
        found: dict[str, dict[str, str]] = {}
        for kind, table in self._shell.magics_manager.magics.items():
            found[kind] = {name: _origin(table[name]) for name in sorted(table.names())}
        return found

    _repr_json_ = to_dict

    def __str__(self) -> str:
        manager = self._shell.magics_manager
        lines = []
        for kind, sign in (("line", "%"), ("cell", "%%")):
            names = sorted(manager.magics[kind].names(), key=lambda n: (n.lower(), n))
            lines += [
                f"Available {kind} magics:",
                "  ".join(sign + name for name in names),
                "",
            ]
        if self._shell.automagic:
            lines.append("Automagic is on: line magics need no %.")
        else:
            lines.append("Automagic is off: line magics need their %.")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def _origin(function: Any) -> str:
    """The class of magics that a magic comes from; "Other" for a function."""
    owner = getattr(function, "__self__", None)
    return type(owner).__name__ if isinstance(owner, Magics) else "Other"


def _described(docs: dict[str, dict[str, str]], style: str) -> str:
    """The docstrings of all magics."""
    from inspect import cleandoc
    from textwrap import indent

    parts = []
    for kind, sign in (("line", "%"), ("cell", "%%")):
        for name, text in sorted(docs[kind].items()):
            if style == "brief":
                parts.append(f"{sign}{name}: {text.strip()}")
            elif style == "rest":
                body = indent(cleandoc(text), "    ")
                parts.append(f"**{sign}{name}**::\n\n{body}\n")
            else:
                body = indent(cleandoc(text), "    ")
                parts.append(f"{sign}{name}:\n{body}\n")
    return "\n".join(parts)


_ABOUT_MAGICS = """\
Magics
======

A magic is a command of the shell's. A line magic begins with one % and is given the
rest of its line, without parentheses or quotes:

    %timeit sum(range(1000))
    files = %sx ls

A cell magic begins with %% on the first line, and is given the lines below it as well:

    %%writefile notes.txt
    what was measured today

The % of a line magic may be left out (`timeit x`) where no variable has its name and
automagic is on; `%automagic` switches that. `$name` and `{expression}` in a line are
replaced by their values. Options come first, as in `%run -i script.py`.

`%name?` tells what a magic does, `%lsmagic` lists them all, and these make your own:

    from ipcluster.engines.interpreter.magics.registry import register_line_magic

    @register_line_magic
    def hello(line):
        return f"hello {line}"

All magics
==========
"""

_QUICK_REFERENCE = """\
Quick reference
===============

obj?  obj??         what an object is; with its source
np.*load*?          names with wildcards; %psearch does more
?                   about the shell

%magic  %lsmagic    about magics; which there are
%name?              what a magic does
%quickref           this page

%time x  %timeit x  how long it takes, once and many times
%run file.py        run a script; -i in this namespace, -d in the debugger, -p profiled
%debug  %pdb on     look into the last error; into each one
%who  %whos         what is bound here; with types and sizes
%reset  %xdel x     forget all; forget one, wherever it is held
%config Class.opt   options, and setting them

%history -n 1-5     inputs; -g PATTERN in all sessions
%recall  %rerun     an input at the prompt again; run it again
%save f 1-5         write inputs to a file; %load f puts one at the prompt
%macro m 1-5        inputs under a name; %store m keeps it
%edit x             in your editor, and run

In[5] _i5 _i _ii    inputs        Out[5] _5 _ __    outputs
x;                  do not show the value

!ls  !!ls           commands of the system; the latter gives its lines
x = !ls             the lines as a list: x.s x.n x.grep("a") x.fields(0)
$name {expression}  Python's values in commands and magics; $$ is a plain $
%cd -  %cd -b name  the folder before; a bookmark's
%alias name cmd     a command under a name

/f a, b             f(a, b)       ,f a b    f("a", "b")      ;f a b    f("a b")
await f()           works at the prompt
"""
