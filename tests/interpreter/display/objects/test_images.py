"""Images: formats, sizes, embedded or linked."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.display.objects.images import (
    Image,
    format_of,
    size_of,
)


def png(width: int = 6, height: int = 4) -> bytes:
    header = struct.pack(">I4sII", 13, b"IHDR", width, height)
    return b"\x89PNG\r\n\x1a\n" + header


def gif(width: int = 6, height: int = 4) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height)


def jpeg(width: int = 6, height: int = 4) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 5) + b"abc"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width)
    return b"\xff\xd8" + comment + frame


def webp(chunk: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + chunk + b"\0\0\0\0" + rest


LOSSY = webp(b"VP8 ", b"\0" * 6 + struct.pack("<HH", 6 | 0x4000, 4))
LOSSLESS = webp(b"VP8L", b"\x2f" + struct.pack("<I", 5 | (3 << 14)))
EXTENDED = webp(b"VP8X", b"\0" * 4 + b"\x05\0\0" + b"\x03\0\0")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (png(), "png"),
        (gif(), "gif"),
        (jpeg(), "jpeg"),
        (LOSSY, "webp"),
        (LOSSLESS, "webp"),
        (EXTENDED, "webp"),
    ],
)
def test_the_bytes_tell_format_and_size(data: bytes, name: str) -> None:
    assert format_of(data) == name
    assert size_of(data) == (6, 4)
    assert Image(data).format == name


@pytest.mark.parametrize("data", [png(), gif(), jpeg(), LOSSY, LOSSLESS, EXTENDED])
def test_an_image_that_is_cut_off_has_no_size(data: bytes) -> None:
    assert size_of(data[:-2]) is None


@pytest.mark.parametrize("data", [b"", b"garbage", b"RIFF\0\0\0\0WAVE", "text", None])
def test_other_bytes_are_no_image(data: Any) -> None:
    assert format_of(data) is None


def test_an_image_is_embedded_with_its_metadata() -> None:
    image = Image(png(), width=5, unconfined=True, alt="a plot", metadata={"k": 1})

    data, metadata = image._repr_mimebundle_()

    assert {kind: b64decode(text) for kind, text in data.items()} == {
        "image/png": png()
    }
    about = {"width": 5, "unconfined": True, "k": 1, "alt": "a plot"}
    assert metadata == {"image/png": about}
    assert image._repr_html_() is None


def test_its_methods_give_its_own_format() -> None:
    encoded = b64encode(png()).decode()

    assert Image(png())._repr_png_() == encoded
    assert Image(png())._repr_jpeg_() is None
    assert Image(jpeg(), height=3)._repr_jpeg_() == (
        b64encode(jpeg()).decode(),
        {"height": 3},
    )


def test_retina_halves_the_size() -> None:
    image = Image(png(600, 400), retina=True)

    assert (image.width, image.height) == (300, 200)
    assert Image(png(), retina=True, width=9).height is None


def test_a_file_is_read(folder: Path) -> None:
    (folder / "a.gif").write_bytes(gif())

    for image in (Image("a.gif"), Image(filename="a.gif"), Image(folder / "a.gif")):
        assert (image.data, image.format, image.embed) == (gif(), "gif", True)


def test_a_url_is_linked() -> None:
    image = Image(url="http://x/a.jpg?b=1&c", width=5, height=6, alt='"q"')

    assert image.format == "jpeg"
    assert image._repr_mimebundle_() == {
        "text/html": '<img src="http://x/a.jpg?b=1&amp;c" width="5" height="6" '
        'alt="&quot;q&quot;"/>'
    }


def test_a_file_may_be_linked() -> None:
    image = Image(filename="not/there/yet.png", embed=False, unconfined=True)

    assert image._repr_html_() == '<img src="not/there/yet.png" class="unconfined"/>'
    assert image._repr_png_() is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "data, or a file's name, or a URL"),
        ({"data": "no.png"}, FileNotFoundError, r"no such image file: 'no\.png'"),
        ({"data": 5}, TypeError, "bytes, not int"),
        ({"data": png(), "format": "bmp"}, ValueError, "cannot embed a 'bmp' image"),
    ],
)
def test_what_cannot_be_shown_is_said(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Image(**arguments)


def test_a_format_may_be_given() -> None:
    assert Image(b"anything", format="JPG").format == "jpeg"
    assert Image(b"anything").format == "png"
