"""Tells what objects are: `obj?`, `%pdoc`, `%psource`, tooltips of front ends.

What is said goes to the front end's pager (`events.Page`); what cannot be found is said
in one line of output.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.introspection import colouring
from ipcluster.engines.interpreter.introspection.finding import OInfo, find_object
from ipcluster.engines.interpreter.introspection.paging import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.introspection.facts import Facts
    from ipcluster.engines.interpreter.shell import InteractiveShell


def make_inspector(shell: InteractiveShell) -> Any:
    """The one that the shell's options ask for."""
    return (shell.inspector_class or Inspector)(shell)


class Inspector:
    """The inspector of one shell, under the names that the field gives its methods."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    # --- facts ------------------------------------------------------------------------

    def find(self, oname: str) -> OInfo:
        """What a name means, or an expression whose value needs no running."""
        found = find_object(self.shell, oname)
        if not found.found and ("(" in oname or "[" in oname):
            from ipcluster.engines.interpreter.completion.attributes import (
                NOTHING,
                Instance,
            )
            from ipcluster.engines.interpreter.completion.scanning import Place

            evaluator = self.shell.Completer.evaluator(Place("", 0))
            value = evaluator.try_evaluate(oname)
            if value is not NOTHING and type(value) is not Instance:
                return OInfo(True, value, "Interactive", name=oname)
        return found

    def info(
        self,
        obj: Any,
        oname: str = "",
        info: OInfo | None = None,
        detail_level: int = 0,
    ) -> Facts:
        """All that there is to say of an object, by the names of `facts.FIELDS`."""
        from ipcluster.engines.interpreter.introspection.facts import facts_of

        return facts_of(obj, oname, info, detail_level)

    def bundle(
        self,
        obj: Any,
        oname: str = "",
        info: OInfo | None = None,
        detail_level: int = 0,
        omit_sections: Collection[str] = (),
    ) -> dict[str, Any]:
        """The same as text and HTML."""
        from ipcluster.engines.interpreter.introspection.rendering import bundle_of

        facts = self.info(obj, oname, info, detail_level)
        bundle = bundle_of(facts, obj, self.shell, omit_sections=omit_sections)
        if self.shell.sphinxify_docstring:
            self._sphinxify(bundle, facts)
        return bundle

    def _sphinxify(self, bundle: dict[str, Any], facts: Facts) -> None:
        """Put the docstring in as Sphinx renders it, where `docrepr` is installed."""
        try:
            from docrepr import sphinxify  # type: ignore[import-not-found]  # optional

            html = sphinxify.sphinxify(sphinxify.rich_repr, facts["docstring"])
        except Exception:  # not installed, or a docstring that Sphinx chokes on
            return
        bundle["text/html"] = str(html)

    def inspect_code(
        self, code: str, cursor: int, detail_level: int = 0
    ) -> tuple[bool, dict[str, Any]]:
        """What is known of what the cursor is at: whether it is found, a bundle."""
        from ipcluster.engines.interpreter.introspection.cursor import token_at_cursor

        oname = token_at_cursor(code, cursor)
        info = self.find(oname) if oname else OInfo()
        if not info.found:
            return False, {}
        bundle = self.bundle(info.obj, oname, info, detail_level)
        if not self.shell.enable_html_pager:
            del bundle["text/html"]
        return True, bundle

    # --- showing ----------------------------------------------------------------------

    def pinfo(
        self,
        obj: Any,
        oname: str = "",
        formatter: Any = None,
        info: OInfo | None = None,
        detail_level: int = 0,
        enable_html_pager: bool = True,
        omit_sections: Collection[str] = (),
    ) -> None:
        """Show what `obj?` shows; with a detail level, `obj??`."""
        page(self.shell, self.bundle(obj, oname, info, detail_level, omit_sections))

    def pdef(self, obj: Any, oname: str = "") -> None:
        """Show how an object is called."""
        from ipcluster.engines.interpreter.introspection.facts import definition_of

        if not callable(obj):
            print("Object is not callable.")
            return
        head = ""
        if isinstance(obj, type):
            head = colouring.title("Class constructor information:", self.shell) + "\n"
        text = definition_of(obj, oname)
        if text is None:
            print(f"No definition header found for {oname}")
        else:
            print(head + colouring.python(text, self.shell))

    def pdoc(self, obj: Any, oname: str = "", formatter: Any = None) -> None:
        """Show an object's docstrings: of itself, of its making, of its call."""
        from ipcluster.engines.interpreter.introspection.facts import NO_DOCSTRING

        facts = self.info(obj, oname)
        titles = {
            "docstring": "Class docstring" if facts["isclass"] else "Docstring",
            "class_docstring": "Class docstring",
            "init_docstring": "Init docstring",
            "call_docstring": "Call docstring",
        }
        lines = []
        for field, name in titles.items():
            text = facts[field]
            if text and text != NO_DOCSTRING:
                lines.append(colouring.title(f"{name}:", self.shell))
                lines += [f"    {line}".rstrip() for line in text.split("\n")]
        if lines:
            page(self.shell, "\n".join(lines))
        else:
            print(f"No documentation found for {oname}")

    def psource(self, obj: Any, oname: str = "") -> None:
        """Show the text that defines an object."""
        from ipcluster.engines.interpreter.introspection.sources import source_of

        text = source_of(obj, oname)
        if text is None:
            print(f"No source found for {oname}")
        else:
            page(self.shell, colouring.python(text, self.shell))

    def pfile(self, obj: Any, oname: str = "") -> None:
        """Show the whole file that defines an object, from its definition on."""
        import linecache

        from ipcluster.engines.interpreter.introspection.sources import file_of, line_of

        name = file_of(obj)
        lines = linecache.getlines(name) if name else []
        if not lines:
            print(f"No file found for {oname}")
            return
        line = line_of(obj) or 1
        page(self.shell, colouring.python("".join(lines), self.shell), line - 1)

    def psearch(
        self,
        pattern: str,
        ns_table: Mapping[str, Mapping[str, Any]],
        ns_search: Collection[str] = (),
        ignore_case: bool = False,
        show_all: bool = False,
        *,
        list_types: bool = False,
    ) -> None:
        """Show the names that match a pattern, and perhaps a type behind it."""
        from ipcluster.engines.interpreter.errors import UsageError
        from ipcluster.engines.interpreter.introspection.searching import (
            search,
            type_table,
        )

        if list_types:
            page(self.shell, "\n".join(sorted(type_table())))
            return
        words = pattern.split()
        if not 1 <= len(words) <= 2:
            raise UsageError("psearch wants a pattern, and perhaps a type: a* int")
        table = {name: ns_table[name] for name in ns_search or ns_table}
        names = search(
            table,
            words[0],
            words[1] if len(words) == 2 else "",
            ignore_case=ignore_case,
            show_all=show_all,
        )
        if names:
            page(self.shell, "\n".join(names))
        else:
            print(f"Nothing matches `{pattern}`.")
