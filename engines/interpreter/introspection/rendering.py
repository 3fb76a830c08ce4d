"""Facts of an object as text, with titles in a column, and as HTML."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.introspection import colouring
from ipcluster.engines.interpreter.introspection.facts import (
    NO_DOCSTRING,
    is_simple_callable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ipcluster.engines.interpreter.introspection.facts import Facts
    from ipcluster.engines.interpreter.shell import InteractiveShell

    Section = tuple[str, str, bool]
    """A title, its text, and whether that is Python."""

_TITLES = {
    "definition": "Signature",
    "init_definition": "Init signature",
    "type_name": "Type",
    "string_form": "String form",
    "namespace": "Namespace",
    "length": "Length",
    "file": "File",
    "docstring": "Docstring",
    "source": "Source",
    "class_docstring": "Class docstring",
    "init_docstring": "Init docstring",
    "call_docstring": "Call docstring",
    "subclasses": "Subclasses",
}
_CODE = ("definition", "init_definition", "source")

_OF_MAGIC = ("docstring", "source", "file")
_OF_ALIAS = ("string_form",)
_OF_CLASS = (
    *("init_definition", "docstring", "source", "init_docstring"),
    *("file", "type_name", "subclasses"),
)
_OF_FUNCTION = ("definition", "docstring", "source", "file", "type_name")
_OF_OTHERS = (
    *("definition", "type_name", "string_form", "namespace", "length"),
    *("file", "docstring", "source", "class_docstring", "init_docstring"),
    "call_docstring",
)


def bundle_of(
    facts: Facts,
    value: Any,
    shell: InteractiveShell,
    *,
    omit_sections: Collection[str] = (),
) -> dict[str, Any]:
    """Text and HTML of the facts."""
    sections = _sections(facts, value, omit_sections, shell)
    return {"text/plain": _text(sections, shell), "text/html": _html(sections)}


def _sections(
    facts: Facts, value: Any, omitted: Collection[str], shell: InteractiveShell
) -> list[Section]:
    chosen: tuple[str, ...]
    if facts["isalias"]:
        chosen = _OF_ALIAS
    elif facts["ismagic"]:
        chosen = _OF_MAGIC
    elif facts["isclass"]:
        chosen = _OF_CLASS
    elif is_simple_callable(value):
        chosen = _OF_FUNCTION
    else:
        chosen = _OF_OTHERS
    sections = []
    for field in chosen:
        title, text = _TITLES[field], facts[field]
        if field == "subclasses" and text is not None:
            sections.append((title, text, False))
            continue
        if not text or field in omitted or title.lower() in omitted:
            continue
        if field == "namespace" and text == "Interactive":
            continue
        if field == "docstring" and _is_in_source(facts):
            continue
        if field == "file":
            text = _shown_file(text, shell)
        sections.append((title, text, field in _CODE))
    return sections


def _is_in_source(facts: Facts) -> bool:
    """Whether the source that is shown has the docstring in it."""
    if not facts["source"]:
        return False
    first = str(facts["docstring"]).strip().split("\n", 1)[0]
    return first != NO_DOCSTRING and first in facts["source"]


def _shown_file(name: str, shell: InteractiveShell) -> str:
    """A file's name as people write it; a cell's number."""
    if shell.compile.is_cell(name):
        count = shell.compile.cell_of(name)
        return f"In[{count}]" if count else name
    home = os.path.expanduser("~")
    if home != "~" and name.startswith(home + os.sep):
        return "~" + name[len(home) :]
    return name


def _text(sections: list[Section], shell: InteractiveShell) -> str:
    width = max((len(title) for title, _, _ in sections), default=0) + 1
    lines = []
    for title, text, is_code in sections:
        text = text.rstrip("\n")
        head = colouring.title(f"{title}:", shell)
        is_long = "\n" in text and title != "String form"
        gap = "\n" if is_long else " " * (width - len(title))
        shown = colouring.python(text, shell) if is_code else text
        lines.append((head + gap + shown).rstrip())
    return "\n".join(lines)


def _html(sections: list[Section]) -> str:
    parts = []
    for title, text, is_code in sections:
        shown = colouring.html(text) if is_code else colouring.escaped(text)
        parts.append(f"<h4>{title}</h4>\n{shown}")
    return "\n".join(parts)
