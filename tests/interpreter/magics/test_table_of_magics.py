"""The table of magics says what the classes have."""

from __future__ import annotations

from importlib import import_module

import pytest

from ipcluster.engines.interpreter.magics.registry import TABLE

PLACE = "ipcluster.engines.interpreter.magics"


@pytest.mark.parametrize(
    "home", [pytest.param(home, id=".".join(home)) for home in TABLE]
)
def test_a_class_has_the_magics_that_the_table_says(home: tuple[str, str]) -> None:
    module, name = home

    magics = getattr(import_module(f"{PLACE}.{module}"), name).magics

    assert sorted(TABLE[home][0].split()) == sorted(magics["line"])
    assert sorted(TABLE[home][1].split()) == sorted(magics["cell"])


def test_no_magic_has_two_homes() -> None:
    for kind in (0, 1):
        names = [name for both in TABLE.values() for name in both[kind].split()]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "home", [pytest.param(home, id=".".join(home)) for home in TABLE]
)
def test_every_magic_says_what_it_does(home: tuple[str, str]) -> None:
    module, name = home
    cls = getattr(import_module(f"{PLACE}.{module}"), name)
    if name == "SystemAliases":  # an alias says what it stands for
        return

    for table in cls.magics.values():
        for magic, attribute in table.items():
            assert (getattr(cls, attribute).__doc__ or "").strip(), magic
