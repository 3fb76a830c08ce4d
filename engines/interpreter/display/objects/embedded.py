"""Pages of others, in a frame."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class IFrame:
    """A page in a frame.

    Args:
        src: its URL.
        width: pixels, or text such as `50%`.
        height: pixels, or text.
        extras: further attributes of the frame.
        kwargs: parameters, added to the URL.
    """

    iframe = (
        '<iframe width="{width}" height="{height}" src="{src}{params}" '
        'frameborder="0" allowfullscreen '
        'referrerpolicy="strict-origin-when-cross-origin" {extras}></iframe>'
    )

    def __init__(
        self,
        src: str,
        width: Any,
        height: Any,
        extras: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.src = str(src)
        self.width = width
        self.height = height
        self.extras = list(extras or ())
        self.params = kwargs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.src}>"

    def _repr_html_(self) -> str:
        from html import escape
        from urllib.parse import urlencode

        params = ""
        if self.params:
            params = ("&" if "?" in self.src else "?") + urlencode(self.params)
        return self.iframe.format(
            width=escape(str(self.width)),
            height=escape(str(self.height)),
            src=escape(self.src),
            params=escape(params),
            extras=" ".join(self.extras),
        )


class YouTubeVideo(IFrame):
    """A video on YouTube; parameters such as `start=30` (seconds) are its player's.

    Args:
        id: what stands behind `v=` in the video's URL.
        width: pixels.
        height: pixels.
        allow_autoplay: begin at once.
        kwargs: parameters of the player.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  (as the field calls it)
        width: Any = 400,
        height: Any = 300,
        allow_autoplay: bool = False,
        **kwargs: Any,
    ) -> None:
        extras = list(kwargs.pop("extras", ()))
        if allow_autoplay:
            extras.append('allow="autoplay"')
            kwargs["autoplay"] = 1
        self.id = id
        src = f"https://www.youtube.com/embed/{id}"
        super().__init__(src, width, height, extras, **kwargs)


class VimeoVideo(IFrame):
    """A video on Vimeo, by its number."""

    def __init__(
        self,
        id: Any,  # noqa: A002  (as the field calls it)
        width: Any = 400,
        height: Any = 300,
        **kwargs: Any,
    ) -> None:
        self.id = id
        src = f"https://player.vimeo.com/video/{id}"
        super().__init__(src, width, height, **kwargs)


class ScribdDocument(IFrame):
    """A document on Scribd; `start_page` and `view_mode` are its reader's."""

    def __init__(
        self,
        id: Any,  # noqa: A002  (as the field calls it)
        width: Any = 400,
        height: Any = 300,
        **kwargs: Any,
    ) -> None:
        self.id = id
        src = f"https://www.scribd.com/embeds/{id}/content"
        super().__init__(src, width, height, **kwargs)
