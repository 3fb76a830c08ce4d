"""`%pinfo` and its family, `%psearch`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Pages = Callable[[str, str], str]


@pytest.fixture
def paged(shell: InteractiveShell, frontend: RecordingFrontEnd) -> Pages:
    """What a magic shows in the pager."""
    shell.run_cell(
        "def func(a, b=2):\n    'The function.'\n    return 4242\n"
        "class Klass:\n    'The class.'\n    def __init__(self, q=1): 'Made.'\n"
        "alpha_one = alpha_two = 3; beta = 's'; _hidden = 4"
    )

    def call(name: str, line: str) -> str:
        frontend.events.clear()
        shell.run_line_magic(name, line)
        return "\n".join(p.data["text/plain"] for p in frontend.of_kind(e.Page))

    return call


def test_pinfo_tells_and_with_two_marks_shows_the_source(paged: Pages) -> None:
    assert "Signature: func(a, b=2)" in paged("pinfo", "func")
    assert "4242" not in paged("pinfo", " func? ")
    assert "4242" in paged("pinfo", "func??")
    assert "4242" in paged("pinfo2", "func")


def test_pinfo_with_a_wildcard_searches(paged: Pages) -> None:
    assert paged("pinfo", "alpha_*") == "alpha_one\nalpha_two"


def test_what_is_not_found_is_said_with_what_may_be_meant(
    paged: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paged("pinfo", "fnc") == ""

    said = capsys.readouterr().out
    assert said == "Object `fnc` not found. Did you mean `func`?\n"


def test_without_a_name_pinfo_tells_of_the_shell(paged: Pages) -> None:
    assert "%quickref" in paged("pinfo", "")
    for name in ("pinfo2", "pdoc", "pdef", "psource", "pfile"):
        with pytest.raises(UsageError, match="which object"):
            paged(name, "")


def test_pdef_prints_the_signature(
    paged: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("func", "Klass", "beta"):
        paged("pdef", name)

    assert capsys.readouterr().out.splitlines() == [
        "func(a, b=2)",
        "Class constructor information:",
        "Klass(q=1)",
        "Object is not callable.",
    ]


def test_pdoc_shows_docstrings(
    paged: Pages, capsys: pytest.CaptureFixture[str], shell: InteractiveShell
) -> None:
    assert paged("pdoc", "func") == "Docstring:\n    The function."
    assert paged("pdoc", "Klass") == (
        "Class docstring:\n    The class.\nInit docstring:\n    Made."
    )
    assert "int(" in paged("pdoc", "alpha_one")
    shell.run_cell("def bare(): pass")
    paged("pdoc", "bare")
    assert capsys.readouterr().out == "No documentation found for bare\n"


def test_psource_shows_functions_and_classes_typed_here(
    paged: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paged("psource", "func").endswith("return 4242\n")
    assert paged("psource", "Klass").startswith("class Klass:")
    paged("psource", "len")
    assert capsys.readouterr().out == "No source found for len\n"


def test_pfile_shows_files_from_the_definition_on(
    paged: Pages,
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("some_file.py").write_text("# CONTENT\n")
    shell.run_cell("import textwrap")

    assert "def dedent" in paged("pfile", "textwrap.dedent")
    (page,) = frontend.of_kind(e.Page)
    line = page.data["text/plain"].splitlines()[page.start]
    assert line.startswith("def dedent")
    assert paged("pfile", "some_file.py") == "# CONTENT\n"
    assert paged("pfile", "some_file") == "# CONTENT\n"
    assert paged("pfile", "nothing") == ""
    assert "nothing" in capsys.readouterr().out


def test_psearch_by_pattern_type_and_namespace(paged: Pages) -> None:
    assert paged("psearch", "alpha*") == "alpha_one\nalpha_two"
    assert paged("psearch", "*a* int").split() == ["alpha_one", "alpha_two"]
    assert paged("psearch", "?unc function") == "func"
    assert paged("psearch", "K* type") == "KeyboardInterrupt\nKeyError\nKlass"
    assert paged("psearch", "-e builtin K*") == "Klass"
    assert paged("psearch", "-s builtin isinst*") == "isinstance"
    assert paged("psearch", "-e user -e user_global alpha*") == ""
    assert paged("psearch", "str.is*num*") == "str.isalnum\nstr.isnumeric"
    assert paged("psearch", "be*.up*") == "beta.upper"


def test_psearch_with_cases_and_underscores(
    paged: Pages, shell: InteractiveShell
) -> None:
    assert paged("psearch", "ALPHA*") == ""
    assert paged("psearch", "-i ALPHA*") == "alpha_one\nalpha_two"
    shell.wildcards_case_sensitive = False
    assert paged("psearch", "ALPHA*") == "alpha_one\nalpha_two"
    assert paged("psearch", "-c ALPHA*") == ""
    assert paged("psearch", "*hidden") == ""
    assert paged("psearch", "-a *hidden") == "_hidden"
    assert paged("psearch", "_hid*") == "_hidden"


def test_psearch_lists_types_and_refuses_what_it_cannot(paged: Pages) -> None:
    assert {"function", "module"} <= set(paged("psearch", "-l").split())
    with pytest.raises(UsageError, match="wants a pattern"):
        paged("psearch", "")
    with pytest.raises(UsageError, match="no namespace 'nope'"):
        paged("psearch", "-s nope a*")


def test_psearch_computes_no_property(paged: Pages, shell: InteractiveShell) -> None:
    shell.run_cell(
        "seen = []\nclass P:\n    @property\n    def prop(self): seen.append(1)\n"
        "p = P()"
    )

    assert paged("psearch", "p.pro*") == "p.prop"
    assert paged("psearch", "p.*.x*") == ""
    assert shell.user_ns["seen"] == []
