"""Prompts, themes, and what is shown of values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pygments.token import Token as PygmentsToken

from ipcluster.engines.interpreter import events as e
from ipcluster.shell.terminal import bundles, looks
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.prompts import ClassicPrompts, Prompts, Token, text_of
from ipcluster.shell.terminal.shell import TerminalInteractiveShell
from ipcluster.shell.terminal.themes import Theme, codes_of, words_of


@pytest.fixture
def shell() -> Iterator[TerminalInteractiveShell]:
    shell = TerminalInteractiveShell(TerminalFrontEnd())
    yield shell
    shell.close()


class Arrow(Prompts):
    """A prompt of a user's."""

    def in_prompt_tokens(self) -> Any:
        return [(PygmentsToken.Prompt, "-> ")]

    def continuation_prompt_tokens(self, width: Any = None, **_keywords: Any) -> Any:
        return [(Token.Prompt, ".. ")]


class Broken(Prompts):
    """One that fails."""

    def in_prompt_tokens(self) -> Any:
        return 1 / 0


# --- prompts --------------------------------------------------------------------------


def test_tokens_are_those_of_pygments() -> None:
    assert Token.Prompt.Mode == PygmentsToken.Prompt.Mode
    assert hash(Token.OutPrompt) == hash(PygmentsToken.OutPrompt)
    assert repr(Token.Prompt) == "Token.Prompt"


def test_prompts_are_numbered_and_continued(shell: TerminalInteractiveShell) -> None:
    shell.execution_count = 12

    prompts = shell.prompts

    assert text_of(prompts.in_prompt_tokens()) == "In [12]: "
    assert text_of(prompts.continuation_prompt_tokens()) == "    ...: "
    assert text_of(prompts.out_prompt_tokens()) == "Out[12]: "
    assert text_of(prompts.rewrite_prompt_tokens()) == "-------> "


def test_prompts_may_have_line_numbers_and_the_mode_of_vi(
    shell: TerminalInteractiveShell,
) -> None:
    shell.prompt_line_number_format = "{line:2d}|{rel_line:+d} "
    shell.editing_mode = "vi"

    prompts = shell.prompts

    assert text_of(prompts.in_prompt_tokens()) == "[ins]  1|+0 In [1]: "
    assert (
        text_of(prompts.continuation_prompt_tokens(lineno=1)) == "       2|+1    ...: "
    )

    shell.prompt_includes_vi_mode = False
    assert text_of(prompts.in_prompt_tokens()) == " 1|+0 In [1]: "


@pytest.mark.parametrize(
    "given",
    [Arrow, f"{__name__}.Arrow", "ClassicPrompts"],
    ids=["class", "name", "own"],
)
def test_the_class_of_prompts_is_an_option(
    shell: TerminalInteractiveShell, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[Arrow.__module__])

    shell.prompts_class = given

    expected = ">>> " if given == "ClassicPrompts" else "-> "
    assert text_of(shell.prompts.in_prompt_tokens()) == expected


def test_doctest_mode_has_the_prompts_of_python(
    shell: TerminalInteractiveShell,
) -> None:
    shell.switch_doctest_mode(True)
    assert isinstance(shell.prompts, ClassicPrompts)
    assert text_of(shell.prompts.continuation_prompt_tokens()) == "... "

    shell.switch_doctest_mode(False)
    assert type(shell.prompts) is Prompts


def test_prompts_that_fail_are_told_and_replaced(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.prompts = Broken(shell)

    shown = looks.prompt_of(shell)()

    assert shown == looks.fragments(Prompts(shell).in_prompt_tokens())
    assert "Broken.in_prompt_tokens has failed" in capsys.readouterr().err


def test_old_prompts_take_no_line_numbers(shell: TerminalInteractiveShell) -> None:
    class Old(Prompts):
        def continuation_prompt_tokens(self, width: Any = None) -> Any:  # type: ignore[override]  # as it was once
            return [(Token.Prompt, f"{width}")]

    shell.prompts = Old(shell)

    assert looks.continuation_of(shell)(8, 1, 0) == [("class:pygments.prompt", "8")]


# --- themes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("ansired", "31"),
        ("bold ansibrightgreen", "1;92"),
        ("#ff8700", "38;2;255;135;0"),
        ("#f80 bg:ansiblack", "38;2;255;136;0;40"),
        ("underline italic ansiwhite", "4;3;97"),
        ("noinherit nobold border:#000", ""),
        ("nonsense", ""),
    ],
)
def test_styles_become_numbers(words: str, codes: str) -> None:
    assert codes_of(words) == codes


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("", ""),
        ("32", "ansigreen"),
        ("92;1", "ansibrightgreen bold"),
        ("97", "ansiwhite"),
        ("38;5;208;1", "#ff8700 bold"),
        ("38;5;243", "#767676"),
        ("38;2;1;2;3;48;5;16", "#010203 bg:#000000"),
        ("41", "bg:ansired"),
    ],
)
def test_numbers_become_styles(codes: str, words: str) -> None:
    assert words_of(codes) == words


def test_what_is_drawn_first_looks_as_the_line_editor_draws_it(
    shell: TerminalInteractiveShell,
) -> None:
    theme = Theme("neutral", {"Token.Prompt": "bold #ff0000"})

    drawn = theme.coloured([(Token.Prompt.Mode, "a"), (Token.PromptNum, "1")])

    assert drawn == "\x1b[1;38;2;255;0;0ma\x1b[0m\x1b[92;1m1\x1b[0m"


def test_no_colours_are_no_colours() -> None:
    assert Theme("NoColor").coloured([(Token.Prompt, "a")]) == "a"
    assert Theme("nocolor", {"Prompt": "ansired"}).codes == {}


def test_a_style_is_made_once_for_a_theme(shell: TerminalInteractiveShell) -> None:
    first = looks.style_of(shell)
    assert looks.style_of(shell) is first

    shell.highlighting_style = "monokai"
    second = looks.style_of(shell)
    assert second is not first
    assert "pygments.keyword" in dict(second.style_rules)


# --- values ---------------------------------------------------------------------------


def test_values_stand_behind_their_number(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.separate_out2 = "\n"

    shell.emit(e.Result(1, {"text/plain": "5"}, {}))
    shell.emit(e.Result(1, {"text/plain": "a\nb"}, {}))

    assert capsys.readouterr().out == "Out[1]: 5\n\nOut[1]: \na\nb\n\n"


def test_without_a_number_nothing_is_put_before_them(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.prompts = ClassicPrompts(shell)

    shell.emit(e.Result(1, {"text/plain": "a\nb"}, {}))

    assert capsys.readouterr().out == "a\nb\n"


def test_errors_go_where_a_programs_errors_go(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.emit(e.Error("E", "v", ["line", "E: v"]))
    assert capsys.readouterr() == ("", "line\nE: v\n")

    shell.frontend.is_conversation = True
    shell.emit(e.Error("E", "v", ["line", "E: v"]))
    assert capsys.readouterr() == ("line\nE: v\n", "")


def test_a_renderer_of_the_users_shows_its_type(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.mime_renderers = {"text/html": lambda data, meta: print("seen", data, meta)}

    shell.emit(
        e.Display({"text/plain": "p", "text/html": "<b>"}, {"text/html": {"a": 1}})
    )
    shell.emit(e.Display({"text/plain": "p"}, {}))

    assert capsys.readouterr().out == "seen <b> {'a': 1}\np\n"


def test_a_renderer_that_fails_leaves_the_text(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.mime_renderers = {"text/html": lambda data, meta: 1 / 0}

    shell.emit(e.Display({"text/plain": "p", "text/html": "<b>"}, {}))

    out, err = capsys.readouterr()
    assert out == "p\n"
    assert "the renderer of text/html failed: ZeroDivisionError" in err


def test_images_are_drawn_in_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    image = bytes(range(256)) * 20

    bundles.draw_png(image)

    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", capsys.readouterr().out)
    assert [control for control, _ in pieces] == ["a=T,f=100,m=1", "m=0"]
    assert base64.b64decode("".join(text for _, text in pieces)) == image


def test_a_bundle_without_text_shows_nothing(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.emit(e.Display({"text/html": "<b>"}, {}))

    assert capsys.readouterr().out == ""
