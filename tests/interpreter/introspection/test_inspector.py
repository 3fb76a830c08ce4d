"""What is told of objects, and where it is found."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.errors import TryNext
from ipcluster.engines.interpreter.introspection.facts import FIELDS, string_form
from ipcluster.engines.interpreter.introspection.inspector import Inspector
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

CELL = '''
import functools
def func(a, b=2, *, c: int = 3) -> str:
    """The function.

        More of it.
    """
@functools.lru_cache
def cached(x):
    "the cached"
class Klass:
    "The class."
    attribute = {"key": [1, 2]}
    def __init__(self, q=1):
        "How it is made."
    def method(self): pass
    def __call__(self, z):
        "How it is called."
    @property
    def prop(self):
        "The property."
        raise SystemExit
class Below(Klass): pass
thing = Klass()
partial = functools.partial(func, 1)
class Documented:
    __custom_documentations__ = {"part": "What the part is."}
    part = 5
documented = Documented()
class Proxy:
    def __getattr__(self, name):
        if name.startswith("_"): raise AttributeError(name)
        return [name]
proxy = Proxy()
'''


@pytest.fixture
def told(shell: InteractiveShell) -> Any:
    """What is told of a name: titles and their texts."""
    shell.run_cell(CELL, store_history=True)

    def tell(name: str, detail: int = 0) -> dict[str, str]:
        text = shell.object_inspect_text(name, detail)
        parts = re.split(r"(?m)^([A-Z][a-z]+(?: [a-z]+)?):[ \n]*", text)[1:]
        return {
            title: body.strip()
            for title, body in zip(parts[::2], parts[1::2], strict=True)
        }

    return tell


def test_of_a_function(told: Any) -> None:
    assert told("func") == {
        "Signature": "func(a, b=2, *, c: int = 3) -> str",
        "Docstring": "The function.\n\nMore of it.",
        "File": "In[1]",
        "Type": "function",
    }


def test_of_a_class(told: Any) -> None:
    assert told("Klass") == {
        "Init signature": "Klass(q=1)",
        "Docstring": "The class.",
        "Init docstring": "How it is made.",
        "File": "In[1]",
        "Type": "type",
        "Subclasses": "Below",
    }


def test_of_an_instance(told: Any) -> None:
    found = told("thing")

    assert re.fullmatch("<__main__.Klass object at .*>", found.pop("String form"))
    assert found == {
        "Signature": "thing(z)",
        "Type": "Klass",
        "File": "In[1]",
        "Docstring": "The class.",
        "Init docstring": "How it is made.",
        "Call docstring": "How it is called.",
    }


def test_of_containers_and_their_items(told: Any) -> None:
    found = told("thing.attribute")
    assert (found["Type"], found["String form"], found["Length"]) == (
        "dict",
        "{'key': [1, 2]}",
        "1",
    )
    assert told("thing.attribute['key'][1]")["String form"] == "2"
    assert told("thing.attribute['key']")["Type"] == "list"
    assert told("[]")["Length"] == "0"


def test_a_property_is_told_of_and_not_computed(told: Any) -> None:
    assert told("thing.prop")["Docstring"] == "The property."
    assert told("thing.prop")["Type"] == "property"
    assert "Class docstring" not in told("thing.prop")
    assert "raise SystemExit" in told("thing.prop", 1)["Source"]


def test_what_only_getattr_knows_is_found(told: Any) -> None:
    assert told("proxy.anything")["String form"] == "['anything']"


def test_a_parent_may_document_its_parts(told: Any) -> None:
    found = told("documented.part")

    assert found["Docstring"] == "What the part is."
    assert found["Class docstring"].startswith("int(")


def test_signatures_of_wrapped_builtin_and_partial_functions(told: Any) -> None:
    assert told("cached")["Signature"] == "cached(x)"
    assert told("cached")["Docstring"] == "the cached"
    assert told("len")["Signature"] == "len(obj, /)"
    assert told("partial")["Signature"] == "partial(b=2, *, c: int = 3) -> str"
    assert told("thing.method")["Signature"] == "thing.method()"


def test_long_signatures_have_a_parameter_on_a_line(
    shell: InteractiveShell, told: Any
) -> None:
    names = [f"parameter_number_{n}" for n in range(5)]
    shell.run_cell(f"def f({names[0]}, /, {', '.join(names[1:])}, *, k): pass")

    lines = told("f")["Signature"].split("\n")

    assert lines[0] == "f("
    assert [line.strip(" ,") for line in lines[1:-1]] == [
        *(names[0], "/"),
        *names[1:],
        *("*", "k"),
    ]


def test_the_source_takes_the_docstrings_place(told: Any) -> None:
    found = told("func", 1)

    assert found["Source"].startswith("def func(a, b=2")
    assert "Docstring" not in found
    assert told("thing", 1)["Source"].startswith("class Klass:")
    assert told("len", 1)["Docstring"].startswith("Return the number")


def test_of_magics_and_aliases(shell: InteractiveShell, told: Any) -> None:
    assert "Print the names" in told("%who")["Docstring"]
    assert "Print the names" in told("who")["Docstring"]
    assert told("%who")["File"].endswith("namespace.py")
    with pytest.raises(KeyError):
        told("%nothing")
    shell.user_ns["who"] = 3
    assert told("who")["Type"] == "int"


@pytest.mark.parametrize(
    "name", ["zork", "func.zork", "thing.attribute['no']", "", "a b", "1 +", "x=", "."]
)
def test_what_is_not_found(shell: InteractiveShell, told: Any, name: str) -> None:
    with pytest.raises(KeyError):
        told(name)
    assert shell.object_inspect(name)["found"] is False


@pytest.mark.usefixtures("told")
def test_facts_have_the_fields_names(shell: InteractiveShell) -> None:
    facts = shell.object_inspect("func", 1)

    assert tuple(facts) == FIELDS
    assert facts["type_name"] == "function"
    assert facts["namespace"] == "Interactive"
    assert facts["source"].startswith("def func")
    assert shell.object_inspect("len")["namespace"] == "Python builtin"
    assert shell.object_inspect("%who")["ismagic"]
    assert tuple(shell.object_inspect("zork")) == FIELDS


def test_broken_objects_are_told_of_all_the_same(
    shell: InteractiveShell, told: Any
) -> None:
    shell.run_cell(
        "class Bad:\n"
        "    def __repr__(self): raise KeyError\n"
        "    def __len__(self): raise SystemExit\n"
        "    def __bool__(self): raise ValueError\n"
        "    @property\n    def __doc__(self): raise OSError\n"
        "    @property\n    def __signature__(self): raise OSError\n"
        "    def __call__(self): pass\n"
        "    def __getattr__(self, name): raise RuntimeError\n"
        "bad = Bad()"
    )

    found = told("bad")

    assert found["String form"] == "<its text cannot be made: KeyError>"
    assert found["Type"] == "Bad"
    assert "Length" not in found


def test_texts_of_huge_containers_are_cut_and_quick() -> None:
    huge = list(range(10**6))
    nested = {n: [huge] for n in range(1000)}

    assert len(string_form(huge)) <= 200
    assert len(string_form(nested, 10_000)) <= 10_000
    assert string_form([1, "a"]) == "[1, 'a']"
    assert len(string_form("x" * 10**7)) <= 200


@pytest.mark.usefixtures("told")
def test_html_comes_along_where_it_is_wanted(shell: InteractiveShell) -> None:
    bundle = shell.object_inspect_mime("func")
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<h4>Signature</h4>" in bundle["text/html"]
    assert set(shell.inspect_code("func")[1]) == {"text/plain"}
    shell.enable_html_pager = True
    assert set(shell.inspect_code("func")[1]) == {"text/plain", "text/html"}


@pytest.mark.usefixtures("told")
def test_colours_only_where_the_front_end_shows_them(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert "\x1b" not in shell.object_inspect_text("func", 1)

    frontend.has_colours = True
    text = shell.object_inspect_text("func", 1)
    assert "\x1b[31mSource:\x1b[39m" in text
    assert text.count("\x1b") > 10
    shell.colors = "nocolor"
    assert "\x1b" not in shell.object_inspect_text("func", 1)


@pytest.mark.usefixtures("told")
def test_a_pager_of_the_users_is_used(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shown: list[Any] = []

    def pager(self: InteractiveShell, data: Any, start: int, lines: int) -> None:
        if "The function" in data["text/plain"]:
            raise TryNext
        shown.append(data["text/plain"])

    shell.set_hook("show_in_pager", pager)
    shell.run_line_magic("pinfo", "len")
    shell.run_line_magic("pinfo", "func")

    assert shown[0].startswith("Signature: len")
    assert [page.start for page in frontend.of_kind(e.Page)] == [0]


@pytest.mark.parametrize("place", ["class", "name"])
def test_a_config_says_what_class_inspects(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    (tmp_path / "my_inspectors.py").write_text(
        "class Mine:\n    def __init__(self, shell): self.shell = shell\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    value = "my_inspectors.Mine"
    if place == "class":
        value = import_module("my_inspectors").Mine

    shell = InteractiveShell(config={"InteractiveShell": {"inspector_class": value}})

    assert type(shell.inspector).__module__ == "my_inspectors"
    assert shell.inspector.shell is shell
    shell.inspector_class = "IPython.core.oinspect.Inspector"
    assert type(shell.inspector) is Inspector
    with pytest.raises(OptionError, match=r"'no\.Such' is none"):
        shell.inspector_class = "no.Such"
    shell.close()
