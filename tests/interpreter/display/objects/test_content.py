"""Text to show: where it comes from, and as what it is shown."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ipcluster.engines.interpreter.display import objects
from ipcluster.engines.interpreter.display.objects.content import (
    HTML,
    JSON,
    SVG,
    DisplayObject,
    GeoJSON,
    Javascript,
    Latex,
    Markdown,
    Math,
    Pretty,
)
from ipcluster.engines.interpreter.display.pretty import pretty


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[str]:
    """Serves `/plain`, in Latin-1, and `/packed`, with gzip."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            content = "caf\xe9".encode("latin-1")
            if self.path == "/packed":
                content = gzip.compress("caf\xe9".encode())
                self.send_header("Content-Encoding", "gzip")
            else:
                self.send_header("Content-Type", "text/plain; charset=latin-1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def test_every_class_can_be_had_from_the_folder() -> None:
    for name in objects.PLACES:
        assert getattr(objects, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        _ = objects.Nothing


@pytest.mark.parametrize(
    ("obj", "method", "content"),
    [
        (HTML("<b>"), "_repr_html_", "<b>"),
        (Markdown("# x"), "_repr_markdown_", "# x"),
        (Math("x^2"), "_repr_latex_", r"$\displaystyle x^2$"),
        (Math("$$x$$"), "_repr_latex_", r"$\displaystyle x$"),
        (Latex("$x$"), "_repr_latex_", "$x$"),
        (SVG("<svg/>"), "_repr_svg_", "<svg/>"),
        (Javascript("run()"), "_repr_javascript_", "run()"),
        (
            JSON([1], expanded=True),
            "_repr_json_",
            ([1], {"expanded": True, "root": "root"}),
        ),
        (HTML("<b>", metadata={"a": 1}), "_repr_html_", ("<b>", {"a": 1})),
    ],
)
def test_text_is_shown_as_what_it_is(obj: Any, method: str, content: Any) -> None:
    assert getattr(obj, method)() == content


def test_its_repr_is_the_name_that_users_know() -> None:
    class Mine(HTML):
        pass

    assert repr(HTML("<b>")) == "<IPython.core.display.HTML object>"
    assert repr(Mine("<b>")) == f"<{__name__}.Mine object>"


def test_pretty_is_text_as_it_is() -> None:
    assert pretty([Pretty("a'b")]) == "[a'b]"


def test_html_is_html_for_others_too() -> None:
    assert HTML("<b>").__html__() == "<b>"


@pytest.mark.parametrize("cls", [HTML, Markdown, Latex, Pretty])
def test_text_has_to_be_text(cls: type[DisplayObject]) -> None:
    with pytest.raises(TypeError, match="expects text, not int"):
        cls(5)


def test_content_may_be_in_a_file(folder: Path) -> None:
    (folder / "page.html").write_text("<i>caf\xe9</i>", encoding="utf-8")

    by_name = HTML(filename="page.html")
    by_data = HTML("page.html")
    by_path = HTML(folder / "page.html")

    assert by_name.data == by_data.data == by_path.data == "<i>caf\xe9</i>"
    (folder / "page.html").write_text("new")
    by_name.reload()
    assert by_name.data == "new"
    with pytest.raises(FileNotFoundError):
        HTML(filename="no.html")


def test_text_that_could_not_be_a_file_is_text() -> None:
    assert HTML("x" * 100_000).data == "x" * 100_000
    assert HTML("a\0b").data == "a\0b"


@pytest.mark.parametrize("path", ["plain", "packed"])
def test_content_may_be_behind_a_url(server: str, path: str) -> None:
    by_data = Markdown(f"{server}/{path}")
    by_url = Markdown(url=f"{server}/{path}")

    assert by_data.data == by_url.data == "caf\xe9"
    assert by_data.url == f"{server}/{path}"


def test_of_a_document_the_svg_is_shown(folder: Path) -> None:
    document = '<?xml version="1.0"?><!DOCTYPE svg>\n<svg a="1"><g/></svg>'
    (folder / "a.svg").write_text(document)

    assert SVG(document).data == '<svg a="1"><g/></svg>'
    assert SVG(filename="a.svg").data == '<svg a="1"><g/></svg>'
    assert SVG("<svg><not closed").data == "<svg><not closed"
    assert SVG("<g/>").data == "<g/>"


def test_json_is_what_json_can_hold(folder: Path) -> None:
    (folder / "a.json").write_text('{"a": 1}')

    assert JSON(filename="a.json").data == {"a": 1}
    with pytest.warns(UserWarning, match="parsed"):
        assert JSON('{"a": [1]}').data == {"a": [1]}
    with pytest.raises(TypeError, match="a list or a dict, not int"):
        JSON(5)


def test_geojson_is_a_map() -> None:
    place = GeoJSON({"type": "Point"}, url_template="http://tiles")

    data, metadata = place._repr_mimebundle_()

    assert data["application/geo+json"] == {"type": "Point"}
    assert metadata == {"application/geo+json": {"url_template": "http://tiles"}}
    assert place._repr_json_() is None


def test_javascript_waits_for_its_scripts() -> None:
    code = Javascript("go()", lib=["a.js", "b.js"], css="c.css")._repr_javascript_()

    positions = [code.index(part) for part in ('"c.css"', '"a.js"', '"b.js"', "go()")]
    assert positions == sorted(positions)
    assert code.count("new Promise") == code.count("}).then(() => {") == 2
    with pytest.raises(TypeError, match="lib is a URL"):
        Javascript("x", lib=[5])  # type: ignore[list-item]  # what is tested
