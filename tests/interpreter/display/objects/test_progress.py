"""How far something is."""

from __future__ import annotations

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.display.objects.progress import ProgressBar
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_it_is_a_bar_of_text_and_one_of_html() -> None:
    bar = ProgressBar(5)

    assert repr(bar) == f"[{' ' * 60}] 0/5"
    assert bar._repr_html_() == (
        "<progress style='width:60ex' max='5' value='0'></progress>"
    )


def test_iterating_fills_it_in_its_place(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert list(ProgressBar(3)) == [0, 1, 2]

    shown = frontend.of_kind(e.Display)
    assert [event.update for event in shown] == [False, True, True, True, True]
    assert len({event.transient["display_id"] for event in shown}) == 1
    assert [event.data["text/plain"].partition("] ")[2] for event in shown] == [
        "0/3",
        "0/3",
        "1/3",
        "2/3",
        "3/3",
    ]
    assert shown[-1].data["text/plain"].count("=") == 60


def test_it_can_be_set(shell: InteractiveShell, frontend: RecordingFrontEnd) -> None:
    bar = ProgressBar(4)

    bar.progress = 2

    assert bar.progress == 2
    assert repr(bar).count("=") == 30
    assert len(frontend.of_kind(e.Display)) == 1


def test_nothing_to_do_and_too_much_are_bars_too() -> None:
    assert repr(ProgressBar(0)).endswith("] 0/0")
    bar = ProgressBar(2)
    bar._progress = 5
    assert repr(bar).count("=") == 60
