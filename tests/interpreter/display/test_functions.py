"""`display()` and what it shows."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.display import functions
from ipcluster.engines.interpreter.display.functions import (
    DisplayHandle,
    clear_output,
    display,
    display_html,
    display_pretty,
    update_display,
)
from ipcluster.engines.interpreter.display.publish import (
    DisplayPublisher,
    publish_display_data,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Shown = list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool]]


def shown(frontend: RecordingFrontEnd) -> Shown:
    return [
        (event.data, event.metadata, event.transient, event.update)
        for event in frontend.of_kind(e.Display)
    ]


class Page:
    def __repr__(self) -> str:
        return "Page()"

    def _repr_html_(self) -> Any:
        return "<b>", {"a": {"x": 1}, "isolated": True}


def test_it_is_a_builtin_while_a_shell_runs(shell: InteractiveShell) -> None:
    assert vars(builtins)["display"] is display


def test_each_object_is_shown_by_itself(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert display(1, Page()) is None

    assert [data for data, *_ in shown(frontend)] == [
        {"text/plain": "1"},
        {"text/plain": "Page()", "text/html": "<b>"},
    ]


def test_nothing_shows_nothing(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display()

    assert frontend.events == []


def test_metadata_are_merged_into_the_object_s(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display(Page(), metadata={"text/html": {"a": {"y": 2}, "isolated": False}})

    ((_, metadata, _, _),) = shown(frontend)
    assert metadata == {"text/html": {"a": {"x": 1, "y": 2}, "isolated": False}}


def test_types_may_be_chosen(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display(Page(), include=["text/html"])
    display(Page(), exclude=["text/html"])

    assert [list(data) for data, *_ in shown(frontend)] == [
        ["text/html"],
        ["text/plain"],
    ]


def test_a_bundle_is_shown_raw(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display({"text/plain": "x", "a/b": [1]}, raw=True, transient={"t": 1})

    assert shown(frontend) == [({"text/plain": "x", "a/b": [1]}, {}, {"t": 1}, False)]


def test_a_display_id_gives_a_handle_that_updates(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    handle = display("one", display_id="here")
    assert handle is not None
    handle.update("two")
    handle.display("again")
    update_display("three", display_id="here")

    about = {"display_id": "here"}
    assert shown(frontend) == [
        ({"text/plain": "'one'"}, {}, about, False),
        ({"text/plain": "'two'"}, {}, about, True),
        ({"text/plain": "'again'"}, {}, about, False),
        ({"text/plain": "'three'"}, {}, about, True),
    ]
    assert repr(handle) == "<DisplayHandle display_id=here>"


def test_a_new_display_id_is_its_own(shell: InteractiveShell) -> None:
    ids = set()
    for handle in (display(1, display_id=True), display(1, display_id=True)):
        assert handle is not None
        ids.add(handle.display_id)

    assert len(ids | {DisplayHandle().display_id}) == 3


def test_a_place_can_be_kept_for_later(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display(display_id="later")

    assert shown(frontend) == [({}, {}, {"display_id": "later"}, False)]


def test_an_update_wants_an_id(shell: InteractiveShell) -> None:
    with pytest.raises(TypeError, match="display_id"):
        display(1, update=True)


def test_clear_removes_what_was_before(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display(1, clear=True)
    clear_output()

    assert [type(event) for event in frontend.events] == [e.Clear, e.Display, e.Clear]
    assert [event.wait for event in frontend.of_kind(e.Clear)] == [True, False]


def test_content_of_one_type_is_shown(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    display_html("<i>", raw=True, metadata={"isolated": True})
    display_html(Page())
    display_pretty("as it is", raw=True)

    assert [(data, metadata) for data, metadata, *_ in shown(frontend)] == [
        ({"text/html": "<i>"}, {"text/html": {"isolated": True}}),
        ({"text/html": "<b>"}, {"text/html": {"a": {"x": 1}, "isolated": True}}),
        ({"text/plain": "as it is"}, {}),
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("markdown", "text/markdown"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("latex", "text/latex"),
        ("json", "application/json"),
        ("javascript", "application/javascript"),
        ("pdf", "application/pdf"),
    ],
)
def test_every_type_has_its_function(
    rich: InteractiveShell, frontend: RecordingFrontEnd, name: str, kind: str
) -> None:
    getattr(functions, f"display_{name}")("content", raw=True)

    assert [data for data, *_ in shown(frontend)] == [{kind: "content"}]


def test_without_a_shell_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    handle = display("a", 1, display_id="x")
    publish_display_data({"text/plain": "bundle"})
    clear_output()

    assert handle is not None
    captured = capsys.readouterr()
    assert captured.out == "a 1\nbundle\n\033[2K\r"
    assert captured.err == "\033[2K\r"


def test_bundles_are_published(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    publish_display_data({"a/b": 1}, {"a/b": {}}, transient={"display_id": "i"})
    publish_display_data({"a/b": 2}, transient={"display_id": "i"}, update=True)

    assert shown(frontend) == [
        ({"a/b": 1}, {"a/b": {}}, {"display_id": "i"}, False),
        ({"a/b": 2}, {}, {"display_id": "i"}, True),
    ]


@pytest.mark.parametrize(
    ("data", "metadata", "message"),
    [("text", None, "data has to be a dict"), ({}, [1], "metadata has to be a dict")],
)
def test_what_is_no_bundle_is_refused(
    shell: InteractiveShell, data: Any, metadata: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        publish_display_data(data, metadata)


def test_a_publisher_knows_when_it_publishes(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publisher = shell.display_pub
    seen: list[bool] = []
    monkeypatch.setattr(
        frontend, "emit", lambda event: seen.append(publisher.is_publishing)
    )

    display(1)

    assert (seen, publisher.is_publishing) == ([True], False)


def test_a_publisher_of_an_extension_is_used(shell: InteractiveShell) -> None:
    class Counting(DisplayPublisher):
        count = 0

        def publish(self, data: dict[str, Any], *args: Any, **keywords: Any) -> None:
            self.count += 1

    shell.display_pub = Counting(shell)

    display(1, 2)

    assert shell.display_pub.count == 2
