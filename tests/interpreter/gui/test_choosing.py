"""`%gui`: which loop is kept alive."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ipcluster.engines.interpreter.gui import hooks, loops
from ipcluster.engines.interpreter.gui.hooks import UnknownBackend
from ipcluster.engines.interpreter.gui.waiting import need_display
from ipcluster.engines.interpreter.shell import InteractiveShell

if TYPE_CHECKING:
    from ipcluster.engines.interpreter.gui.waiting import Waits


def nothing(_waiting: Waits) -> None:
    """A hook that returns at once."""


@pytest.fixture(autouse=True)
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "registered", {})


def test_a_registered_hook_is_kept_alive_by_its_name(shell: InteractiveShell) -> None:
    hooks.register("mine", nothing)

    shell.run_cell("%gui mine")

    assert shell.active_eventloop == "mine"
    assert shell.inputhook is nothing


def test_without_a_name_none_is(shell: InteractiveShell) -> None:
    hooks.register("mine", nothing)
    shell.enable_gui("mine")

    shell.run_cell("%gui")

    assert shell.active_eventloop is None
    assert shell.inputhook is None


def test_a_second_loop_does_not_replace_the_first(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks.register("mine", nothing)
    hooks.register("other", print)
    shell.enable_gui("mine")

    shell.enable_gui("other")

    assert shell.active_eventloop == "mine"
    assert "mine" in capsys.readouterr().out


def test_a_hook_that_is_set_counts_at_once(shell: InteractiveShell) -> None:
    hooks.register("mine", print)
    shell.enable_gui("mine")

    loops.set_inputhook(shell, nothing)

    assert (shell.active_eventloop, shell.inputhook) == ("custom", nothing)


def test_a_name_that_there_is_not_is_a_line_that_lists_the_others(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run_cell("%gui bogus")

    assert not done.success
    assert "tk" in capsys.readouterr().err
    with pytest.raises(UnknownBackend, match="there is no loop 'bogus'"):
        shell.enable_gui("bogus")


def test_a_toolkit_that_is_missing_is_a_line(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyglet", None)

    assert not shell.run_cell("%gui pyglet").success

    assert "pyglet" in capsys.readouterr().err
    assert shell.active_eventloop is None


def test_asyncio_needs_no_hook(shell: InteractiveShell) -> None:
    shell.enable_gui("asyncio")

    assert (shell.active_eventloop, shell.inputhook) == ("asyncio", None)


@pytest.mark.parametrize("name", ["inline", "widget", "agg"])
def test_windows_that_are_elsewhere_need_no_loop(
    shell: InteractiveShell, name: str
) -> None:
    shell.enable_gui(name)

    assert shell.active_eventloop is None


def test_a_hook_is_a_function() -> None:
    with pytest.raises(TypeError, match="function of one argument"):
        hooks.register("mine", "no function")  # type: ignore[arg-type]  # that is the point


@pytest.mark.skipif(sys.platform != "linux", reason="others always have a display")
def test_without_a_display_a_toolkit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ImportError, match="Qt needs a display"):
        need_display("Qt", "QT_QPA_PLATFORM")

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    need_display("Qt", "QT_QPA_PLATFORM")


def test_every_loop_has_a_module_that_can_start_it() -> None:
    from importlib import import_module

    for module in {one for one in hooks._MODULES.values() if one}:
        toolkit = import_module(f"{hooks._PLACE}.{module}")
        start: Callable[..., Any] = toolkit.start
        assert callable(start)
        assert module == "guest" or callable(toolkit.hook)


def test_gtk_wants_the_version_that_is_asked_for(pretend: Callable[..., Any]) -> None:
    asked: list[tuple[str, str]] = []
    pretend("gi", require_version=lambda *what: asked.append(what))
    pretend("gi.repository")
    pretend("gi.repository.GLib")
    pretend("gi.repository.Gtk")
    del sys.modules["gi.repository.Gtk"]
    pretend("gi.repository.Gtk")

    assert hooks.find("gtk4")[0] == "gtk4"

    assert asked == [("Gtk", "4.0")]
