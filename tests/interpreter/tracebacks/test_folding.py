"""Which frames are shown, and what stands for the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks import places

Shown = Callable[..., str]


def frames(text: str) -> list[str]:
    """The first word or two of each line that stands for a frame, or for several."""
    return re.findall(r"^(?:Cell In\[\d+\]|File \S+?(?=:)|    \[\.\.\. .*)", text, re.M)


def test_a_librarys_frames_take_one_line(shown: Shown, library: Path) -> None:
    text = shown("import lib\nlib.fail()")

    assert frames(text) == [
        "Cell In[1]",
        "    [... 2 frames of lib, the last at lib.py:8 in deeper; %tb --all]",
    ]
    assert text.endswith("LookupError: in a library")


def test_ones_own_frames_between_a_librarys_are_shown(
    shown: Shown, library: Path
) -> None:
    text = shown("import lib\ndef mine(): lib.call(last)\ndef last(): 1 / 0\nmine()")

    assert [line.split(",")[0] for line in frames(text)] == [
        "Cell In[1]",
        "Cell In[1]",
        "    [... 2 frames of lib",
        "Cell In[1]",
    ]


def test_folding_is_an_option_and_the_last_one_can_be_unfolded(
    shown: Shown, shell: InteractiveShell, library: Path
) -> None:
    cell = "import lib\nlib.fail()"
    place = str(library / "lib.py")

    folded = shown(cell)
    unfolded = "\n".join(shell.InteractiveTB.unfolded())
    shell.xmode_fold = False
    shell.execution_count = 1

    assert frames(unfolded) == ["Cell In[1]", f"File {place}", f"File {place}"]
    assert frames(shown(cell)) == frames(unfolded)
    assert place not in folded


def test_a_library_alone_is_shown_whole(shell: InteractiveShell, library: Path) -> None:
    namespace: dict[str, object] = {}
    exec("import lib", namespace)
    try:
        namespace["lib"].fail()  # type: ignore[attr-defined]  # the fixture's module
    except LookupError as error:
        tb = error.__traceback__
        assert tb is not None
        lines = shell.InteractiveTB.structured_traceback(LookupError, error, tb.tb_next)

    assert len(frames("\n".join(lines))) == 2


def test_whoever_works_inside_a_library_takes_it_for_his_own(
    shown: Shown, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(library)

    assert f"File {library / 'lib.py'}" in frames(shown("import lib\nlib.fail()"))


def test_the_standard_library_is_one_and_generated_code_is_its_makers() -> None:
    assert places.kind_of(re.__file__) is places.LIBRARY
    assert places.kind_of("<frozen importlib._bootstrap>") is places.LIBRARY
    assert places.kind_of("<made>", {"__file__": re.__file__}) is places.LIBRARY
    assert places.kind_of("<made>", {"__name__": "__main__"}) is places.USERS
    assert places.kind_of(places.__file__) is places.OURS


def test_frames_of_ours_are_never_shown(shown: Shown, shell: InteractiveShell) -> None:
    cell = "get_ipython().run_cell('1 / 0').raise_error()"

    text = shown(cell)

    assert frames(text)[0] == "Cell In[1]"
    assert "/engines/interpreter/" not in text
    assert "/engines/interpreter/" in "\n".join(shell.InteractiveTB.unfolded())


def test_the_event_loop_that_runs_a_cell_is_not_shown(shown: Shown) -> None:
    cell = "import asyncio\nawait asyncio.sleep(0)\n1 / 0"

    assert frames(shown(cell)) == ["Cell In[1]"]


def test_a_frame_can_hide_itself(shown: Shown, shell: InteractiveShell) -> None:
    cell = """def hidden():
    __tracebackhide__ = True
    seen()
def seen(): 1 / 0
hidden()"""

    text = shown(cell)
    shell.InteractiveTB.skip_hidden = False
    whole = shown(cell)

    assert frames(text) == ["Cell In[1]", "    [... 1 hidden frame]", "Cell In[1]"]
    assert len(frames(whole)) == 3
    assert "in hidden()" in whole


def test_a_mark_that_raises_hides_nothing(shown: Shown) -> None:
    text = shown("""class Bad:
    def __bool__(self): raise ValueError
def f():
    __tracebackhide__ = Bad()
    1 / 0
f()""")

    assert len(frames(text)) == 2


def test_recursion_is_folded(shown: Shown) -> None:
    text = shown("def f(n): return f(n + 1)\nf(1)")

    assert len(frames(text)) == 5
    assert re.search(r"skipping 9\d\d similar frames: f at line 1\]", text)


def test_mutual_recursion_is_folded(shown: Shown) -> None:
    text = shown("def f(): g()\ndef g(): f()\nf()")

    assert len(frames(text)) == 8
    assert re.search(r"f at line 1 \(\d+ times\), g at line 2 \(\d+ times\)", text)


def test_recursion_through_a_library_is_folded(shown: Shown, library: Path) -> None:
    text = shown("import lib\ndef f(): lib.call(f)\nf()")

    # It depends on the depth of the caller where in `lib` the limit is reached.
    assert 8 <= len(frames(text)) <= 9
    assert "similar frames" in text


def test_a_deep_stack_without_repetition_is_cut(shown: Shown) -> None:
    lines = [f"def f{n}(): f{n + 1}()" for n in range(200)]
    cell = "\n".join([*lines, "def f200(): 1 / 0", "f0()"])

    text = shown(cell)

    assert 100 <= len(frames(text)) <= 101
    assert "skipping 102 frames; %tb --all]" in text


def test_an_offset_leaves_out_the_first_frames(shell: InteractiveShell) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        exec(compile("def f(): 1 / 0\nf()", "<made>", "exec"), {})

    lines = shell.InteractiveTB.structured_traceback(
        raised.type, raised.value, raised.tb, tb_offset=2
    )

    assert [line for line in lines if line.startswith("File")] == [
        "File <made>:1, in f()"
    ]


@pytest.mark.parametrize(
    ("cell", "line"), [("%time 1/0", 1), ("%%time\nx = 0\n1/x", 3), ("%prun 1/0", 1)]
)
def test_a_magic_that_runs_code_is_no_frame_of_its_own(
    shown: Shown, cell: str, line: int
) -> None:
    text = shown(cell)

    assert frames(text) == ["Cell In[1]"]
    assert f"Cell In[1], line {line}\n" in text
