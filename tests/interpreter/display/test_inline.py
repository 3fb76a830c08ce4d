"""Figures in the output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.display import inline, pylab
from ipcluster.engines.interpreter.display.figures import (
    print_figure,
    retina_figure,
    select_figure_formats,
    set_matplotlib_close,
    set_matplotlib_formats,
)
from ipcluster.engines.interpreter.display.objects.images import format_of, size_of
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

matplotlib: Any = pytest.importorskip("matplotlib")


@pytest.fixture(scope="module", autouse=True)
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A place for matplotlib's list of fonts, found once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield


@pytest.fixture(autouse=True)
def plain_matplotlib(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Matplotlib with its defaults before and after a test; no loop is started."""
    import matplotlib.pyplot as plt

    monkeypatch.delenv("MPLBACKEND", raising=False)
    interactive = matplotlib.is_interactive()
    with matplotlib.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")
        plt.switch_backend("agg")
        matplotlib.interactive(interactive)


@pytest.fixture
def plotting(rich: InteractiveShell) -> InteractiveShell:
    rich.enable_matplotlib("inline")
    rich.run_cell("import matplotlib.pyplot as plt")
    return rich


def shown(frontend: RecordingFrontEnd) -> list[list[str]]:
    """The MIME types of each thing that was displayed."""
    return [list(event.data) for event in frontend.of_kind(e.Display)]


def figure() -> Any:
    from matplotlib.figure import Figure

    fig = Figure(figsize=(2, 1), dpi=50)
    fig.subplots().plot([1, 2])
    return fig


# --- after a cell ---------------------------------------------------------------------


def test_figures_are_shown_when_their_cell_ends_and_closed(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("plt.plot([1, 2]); plt.figure(); plt.plot([3]);")

    assert shown(frontend) == [["text/plain", "image/png"]] * 2
    (png, _) = [event.data["image/png"] for event in frontend.of_kind(e.Display)]
    assert format_of(png) == "png"
    assert plotting.ev("plt.get_fignums()") == []

    plotting.run_cell("1")
    assert len(shown(frontend)) == 2


def test_an_empty_figure_is_text(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("fig = plt.figure()")
    plotting.run_cell("fig = plt.figure(); fig.text(0, 0, 'not empty');")

    assert shown(frontend) == [["text/plain"], ["text/plain", "image/png"]]


def test_a_figure_that_the_cell_closes_is_not_shown(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("plt.plot([1]); plt.close()")

    assert shown(frontend) == []


def test_show_shows_at_once(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("plt.plot([1]); plt.show(); display('after')")

    assert shown(frontend) == [["text/plain", "image/png"], ["text/plain"]]


def test_what_is_made_while_it_is_off_waits_for_show(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("with plt.ioff():\n    fig, ax = plt.subplots()")
    assert shown(frontend) == []

    plotting.run_cell("ax.plot([1]); plt.show()")
    assert shown(frontend) == [["text/plain", "image/png"]]


def test_figures_are_shown_after_an_error_too(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("plt.plot([1]); 1/0")

    assert shown(frontend) == [["text/plain", "image/png"]]


def test_a_figure_that_cannot_be_drawn_is_an_error_once(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.run_cell("plt.title(r'$\\nosuch{$');")
    plotting.run_cell("1")

    assert frontend.errors == ["ValueError"]
    assert plotting.ev("plt.get_fignums()") == []


def test_figures_may_stay_open(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    set_matplotlib_close(False)

    plotting.run_cell("plt.plot([1]);")
    plotting.run_cell("1")
    plotting.run_cell("plt.plot([2]);")

    assert len(shown(frontend)) == 2
    assert plotting.ev("len(plt.gcf().axes[0].lines)") == 2


def test_a_figure_as_a_value_is_an_image(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.user_ns["fig"] = figure()

    rich.run_cell("fig")

    (result,) = frontend.of_kind(e.Result)
    assert list(result.data) == ["text/plain", "image/png"]


def test_a_front_end_of_text_draws_nothing(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fig = figure()
    monkeypatch.setattr(fig, "draw", None)
    shell.user_ns["fig"] = fig

    shell.run_cell("fig")

    assert frontend.results == ["<Figure size 100x50 with 1 Axes>"]


# --- formats --------------------------------------------------------------------------


def test_formats_may_be_several(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    plotting.inline_backend.set_option("figure_formats", ["svg", "pdf", "jpg"])

    plotting.run_cell("plt.plot([1]);")

    assert set(shown(frontend)[0]) == {
        "text/plain",
        "image/svg+xml",
        "application/pdf",
        "image/jpeg",
    }
    data = frontend.of_kind(e.Display)[0].data
    assert data["image/svg+xml"].startswith("<?xml")
    assert data["application/pdf"].startswith(b"%PDF")
    assert format_of(data["image/jpeg"]) == "jpeg"


def test_retina_has_twice_the_pixels(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.inline_backend.figure_format = "retina"
    rich.inline_backend.print_figure_kwargs = {"bbox_inches": None}
    rich.user_ns["fig"] = figure()

    rich.run_cell("fig")

    (result,) = frontend.of_kind(e.Result)
    assert size_of(result.data["image/png"]) == (200, 100)
    assert result.metadata == {"image/png": {"width": 100, "height": 50}}


def test_formats_are_selected_by_functions_too(rich: InteractiveShell) -> None:
    set_matplotlib_formats("svg", "png", dpi=10)
    options = rich.inline_backend
    assert options.figure_formats == {"svg", "png"}
    assert options.print_figure_kwargs == {"bbox_inches": "tight", "dpi": 10}

    select_figure_formats(rich, "pdf")
    assert options.figure_formats == {"pdf"}


def test_a_format_that_there_is_not_is_refused(rich: InteractiveShell) -> None:
    with pytest.raises(OptionError, match="no figure format 'bmp'"):
        rich.inline_backend.set_option("figure_formats", {"bmp"})


def test_options_come_from_a_config(frontend: RecordingFrontEnd) -> None:
    config = {"InlineBackend": {"figure_formats": {"svg"}, "close_figures": False}}

    shell = InteractiveShell(frontend, config=config)

    assert shell.inline_backend.figure_formats == {"svg"}
    assert shell.inline_backend.close_figures is False


def test_figures_can_be_had_as_images() -> None:
    png = print_figure(figure(), bbox_inches=None)
    text = print_figure(figure(), bbox_inches=None, base64=True)
    twice, size = retina_figure(figure(), base64=True, bbox_inches=None)

    assert size_of(png) == (100, 50)
    assert isinstance(text, str)
    assert isinstance(twice, str)
    assert size == {"width": 100, "height": 50}
    assert retina_figure(matplotlib.figure.Figure()) is None


# --- which backend --------------------------------------------------------------------


def test_rc_counts_for_this_backend_alone(rich: InteractiveShell) -> None:
    before = matplotlib.rcParams["figure.dpi"]
    rich.inline_backend.rc = {"figure.dpi": 33}

    rich.enable_matplotlib("inline")
    assert matplotlib.rcParams["figure.dpi"] == 33

    rich.enable_matplotlib("agg")
    assert matplotlib.rcParams["figure.dpi"] == before


def test_the_backend_has_a_name(shell: InteractiveShell) -> None:
    gui, backend = shell.enable_matplotlib("inline")

    assert gui is None
    assert backend == matplotlib.get_backend()
    assert pylab.find_gui_and_backend("module://matplotlib_inline.backend_inline") == (
        None,
        backend,
    )


def test_other_backends_show_nothing_in_the_output(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert plotting.enable_matplotlib("agg") == (None, "agg")

    plotting.run_cell("plt.plot([1]);")

    assert shown(frontend) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("qt", ("qt", "qtagg")),
        ("tk", ("tk", "tkagg")),
        ("osx", ("osx", "macosx")),
        ("agg", (None, "agg")),
        ("svg", (None, "svg")),
    ],
)
def test_names_of_guis_and_backends_are_known(
    name: str, found: tuple[str | None, str]
) -> None:
    gui, backend = pylab.find_gui_and_backend(name)

    assert (gui, backend.lower()) == found


def test_a_gui_that_was_selected_stays_selected() -> None:
    assert pylab.find_gui_and_backend("qt", gui_select="tk")[0] == "tk"


def test_a_name_that_there_is_not_is_said() -> None:
    with pytest.raises(ValueError, match=r"no GUI or backend 'bogus'.*--list"):
        pylab.find_gui_and_backend("bogus")


def test_a_backend_that_cannot_be_used_changes_nothing(
    plotting: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    before = matplotlib.get_backend()

    with pytest.raises(ImportError):
        pylab.activate_matplotlib("module://no_such_backend")

    assert matplotlib.get_backend() == before
    plotting.run_cell("plt.plot([1]);")
    assert shown(frontend) == [["text/plain", "image/png"]]


def test_all_names_are_listed() -> None:
    assert {"agg", "auto", "inline", "osx", "qt", "tk"} <= set(pylab.list_backends())


def test_a_gui_s_loop_is_kept_alive(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    loops: list[str | None] = []
    monkeypatch.setattr(shell, "enable_gui", loops.append)
    monkeypatch.setattr(pylab, "activate_matplotlib", lambda backend: None)

    assert shell.enable_matplotlib("tk")[0] == "tk"
    assert shell.enable_matplotlib("inline")[0] is None
    assert shell.enable_matplotlib("qt")[0] == "tk"

    assert loops == ["tk", "tk"]
    assert "going on with tk, not qt" in capsys.readouterr().out


def test_names_of_pylab_come_into_the_namespace(rich: InteractiveShell) -> None:
    pytest.importorskip("numpy")
    rich.user_ns["np"] = "mine"

    _, _, changed = rich.enable_pylab("inline", import_all=False)

    names = rich.user_ns
    assert changed == ["np"]
    assert names["np"] is names["numpy"] is sys.modules["numpy"]
    assert names["plt"] is names["pyplot"] is sys.modules["matplotlib.pyplot"]
    assert "arange" not in names
    names["figsize"](3, 2)
    assert matplotlib.rcParams["figure.figsize"] == [3, 2]
    fig = names["plt"].figure(7)
    assert names["getfigs"]() == names["getfigs"](7) == [fig]

    rich.enable_pylab("inline")
    assert "arange" in names


# --- the default ----------------------------------------------------------------------


class FakeParams(dict[str, Any]):
    def _get_backend_or_none(self) -> Any:
        return self.get("backend")


class Fake:
    """As much of matplotlib as a hook on its import touches."""

    def __init__(self) -> None:
        self.rcParams = FakeParams()
        self.rcParamsOrig = FakeParams()
        self.is_interactive = False

    def interactive(self, value: bool) -> None:
        self.is_interactive = value


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setattr(inline, "register", lambda module: "inline")
    return Fake()


@pytest.mark.parametrize(
    ("variable", "backend"),
    [
        (None, "inline"),
        ("module://matplotlib_inline.backend_inline", "inline"),
        ("agg", None),
    ],
)
def test_a_rich_front_end_has_it_from_the_start(
    fake: Fake,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    backend: str | None,
) -> None:
    if variable is not None:
        monkeypatch.setenv("MPLBACKEND", variable)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", fake)
        inline.watch()

    assert fake.rcParams.get("backend") == backend
    assert fake.is_interactive == (backend is not None)


def test_a_backend_that_is_chosen_stays(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.rcParams["backend"] = "agg"

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", fake)
        inline.watch()

    assert fake.rcParams["backend"] == "agg"


def test_it_is_set_when_matplotlib_is_imported(
    frontend: RecordingFrontEnd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "matplotlib.py").write_text(
        "rcParams, rcParamsOrig = {'backend': 'of the rc file'}, {}\n"
        "def interactive(value): pass\n"
    )
    before = list(sys.meta_path)
    frontend.is_rich = True
    with monkeypatch.context() as patch:
        patch.setattr(inline, "register", lambda module: "inline")
        patch.syspath_prepend(str(tmp_path))
        patch.delitem(sys.modules, "matplotlib")
        shell = InteractiveShell(frontend)
        shell.activate()
        shell.run_cell("import matplotlib")
        backend = shell.ev("matplotlib.rcParams")["backend"]
        shell.close()

    assert backend == "inline"
    assert sys.meta_path == before


def test_a_shell_that_ends_leaves_matplotlib_alone(
    frontend: RecordingFrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(sys.meta_path)
    frontend.is_rich = True
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "matplotlib")
        shell = InteractiveShell(frontend)
        shell.activate()
        assert sys.meta_path != before
        shell.close()

    assert sys.meta_path == before
