"""Extensions of the field: `%load_ext`, and their magics."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.ecosystem

FUNCTION = "def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s"


def page_of(shown: Any) -> str:
    return str(shown.bundles[0]["text/plain"])


def test_line_profiler_shows_the_lines_of_a_cell(cells: Any) -> None:
    _, _, shown, wrong, whole = cells(
        "%load_ext line_profiler",
        FUNCTION,
        "%lprun -f f f(1000)",
        "%lprun -f nothing f(1)",
        "%%lprun_all\nf(10)",
    )

    lines = page_of(shown).splitlines()
    (hot,) = [line for line in lines if "s += i" in line]
    assert hot.split()[1] == "1000"
    assert wrong.error is not None
    assert wrong.error.startswith("UsageError: Could not find function nothing")
    assert whole.error is None
    assert "f(10)" in page_of(whole)


def test_memory_profiler_measures(cells: Any) -> None:
    _, shown, cell, _, lines = cells(
        "%load_ext memory_profiler",
        "%memit [0] * 1000",
        "%%memit x = 3\n[x] * 1000",
        "from pathlib import Path\n"
        "text = 'def g():\\n    a = [1]\\n    return a\\n'\n"
        "_ = Path('profiled.py').write_text(text)\n"
        "from profiled import g",
        "%mprun -f g g()",
    )

    assert "peak memory:" in shown.out
    assert "peak memory:" in cell.out
    assert "a = [1]" in page_of(lines)


def test_cython_compiles_cells(cells: Any) -> None:
    _, made, value, cached, wrong = cells(
        "%load_ext cython",
        "%%cython\ndef fib(int n):\n    cdef int a = 0, b = 1, i\n"
        "    for i in range(n):\n        a, b = a + b, a\n    return a",
        "fib(10)",
        "%%cython -a\ndef half(double x):\n    return x / 2",
        "%%cython --nothing\nx",
    )

    assert made.error is None
    assert value.bundles == [{"text/plain": "55"}]
    assert "Cython" in cached.bundles[0]["text/html"]
    assert wrong.error is not None
    assert wrong.error.startswith("UsageError: unrecognized arguments: --nothing")


def test_pyinstrument_profiles_lines_and_cells(cells: Any) -> None:
    _, _, line, cell, value = cells(
        "%load_ext pyinstrument",
        FUNCTION,
        "%pyinstrument f(2_000_000)",
        "%%pyinstrument\ny = f(2_000_000)",
        "y",
    )

    for shown in (line, cell):
        assert shown.error is None
        texts = [bundle["text/plain"] for bundle in shown.bundles]
        assert any("Samples" in text for text in texts)
        assert "text/html" in shown.mime_types
    assert value.bundles == [{"text/plain": "1999999000000"}]


def test_watermark_tells_versions_and_takes_its_options(cells: Any) -> None:
    _, shown, wrong = cells(
        "%load_ext watermark", "%watermark -v -p numpy", "%watermark --nothing"
    )

    assert "Python implementation: CPython" in shown.out
    assert "numpy: " in shown.out
    assert wrong.error == "UsageError: unrecognized arguments: --nothing"


def test_watermark_knows_a_notebook(kernel_cells: Any) -> None:
    _, shown = kernel_cells("%load_ext watermark", "%watermark -je")

    assert "Notebook" in shown.out or "JupyterLab" in shown.out


def test_snakeviz_profiles_by_our_magic(cells: Any) -> None:
    _, configured, _, shown = cells(
        "%load_ext snakeviz",
        "%snakeviz_config -p 8989",
        "import subprocess\nopened = []\n"
        "class Server:\n"
        "    def __init__(self, command):\n"
        "        import pstats\n"
        "        opened.append(pstats.Stats(command[-1]).total_calls)\n"
        "    def terminate(self): pass\n"
        "subprocess.Popen = Server; import time; time.sleep = print",
        "%snakeviz -t sorted(range(10), key=lambda n: n)\nopened[0] >= 10",
    )

    assert "port 8989" in configured.out
    assert shown.error is None, shown
    assert shown.bundles == [{"text/plain": "True"}]
