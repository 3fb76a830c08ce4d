"""Magics that tell what things are: `%pinfo` and its family, `%psearch`."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@magics_class
class InspectionMagics(Magics):
    """What objects are, where they come from, and what they are called."""

    @line_magic
    @no_var_expand
    def pinfo(self, line: str = "", namespaces: Any = None) -> None:
        """Tell what an object is: the same as `object?`.

        %pinfo NAME      signature, docstring, type, length, file, ...
        %pinfo NAME?     the same with the source: `%pinfo2 NAME`
        %pinfo PATTERN   with a `*` in it, the names that match: `%psearch PATTERN`

        A name may be that of a magic (`%pinfo %time`), and have attributes and items
        (`%pinfo a.b[0]`).
        """
        name, marks = self._asked(line)
        if not name:
            self.shell.show_usage()
        elif "*" in name:
            self.psearch(name)
        else:
            self.shell._inspect("pinfo", name, namespaces, detail_level=marks >= 2)

    @line_magic
    @no_var_expand
    def pinfo2(self, line: str = "", namespaces: Any = None) -> None:
        """Tell what an object is, with its source: the same as `object??`.

        %pinfo2 NAME
        """
        name, _ = self._asked(line)
        self.shell._inspect("pinfo", self._wanted(name), namespaces, detail_level=1)

    @line_magic
    @no_var_expand
    def pdef(self, line: str = "", namespaces: Any = None) -> None:
        """Print how an object is called; of a class, how instances are made.

        %pdef NAME
        """
        self.shell._inspect("pdef", self._wanted(line), namespaces)

    @line_magic
    @no_var_expand
    def pdoc(self, line: str = "", namespaces: Any = None) -> None:
        """Show the docstring of an object, and those of its class and its call.

        %pdoc NAME
        """
        self.shell._inspect("pdoc", self._wanted(line), namespaces)

    @line_magic
    @no_var_expand
    def psource(self, line: str = "", namespaces: Any = None) -> None:
        """Show the source of an object, also of one that was typed here.

        %psource NAME
        """
        self.shell._inspect("psource", self._wanted(line), namespaces)

    @line_magic
    @no_var_expand
    def pfile(self, line: str = "", namespaces: Any = None) -> None:
        """Show the file that an object is defined in, from its definition on.

        %pfile NAME
        %pfile FILE     any other file, `.py` may be left out
        """
        name = self._wanted(line)
        if self.shell._ofind(name, namespaces).found:
            self.shell._inspect("pfile", name, namespaces)
        elif not self._show_file(name):
            print(f"Neither an object nor a file: `{name}`.")

    def _show_file(self, name: str) -> bool:
        """Show a file, coloured; whether there is one."""
        import os

        from ipcluster.engines.interpreter.introspection import colouring
        from ipcluster.engines.interpreter.introspection.paging import page

        path = os.path.expanduser(name.strip("'\""))
        for candidate in (path, f"{path}.py"):
            if os.path.isfile(candidate):
                with open(candidate, encoding="utf-8", errors="replace") as file:
                    page(self.shell, colouring.python(file.read(), self.shell))
                return True
        return False

    @line_magic
    @no_var_expand
    def psearch(self, line: str = "") -> None:
        """Search for names with wildcards: the same as `PATTERN?`.

        %psearch [-a] [-c|-i] [-e NAMESPACE] [-s NAMESPACE] [-l] PATTERN [TYPE]

        In a pattern `*` stands for any letters and `?` for one. Behind it may stand the
        type that the objects have to have: `int`, `function`, `module`, a class.

        -a      also names that begin with one underscore
        -c, -i  tell upper and lower case apart, or not
        -e NS   leave out a namespace: builtin, user, user_global, internal, alias
        -s NS   search in this namespace, and in no other that is not named so
        -l      list the names of types that have none in Python

        %psearch a* int         the user's and builtin names of whole numbers
        %psearch -e builtin a*  the same of all types, and without builtins
        %psearch np.*load*      attributes
        """
        from ipcluster.engines.interpreter.introspection.searching import chosen

        options, pattern = self.parse_options(
            line.strip().rstrip("?"), "acils:e:", list_all=True
        )
        ignores_case = not self.shell.wildcards_case_sensitive
        if "i" in options:
            ignores_case = True
        elif "c" in options:
            ignores_case = False
        table = chosen(self._namespaces(), options.get("s", []), options.get("e", []))
        self.shell.inspector.psearch(
            pattern,
            table,
            ignore_case=ignores_case,
            show_all="a" in options,
            list_types="l" in options,
        )

    def _namespaces(self) -> dict[str, Mapping[str, Any]]:
        """The namespaces that are searched, by the names that they have here."""
        import builtins

        shell = self.shell
        return {
            "user": dict(shell.namespace.of_user()) | _private(shell.user_ns),
            "user_global": shell.user_global_ns,
            "builtin": vars(builtins),
            "internal": shell.user_ns_hidden,
            "alias": dict.fromkeys(shell.Completer.alias_names(), ""),
        }

    # --- names that are asked for -----------------------------------------------------

    def _asked(self, line: str) -> tuple[str, int]:
        """The name in a line, and how many question marks are with it."""
        name = line.strip()
        bare = name.strip("?")
        return bare.strip(), len(name) - len(bare)

    def _wanted(self, line: str) -> str:
        name, _ = self._asked(line)
        if not name:
            raise UsageError("which object? Give its name")
        return name


def _private(names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if name.startswith("_")}
