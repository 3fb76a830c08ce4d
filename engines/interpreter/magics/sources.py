"""Magics that make files, macros and cells of code from before."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import StdinNotAvailable, UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters of a source that %load asks about.
LARGE = 200_000


@magics_class
class SourceMagics(Magics):
    """Saving, loading and naming code."""

    @line_magic
    def save(self, line: str) -> None:
        """Write inputs to a file.

            %save [options] file [what]

        Without `what` all inputs of this session. It may be ranges (`1-5 7`, see
        %history?), a macro, a variable with text in it, or another file.

            -r  what was typed, not the Python that it was made into
            -f  replace a file that is there without asking
            -a  write to the file's end

        The file gets `.py` at its end, or with -r `.ipy`, if it has neither.

        Example: `%save work 1-12 15`
        """
        options, words = self.parse_options(line, "fra", mode="list")
        if not words:
            raise UsageError("Missing filename: %save file [what].")
        raw, append = "r" in options, "a" in options
        name = words[0]
        path = os.path.expanduser(name)
        if not path.endswith((".py", ".ipy")):
            suffix = ".ipy" if raw else ".py"
            name, path = name + suffix, path + suffix
        exists = os.path.isfile(path)
        if exists and not append and "f" not in options and not self._may_replace(name):
            print("Operation cancelled.")
            return
        code = self._find(" ".join(words[1:]), raw=raw)
        code = code if code.endswith("\n") else code + "\n"
        head = "" if exists and append else "# coding: utf-8\n"
        try:
            with open(
                path,
                "a" if append else "w",
                encoding="utf-8",
                errors="backslashreplace",
            ) as file:
                file.write(head + code)
        except OSError as error:
            raise UsageError(f"{name} cannot be written: {error.strerror}") from None
        print(f"The following commands were written to file `{name}`:")
        print(code, end="")

    def _may_replace(self, name: str) -> bool:
        try:
            return bool(
                self.shell.frontend.confirm(
                    f"File `{name}` exists. Overwrite?", default=False
                )
            )
        except StdinNotAvailable:
            raise UsageError(
                f"File `{name}` exists, and nobody can be asked: -f replaces it."
            ) from None

    def _find(self, target: str, *, raw: bool, search_ns: bool = False) -> str:
        """Code, or one line that says why there is none."""
        try:
            code: str = self.shell.find_user_code(target, raw=raw, search_ns=search_ns)
        except (ValueError, TypeError) as error:
            raise UsageError(str(error.args[0])) from None
        return code

    @line_magic
    def macro(self, line: str) -> list[str] | None:
        """Give inputs a name that runs them again.

            %macro [options] name what

        `what` is ranges of inputs (`1-3 7`, see %history?), a file, a variable with
        text in it, or another macro. Typing the name alone runs it, `print(name)` shows
        it, `%edit name` changes it, and `%store name` keeps it for other sessions.
        Without anything: the names of all macros.

            -r  what was typed, not the Python that it was made into
            -q  do not show what it contains

        Example: `%macro again 3-5 8`
        """
        options, words = self.parse_options(line, "rq", mode="list")
        if not words:
            from ipcluster.engines.interpreter.history.macro import Macro

            names = self.shell.user_ns.items()
            return sorted(name for name, value in names if isinstance(value, Macro))
        if len(words) == 1:
            raise UsageError(
                "%macro wants a name and what it runs: %macro name 1-3 7 ..."
            )
        name = words[0]
        code = self._find(" ".join(words[1:]), raw="r" in options)
        try:
            self.shell.define_macro(name, code)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if "q" not in options:
            print(
                f"Macro `{name}` created. To execute, type its name (without quotes)."
            )
            print("=== Macro contents: ===")
            print(self.shell.user_ns[name], end="")
        return None

    @line_magic
    def load(self, line: str) -> None:
        """Put code into the cell.

            %load [options] source

        `source` is a file, a URL, ranges of inputs (see %history?), a macro, or a
        variable with text in it. Without one, all inputs of this session.

            -r LINES    these lines alone: 5-10, or as Python's slices 5:11; several
                        with commas between them, and ends may be left out
            -s NAMES    these functions and classes alone, with commas between them
            -n          look among names as well: the source of a function or class
            -y          do not ask about sources of more than 200,000 characters

        Such as

            %load script.py
            %load -r 1-20,40- script.py
            %load -s Point,area shapes.py
            %load -n numpy.median
        """
        options, source = self.parse_options(line, "yns:r:")
        code = self._find(source, raw=True, search_ns="n" in options)
        if "s" in options:
            code = self._symbols(code, options.s)
        if "r" in options:
            lines = code.split("\n")
            chosen = ("\n".join(lines[part]) for part in _slices(options.r))
            code = "\n".join(chosen)
        if len(code) > LARGE and "y" not in options and not self._wants_large(code):
            print("Operation cancelled.")
            return
        self.shell.set_next_input(f"# %load {line}\n{code}", replace=True)

    @line_magic
    def loadpy(self, line: str) -> None:
        """The same as %load."""
        self.load(line)

    def _wants_large(self, code: str) -> bool:
        question = f"This is {len(code):,} characters long. Load it?"
        try:
            return bool(self.shell.frontend.confirm(question, default=False))
        except StdinNotAvailable:
            return True

    def _symbols(self, code: str, names: str) -> str:
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        try:
            found = _definitions(code)
        except SyntaxError:
            raise UsageError("-s wants Python, and this is none.") from None
        missing = [name for name in wanted if name not in found]
        if missing:
            raise UsageError(f"There is no {', '.join(missing)} in this source.")
        return "\n\n".join(found[name] for name in wanted) + "\n"


def _definitions(code: str) -> dict[str, str]:
    """The functions and classes at the top of a source, with their decorators."""
    import ast

    lines = code.splitlines()
    found = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def _slices(text: str) -> Iterator[slice]:
    """What `5-10,20,30:` means: slices of a list of lines.

    Raises:
        UsageError: it means nothing.
    """
    for part in text.replace(",", " ").split():
        mark = next((sign for sign in part if sign in "-:"), "")
        first, _, last = part.partition(mark) if mark else (part, "", part)
        if not all(not one or one.isdigit() for one in (first, last)) or part == mark:
            raise UsageError(f"{part!r} are no lines, as 5-10, 5:11 and 30- are")
        start = int(first) - 1 if first else 0
        stop = int(last) if last else None
        if mark == ":" and stop is not None:
            stop -= 1
        yield slice(max(0, start), stop)
