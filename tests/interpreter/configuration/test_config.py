"""What a config says, before any object has it."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.configuration.config import Change, Config, Text
from ipcluster.engines.interpreter.configuration.options import (
    Configurable,
    Option,
    OptionError,
)


class Parent(Configurable):
    size = Option(1, "A size.")
    words = Option[list[str]](["a"], "Words.")
    table = Option[dict[str, int]]({"x": 1}, "A table.")
    mode = Option("One", "A mode.", choices=("One", "Two", None))


class Child(Parent):
    own = Option("", "A text.")


def test_values_come_from_the_nearest_class() -> None:
    config = Config({"Parent": {"size": 5, "mode": "Two"}, "Child": {"size": 7}})

    child = Child(config)

    assert (child.size, child.mode, child.own) == (7, "Two", "")
    assert Parent(config).size == 5


def test_changes_are_made_to_the_default() -> None:
    config = Config()
    config.Parent.words.append("b")
    config.Parent.words.extend(["c"])
    config.Parent.words.prepend(["z"])
    config.Parent.words.insert(1, "y")
    config.Parent.table.update({"y": 2})
    config.Parent.table["w"] = 3

    parent = Parent(config)

    assert parent.words == ["z", "y", "a", "b", "c"]
    assert parent.table == {"x": 1, "y": 2, "w": 3}
    assert Parent().words == ["a"]


def test_add_puts_into_sets_and_lists() -> None:
    change = Change()
    change.add("b")
    change.add("a")

    assert change.of(["a"]) == ["a", "b"]
    assert change.of({"a"}) == {"a", "b"}


def test_a_later_config_changes_what_an_earlier_one_has_set() -> None:
    first, second, third = Config(), Config(), Config()
    first.Parent.words = ["x"]
    second.Parent.words.append("y")
    third.Parent.words.prepend(["w"])

    both = Config()
    for config in (first, second, third):
        both.merge(config)

    assert Parent(both).words == ["w", "x", "y"]


def test_changes_of_two_configs_are_both_made_to_the_default() -> None:
    first, second = Config(), Config()
    first.Parent.words.append("x")
    second.Parent.words.append("y")

    first.merge(second)

    assert Parent(first).words == ["a", "x", "y"]


def test_texts_of_a_command_line_mean_what_the_option_takes() -> None:
    config = Config(
        {
            "Parent": {
                "size": Text("8"),
                "words": Text("p").and_more("['q', 'r']"),
                "mode": Text("two"),
            },
            "Child": {"own": Text("3")},
        }
    )

    child = Child(config)

    assert child.size == 8
    assert child.words == ["p", "q", "r"]
    assert child.mode == "Two"
    assert child.own == "3"


def test_a_wrong_value_is_a_complaint_that_names_the_line() -> None:
    config = Config()
    config.Parent.size = "big"
    config.Parent.mode = "Three"

    parent = Parent(config)
    Parent(config)  # another object does not complain again

    assert (parent.size, parent.mode) == (1, "One")
    complaints = config.take_complaints()
    assert len(complaints) == 2
    assert complaints[0].startswith(f"{__file__}:")
    assert "Parent.size wants a whole number" in complaints[0]
    assert "Parent.mode is one of 'One', 'Two', None" in complaints[1]
    assert config.take_complaints() == []


def test_a_plain_mapping_raises_instead() -> None:
    with pytest.raises(OptionError, match=r"Parent\.size"):
        Parent({"Parent": {"size": "big"}})


def test_an_option_that_was_only_asked_for_keeps_its_default() -> None:
    config = Config()
    assert config.Parent.words is config["Parent"]["words"]

    assert Parent(config).words == ["a"]
