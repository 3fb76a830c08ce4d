"""`%%code_wrap`."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]

TEMPLATE = """%%code_wrap around
print('before')
__n = 3
try:
    __code__
finally:
    print('after', __n)
__ret__
"""


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def test_a_template_is_around_every_later_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, TEMPLATE, "x = 1", "x + 1", "1/0")

    assert capsys.readouterr().out == "before\nafter 3\n" * 3
    assert frontend.results == ["2"]
    assert frontend.errors == ["ZeroDivisionError"]
    assert not {"__n", "__ret__"} & set(shell.user_ns)


def test_a_template_that_is_removed_is_around_nothing(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, TEMPLATE, "%code_wrap --remove around")
    capsys.readouterr()

    run(shell, "7")

    assert capsys.readouterr().out == ""
    assert frontend.results == ["7"]
    assert shell.ast_transformers == []


def test_templates_are_listed(shell: InteractiveShell, capsys: Out) -> None:
    run(shell, "%%code_wrap a\n__code__\n", "%%code_wrap b\nif 1:\n    __code__\n")
    capsys.readouterr()

    run(shell, "%code_wrap --list")
    assert capsys.readouterr().out == "a\nb\n"

    run(shell, "%code_wrap --list-all")
    assert (
        capsys.readouterr().out == "a:\n    __code__\nb:\n    if 1:\n        __code__\n"
    )


def test_a_template_replaces_the_one_of_its_name(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "%%code_wrap a\nprint(1)\n__code__", "%%code_wrap a\nprint(2)\n__code__")
    capsys.readouterr()

    run(shell, "pass")

    assert capsys.readouterr().out == "2\n"


def test_later_templates_are_around_earlier_ones(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "%%code_wrap a\nprint('inner')\n__code__")
    run(shell, "%%code_wrap b\nprint('outer')\n__code__")
    capsys.readouterr()

    run(shell, "pass")

    assert capsys.readouterr().out == "outer\ninner\n"


def test_a_value_of_before_is_not_shown_for_a_cell_that_failed(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        "%%code_wrap quiet\n"
        "try:\n    __code__\nexcept ZeroDivisionError:\n    pass\n__ret__",
        "5",
        "1/0",
        "x = 1",
    )

    assert frontend.results == ["5"]
    assert frontend.errors == []


def test_cells_within_cells_and_their_pieces_are_wrapped_once(
    shell: InteractiveShell, capsys: Out
) -> None:
    run(shell, "%%code_wrap a\nprint('once')\n__code__\n__ret__")
    for cell in ("%%time\nx = 1", "get_ipython().run_cell('x = 2')"):
        capsys.readouterr()

        run(shell, cell)

        assert capsys.readouterr().out.count("once") == 1


def test_cells_that_await_and_the_future_are_wrapped(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, TEMPLATE, "from __future__ import annotations\nx = 1")
    run(shell, "import asyncio\nawait asyncio.sleep(0)\nx")

    assert frontend.errors == []
    assert frontend.results == ["1"]


def test_errors_are_at_the_lines_of_the_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, TEMPLATE, "x = 1\n1/0")

    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "2 1/0" in text


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%code_wrap a\nprint()", "a template has __code__ where the cell is to be"),
        ("%%code_wrap a\nx = __code__", "a template has __code__ where"),
        ("%code_wrap a", "%%code_wrap a, with two %, wants a template below it"),
        ("%code_wrap", "wants the name of one template"),
        ("%code_wrap --remove no", "no template 'no'; there is none"),
        ("%code_wrap --nonsense", "nonsense"),
    ],
)
def test_wrong_lines_get_one_line(
    shell: InteractiveShell, capsys: Out, cell: str, message: str
) -> None:
    run(shell, cell)

    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert shell.ast_transformers == []
