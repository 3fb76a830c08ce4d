"""Names in a config that nobody knows."""

from __future__ import annotations

import re

import pytest

from ipcluster.engines.interpreter.configuration.checking import unknown_names
from ipcluster.engines.interpreter.configuration.classes import PLACES, import_class
from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.options import Configurable, Option


def test_known_names_are_not_told() -> None:
    config = Config()
    config.InteractiveShell.autocall = 1
    config.InteractiveShellApp.exec_lines = []
    config.BaseIPythonApplication.profile = "x"
    config.IPKernelApp.port = 5  # another program's
    config.InteractiveShellEmbed.banner1 = ""  # imported when one is opened
    config.OSMagics.cd_force_quiet = True

    assert unknown_names(config) == []


def test_an_unknown_option_is_told_with_the_nearest_and_its_line() -> None:
    config = Config()
    config.InteractiveShell.autocal = 1

    [line] = unknown_names(config)

    assert re.fullmatch(
        rf"{re.escape(__file__)}:\d+: InteractiveShell has no option autocal; "
        r"did you mean InteractiveShell\.autocall\?",
        line,
    )


def test_an_unknown_class_is_told_with_the_nearest() -> None:
    config = Config({"InteractivShell": {"x": 1}, "Zebra": {"y": 2}})

    assert unknown_names(config) == [
        "no class InteractivShell has options; did you mean InteractiveShell?",
        "no class Zebra has options",
    ]


def test_classes_of_an_extension_are_known() -> None:
    class FromAnExtension(Configurable):
        there = Option(1, "An option.")

    config = Config({"FromAnExtension": {"there": 2, "ther": 3}})

    [line] = unknown_names(config)
    assert line.endswith("did you mean FromAnExtension.there?")


@pytest.mark.parametrize("name", sorted(PLACES))
def test_the_table_says_where_classes_are(name: str) -> None:
    found = import_class(name)

    assert found is not None
    assert issubclass(found, Configurable)
    assert found.__name__ == name
