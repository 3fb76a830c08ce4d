"""The classes and attributes that programs use by name."""

from __future__ import annotations

import io
import sys
from types import TracebackType
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks import field

Raised = tuple[type[BaseException], BaseException, TracebackType]


@pytest.fixture
def raised() -> Raised:
    code = compile("def f(n): return 1 / n\nf(0)", "<made>", "exec")
    with pytest.raises(ZeroDivisionError) as raised:
        exec(code, {})
    assert raised.tb.tb_next is not None
    return raised.type, raised.value, raised.tb.tb_next


def test_an_excepthook_without_a_shell(raised: Raised) -> None:
    out = io.StringIO()
    hook = field.FormattedTB(
        mode="Verbose", color_scheme="Linux", call_pdb=False, ostream=out
    )

    hook(*raised)

    assert "in f(n=0)" in out.getvalue()
    assert "\x1b" not in out.getvalue()  # no terminal


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (field.VerboseTB, "-----"),
        (field.ListTB, "Traceback (most"),
        (field.FormattedTB, "Traceback (most"),
        (field.AutoFormattedTB, "Traceback (most"),
        (field.ColorTB, "-----"),
        (field.SyntaxTB, "ZeroDivisionError"),
    ],
)
def test_each_class_gives_text(make: Any, start: str, raised: Raised) -> None:
    renderer = make()

    text = renderer.text(*raised)

    assert text.startswith(start)
    assert text == renderer.stb2text(renderer.structured_traceback(*raised))
    assert text.endswith("ZeroDivisionError: division by zero")


def test_the_exception_being_handled_is_found(raised: Raised) -> None:
    out = io.StringIO()
    renderer = field.AutoFormattedTB(mode="Minimal", ostream=out)

    try:
        raise LookupError("this one")
    except LookupError:
        renderer()
        lines = renderer.structured_traceback()

    assert lines == ["LookupError: this one"]
    assert out.getvalue() == "LookupError: this one\n"


def test_both_names_of_the_number_of_lines(raised: Raised) -> None:
    renderer = field.FormattedTB("Context")

    for name in ("context", "number_of_lines_of_context"):
        keywords: Any = {name: 3}
        assert renderer.structured_traceback(*raised, **keywords)


def test_modes_are_set_by_name_by_method_and_in_turn() -> None:
    renderer = field.FormattedTB()
    assert renderer.mode == "Plain"

    renderer.set_mode()
    assert renderer.mode == "Context"
    renderer.set_mode("verbose")
    assert renderer.mode == "Verbose"
    renderer.minimal()
    assert renderer.mode == "Minimal"
    with pytest.raises(ValueError, match="there is no mode"):
        renderer.set_mode("loud")


def test_a_shells_renderer_keeps_its_settings_in_the_shell(
    shell: InteractiveShell,
) -> None:
    shell.InteractiveTB.set_mode("Plain")
    shell.InteractiveTB.call_pdb = True
    shell.InteractiveTB.set_colors("Linux")

    assert (shell.xmode, shell.call_pdb, shell.colors) == ("Plain", True, "linux")
    shell.call_pdb = False
    assert shell.InteractiveTB.call_pdb is False


def test_messages_alone(shell: InteractiveShell, raised: Raised) -> None:
    assert shell.get_exception_only(raised) == "ZeroDivisionError: division by zero\n"
    shell.showtraceback(raised, exception_only=True)

    frontend: Any = shell.frontend
    shown = frontend.of_kind(e.Error)[-1]
    assert shown.traceback == ["ZeroDivisionError: division by zero"]


def test_without_an_error_there_is_a_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.showtraceback()

    assert capsys.readouterr().err == "No traceback available to show.\n"
    assert shell.InteractiveTB.unfolded() == []


def test_the_shells_excepthook_shows_an_error(
    shell: InteractiveShell, frontend: RecordingFrontEnd, raised: Raised
) -> None:
    shell.excepthook(*raised)

    assert frontend.errors == ["ZeroDivisionError"]
    assert sys.last_value is raised[1]


def test_a_library_may_render_instead(shell: InteractiveShell) -> None:
    """As rich's `traceback.install` does, in an interactive shell."""
    seen: list[Any] = []
    arguments: dict[str, Any] = {}
    before = shell.showtraceback

    def render(*_: Any, **__: Any) -> None:
        kind, _value, tb = shell._get_exc_info()
        offset = 1 if arguments.get("running_compiled_code") else 0
        for _number in range(offset):
            tb = None if tb is None else tb.tb_next
        names = []
        while tb is not None:
            names.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        seen.append((kind, names))

    def keep(*args: Any, **keywords: Any) -> None:
        arguments.update(keywords)
        before(*args, **keywords)

    shell._showtraceback = render  # type: ignore[method-assign]  # what rich does
    shell.showtraceback = keep  # type: ignore[method-assign]  # the same

    shell.run_cell("def f(): 1 / 0\nf()")

    assert seen == [(ZeroDivisionError, ["<module>", "f"])]
