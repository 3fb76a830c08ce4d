"""Which names a reloaded module has, and who has got them from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.interpreter.reloading.conftest import Project
else:
    Project = object

Out = pytest.CaptureFixture[str]


def test_names_by_from_import_get_the_new_values(project: Project) -> None:
    project.write("m.py", "X = 1\nY = 1\nZ = 1")
    project.write("n.py", "from m import X, Y as why")
    project.run("from m import X, Y as why; import n")
    project.run("if True:\n    from m import Z")

    project.write("m.py", "X = 2\nY = 3\nZ = 4")

    assert project.value("X, why, Z, n.X, n.why") == (2, 3, 4, 2, 3)


def test_names_by_star_get_the_new_values(project: Project) -> None:
    project.write("m.py", "X = 1\n_hidden = 1")
    project.run("_hidden = 1\nfrom m import *")

    project.write("m.py", "X = 2\n_hidden = 2")

    assert project.value("X, _hidden") == (2, 1)


def test_names_that_were_bound_to_something_else_since_are_left_alone(
    project: Project,
) -> None:
    project.write("m.py", "X = 1\nY = 1")
    project.run("from m import X, Y\nX = 'mine'\nother = 1")

    project.write("m.py", "X = 2\nY = 2")

    assert project.value("X, Y, other") == ("mine", 2, 1)


def test_names_that_were_imported_before_it_was_turned_on_count(
    project: Project,
) -> None:
    project.run("%autoreload off")
    project.write("m.py", "X = 1")
    project.run("from m import X")
    project.run("%autoreload all")

    project.write("m.py", "X = 2")

    assert project.value("X") == 2


def test_relative_imports_count(project: Project) -> None:
    project.write("pkg/__init__.py", "from .a import X")
    project.write("pkg/a.py", "X = 1")
    project.write("pkg/sub/__init__.py", "")
    project.write("pkg/sub/b.py", "from ..a import X\nfrom .. import a as aye")
    project.run("import pkg.sub.b, pkg")

    project.write("pkg/a.py", "X = 2")

    assert project.value("pkg.X, pkg.sub.b.X, pkg.a.X, pkg.sub.b.aye.X") == (2, 2, 2, 2)


def test_modules_that_changed_together_are_reloaded_in_order(project: Project) -> None:
    project.write("base.py", "X = 1")
    project.write("above.py", "from base import X\nY = X * 10")
    project.run("import above")

    project.write("above.py", "from base import X\nY = X * 100")
    project.write("base.py", "X = 2")

    assert project.value("above.Y") == 200


def test_names_that_are_gone_from_the_text_are_gone(project: Project) -> None:
    project.write("m.py", "X = 1\ndef f(): ...\nclass K: ...\nimport os\nstate = []")
    project.run("import m; m.mine = 5")

    project.write("m.py", "state = [1]")

    assert project.value("sorted(n for n in vars(m) if n[0] != '_')") == [
        *("mine", "state"),
    ]


def test_a_packages_modules_stay_its_attributes(project: Project) -> None:
    project.write("pkg/__init__.py", "V = 1")
    project.write("pkg/sub.py", "W = 1")
    project.run("import pkg.sub")

    project.write("pkg/__init__.py", "V = 2")

    assert project.value("pkg.V, pkg.sub.W") == (2, 1)


def test_what_functions_have_made_global_stays(project: Project) -> None:
    text = "def get():\n    global cache\n    cache = 1\n    return {}\n"
    project.write("m.py", text.format(1))
    project.run("import m; m.get()")

    project.write("m.py", text.format(2) + "more = 1\n")

    assert project.value("m.cache, m.more, m.get()") == (1, 1, 2)


def test_in_complete_mode_new_names_become_the_sessions(project: Project) -> None:
    project.write("m.py", "def f(): return 1\n")
    project.run("%autoreload complete", "from m import *")

    project.write(
        "m.py", "import os\ndef f(): return 2\ndef g(): return 3\nX = 4\n_y = 5"
    )

    assert project.value("f(), g(), X") == (2, 3, 4)
    assert "_y" not in project.names
    assert "os" not in project.names


def test_in_the_other_modes_new_names_do_not(project: Project) -> None:
    project.write("m.py", "def f(): return 1\n")
    project.run("from m import *")

    project.write("m.py", "def f(): return 2\ndef g(): return 3\n")

    assert project.value("f(), 'g' in globals()") == (2, False)
