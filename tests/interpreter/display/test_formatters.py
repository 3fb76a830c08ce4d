"""All formatters together: the order, what is wanted, what fails."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.display.formatters import (
    DisplayFormatter,
    HTMLFormatter,
    format_display_data,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


class Page:
    def __repr__(self) -> str:
        return "Page()"

    def _repr_html_(self) -> Any:
        return "<b>page</b>"

    def _repr_png_(self) -> Any:
        return b"png", {"width": 5}


class Bundle:
    def __init__(self, bundle: Any) -> None:
        self.bundle = bundle

    def __repr__(self) -> str:
        return "Bundle()"

    def _repr_html_(self) -> str:
        return "not asked where the bundle has HTML"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.bundle


def test_each_type_comes_with_its_metadata(rich: InteractiveShell) -> None:
    assert rich.display_formatter.format(Page()) == (
        {"text/plain": "Page()", "text/html": "<b>page</b>", "image/png": b"png"},
        {"image/png": {"width": 5}},
    )


def test_types_may_be_chosen_and_left_out(rich: InteractiveShell) -> None:
    format_ = rich.display_formatter.format

    assert format_(Page(), include={"text/html"})[0] == {"text/html": "<b>page</b>"}
    assert format_(Page(), exclude=["image/png", "text/html"])[0] == {
        "text/plain": "Page()"
    }


def test_a_bundle_wins_over_single_types(rich: InteractiveShell) -> None:
    bundle = {"text/html": "<i>", "application/x-own+json": {"k": 1}}, {"x": {"y": 1}}

    data, metadata = rich.display_formatter.format(Bundle(bundle))

    assert data == {
        "text/html": "<i>",
        "application/x-own+json": {"k": 1},
        "text/plain": "Bundle()",
    }
    assert metadata == {"x": {"y": 1}}


def test_a_bundle_is_filtered_too(rich: InteractiveShell) -> None:
    bundle = Bundle({"text/html": "<i>", "a/b": 1})

    data, _ = rich.display_formatter.format(bundle, include=["a/b"])

    assert data == {"a/b": 1}


def test_an_object_that_shows_itself_is_asked_for_nothing_else(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.run_cell(
        "class Shows:\n"
        "    def _ipython_display_(self): display('by itself')\n"
        "    def _repr_html_(self): 1/0\n"
        "    def __repr__(self): return 'Shows()'\n"
        "Shows()\n"
    )
    rich.run_cell("display(Shows())")
    rich.run_cell("[Shows()]")

    assert [event.data for event in frontend.of_kind(e.Display)] == [
        {"text/plain": "'by itself'"}
    ] * 2
    assert frontend.results == ["[Shows()]"]


def test_a_front_end_of_text_gets_text_alone(shell: InteractiveShell) -> None:
    class Costly(Page):
        def _repr_html_(self) -> Any:
            raise AssertionError("nobody will see it")

    assert shell.display_formatter.format(Costly())[0] == {"text/plain": "Page()"}
    bundle = Bundle({"text/html": "<i>", "a/b": 1})
    assert shell.display_formatter.format(bundle)[0] == {"text/plain": "Bundle()"}


def test_a_front_end_may_show_some_types(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    frontend.mime_types = ("image/png",)

    assert shell.display_formatter.format(Page())[0] == {
        "text/plain": "Page()",
        "image/png": b"png",
    }


def test_active_types_may_be_set(rich: InteractiveShell) -> None:
    rich.display_formatter.active_types = ["text/plain", "text/html"]

    assert rich.display_formatter.format(Page())[0].keys() == {
        "text/plain",
        "text/html",
    }


def test_a_config_says_which_types_are_active() -> None:
    config = {"DisplayFormatter": {"active_types": ["text/html"]}}

    formatter = DisplayFormatter(config=config)

    assert formatter.format(Page())[0] == {"text/html": "<b>page</b>"}


def test_more_types_can_be_added(rich: InteractiveShell) -> None:
    class Own(HTMLFormatter):
        format_type = "text/x-own"
        print_method = "_repr_own_"

    own = Own(rich)
    own.for_type(int, str)
    rich.display_formatter.register_formatter(own)

    assert rich.display_formatter.format(5)[0] == {
        "text/plain": "5",
        "text/x-own": "5",
    }
    assert "text/x-own" in rich.display_formatter.format_types


# --- what fails -----------------------------------------------------------------------

BROKEN = """
class Broken:
    def __repr__(self): raise ValueError('bad repr')
class Half(Broken):
    def _repr_html_(self): return '<b>'
class NoHtml:
    def _repr_html_(self): raise KeyError('no html')
    def _repr_latex_(self): return '$x$'
    def __repr__(self): return 'NoHtml()'
"""


def test_a_failing_formatter_loses_no_other(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.run_cell(BROKEN)

    result = rich.run_cell("NoHtml()")

    (shown,) = frontend.of_kind(e.Result)
    assert shown.data == {"text/plain": "NoHtml()", "text/latex": "$x$"}
    assert frontend.errors == ["KeyError"]
    assert isinstance(result.error, KeyError)


def test_where_its_text_fails_the_rest_is_shown_with_a_placeholder(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.run_cell(BROKEN)

    result = rich.run_cell("Half()")

    (shown,) = frontend.of_kind(e.Result)
    assert shown.data["text/html"] == "<b>"
    assert shown.data["text/plain"].startswith("<__main__.Half object at")
    assert frontend.errors == ["ValueError"]
    assert not result.success


def test_an_object_that_cannot_be_shown_fails_its_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell(BROKEN, store_history=True)

    result = shell.run_cell("Broken()", store_history=True)

    assert frontend.results == []
    assert frontend.errors == ["ValueError"]
    assert isinstance(result.error, ValueError)
    assert type(shell.outputs[2]).__name__ == "Broken"
    assert shell.run_cell("1").success


def test_a_cell_goes_on_after_a_display_that_failed(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell(BROKEN)

    result = shell.run_cell("display(Broken())\nafter = 1\n2")

    assert frontend.errors == ["ValueError"]
    assert frontend.results == ["2"]
    assert shell.user_ns["after"] == 1
    assert not result.success


def test_ctrl_c_in_a_repr_ends_the_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell(
        "class Slow:\n    def __repr__(self): raise KeyboardInterrupt\n[Slow()]"
    )

    assert frontend.errors == ["KeyboardInterrupt"]
    assert shell.run_cell("1").success


def test_a_display_that_shows_itself_and_fails_falls_back(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    class Fails(Page):
        def _ipython_display_(self) -> None:
            raise ValueError

    data, _ = rich.display_formatter.format(Fails())

    assert data["text/html"] == "<b>page</b>"
    assert frontend.errors == ["ValueError"]


def test_without_a_shell_everything_is_made() -> None:
    assert format_display_data(Page())[0].keys() == {
        "text/plain",
        "text/html",
        "image/png",
    }


def test_values_of_expressions_are_bundles(rich: InteractiveShell) -> None:
    rich.user_ns["page"] = Page()

    values = rich.user_expressions({"a": "page", "b": "nothing"})

    assert values["a"]["data"]["text/html"] == "<b>page</b>"
    assert values["b"]["ename"] == "NameError"


@pytest.mark.parametrize("obj", [1, "text", [1, 2], None, object])
def test_plain_values_are_text_alone(rich: InteractiveShell, obj: object) -> None:
    data, metadata = rich.display_formatter.format(obj)

    assert list(data) == ["text/plain"]
    assert metadata == {}
