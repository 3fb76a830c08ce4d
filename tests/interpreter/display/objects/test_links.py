"""Links to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipcluster.engines.interpreter.display.objects.links import FileLink, FileLinks


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.txt", "a&b#1.py", "sub/c.txt", "sub/deep/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def test_a_file_is_a_link_and_a_path(folder: Path) -> None:
    link = FileLink("b.txt")

    assert link._repr_html_() == "<a href='b.txt' target='_blank'>b.txt</a><br>"
    assert repr(link) == str(folder / "b.txt")


def test_names_are_quoted() -> None:
    link = FileLink(
        Path("a&b#1.py"), "files/", result_html_prefix="<p>", result_html_suffix="</p>"
    )

    assert link._repr_html_() == (
        "<p><a href='files/a%26b%231.py' target='_blank'>a&amp;b#1.py</a></p>"
    )


def test_what_is_not_there_is_said() -> None:
    assert "There is no <tt>no&lt;</tt>" in FileLink("no<")._repr_html_()
    assert "There is no <tt>no</tt>" in FileLinks("no")._repr_html_()


def test_folders_and_files_have_their_classes() -> None:
    with pytest.raises(ValueError, match="FileLinks shows those"):
        FileLink("sub")
    with pytest.raises(ValueError, match="FileLink shows those"):
        FileLinks("b.txt")


def test_a_folder_is_a_list() -> None:
    links = FileLinks("sub/")

    assert repr(links) == "sub/\n  c.txt\nsub/deep/\n  d.txt"
    assert links._repr_html_() == (
        "sub/<br>\n"
        "&nbsp;&nbsp;<a href='sub/c.txt' target='_blank'>c.txt</a><br>\n"
        "sub/deep/<br>\n"
        "&nbsp;&nbsp;<a href='sub/deep/d.txt' target='_blank'>d.txt</a><br>"
    )


def test_a_part_of_a_folder_can_be_shown() -> None:
    assert repr(FileLinks(".", recursive=False)) == "./\n  a&b#1.py\n  b.txt"
    assert repr(FileLinks(".", included_suffixes=[".py"])) == "./\n  a&b#1.py"


def test_lists_may_be_made_by_others() -> None:
    def listing(folder: str, names: list[str], suffixes: list[str] | None) -> list[str]:
        return [f"{folder}: {len(names)}"]

    links = FileLinks(
        "sub", terminal_display_formatter=listing, notebook_display_formatter=listing
    )

    assert repr(links) == links._repr_html_() == "sub: 1\nsub/deep: 1"
