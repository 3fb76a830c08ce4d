"""Names, attributes, keyword arguments and modules."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

Offers = Callable[[str], list[str]]


# --- names ----------------------------------------------------------------------------


def test_names_of_the_session_builtins_and_keywords(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns.update(value_a=1, value_b=2)

    assert offers("print(value_<>)") == ["print(value_a)", "print(value_b)"]
    assert offers("isinst") == ["isinstance"]
    assert offers("x=1; nonl") == ["x=1; nonlocal"]


def test_names_with_underscores_come_last_and_only_when_typed(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns.update(_b=1, a=2, __c=3)
    names = offers("x = ")

    assert "x = a" in names
    assert "x = _b" not in names
    assert offers("_b") == ["_b"]


def test_another_case_and_initials_do_where_nothing_else_fits(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns.update(DataTable=1, data_frame_big=2)

    assert offers("datat") == ["DataTable"]
    assert offers("d_f_b") == ["data_frame_big"]
    assert offers("data_f") == ["data_frame_big"]


def test_names_that_the_cell_binds(offers: Offers) -> None:
    cell = (
        "from m import first, second as other\n"
        "def function(parameter, *, keyword=3):\n"
        "    with open('f') as handle:\n        alpha, beta = 1, called(argument=2)\n"
        "    for item in []:\n        "
    )

    names = "first other function parameter keyword handle alpha item"
    for name in names.split():
        assert cell + name in offers(cell + name[:-1])
    assert offers(cell + "argumen") == []
    assert offers(cell + "secon") == []


@pytest.mark.parametrize("text", ["def pri", "class pri", "import x as pri", "12", "x"])
def test_nothing_is_offered_where_a_name_cannot_be(
    shell: InteractiveShell, offers: Offers, text: str
) -> None:
    shell.user_ns["x"] = 1

    assert offers(text if text != "x" else "f(x)") == []


def test_behind_a_value_only_keywords_can_stand(offers: Offers) -> None:
    assert "print if" in offers("print ")
    assert "print print" not in offers("print ")


def test_nothing_in_comments_and_names_in_strings(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns["abc_name"] = 1

    assert offers("# abc_") == []
    assert offers('x = "abc_') == []
    assert offers('f"{abc_') == ['f"{abc_name']


def test_positions_are_characters(shell: InteractiveShell, offers: Offers) -> None:
    shell.user_ns["größe"] = 1

    assert offers("'🎉'; grö") == ["'🎉'; größe"]
    assert offers("'🎉'; größe.bit_l<>") == ["'🎉'; größe.bit_length"]


# --- attributes -----------------------------------------------------------------------

SIDE_EFFECTS = """
seen = []
class Thing:
    zed = 3
    @property
    def computed(self) -> str: seen.append("computed")
    def __getattr__(self, name): seen.append(name)
    def method(self) -> "Thing": seen.append("method")
    def _private(self): pass
thing = Thing()
"""


def test_attributes_without_side_effects(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.run_cell(SIDE_EFFECTS)

    assert offers("thing.") == ["thing.computed", "thing.method", "thing.zed"]
    assert offers("thing.method().z") == ["thing.method().zed"]
    assert offers("thing.computed.capi") == ["thing.computed.capitalize"]
    assert offers("thing._p") == ["thing._private"]
    assert shell.user_ns["seen"] == []


def test_omit_names_says_which_underscores_are_hidden(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.run_cell(SIDE_EFFECTS)

    shell.Completer.omit__names = 1
    assert "thing._private" in offers("thing.")
    assert "thing.__class__" not in offers("thing.")
    shell.Completer.omit__names = 0
    assert "thing.__class__" in offers("thing.")


def test_limit_to_all(shell: InteractiveShell, offers: Offers) -> None:
    shell.run_cell("import types; m = types.ModuleType('m'); m.a = m.b = 1")
    shell.run_cell("m.__all__ = ['a']")
    shell.Completer.limit_to__all__ = True

    assert offers("m.") == ["m.a"]


def test_types_and_signatures_tell_what_is_offered(shell: InteractiveShell) -> None:
    shell.run_cell(SIDE_EFFECTS + "\ndef func(a, *, b=2): pass")

    found = shell.complete_code("thing.")
    assert [(one.text, one.type) for one in found.items] == [
        ("computed", "property"),
        ("method", "function"),
        ("zed", "instance"),
    ]
    (function,) = shell.complete_code("fun").types
    assert function == {
        "start": 0,
        "end": 3,
        "text": "func",
        "type": "function",
        "signature": "(a, *, b=2)",
    }


def test_a_dir_of_the_classs_own_is_asked_and_may_fail(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.run_cell(
        "class Good:\n    def __dir__(self): return ['one', 'two words', 3]\n"
        "class Bad:\n    real = 1\n    def __dir__(self): raise SystemError\n"
        "good, bad = Good(), Bad()"
    )

    assert offers("good.") == ["good.one"]
    assert "bad.real" in offers("bad.")


def test_names_are_known_from_what_registered_functions_add(
    shell: InteractiveShell, offers: Offers
) -> None:
    from ipcluster.engines.interpreter.completion.generics import complete_object

    class Remote:
        pass

    @complete_object.register(Remote)
    def _names(_remote: Remote, names: list[str]) -> list[str]:
        return [*names, "column"]

    shell.user_ns["remote"] = Remote()

    assert offers("remote.col") == ["remote.column"]


def test_numpys_arrays_and_lazy_parts(shell: InteractiveShell, offers: Offers) -> None:
    pytest.importorskip("numpy")
    shell.run_cell("import numpy as np; array = np.arange(3)")

    assert offers("np.arang") == ["np.arange"]
    assert offers("np.random.randin") == ["np.random.randint"]
    assert offers("array.T.resh") == ["array.T.reshape"]
    assert offers("np.zeros(3).resh") == ["np.zeros(3).reshape"]
    assert offers("(array + 1).resh") == ["(array + 1).reshape"]


# --- keyword arguments ----------------------------------------------------------------


def test_keyword_arguments_that_are_not_given_yet(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.run_cell(
        "def f(alpha, /, beta, *args, gamma=3, **rest): pass\n"
        "class C:\n    def __init__(self, beta2): pass"
    )

    assert offers("f(1, be") == ["f(1, beta="]
    assert offers("f(beta=1, gam") == ["f(beta=1, gamma="]
    assert "f(alpha=" not in offers("f(")
    assert offers("f(beta=be") == []
    assert offers("f(1, (be") == []
    assert offers("C(be") == ["C(beta2="]
    assert offers('open("x", enc') == ['open("x", encoding=']
    assert offers("min(ke") == ["min(key="]
    cell = "def g(delta): pass\ng(delt"
    assert offers(cell) == [cell + "a=", cell + "a"]


# --- modules --------------------------------------------------------------------------


def test_modules_and_their_names_without_importing_them(
    shell: InteractiveShell, offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path("bigpackage")
    package.mkdir()
    package.joinpath("__init__.py").write_text(
        "raise SystemExit\nfrom os import path as way\n"
        "def function(): pass\nclass Klass: pass\nvalue: int = 3\n"
        "if value:\n    other, more = 1, 2\n__all__ = ['lazy']\n"
    )
    package.joinpath("inner.py").write_text("")
    monkeypatch.syspath_prepend(str(Path.cwd()))

    assert offers("import bigp") == ["import bigpackage"]
    assert offers("import bigpackage.") == ["import bigpackage.inner"]
    assert offers("from bigpackage import ") == [
        f"from bigpackage import {name}"
        for name in (
            *("function", "inner", "Klass", "lazy", "more", "other", "value", "way"),
        )
    ]
    assert offers("from bigpackage import (value, fu") == [
        "from bigpackage import (value, function"
    ]
    assert "bigpackage" not in sys.modules


def test_words_of_import_statements(offers: Offers) -> None:
    assert "import json" in offers("import jso")
    assert offers("import os, jso")[0] == "import os, json"
    assert offers("from os.path import joi") == ["from os.path import join"]
    assert offers("from json ") == ["from json import"]
    assert offers("import json ") == ["import json as"]
    assert offers("from . import ") == []
    assert offers("try: import js")[0] == "try: import json"
    assert offers("from math import isin") == ["from math import isinf"]


def test_no_text_is_too_odd_and_no_fault_in_it_is_told(
    shell: InteractiveShell, offers: Offers
) -> None:
    r"""Pytest makes errors of warnings: of `'\d'`, for one."""
    shell.user_ns["d"] = {"a": {"b": 1}}
    pieces = [
        *("np.", "d['", '"""', "f'{", "}", "(", ")", "[", "]", ".", ",", "=", ":"),
        *("%time ", "%%bash\n", "!ls ", "import ", "from ", "lambda ", "\t", "\\"),
        *("#", "é", "x = !", "%config ", "$", "@", "...", "/", "?", "'\\d'", "\n    "),
    ]
    random = Random(5)

    for _ in range(400):
        text = "".join(random.choices([*pieces, "d", "a ", "\n"], k=12))
        cursor = random.randrange(len(text) + 1)
        found = shell.complete_code(text, cursor)
        assert 0 <= found.start <= found.end == cursor, text
        shell.inspect_code(text, cursor)
    assert offers("'\\d'.uppe") == ["'\\d'.upper"]


# --- how many, how fast ---------------------------------------------------------------


def test_huge_namespaces_are_quick(shell: InteractiveShell, offers: Offers) -> None:
    shell.user_ns.update((f"name_{number}", number) for number in range(100_000))
    shell.run_cell(
        "class Big: pass\nbig = Big()\n"
        "big.__dict__.update((f'a{n}', n) for n in range(10_000))"
    )
    offers("name_1")

    began = time.process_time()
    names, attributes = offers("name_9999"), offers("big.a")
    took = time.process_time() - began

    assert len(names) == 11
    assert len(attributes) == 10_000
    assert took < 0.5


def test_fuzzy_matching_is_an_option(shell: InteractiveShell, offers: Offers) -> None:
    shell.user_ns.update(read_table=1, write_table=2, retable=3)
    assert offers("rtab") == []

    shell.Completer.fuzzy = True

    assert offers("rtab") == ["retable", "read_table", "write_table"]
    assert offers("read") == ["read_table"]


def test_files_keys_and_magics_are_matched_fuzzily_too(
    shell: InteractiveShell, offers: Offers, tmp_path: Path
) -> None:
    (tmp_path / "long_name.txt").write_text("")
    (tmp_path / "other.txt").write_text("")
    shell.user_ns["d"] = {"first_key": 1, "other": 2}

    for fuzzy in (False, True):
        shell.Completer.fuzzy = fuzzy
        assert [one[-9:] for one in offers('d["fkey')] == ["first_key"] * fuzzy
        found = offers(f"open('{tmp_path}/lntxt")
        assert [Path(one).name for one in found] == ["long_name.txt"] * fuzzy
        assert [one[-6:] for one in offers("%%tmit")] == ["timeit"] * fuzzy
