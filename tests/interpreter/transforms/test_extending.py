"""What extensions may add: string, token and single-line transformers."""

from __future__ import annotations

import itertools
import tokenize
from types import SimpleNamespace
from typing import Any

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.transforms.prefilter import (
    LineInfo,
    PrefilterChecker,
    PrefilterHandler,
    PrefilterTransformer,
)
from ipcluster.engines.interpreter.transforms.tokens import (
    TokenTransformBase,
    make_tokens_by_line,
)


def test_cleanup_transformers_run_before_and_post_transformers_after_ours(
    shell: InteractiveShell,
) -> None:
    seen: list[list[str]] = []

    def cleanup(lines: list[str]) -> list[str]:
        return [line.replace("PWD", "%pwd") for line in lines]

    def post(lines: list[str]) -> list[str]:
        seen.append(lines)
        return lines

    shell.input_transformers_cleanup.append(cleanup)
    shell.input_transformers_post.append(post)

    python = shell.transform_cell("PWD")

    assert python == "get_ipython().run_line_magic('pwd', '')\n"
    assert seen == [[python]]


def test_line_transformers_see_cells_after_cleanup(shell: InteractiveShell) -> None:
    def no_semicolons(lines: list[str]) -> list[str]:
        return [line.replace(";", "") for line in lines]

    shell.input_transformer_manager.line_transforms.append(no_semicolons)

    assert shell.transform_cell(">>> a;") == "a\n"


class Degrees(TokenTransformBase):
    """`deg(90)` for `90 deg`."""

    @classmethod
    def find(cls, tokens_by_line: list[list[tokenize.TokenInfo]]) -> Degrees | None:
        for line in tokens_by_line:
            for number, name in itertools.pairwise(line):
                if number.type == tokenize.NUMBER and name.string == "deg":
                    return cls(number.start)
        return None

    def transform(self, lines: list[str]) -> list[str]:
        line = lines[self.start_line]
        before, after = line[: self.start_col], line[self.start_col :]
        number, _, rest = after.partition(" deg")
        changed = f"{before}radians({number}){rest}"
        return [*lines[: self.start_line], changed, *lines[self.start_line + 1 :]]


def test_token_transformers_change_all_that_they_find(shell: InteractiveShell) -> None:
    shell.input_transformer_manager.token_transformers.append(Degrees)

    python = shell.transform_cell("x = 90 deg + 1 deg\n!ls\ns = '90 deg'")

    assert python == (
        "x = radians(90) + radians(1)\nget_ipython().system('ls')\ns = '90 deg'\n"
    )


def test_a_token_transformer_with_side_effects_is_not_asked_while_typing(
    shell: InteractiveShell,
) -> None:
    class Counting(Degrees):
        has_side_effects = True

    shell.input_transformer_manager.token_transformers.append(Counting)

    assert shell.check_complete("90 deg") == ("invalid", "")
    assert shell.transform_cell("90 deg") == "radians(90)\n"


def test_a_token_transformer_may_refuse(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing(Degrees):
        def transform(self, lines: list[str]) -> list[str]:
            raise SyntaxError("no degrees here")

    shell.input_transformer_manager.token_transformers.append(Refusing)

    result = shell.run_cell("x = 90 deg")

    assert isinstance(result.error_before_exec, SyntaxError)


def test_a_token_transformer_that_never_ends_is_named(shell: InteractiveShell) -> None:
    class Endless(TokenTransformBase):
        @classmethod
        def find(cls, tokens_by_line: list[list[tokenize.TokenInfo]]) -> Endless | None:
            return cls((1, 0))

        def transform(self, lines: list[str]) -> list[str]:
            return [*lines, "x\n"]

    shell.input_transformer_manager.token_transformers.append(Endless)

    with pytest.raises(RuntimeError, match="Endless"):
        shell.transform_cell("x")


def test_tokens_come_in_statements() -> None:
    lines = ["a = (1,\n", "  2)\n", "b\n", "it's\n"]

    by_line = make_tokens_by_line(lines)

    assert [token.string for token in by_line[0]][:3] == ["a", "=", "("]
    assert by_line[0][-1].type == tokenize.NEWLINE
    assert by_line[1][0].string == "b"


# --- single lines ---------------------------------------------------------------------


def test_a_checker_of_an_extension_is_asked_first(shell: InteractiveShell) -> None:
    class Shouting(PrefilterHandler):
        handler_name = "shouting"

        def handle(self, line_info: LineInfo) -> str:
            return f"print({line_info.the_rest.upper()!r})"

    class OnShout(PrefilterChecker):
        priority = 50

        def check(self, line_info: LineInfo) -> Any:
            if line_info.ifun != "shout":
                return None
            assert self.prefilter_manager is not None
            return self.prefilter_manager.get_handler_by_name("shouting")

    manager = shell.prefilter_manager
    Shouting(shell=shell, prefilter_manager=manager)
    checker = OnShout(shell=shell, prefilter_manager=manager)

    assert shell.transform_cell("shout hello") == "print('HELLO')\n"
    assert shell.transform_cell("cd x") == "get_ipython().run_line_magic('cd', 'x')\n"
    assert shell.transform_cell("x = 1") == "x = 1\n"

    manager.unregister_checker(checker)
    assert shell.transform_cell("shout hello") == "shout hello\n"


def test_a_transformer_of_single_lines(shell: InteractiveShell) -> None:
    class Renaming(PrefilterTransformer):
        def transform(self, line: str, continue_prompt: bool) -> str:
            return line.replace("dir ", "cd ")

    transformer = Renaming(shell, shell.prefilter_manager)

    assert shell.transform_cell("dir x") == "get_ipython().run_line_magic('cd', 'x')\n"
    assert shell.prefilter("dir x\nb") == ("get_ipython().run_line_magic('cd', 'x')\nb")
    transformer.enabled = False
    assert shell.transform_cell("dir x") == "dir x\n"


def test_the_parts_of_a_line() -> None:
    line = LineInfo("  !f.g  x y")

    assert (line.pre, line.esc, line.ifun, line.the_rest) == ("  ", "!", "f.g", "x y")


# --- what is broken -------------------------------------------------------------------


def test_a_transformer_that_fails_is_taken_out_and_cells_run(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(lines: list[str]) -> list[str]:
        raise RuntimeError("broken")

    class Broken(TokenTransformBase):
        @classmethod
        def find(cls, tokens_by_line: Any) -> Broken | None:
            raise RuntimeError("broken")

    manager = shell.input_transformer_manager
    for transforms in (manager.cleanup_transforms, manager.post_transforms):
        transforms.append(broken)
    manager.token_transformers.append(Broken)
    shell.prefilter_manager.register_checker(SimpleNamespace(priority=1))

    assert shell.check_complete("x = 1") == ("complete", "")
    assert capsys.readouterr().err == ""

    assert shell.run_cell("x = 1").success
    assert shell.user_ns["x"] == 1
    assert len(capsys.readouterr().err.splitlines()) == 4
    assert shell.run_cell("x = 2; y = x").success
    assert capsys.readouterr().err.startswith("A checker of single lines failed")
