"""One formatter: whose function is asked, what is refused, what fails."""

from __future__ import annotations

import fractions
from typing import Any

import pytest

from ipcluster.engines.interpreter.display.formatter import FormatterWarning
from ipcluster.engines.interpreter.display.formatters import (
    HTMLFormatter,
    JSONFormatter,
    PNGFormatter,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


class Base:
    pass


class Sub(Base):
    pass


class Page:
    def __init__(self, content: Any) -> None:
        self.content = content

    def _repr_html_(self) -> Any:
        return self.content


@pytest.fixture
def html() -> HTMLFormatter:
    return HTMLFormatter()


def test_an_object_s_own_method_is_asked(html: HTMLFormatter) -> None:
    assert html(Page("<b>")) == "<b>"
    assert html(Page(("<b>", {"a": 1}))) == ("<b>", {"a": 1})
    assert html(Page(None)) is None
    assert html(5) is None


def test_a_function_for_its_class_comes_before(html: HTMLFormatter) -> None:
    assert html.for_type(Page, lambda page: "mine") is None

    assert html(Page("<b>")) == "mine"


def test_the_nearest_class_wins(html: HTMLFormatter) -> None:
    html.for_type(Base, lambda obj: "base")
    assert html(Sub()) == "base"

    html.for_type(Sub, lambda obj: "sub")
    assert html(Sub()) == "sub"
    assert html(Base()) == "base"


def test_a_function_for_one_object_comes_first(html: HTMLFormatter) -> None:
    one = Base()
    html.for_type(Base, lambda obj: "base")
    html.singleton_printers[id(one)] = lambda obj: "this one"

    assert html(one) == "this one"
    assert html(Base()) == "base"


def test_for_type_tells_what_was_there(html: HTMLFormatter) -> None:
    def first(obj: object) -> str:
        return "first"

    assert html.for_type(Base) is None
    html.for_type(Base, first)

    assert html.for_type(Base) is first
    assert html.for_type(Base, lambda obj: "second") is first
    assert html.lookup(Base())(None) == "second"


def test_a_class_may_be_named_before_it_is_imported(html: HTMLFormatter) -> None:
    html.for_type_by_name("fractions", "Fraction", lambda obj: f"<i>{obj}</i>")
    assert html.deferred_printers.keys() == {("fractions", "Fraction")}

    assert html(fractions.Fraction(1, 2)) == "<i>1/2</i>"
    assert fractions.Fraction in html.type_printers
    assert html.deferred_printers == {}


def test_a_name_replaces_the_function_of_a_class_that_is_known(
    html: HTMLFormatter,
) -> None:
    html.for_type(fractions.Fraction, lambda obj: "old")

    before = html.for_type("fractions.Fraction", lambda obj: "new")

    assert before is not None
    assert before(None) == "old"
    assert html(fractions.Fraction(1)) == "new"
    assert html.lookup_by_type("fractions.Fraction")(None) == "new"


@pytest.mark.parametrize("typ", [fractions.Fraction, "fractions.Fraction"])
@pytest.mark.parametrize("is_named", [True, False])
def test_pop_forgets_a_function(html: HTMLFormatter, typ: Any, is_named: bool) -> None:
    html.for_type("fractions.Fraction" if is_named else fractions.Fraction, str)

    assert html.pop(typ) is str
    assert html(fractions.Fraction(1)) is None
    assert html.pop(typ, None) is None
    with pytest.raises(KeyError, match="Fraction"):
        html.pop(typ)


def test_what_is_not_known_is_a_key_error(html: HTMLFormatter) -> None:
    with pytest.raises(KeyError):
        html.lookup(Base())
    with pytest.raises(KeyError):
        html.lookup_by_type("no.Such")


def test_a_proxy_counts_as_what_it_stands_for(html: HTMLFormatter) -> None:
    class Proxy:
        @property  # type: ignore[misc]  # as proxies do it
        def __class__(self) -> Any:
            return Base

    html.for_type(Base, lambda obj: "base")

    assert html(Proxy()) == "base"


def test_one_that_is_off_makes_nothing(html: HTMLFormatter) -> None:
    html.enabled = False

    assert html(Page("<b>")) is None


@pytest.mark.parametrize("content", [5, b"bytes", ["list"], (5, {})])
def test_content_of_a_wrong_type_is_refused_with_a_warning(
    html: HTMLFormatter, content: Any
) -> None:
    with pytest.warns(FormatterWarning, match="text/html of a Page has to be str"):
        assert html(Page(content)) is None


def test_images_are_bytes_or_text() -> None:
    png = PNGFormatter()
    png.for_type(Base, lambda obj: b"\x89PNG")
    png.for_type(Sub, lambda obj: "iVBO")

    assert (png(Base()), png(Sub())) == (b"\x89PNG", "iVBO")


def test_json_is_a_list_or_a_dict_or_text_of_such() -> None:
    json = JSONFormatter()
    json.for_type(Base, lambda obj: '{"a": [1]}')
    assert json(Base()) == {"a": [1]}

    json.for_type(Base, lambda obj: ("[1]", {"expanded": True}))
    assert json(Base()) == ([1], {"expanded": True})

    json.for_type(Base, lambda obj: "no JSON")
    with pytest.warns(FormatterWarning, match="application/json"):
        assert json(Base()) is None


def test_a_subclass_may_declare_traits() -> None:
    class Trait:
        def __init__(self, default_value: str) -> None:
            self.default_value = default_value

        def __get__(self, instance: Any, owner: type) -> Any:
            return self if instance is None else instance.no_such_values[self]

    class Table(HTMLFormatter):
        print_method = Trait("_repr_html_")

    assert Table()(Page("<table>")) == "<table>"


def test_what_is_not_implemented_is_not_there(html: HTMLFormatter) -> None:
    def refuse(obj: object) -> str:
        raise NotImplementedError

    html.for_type(Base, refuse)

    assert html(Base()) is None


def test_a_failure_is_shown_and_gives_nothing(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    html = HTMLFormatter(shell)
    html.for_type(Base, lambda obj: 1 / 0)

    assert html(Base()) is None
    assert frontend.errors == ["ZeroDivisionError"]


def test_without_a_shell_a_failure_is_printed(
    html: HTMLFormatter, capsys: pytest.CaptureFixture[str]
) -> None:
    html.for_type(Base, lambda obj: 1 / 0)

    assert html(Base()) is None
    assert "ZeroDivisionError" in capsys.readouterr().err
