"""`Image`: PNG, JPEG, GIF and WebP, in the output itself or linked from it."""

from __future__ import annotations

from ipcluster.engines.interpreter.display.objects.content import DisplayObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Size = tuple[int, int]

FORMATS = ("png", "jpeg", "gif", "webp")


class Image(DisplayObject):
    """An image.

    Args:
        data: its bytes; or a file's name, or a URL.
        url: where it is; a link alone is shown, unless `embed` is set.
        filename: the file that holds it.
        format: png, jpeg, gif or webp; None: found out.
        embed: put it into the output, so that it is there when its source has gone.
        width: pixels that it is shown at.
        height: pixels that it is shown at.
        retina: show it at half its size, for screens with twice the pixels.
        unconfined: let it be wider than the output.
        metadata: what there is to say of it.
        alt: text for those who do not see it.

    Raises:
        ValueError: no content, or a format that cannot be embedded.
        FileNotFoundError: there is no such file.
    """

    _read_flags = "rb"

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: Any = None,
        format: str | None = None,  # noqa: A002  (as the field calls it)
        embed: bool | None = None,
        width: int | None = None,
        height: int | None = None,
        retina: bool = False,
        unconfined: bool = False,
        metadata: dict[str, Any] | None = None,
        alt: str | None = None,
    ) -> None:
        if data is None and url is None and filename is None:
            raise ValueError("an image wants data, or a file's name, or a URL")
        self.embed = (url is None) if embed is None else embed
        self.width = width
        self.height = height
        self.retina = retina
        self.unconfined = unconfined
        self.alt = alt
        self.format = _canonical(format)
        super().__init__(data, url, filename, metadata)
        if not self.format:
            self.format = self._guess_format()
        if self.embed and self.format not in FORMATS:
            raise ValueError(
                f"cannot embed a {self.format!r} image; {', '.join(FORMATS)} can be. "
                "embed=False links it"
            )

    def _guess_format(self) -> str:
        if self.filename is not None:
            return _canonical(_extension(self.filename)) or "png"
        if self.url is not None:
            from urllib.parse import urlsplit

            return _canonical(_extension(urlsplit(self.url).path)) or "png"
        return format_of(self.data) or "png"

    def _check_data(self) -> None:
        if isinstance(self.data, str):
            raise FileNotFoundError(f"no such image file: {self.data!r}")
        if self.data is not None and not isinstance(self.data, (bytes, bytearray)):
            raise TypeError(f"an image is bytes, not {type(self.data).__name__}")

    def reload(self) -> None:
        """Read the file, or fetch the URL, once more."""
        if self.embed:
            super().reload()
            if self.retina and self.width is None and self.height is None:
                self._retina_shape()

    def _retina_shape(self) -> None:
        size = size_of(self.data) if self.embed and self.data else None
        if size is not None:
            self.width, self.height = size[0] // 2, size[1] // 2

    def _about(self) -> dict[str, Any]:
        """The metadata of the embedded image."""
        about: dict[str, Any] = {}
        if self.width:
            about["width"] = self.width
        if self.height:
            about["height"] = self.height
        if self.unconfined:
            about["unconfined"] = True
        about.update(self.metadata or {})
        if self.alt:
            about["alt"] = self.alt
        return about

    def _encoded(self) -> str:
        from base64 import b64encode

        return b64encode(self.data).decode()

    def _data_and_metadata(self) -> Any:
        about = self._about()
        return (self._encoded(), about) if about else self._encoded()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if not self.embed:
            return {"text/html": self._repr_html_()}
        kind = f"image/{self.format}"
        about = self._about()
        return {kind: self._encoded()}, {kind: about} if about else {}

    def _repr_html_(self) -> str | None:
        """A link to the image, if it is not in the output."""
        if self.embed:
            return None
        from html import escape

        source = escape(str(self.url or self.filename))
        attributes = [f'src="{source}"']
        if self.width:
            attributes.append(f'width="{self.width}"')
        if self.height:
            attributes.append(f'height="{self.height}"')
        if self.unconfined:
            attributes.append('class="unconfined"')
        if self.alt:
            attributes.append(f'alt="{escape(self.alt)}"')
        return f"<img {' '.join(attributes)}/>"

    def _repr_png_(self) -> Any:
        is_it = self.embed and self.format == "png"
        return self._data_and_metadata() if is_it else None

    def _repr_jpeg_(self) -> Any:
        is_it = self.embed and self.format == "jpeg"
        return self._data_and_metadata() if is_it else None


def _canonical(name: str | None) -> str:
    name = (name or "").lower()
    return "jpeg" if name == "jpg" else name


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""


# --- what the bytes tell --------------------------------------------------------------


def format_of(data: Any) -> str | None:
    """The format of an image's bytes; None for one that we do not know."""
    start = bytes(data[:12]) if isinstance(data, (bytes, bytearray)) else b""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"\xff\xd8"):
        return "jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "webp"
    return None


def size_of(data: bytes) -> Size | None:
    """Width and height of an image in pixels; None if its bytes do not tell."""
    kind = format_of(data)
    if kind is None:
        return None
    try:
        return _SIZES[kind](data)
    except (IndexError, ValueError):
        return None


def _big(data: bytes, start: int, count: int = 2) -> int:
    return int.from_bytes(_piece(data, start, count), "big")


def _little(data: bytes, start: int, count: int = 2) -> int:
    return int.from_bytes(_piece(data, start, count), "little")


def _piece(data: bytes, start: int, count: int) -> bytes:
    piece = data[start : start + count]
    if len(piece) < count:
        raise ValueError("the image is cut off")
    return piece


def _png_size(data: bytes) -> Size:
    # The header is the first chunk: length, "IHDR", width, height.
    return _big(data, 16, 4), _big(data, 20, 4)


def _gif_size(data: bytes) -> Size:
    return _little(data, 6), _little(data, 8)


def _jpeg_size(data: bytes) -> Size | None:
    """The size in the frame header, the first segment whose marker is an SOF."""
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        # C4, C8 and CC are tables and extensions, the others of C0 to CF are frames.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _big(data, at + 7), _big(data, at + 5)
        at += 2 + _big(data, at + 2)
    return None


def _webp_size(data: bytes) -> Size | None:
    # https://developers.google.com/speed/webp/docs/riff_container
    kind = data[12:16]
    if kind == b"VP8 ":
        return _little(data, 26) & 0x3FFF, _little(data, 28) & 0x3FFF
    if kind == b"VP8L":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    return None


_SIZES: dict[str, Callable[[bytes], Size | None]] = {
    "png": _png_size,
    "jpeg": _jpeg_size,
    "gif": _gif_size,
    "webp": _webp_size,
}
