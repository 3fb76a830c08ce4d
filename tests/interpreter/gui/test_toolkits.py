"""The adapters of toolkits, each with a module of the toolkit's shape."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pytest

from ipcluster.engines.interpreter.gui import (
    cocoa,
    glut,
    gtk,
    hooks,
    pyglet,
    qt,
    support,
    wx,
)
from ipcluster.engines.interpreter.gui.waiting import Waiting
from ipcluster.engines.interpreter.shell import InteractiveShell

Pretend = Callable[..., Any]


def test_gtk_runs_the_main_context_until_its_watch_fires(
    pretend: Pretend, pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gtk, "_glib", None)
    watches: dict[int, Any] = {}
    removed: list[int] = []
    blocked: list[bool] = []

    class Context:
        def iteration(self, may_block: bool) -> None:
            blocked.append(may_block)
            if len(blocked) == 2:  # the third finds something to read
                for call in list(watches.values()):
                    call(pipe.ear, 1)

    class MainContext:
        default = Context

    def add(fd: int, _priority: int, condition: int, call: Any) -> int:
        assert (fd, condition) == (pipe.ear, 1)
        watches[7] = call
        return 7

    pretend("gi", require_version=lambda *_: None)
    pretend("gi.repository")
    pretend("gi.repository.Gtk")
    pretend(
        "gi.repository.GLib",
        MainContext=MainContext,
        PRIORITY_DEFAULT=0,
        IO_IN=1,
        io_add_watch=add,
        source_remove=removed.append,
    )
    _, hook = hooks.find("gtk3")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert blocked == [True, True]
    assert removed == []  # it has fired, and is gone by itself

    pipe.say()
    hook(Waiting(pipe.ear))
    assert removed == [7]


class FakeLoop:
    """wx.GUIEventLoop: runs timers until somebody calls Exit."""

    active: FakeLoop | None = None
    timers: list[Any] = []  # noqa: RUF012  (the toolkit's)

    def __init__(self) -> None:
        self.is_running = False

    def Run(self) -> None:
        self.is_running = True
        while self.is_running:
            for timer in FakeLoop.timers:
                timer.Notify()

    def Exit(self) -> None:
        self.is_running = False


def test_wx_looks_by_a_timer_whether_it_is_over(
    pretend: Pretend, pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wx, "_app", None)
    FakeLoop.timers = []
    events: list[str] = []

    class App:
        def __init__(self, redirect: bool) -> None:
            events.append(f"app {redirect}")

        def SetExitOnFrameDelete(self, flag: bool) -> None:
            events.append(f"exit {flag}")

    class Timer:
        def Start(self, milliseconds: int) -> None:
            events.append(f"every {milliseconds}")
            FakeLoop.timers.append(self)
            FakeLoop.timers.append(Says())

        def Stop(self) -> None:
            events.append("stop")

    class Says:
        def Notify(self) -> None:
            pipe.say()

    class Activator:
        def __init__(self, loop: FakeLoop) -> None:
            FakeLoop.active = loop

        def __del__(self) -> None:
            FakeLoop.active = None

    pretend(
        "wx",
        GetApp=lambda: None,
        App=App,
        Timer=Timer,
        GUIEventLoop=FakeLoop,
        EventLoopActivator=Activator,
    )
    _, hook = hooks.find("wx")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert events == ["app False", "exit False", "every 16", "stop"]
    assert FakeLoop.active is None


def test_glut_takes_steps_and_outlives_its_last_window(
    pretend: Pretend, pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glut, "_glut", None)
    calls: list[Any] = []

    def step() -> None:
        calls.append("step")
        if calls.count("step") == 2:
            pipe.say()

    pretend("OpenGL")
    pretend(
        "OpenGL.GLUT",
        glutMainLoopEvent=step,
        glutInit=lambda _argv: calls.append("init"),
        glutSetOption=lambda *what: calls.append(what),
        GLUT_ACTION_ON_WINDOW_CLOSE=1,
        GLUT_ACTION_CONTINUE_EXECUTION=2,
    )
    _, hook = hooks.find("glut")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert calls == ["init", (1, 2), "step", "step"]


def test_a_glut_without_steps_is_refused(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glut, "_glut", None)
    pretend("OpenGL")
    pretend("OpenGL.GLUT", glutMainLoopEvent=None)

    with pytest.raises(ImportError, match="freeglut"):
        hooks.find("glut")


def test_pyglet_draws_each_window_at_each_step(
    pretend: Pretend, pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyglet, "_pyglet", None)
    calls: list[str] = []

    class Window:
        def switch_to(self) -> None:
            calls.append("switch_to")

        def dispatch_events(self) -> None:
            calls.append("events")
            pipe.say()

        def dispatch_event(self, name: str) -> None:
            calls.append(name)

        def flip(self) -> None:
            calls.append("flip")

    class Closing(Window):
        def dispatch_events(self) -> None:
            windows.remove(self)

    windows: list[Window] = [Window(), Closing()]
    pretend("pyglet")
    pretend("pyglet.clock", tick=lambda: calls.append("tick"))
    pretend("pyglet.app", windows=windows)
    _, hook = hooks.find("pyglet")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert calls == ["tick", "switch_to", "events", "on_draw", "flip", "switch_to"]


def test_macos_hands_out_events_until_it_is_over(
    pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    class Runtime:
        def cls(self, name: bytes) -> bytes:
            return name

        def send(self, target: Any, message: bytes, *args: Any) -> Any:
            sent.append(message)
            if message.startswith(b"nextEvent"):
                assert [type(one) for one in args] == [
                    ctypes.c_ulonglong,
                    ctypes.c_void_p,
                    ctypes.c_void_p,
                    ctypes.c_bool,
                ]
                return 5 if len(sent) < 9 else None  # one event, then none
            if message == b"updateWindows" and sent.count(message) == 2:
                pipe.say()
            return 1

    monkeypatch.setattr(cocoa, "_runtime", Runtime())
    assert cocoa.start("osx") == "osx"

    cocoa.hook(Waiting(pipe.ear))

    assert sent.count(b"sendEvent:") == 1
    assert sent.count(b"updateWindows") == 2
    assert sent.count(b"alloc") == sent.count(b"drain") == 2


def test_macos_is_refused_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cocoa, "_runtime", None)
    monkeypatch.setattr("sys.platform", "linux")

    with pytest.raises(ImportError, match="macOS"):
        hooks.find("macosx")


class FakeQt:
    """QtCore and QtWidgets with what the adapter touches, as PyQt5 has it."""

    def __init__(self) -> None:
        fake = self
        self.app: Any = None
        self.events = 0
        self.execs = 0
        self.has_quit = False

        class Application:
            def __init__(self, argv: list[str]) -> None:
                fake.app = self

            @staticmethod
            def instance() -> Any:
                return fake.app

            def setQuitOnLastWindowClosed(self, flag: bool) -> None:
                assert not flag

            def processEvents(self) -> None:
                fake.events += 1
                if fake.events == 3:
                    fake.on_idle()

        class EventLoop:
            def __init__(self, app: Any) -> None:
                assert app is fake.app

            def exec_(self) -> None:
                fake.execs += 1
                if not fake.has_quit:
                    fake.on_idle()

            def quit(self) -> None:
                """Ends exec_."""

        class Signal:
            def connect(self, call: Any) -> None:
                self.call = call

        class Notifier:
            Read = 0

            def __init__(self, fd: int, kind: int, parent: Any) -> None:
                self.activated = Signal()

            def setEnabled(self, flag: bool) -> None:
                assert not flag

        self.core = {
            "QCoreApplication": Application,
            "QEventLoop": EventLoop,
            "QSocketNotifier": Notifier,
        }
        self.widgets = {"QApplication": Application}
        self.on_idle: Callable[[], None] = lambda: None


@pytest.fixture
def fake_qt(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> FakeQt:
    fake = FakeQt()
    for binding in qt.BINDINGS:
        monkeypatch.setitem(__import__("sys").modules, f"{binding}.QtCore", None)
        monkeypatch.delitem(__import__("sys").modules, f"{binding}.QtCore")
    monkeypatch.setattr(qt, "_app", None)
    pretend("PyQt5")
    pretend("PyQt5.QtCore", **fake.core)
    pretend("PyQt5.QtWidgets", **fake.widgets)
    return fake


def test_qt_runs_a_loop_that_its_notifier_ends(fake_qt: FakeQt, pipe: Any) -> None:
    fake_qt.on_idle = pipe.say
    name, hook = hooks.find("qt")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert (name, fake_qt.execs, fake_qt.events) == ("qt", 1, 0)


def test_qt_goes_on_after_somebody_has_quit_the_application(
    fake_qt: FakeQt, pipe: Any
) -> None:
    fake_qt.has_quit = True
    fake_qt.on_idle = pipe.say
    _, hook = hooks.find("qt5")
    assert hook is not None

    hook(Waiting(pipe.ear))

    assert (fake_qt.execs, fake_qt.events) == (1, 3)


def test_the_qt_that_is_loaded_is_gone_on_with(
    fake_qt: FakeQt, capsys: pytest.CaptureFixture[str]
) -> None:
    name, _ = hooks.find("qt6")

    assert name == "qt5"
    assert "PyQt5 is loaded already" in capsys.readouterr().out


def test_programs_learn_that_the_shell_runs_their_loop(
    fake_qt: FakeQt, shell: InteractiveShell
) -> None:
    app = support.get_app_qt()
    assert not support.is_event_loop_running_qt(app)

    shell.enable_gui("qt")

    assert support.is_event_loop_running_qt(app)
    support.start_event_loop_qt(app)  # and so does nothing
    assert fake_qt.execs == 0
