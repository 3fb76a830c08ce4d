"""Things to show: text of some kind, images, sound, links.

content.py    `DisplayObject`, and text: HTML, Markdown, LaTeX, SVG, JSON, JavaScript
images.py     `Image`: PNG, JPEG, GIF, WebP
media.py      `Audio`, `Video`
embedded.py   pages of others in a frame: `IFrame`, `YouTubeVideo`, ...
links.py      `FileLink`, `FileLinks`
source.py     `Code`, with colours
progress.py   `ProgressBar`

    display(Image("plot.png"), HTML("<b>bold</b>"))

Every class can be had from here; its module is imported then. Signatures are the
field's (`IPython.display`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLACES = {
    "DisplayObject": "content",
    "TextDisplayObject": "content",
    "Pretty": "content",
    "HTML": "content",
    "Markdown": "content",
    "Math": "content",
    "Latex": "content",
    "SVG": "content",
    "JSON": "content",
    "GeoJSON": "content",
    "Javascript": "content",
    "Image": "images",
    "Audio": "media",
    "Video": "media",
    "IFrame": "embedded",
    "YouTubeVideo": "embedded",
    "VimeoVideo": "embedded",
    "ScribdDocument": "embedded",
    "FileLink": "links",
    "FileLinks": "links",
    "Code": "source",
    "ProgressBar": "progress",
}


def __getattr__(name: str) -> Any:
    place = PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{place}"), name)
