"""Links to files: in a notebook they can be clicked, in a terminal they are paths."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Listing = Callable[[str, list[str], list[str] | None], list[str]]
    """(folder, names of its files, wanted suffixes) to lines."""


class FileLink:
    """A link to a file.

    Args:
        path: the file, from the notebook's folder.
        url_prefix: put before the path in the link: `files/`.
        result_html_prefix: HTML before the link.
        result_html_suffix: HTML behind it.

    Raises:
        ValueError: it is a folder.
    """

    html_link_str = "<a href='%s' target='_blank'>%s</a>"

    def __init__(
        self,
        path: Any,
        url_prefix: str = "",
        result_html_prefix: str = "",
        result_html_suffix: str = "<br>",
    ) -> None:
        self.path: str = os.fspath(path)
        self.url_prefix = url_prefix
        self.result_html_prefix = result_html_prefix
        self.result_html_suffix = result_html_suffix
        self._check()

    def _check(self) -> None:
        if os.path.isdir(self.path):
            raise ValueError(f"{self.path!r} is a folder: FileLinks shows those")

    def _link(self, path: str, text: str) -> str:
        from html import escape
        from urllib.parse import quote

        target = self.url_prefix + quote(path.replace(os.sep, "/"))
        return str(self.html_link_str % (escape(target), escape(text)))

    def _repr_html_(self) -> str:
        if not os.path.exists(self.path):
            return self._missing()
        return (
            self.result_html_prefix
            + self._link(self.path, self.path)
            + self.result_html_suffix
        )

    def _missing(self) -> str:
        from html import escape

        return f"There is no <tt>{escape(self.path)}</tt>, or not yet."

    def __repr__(self) -> str:
        return os.path.abspath(self.path)


class FileLinks(FileLink):
    """Links to the files of a folder, and of those in it.

    Args:
        path: the folder.
        url_prefix: put before the paths in the links.
        included_suffixes: `[".py", ".txt"]`: show only these; None: all.
        result_html_prefix: HTML before each link.
        result_html_suffix: HTML behind each link.
        notebook_display_formatter: `f(folder, names, suffixes)` gives lines of HTML.
        terminal_display_formatter: the same gives lines of text.
        recursive: go into folders.

    Raises:
        ValueError: it is a file.
    """

    def __init__(
        self,
        path: Any,
        url_prefix: str = "",
        included_suffixes: list[str] | None = None,
        result_html_prefix: str = "",
        result_html_suffix: str = "<br>",
        notebook_display_formatter: Listing | None = None,
        terminal_display_formatter: Listing | None = None,
        recursive: bool = True,
    ) -> None:
        self.included_suffixes = included_suffixes
        self.recursive = recursive
        self.notebook_display_formatter = notebook_display_formatter or self._html
        self.terminal_display_formatter = terminal_display_formatter or self._text
        super().__init__(path, url_prefix, result_html_prefix, result_html_suffix)
        if self.path != os.sep:
            self.path = self.path.rstrip(os.sep)

    def _check(self) -> None:
        if os.path.isfile(self.path):
            raise ValueError(f"{self.path!r} is a file: FileLink shows those")

    def _folders(self) -> Iterator[tuple[str, list[str]]]:
        """Folders, and the names of their files, in order."""
        for folder, inner, names in os.walk(self.path):
            if self.recursive:
                inner.sort()
            else:
                inner.clear()
            yield folder, sorted(names)

    def _wanted(self, names: list[str], suffixes: list[str] | None) -> list[str]:
        return [
            name
            for name in names
            if suffixes is None or os.path.splitext(name)[1] in suffixes
        ]

    def _html(
        self, folder: str, names: list[str], suffixes: list[str] | None = None
    ) -> list[str]:
        from html import escape

        wanted = self._wanted(names, suffixes)
        links = [
            f"&nbsp;&nbsp;{self.result_html_prefix}"
            f"{self._link(os.path.join(folder, name), name)}{self.result_html_suffix}"
            for name in wanted
        ]
        return [f"{escape(folder)}/<br>", *links] if wanted else []

    def _text(
        self, folder: str, names: list[str], suffixes: list[str] | None = None
    ) -> list[str]:
        wanted = self._wanted(names, suffixes)
        return [f"{folder}/", *(f"  {name}" for name in wanted)] if wanted else []

    def _lines(self, listing: Listing) -> str:
        lines: list[str] = []
        for folder, names in self._folders():
            lines += listing(folder, names, self.included_suffixes)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not os.path.exists(self.path):
            return self._missing()
        return self._lines(self.notebook_display_formatter)

    def __repr__(self) -> str:
        return self._lines(self.terminal_display_formatter)
