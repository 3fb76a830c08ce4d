"""What is printed and displayed, kept."""

from __future__ import annotations

import sys

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.display.capture import (
    CapturedIO,
    RichOutput,
    capture_output,
)
from ipcluster.engines.interpreter.display.functions import (
    clear_output,
    display,
    update_display,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_everything_is_kept_and_can_be_shown(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capture_output() as captured:
        print("out")
        print("err", file=sys.stderr)
        display("shown", metadata={"a": 1})
    assert capsys.readouterr() == ("", "")
    assert frontend.events == []
    assert (captured.stdout, captured.stderr, str(captured)) == (
        "out\n",
        "err\n",
        "out\n",
    )
    (output,) = captured.outputs
    assert (output.data, output.metadata) == ({"text/plain": "'shown'"}, {"a": 1})

    captured()

    assert capsys.readouterr() == ("out\n", "err\n")
    assert [event.data for event in frontend.of_kind(e.Display)] == [output.data]


def test_values_of_cells_are_kept_and_not_cached(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    with capture_output() as captured:
        shell.run_cell("1 + 1", store_history=True)
        shell.run_cell("3;")
        shell.run_cell("None")

    assert [output.data for output in captured.outputs] == [{"text/plain": "2"}]
    assert frontend.results == []
    assert shell.outputs == {}
    shell.run_cell("5")
    assert frontend.results == ["5"]


def test_a_part_may_be_let_through(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capture_output(stdout=False, display=False) as captured:
        print("out")
        print("err", file=sys.stderr)
        display(1)

    assert capsys.readouterr() == ("out\n", "")
    assert (captured.stdout, captured.stderr, captured.outputs) == ("", "err\n", [])
    assert len(frontend.of_kind(e.Display)) == 1


def test_everything_is_given_back_after_an_error(shell: InteractiveShell) -> None:
    def state() -> list[object]:
        return [
            sys.stdout,
            sys.stderr,
            sys.displayhook,
            shell.displayhook,
            shell.display_pub,
        ]

    before = state()

    with pytest.raises(KeyboardInterrupt), capture_output():
        raise KeyboardInterrupt

    assert state() == before


def test_captures_may_be_nested(shell: InteractiveShell) -> None:
    with capture_output() as outer:
        print("a")
        with capture_output() as inner:
            print("b")
            display(1)
        print("c")

    assert (outer.stdout, inner.stdout) == ("a\nc\n", "b\n")
    assert (len(outer.outputs), len(inner.outputs)) == (0, 1)


def test_an_update_replaces_what_was_kept(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        display("first", display_id="i")
        update_display("second", display_id="i")
        update_display("of another cell", display_id="j")

    assert [(one.data["text/plain"], one.update) for one in captured.outputs] == [
        ("'second'", False),
        ("'of another cell'", True),
    ]


def test_clearing_forgets_what_was_kept(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        display(1)
        clear_output()
        display(2)
        clear_output(wait=True)
        assert len(captured.outputs) == 1
        display(3)

    assert [one.data["text/plain"] for one in captured.outputs] == ["3"]


def test_it_works_without_a_shell() -> None:
    with capture_output() as captured:
        print("a")
        display("b")

    assert captured.stdout == "a\nb\n"
    assert captured.outputs == []


def test_a_kept_output_is_shown_as_what_it_is(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    kept = RichOutput({"text/html": "<b>", "image/png": b"p"}, {"image/png": {"w": 1}})

    rich.user_ns["kept"] = kept
    rich.run_cell("kept")

    (result,) = frontend.of_kind(e.Result)
    assert result.data == {
        "text/html": "<b>",
        "image/png": b"p",
        "text/plain": "<RichOutput: text/html, image/png>",
    }
    assert kept._repr_png_() == (b"p", {"w": 1})
    assert kept._repr_latex_() is None


def test_what_was_not_captured_is_empty() -> None:
    nothing = CapturedIO(None, None)

    assert (nothing.stdout, nothing.stderr, nothing.outputs) == ("", "", [])
