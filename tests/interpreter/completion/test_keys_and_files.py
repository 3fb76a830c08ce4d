"""Keys in brackets, files in strings, commands and magics."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

Offers = Callable[[str], list[str]]


# --- keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("d['", ["d['a", "d['apple", "d['it\\'s"]),
        ('d["it', ["d[\"it's"]),
        ("d[b'", ["d[b'by"]),
        ("d[1", ["d[1", "d[10"]),
        ("d[-", ["d[-1"]),
        ("d[3.", ["d[3.5"]),
        ("d[N", ["d[None"]),
        ("d[1, '", ["d[1, 'x"]),
        ("d[(1, '", ["d[(1, 'x"]),
        ("d['a', ", ["d['a', 'b'"]),
        ("d['a', 'b', ", ["d['a', 'b', 2"]),
        ("{'k': 1}['", ["{'k': 1}['k"]),
        ("nested['a']['b", ["nested['a']['bb"]),
        ("print(nested['a']['b", ["print(nested['a']['bb"]),
        ("f'{d[\"ap", ["f'{d[\"apple"]),
        ("d[r'ap", ["d[r'apple"]),
        ("%time d['ap", ["%time d['apple"]),
    ],
)
def test_keys_of_mappings(
    shell: InteractiveShell, offers: Offers, text: str, keys: list[str]
) -> None:
    shell.run_cell(
        "d = {'apple': 1, \"it's\": 2, b'by': 3, 10: 4, 1: 5, -1: 6, 3.5: 7, None: 8,"
        " (1, 'x'): 9, ('a', 'b', 2): 10}; nested = {'a': {'bb': 1}}"
    )

    assert offers(text) == keys


def test_without_a_quote_keys_come_with_theirs(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns["d"] = {"a b": 1, b"c": 2, 3: 4}
    assert offers("d[") == ["d['a b'", "d[3", "d[b'c'"]

    shell.Completer.dict_keys_only = True
    assert offers("d[") == ["d['a b'", "d[b'c'"]


def test_quotes_and_brackets_are_closed_on_request(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.user_ns["d"] = {"key": 1, ("pair", 2): 3}
    shell.Completer.auto_close_dict_keys = True

    assert offers("d['k") == ["d['key']"]
    assert offers("d['k<>']") == ["d['key']"]
    assert offers("d['p") == ["d['pair', "]
    assert offers("d['pair', ") == ["d['pair', 2]"]


def test_a_class_may_name_its_keys(shell: InteractiveShell, offers: Offers) -> None:
    shell.run_cell(
        "class Store:\n"
        "    def _ipython_key_completions_(self): return ['one', 'two', 3]\n"
        "class Broken:\n"
        "    def _ipython_key_completions_(self): raise OSError\n"
        "store, broken = Store(), Broken()"
    )

    assert offers("store['") == ["store['one", "store['two"]
    assert offers("broken['") == []


def test_keys_of_the_environment_and_of_records(
    shell: InteractiveShell, offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPC_TEST_KEY", "1")
    shell.user_ns["environ"] = os.environ

    assert offers("environ['IPC_TE") == ["environ['IPC_TEST_KEY"]
    numpy = pytest.importorskip("numpy")
    shell.user_ns["rows"] = numpy.zeros(2, [("height", float), ("width", int)])
    assert offers("rows['") == ["rows['height", "rows['width"]


def test_a_huge_mapping_is_quick(shell: InteractiveShell, offers: Offers) -> None:
    shell.user_ns["d"] = {f"k{number}": number for number in range(50_000)}

    assert len(offers("d['k4999")) == 11


# --- files ----------------------------------------------------------------------------


@pytest.fixture
def _files(shell: InteractiveShell) -> None:
    assert shell.user_ns is not None  # it has made the folders
    for name in ("file1.txt", "file2.txt", "script.py", "with space.txt", ".hidden"):
        Path(name).touch()
    Path("folder/inner").mkdir(parents=True)
    Path("~/homefolder").expanduser().mkdir()


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("open('fi", ["open('file1.txt", "open('file2.txt"]),
        ("open('folder/", ["open('folder/inner/"]),
        ("open('with", ["open('with space.txt"]),
        ("open('.h", ["open('.hidden"]),
        ("open('~/ho", ["open('~/homefolder/"]),
        ("open(b'fi", []),
        ("open(f'{x}fi", []),
        ("!cat file", ["!cat file1.txt", "!cat file2.txt"]),
        ("!cat wi", ["!cat with\\ space.txt"]),
        ("!cat with\\ s", ["!cat with\\ space.txt"]),
        ("!cat 'wi", ["!cat 'with space.txt"]),
        ("!ls|cat >fol", ["!ls|cat >folder/"]),
        ("x = !cat fol", ["x = !cat folder/"]),
        ("%%bash\ncat scr", ["%%bash\ncat script.py"]),
        ("%unknown_magic scr", ["%unknown_magic script.py"]),
    ],
)
def test_files(offers: Offers, text: str, paths: list[str]) -> None:
    assert offers(text) == paths


@pytest.mark.usefixtures("_files")
def test_arguments_of_magics_are_of_their_kind(
    shell: InteractiveShell, offers: Offers
) -> None:
    for name in ("cd", "run", "env", "timeit", "xmode", "load_ext", "who"):
        shell.register_magic_function(lambda line: None, magic_name=name)

    assert offers("%cd ") == ["%cd folder/"]
    assert offers("%cd ~/h") == ["%cd ~/homefolder/"]
    assert offers("%run ") == ["%run folder/", "%run script.py"]
    assert offers("%run script.py fi")[0] == "%run script.py file1.txt"
    assert offers("%run -m js")[0] == "%run -m json"
    assert "%env HOME" in offers("%env HO")
    assert offers("%timeit -n 3 isinst") == ["%timeit -n 3 isinstance"]
    assert offers("%xmode Verb") == ["%xmode Verbose"]
    assert offers("%load_ext jso") == ["%load_ext json"]
    shell.user_ns["x"] = 3
    assert offers("%who in") == ["%who int"]
    # Without the sign, unless a variable has the name.
    assert offers("cd fol") == ["cd folder/"]
    assert offers("cd = fol") == []
    shell.user_ns["cd"] = 3
    assert offers("cd fol") == []


def test_programs_and_variables_in_commands(
    shell: InteractiveShell, offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path("programs")
    folder.mkdir()
    program = folder / "frobnicate"
    program.write_text("")
    program.chmod(0o755)
    (folder / "frob_data").write_text("")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("FROB_HOME", "1")
    shell.user_ns["frob_name"] = 1

    assert offers("!frob") == ["!frobnicate"]
    assert offers("!ls | frob") == ["!ls | frobnicate"]
    assert offers("!echo $FROB") == ["!echo $FROB_HOME"]
    assert offers("!echo $frob_") == ["!echo $frob_name"]
    assert offers("!echo {frob_") == ["!echo {frob_name"]
