"""`DisplayObject`, what all of these are, and those that hold text.

The content is given as it is, or by the name of a file, or by a URL; a string that
begins with `http`, or names a file that exists, is taken for that.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

_OURS = "ipcluster."


class DisplayObject:
    """Something to show, of one MIME type.

    Args:
        data: the content; or a file's name, or a URL.
        url: where the content is.
        filename: the file that holds the content.
        metadata: what there is to say of it, for front ends.

    Raises:
        TypeError: content of a type that this class cannot hold.
    """

    # How a file is opened: "r" for text, "rb" for bytes.
    _read_flags: ClassVar[str] = "r"
    # The module that users know the class by, whichever of ours it is in.
    _known_as: ClassVar[str] = "IPython.core.display"

    metadata: dict[str, Any] | None = None
    data: Any = None

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: Any = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if isinstance(data, os.PathLike):
            data = os.fspath(data)
        if isinstance(data, str):
            if url is None and data.startswith(("http://", "https://")):
                data, url = None, data
            elif filename is None and _is_file(data):
                data, filename = None, data
        self.url = url
        self.filename = None if filename is None else os.fspath(filename)
        self.data = data
        if metadata is not None:
            self.metadata = metadata
        elif self.metadata is None:
            self.metadata = {}
        self.reload()
        self._check_data()

    def __repr__(self) -> str:
        cls = type(self)
        module = self._known_as if cls.__module__.startswith(_OURS) else cls.__module__
        return f"<{module}.{cls.__name__} object>"

    def _check_data(self) -> None:
        """Refuse content of a wrong type."""

    def _data_and_metadata(self) -> Any:
        """The content, with its metadata if there are any."""
        if not self.metadata:
            return self.data
        from copy import deepcopy

        return self.data, deepcopy(self.metadata)

    def reload(self) -> None:
        """Read the file, or fetch the URL, once more."""
        if self.filename is not None:
            is_text = "b" not in self._read_flags
            with open(
                self.filename, self._read_flags, encoding="utf-8" if is_text else None
            ) as file:
                self.data = file.read()
        elif self.url is not None:
            content, charset = fetch(self.url)
            is_text = "b" not in self._read_flags
            self.data = content.decode(charset, "replace") if is_text else content


def fetch(url: str) -> tuple[bytes, str]:
    """What is behind a URL, and its character set."""
    from urllib.request import urlopen

    with urlopen(url) as response:
        content: bytes = response.read()
        if response.headers.get("content-encoding") == "gzip":
            import gzip

            content = gzip.decompress(content)
        return content, response.headers.get_content_charset() or "utf-8"


def _is_file(text: str) -> bool:
    try:
        return os.path.exists(text)
    except (OSError, ValueError):  # too long for a name, or with a null in it
        return False


class TextDisplayObject(DisplayObject):
    """Something to show whose content is text."""

    def _check_data(self) -> None:
        if self.data is not None and not isinstance(self.data, str):
            raise TypeError(
                f"{type(self).__name__} expects text, not {type(self.data).__name__}"
            )


class Pretty(TextDisplayObject):
    """Text, shown as it is."""

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(self.data)


class HTML(TextDisplayObject):
    """HTML."""

    def _repr_html_(self) -> Any:
        return self._data_and_metadata()

    def __html__(self) -> Any:
        """For other libraries (MarkupSafe, Django): text that is HTML already."""
        return self.data


class Markdown(TextDisplayObject):
    """Markdown."""

    def _repr_markdown_(self) -> Any:
        return self._data_and_metadata()


class Math(TextDisplayObject):
    """A formula in LaTeX, without the dollars around it."""

    def _repr_latex_(self) -> Any:
        formula = rf"$\displaystyle {(self.data or '').strip('$')}$"
        return (formula, dict(self.metadata)) if self.metadata else formula


class Latex(TextDisplayObject):
    """LaTeX: formulas in dollars, or an environment."""

    def _repr_latex_(self) -> Any:
        return self._data_and_metadata()


class SVG(DisplayObject):
    """An SVG image; of a whole document its `<svg>` element is shown."""

    _read_flags = "rb"
    _svg: str | None = None

    @property
    def data(self) -> str | None:
        return self._svg

    @data.setter
    def data(self, content: str | bytes | None) -> None:
        if isinstance(content, bytes):
            content = content.decode("utf-8", "replace")
        self._svg = None if content is None else _svg_element(content)

    def _repr_svg_(self) -> Any:
        return self._data_and_metadata()


def _svg_element(text: str) -> str:
    from xml.dom import minidom
    from xml.parsers.expat import ExpatError

    try:
        found = minidom.parseString(text.encode()).getElementsByTagName("svg")
    except ExpatError:  # browsers show what a strict parser refuses
        return text
    return found[0].toxml() if found else text


class JSON(DisplayObject):
    """What JSON can hold, as a tree that can be unfolded.

    Args:
        data: a list, a dict, or text in JSON.
        url: where that is.
        filename: the file that holds it.
        expanded: show it unfolded.
        metadata: what there is to say of it.
        root: the name of the tree's root.
        kwargs: further metadata.
    """

    _json: Any = None

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: Any = None,
        expanded: bool = False,
        metadata: dict[str, Any] | None = None,
        root: str = "root",
        **kwargs: Any,
    ) -> None:
        self.metadata = {"expanded": expanded, "root": root}
        self.metadata.update(metadata or {})
        self.metadata.update(kwargs)
        super().__init__(data, url, filename, self.metadata)

    @property
    def data(self) -> Any:
        return self._json

    @data.setter
    def data(self, content: Any) -> None:
        if isinstance(content, str):
            if self.filename is None and self.url is None:
                import warnings

                warnings.warn(
                    "JSON expects a list or a dict; text is parsed",
                    stacklevel=3,
                )
            import json

            content = json.loads(content)
        self._json = content

    def _check_data(self) -> None:
        if self.data is not None and not isinstance(self.data, (dict, list)):
            raise TypeError(
                f"{type(self).__name__} expects a list or a dict, "
                f"not {type(self.data).__name__}"
            )

    def _data_and_metadata(self) -> Any:
        return self.data, self.metadata

    def _repr_json_(self) -> Any:
        return self._data_and_metadata()


class GeoJSON(JSON):
    """Places on a map; `url_template` and `layer_options` say which map (Leaflet's)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metadata = {
            name: value
            for name, value in (self.metadata or {}).items()
            if name not in ("expanded", "root")
        }

    def _repr_json_(self) -> Any:
        """Nothing: it is to be seen as a map, and not as a tree."""
        return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        kind = "application/geo+json"
        return {kind: self.data, "text/plain": repr(self)}, {kind: self.metadata}


class Javascript(TextDisplayObject):
    """JavaScript, run by the front end.

    Args:
        data: the code.
        url: where it is.
        filename: the file that holds it.
        lib: URLs of scripts to load first, one or several.
        css: URLs of style sheets to load, one or several.
    """

    def __init__(
        self,
        data: str | None = None,
        url: str | None = None,
        filename: Any = None,
        lib: str | list[str] | None = None,
        css: str | list[str] | None = None,
    ) -> None:
        self.lib = _as_list(lib, "lib")
        self.css = _as_list(css, "css")
        super().__init__(data, url, filename)

    def _repr_javascript_(self) -> str:
        from json import dumps

        sheets = "".join(_ADD_SHEET % dumps(url) for url in self.css)
        code = self.data or ""
        for url in reversed(self.lib):
            code = _AFTER_SCRIPT % (dumps(url), code)
        return sheets + code


_ADD_SHEET = """\
{
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = %s;
    document.head.appendChild(sheet);
}
"""

_AFTER_SCRIPT = """\
new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = %s;
    script.onload = resolve;
    script.onerror = reject;
    document.head.appendChild(script);
}).then(() => {
%s
});
"""


def _as_list(value: Any, name: str) -> list[str]:
    values = [value] if isinstance(value, str) else list(value or ())
    if not all(isinstance(one, str) for one in values):
        raise TypeError(f"{name} is a URL, or a list of URLs; not {value!r}")
    return values
