"""Small things that have no other place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.ecosystem import things
from ipcluster.engines.interpreter.ecosystem.things import (
    FindCmdError,
    Struct,
    Tee,
    TemporaryWorkingDirectory,
    TermColors,
)
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_texts_are_moved() -> None:
    assert things.dedent("\n    a\n      b") == "\na\n  b"
    assert things.dedent("first\n    a\n    b") == "first\na\nb"
    assert things.indent("a\n  b", 2) == "  a\n    b"
    assert things.indent("a\n  b", 2, flatten=True) == "  a\n  b"
    assert things.marquee("x", 11) == "**** x ****"
    assert things.list_strings("x") == things.list_strings(["x"]) == ["x"]


def test_words_are_put_into_columns() -> None:
    words = [f"word{number}" for number in range(7)]

    text = things.columnize(words, displaywidth=24)

    assert text == "word0  word3  word6\nword1  word4\nword2  word5\n"
    assert things.columnize([]) == "\n"
    assert things.columnize(["long" * 30], displaywidth=10) == "long" * 30 + "\n"


def test_a_struct_is_a_dict_with_attributes() -> None:
    one = Struct(a=1)
    one.b = 2
    one.merge({"a": 5, "c": 3})

    assert one == {"a": 1, "b": 2, "c": 3}
    assert getattr(one, "nothing", 4) == 4
    assert one + {"a": 9, "d": 1} == {"a": 1, "b": 2, "c": 3, "d": 1}
    assert one - {"a": 0} == {"b": 2, "c": 3}
    assert one.copy() == one
    assert one.hasattr("a")


def test_keys_are_preserved() -> None:
    names = {"a": 1}
    with things.preserve_keys(names, "a", "b"):
        names["a"] = names["b"] = 2

    assert names == {"a": 1}


def test_items_are_imported_by_name() -> None:
    assert things.import_item("os.path.join") is os.path.join
    assert things.import_item("os") is os
    with pytest.raises(ImportError, match="nothing"):
        things.import_item("os.nothing")


def test_commands_are_found_and_run(shell: InteractiveShell) -> None:
    assert os.path.isabs(things.find_cmd("sh"))
    with pytest.raises(FindCmdError):
        things.find_cmd("no-such-program-here")
    assert things.getoutput("echo a") == "a"
    assert things.getoutputerror("echo b >&2") == ("", "b\n")
    assert things.system("exit 3") == 3
    assert things.arg_split("a 'b c'") == ["a", "'b c'"]


def test_paths(shell: InteractiveShell, tmp_path: Path) -> None:
    home = os.path.expanduser("~")
    (tmp_path / "script.py").write_text("")

    assert things.get_home_dir() == os.path.realpath(home)
    assert things.compress_user(f"{home}/x") == "~/x"
    assert things.get_py_filename(str(tmp_path / "script")).endswith("script.py")
    with pytest.raises(OSError, match="not found"):
        things.get_py_filename("nothing")
    assert os.path.isdir(things.get_ipython_cache_dir())
    assert os.path.isabs(things.get_ipython_dir())


def test_a_folder_to_work_in_and_the_way_back() -> None:
    before = os.getcwd()
    with TemporaryWorkingDirectory() as folder:
        assert os.path.samefile(os.getcwd(), folder)

    assert os.getcwd() == before
    assert not os.path.exists(folder)


def test_a_folder_is_first_on_the_path_for_a_while() -> None:
    before = list(sys.path)
    with things.prepended_to_syspath("/nowhere"):
        assert sys.path[0] == "/nowhere"

    assert sys.path == before


def test_a_tee_writes_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tee = Tee(str(tmp_path / "copy"), channel="stdout")
    print("text")
    tee.close()

    assert (tmp_path / "copy").read_text() == "text\n"
    assert capsys.readouterr().out == "text\n"
    with pytest.raises(ValueError, match="channel"):
        Tee("x", channel="stdnothing")


def test_questions(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["perhaps", "Y"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(answers))

    assert things.ask_yes_no("so?")
    monkeypatch.setattr("builtins.input", lambda _prompt: "")
    assert things.ask_yes_no("so?", default="n") is False


def test_colours() -> None:
    assert TermColors.Red == "\033[0;31m"
    assert TermColors.LightRed == "\033[1;31m"
    assert TermColors.LightGray == "\033[0;37m"
    assert TermColors.Yellow == "\033[1;33m"
    with pytest.raises(AttributeError):
        _ = TermColors.Mauve


def test_times() -> None:
    total, each = things.timings(3, int)

    assert total >= each >= 0
    assert things.timing(int) >= 0
    assert things.clock() >= things.clocku()
    with pytest.raises(ValueError, match="reps"):
        things.timings(0, int)


def test_where_we_are_called_from() -> None:
    module, names = things.extract_module_locals()

    assert module.__name__ == __name__
    assert names is not None
    assert "ipython_version" in things.sys_info()


def test_what_is_there_already_is_loaded_by_doing_nothing(
    shell: InteractiveShell,
) -> None:
    before = dict(shell.user_ns)

    things.is_there_already(shell)

    assert shell.user_ns == before
