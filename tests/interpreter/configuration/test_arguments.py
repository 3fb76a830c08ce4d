"""Command lines."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.arguments import (
    CommandLine,
    CommandLineError,
)
from ipcluster.engines.interpreter.configuration.config import Text

FLAGS: dict[str, Any] = {
    "i": ({"App": {"stays": True}}, ""),
    "no-banner": ({"App": {"banner": False}}, ""),
    "pylab": ({"App": {"pylab": "auto"}}, ""),
}
ALIASES = {
    "ext": ("App.extensions", ""),
    "profile": ("App.profile", ""),
    "pylab": ("App.pylab", ""),
}


def read(*words: str) -> CommandLine:
    return CommandLine(FLAGS, ALIASES, "App").read(words)


def said(*words: str) -> dict[str, dict[str, Any]]:
    """What it sets, texts as they stand."""
    return {
        section: {
            name: value.texts if isinstance(value, Text) else value
            for name, value in dict(options).items()
        }
        for section, options in read(*words).config.items()
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--no-banner"], {"App": {"banner": False}}),
        (["--profile=x"], {"App": {"profile": ("x",)}}),
        (["--profile", "x"], {"App": {"profile": ("x",)}}),
        (["--A.b=1", "--A.c", "2=3"], {"A": {"b": ("1",), "c": ("2=3",)}}),
        (["--ext=a", "--ext", "b"], {"App": {"extensions": ("a", "b")}}),
        (["--pylab"], {"App": {"pylab": "auto"}}),
        (["--pylab=qt"], {"App": {"pylab": ("qt",)}}),
        (["-c", "x = 1"], {"App": {"code_to_run": "x = 1"}}),
        (["-c", "1", "-i"], {"App": {"code_to_run": "1", "stays": True}}),
        (["-i", "f.py"], {"App": {"stays": True, "file_to_run": "f.py"}}),
        (["f.py", "-i"], {"App": {"stays": True, "file_to_run": "f.py"}}),
        (["-m", "mod", "-i"], {"App": {"stays": True, "module_to_run": "mod"}}),
    ],
)
def test_options(words: list[str], expected: dict[str, Any]) -> None:
    assert said(*words) == expected


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["f.py", "a", "--no-banner", "-i"], ["a", "--no-banner", "-i"]),
        (["f.py", "-i", "--", "-i"], ["-i"]),
        (["f.py", "--help"], ["--help"]),
        (["-c", "1", "a", "-x"], ["a", "-x"]),
        (["-c", "1", "--unknown", "-i"], ["--unknown", "-i"]),
        (["-m", "mod", "--no-banner", "x"], ["--no-banner", "x"]),
        (["--no-banner", "--", "f.py"], ["f.py"]),
    ],
)
def test_what_follows_a_program_is_its_own(words: list[str], rest: list[str]) -> None:
    assert read(*words).words == rest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--no-baner"], "no option --no-baner; did you mean --no-banner?"),
        (["--zzz"], "no option --zzz; --help lists them"),
        (["--profile"], "--profile wants a value"),
        (["-c"], "-c wants a value"),
        (["-x"], "no option -x"),
        (["--no-banner=1"], "no option --no-banner=1"),
    ],
)
def test_what_says_nothing_sensible_is_an_error(words: list[str], message: str) -> None:
    with pytest.raises(CommandLineError) as caught:
        read(*words)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("word", "wants"),
    [
        ("-h", "help"),
        ("--help", "help"),
        ("--help-all", "help-all"),
        ("-V", "version"),
        ("--version", "version"),
    ],
)
def test_some_ask_for_something_else(word: str, wants: str) -> None:
    assert read(word).wants == wants
