"""`%autoreload` and `%aimport`: which modules, when, and what is said."""

from __future__ import annotations

import logging
import py_compile
import sys
from typing import TYPE_CHECKING

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

if TYPE_CHECKING:
    from tests.interpreter.reloading.conftest import Project
else:
    Project = object

Out = pytest.CaptureFixture[str]


def change(project: Project, *names: str, by: str) -> None:
    for name in names:
        project.write(f"{name}.py", f"def f(): return {by!r}\n")


def test_now_reloads_once(project: Project) -> None:
    project.run("%autoreload off")
    change(project, "m", by="old")
    project.run("import m")

    change(project, "m", by="new")
    assert project.value("m.f()") == "old"
    project.run("%autoreload now")
    assert project.value("m.f()") == "new"
    change(project, "m", by="newer")
    assert project.value("m.f()") == "new"
    project.run("%autoreload")
    assert project.value("m.f()") == "newer"


@pytest.mark.parametrize("mode", ["explicit", "1", "EXPLICIT"])
def test_explicit_reloads_what_was_named(project: Project, mode: str) -> None:
    change(project, "m", "n", by="old")
    project.run(f"%autoreload {mode}", "%aimport m", "import n")

    change(project, "m", "n", by="new")

    assert project.value("m.f(), n.f()") == ("new", "old")


@pytest.mark.parametrize("mode", ["all", "2", "complete", "3"])
def test_all_leaves_out_what_was_excluded(project: Project, mode: str) -> None:
    change(project, "m", "n", "pkg/sub", by="old")
    project.run(f"%autoreload {mode}", "import m, n, pkg.sub", "%aimport -n, -pkg")

    change(project, "m", "n", "pkg/sub", by="new")

    assert project.value("m.f(), n.f(), pkg.sub.f()") == ("new", "old", "old")


@pytest.mark.parametrize("mode", ["off", "0"])
def test_off_reloads_nothing(project: Project, mode: str) -> None:
    change(project, "m", by="old")
    project.run(f"%autoreload {mode}", "import m")

    change(project, "m", by="new")

    assert project.value("m.f()") == "old"
    assert project.shell.events.callbacks["pre_run_cell"] == []


def test_aimport_imports_and_tells(project: Project, capsys: Out) -> None:
    change(project, "m", "pkg/sub", by="old")

    project.run("%aimport m, pkg.sub -other", "%aimport")
    assert capsys.readouterr().out == (
        "Modules to reload:\nall-except-skipped\n\nModules to skip:\nother\n"
    )
    project.run("%autoreload explicit", "%aimport")
    assert "Modules to reload:\nm pkg.sub\n" in capsys.readouterr().out
    assert project.value("m.f(), pkg.sub.f()") == ("old", "old")


def test_installed_modules_are_reloaded_only_if_they_are_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("site-packages")
    change(project, "site-packages/lib", "site-packages/named", by="old")
    project.run("import lib", "%aimport named")

    change(project, "site-packages/lib", "site-packages/named", by="new")
    # A folder that one works in is one's own, installed or not.
    project.run("import os; os.mkdir('elsewhere'); os.chdir('elsewhere')")

    assert project.value("lib.f(), named.f()") == ("old", "new")


def test_what_is_reloaded_is_printed_or_logged(
    project: Project, capsys: Out, caplog: pytest.LogCaptureFixture
) -> None:
    change(project, "m", by="old")
    project.run("%autoreload all -p --log", "import m")

    change(project, "m", by="new")
    with caplog.at_level(logging.INFO, "autoreload"):
        project.run("1")

    assert capsys.readouterr().out == "Reloading 'm'.\n"
    assert caplog.messages == ["Reloading 'm'."]


def test_changes_from_before_it_was_first_used_are_seen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    change(project, "seen", by="old")
    project.run("import seen")
    assert sys.modules["seen"].__cached__
    py_compile.compile("seen.py")
    change(project, "seen", by="new")

    from ipcluster.engines.interpreter.reloading.reloader import ALL, Reloader

    Reloader(project.shell).check(ALL)

    assert project.value("seen.f()") == "new"


def test_looking_at_its_help_turns_nothing_on(shell: InteractiveShell) -> None:
    shell.run_line_magic("magic", "")

    assert shell.events.callbacks["post_run_cell"] == []


def test_functions_and_classes_of_scripts_are_renewed(
    project: Project, capsys: Out
) -> None:
    text = "print('ran')\ndef f(): return {0}\nclass K:\n    def m(self): return {0}\n"
    project.write("script.py", text.format(1))
    project.run("%run script.py", "k = K()")

    project.write("script.py", text.format(2) + "def g(): return 3\n")

    assert project.value("f(), k.m(), g()") == (2, 2, 3)
    assert capsys.readouterr().out == "ran\n"


def test_the_rest_of_a_script_is_not_run_and_that_is_said(
    project: Project, capsys: Out
) -> None:
    project.write("script.py", "X = 1\ndef f(): return X\n")
    project.run("%run script.py")

    project.write("script.py", "X = 2\ndef f(): return -X\n")

    assert project.value("f()") == 1
    assert capsys.readouterr().err.endswith(
        "script.py: more than definitions has changed: %run it again\n"
    )
    project.run("%run script.py")
    assert project.value("f()") == -2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("autoreload bad", "%autoreload is now, off (0), explicit (1), all (2)"),
        ("autoreload all now", "%autoreload takes one mode, not all now"),
        ("autoreload -z", "%autoreload has -p --print"),
    ],
)
def test_wrong_lines_get_one_line(
    project: Project, capsys: Out, line: str, message: str
) -> None:
    project.run(f"%{line}")

    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_module_that_there_is_not_is_an_error(project: Project) -> None:
    project.run("%aimport no_such_module")

    assert project.frontend.errors == ["ModuleNotFoundError"]
