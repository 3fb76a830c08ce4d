"""Source text with colours."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipcluster.engines.interpreter.display.objects.source import Code

pytest.importorskip("pygments")


def test_code_has_colours_and_is_text() -> None:
    code = Code("x = 1\n", language="python")

    assert repr(code) == "x = 1\n"
    assert '<span class="n">x</span>' in code._repr_html_()
    assert code._repr_html_().startswith("<style>")
    assert r"\PY{n}{x}" in code._repr_latex_()


def test_the_language_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(): pass\n")
    (tmp_path / "a.unknown").write_text("nothing known\n")

    assert '<span class="k">def</span>' in Code(tmp_path / "a.py")._repr_html_()
    assert "nothing known" in Code(filename=tmp_path / "a.unknown")._repr_html_()
    assert "#!/bin/sh" in Code("#!/bin/sh\necho\n")._repr_html_()


def test_a_lexer_is_a_language() -> None:
    from pygments.lexers import JsonLexer

    assert Code("[1]", language=JsonLexer())._get_lexer().name == "JSON"
