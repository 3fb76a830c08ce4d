"""Arguments of magics, as decorators."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics import arguments
from ipcluster.engines.interpreter.magics.arguments import (
    MagicArgumentParser,
    argument,
    argument_group,
    defaults,
    kwds,
    magic_arguments,
    parse_argstring,
    real_name,
)
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)
from ipcluster.engines.interpreter.shell import InteractiveShell


@magic_arguments()
@argument("-n", "--times", type=int, default=1, help="How often.")
@argument("words", nargs="*", help="What to say.")
def magic_say(line: str) -> Any:
    """Say something.

    Loudly.
    """
    return parse_argstring(magic_say, line)


def test_a_line_becomes_arguments() -> None:
    found = magic_say("-n 3 one two")

    assert (found.times, found.words) == (3, ["one", "two"])


def test_arguments_come_in_the_order_in_which_they_are_written() -> None:
    @magic_arguments()
    @argument("first")
    @argument("second")
    def both(line: str) -> None: ...

    found = parse_argstring(both, "a b")

    assert (found.first, found.second) == ("a", "b")


def test_words_keep_their_quotes() -> None:
    assert magic_say("'one two' x").words == ["'one two'", "x"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--nothing", "unrecognized arguments: --nothing"),
        ("-n x", "invalid int value: 'x'"),
        ("-n", "expected one argument"),
        ("'open", "closing quot"),
    ],
)
def test_a_wrong_line_is_a_usage_error(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        magic_say(line)


def test_the_help_is_the_docstring() -> None:
    text = magic_say.__doc__ or ""

    assert text.lstrip().startswith("%say [-n TIMES]")
    assert "Say something.\n\nLoudly." in text
    assert "How often." in text


def test_part_of_a_line_may_be_left_over() -> None:
    found, rest = parse_argstring(magic_say, "-n 2 --other 'open", partial=True)

    assert found.times == 2
    assert rest == ["--other"]


def test_groups_defaults_and_keywords_reach_the_parser() -> None:
    @magic_arguments("named")
    @argument("-a")
    @argument_group("Of the second kind", "What they are.")
    @argument("-b")
    @defaults(c=7)
    @kwds(description="Another description.", epilog="The end.")
    def magic_other(line: str) -> None:
        """Not shown."""

    text = magic_other.__doc__ or ""
    found = parse_argstring(magic_other, "-b 1")

    assert (found.a, found.b, found.c) == (None, "1", 7)
    assert real_name(magic_other) == "named"
    assert "%named" in text
    assert "Of the second kind" in text
    assert "Another description." in text
    assert "Not shown" not in text


def test_names_lose_what_the_field_puts_before_them() -> None:
    assert real_name(magic_say) == "say"


def test_help_that_is_asked_for_does_not_end_the_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = MagicArgumentParser("say", add_help=True)

    with pytest.raises(UsageError):
        parser.parse_argstring("--help")

    assert "--help" in capsys.readouterr().out


def test_a_parser_is_what_argparse_has() -> None:
    parser = arguments.construct_parser(magic_say)

    assert parser.parse_args(["-n", "4"]).times == 4


def test_in_a_class_of_magics(shell: InteractiveShell) -> None:
    @magics_class
    class Mine(Magics):
        @magic_arguments()
        @argument("-x", action="store_true")
        @line_magic
        def mine(self, line: str) -> bool:
            """Say whether."""
            return bool(parse_argstring(self.mine, line).x)

    shell.register_magics(Mine)

    assert shell.run_line_magic("mine", "-x") is True
    assert shell.run_line_magic("mine", "") is False
    with pytest.raises(UsageError):
        shell.run_line_magic("mine", "-y")
