"""Pages of others."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.display.objects.embedded import (
    IFrame,
    ScribdDocument,
    VimeoVideo,
    YouTubeVideo,
)


def test_a_frame_has_a_size_and_extras() -> None:
    frame = IFrame("http://x", 100, "50%", extras=['allow="camera"'])

    assert frame._repr_html_() == (
        '<iframe width="100" height="50%" src="http://x" frameborder="0" '
        'allowfullscreen referrerpolicy="strict-origin-when-cross-origin" '
        'allow="camera"></iframe>'
    )
    assert repr(frame) == "<IFrame http://x>"


@pytest.mark.parametrize(
    ("frame", "url"),
    [
        (IFrame("http://x", 1, 1, a=1, b="c d"), "http://x?a=1&amp;b=c+d"),
        (IFrame("http://x?y=1", 1, 1, a=1), "http://x?y=1&amp;a=1"),
        (YouTubeVideo("abc"), "https://www.youtube.com/embed/abc"),
        (YouTubeVideo("abc", start=30), "https://www.youtube.com/embed/abc?start=30"),
        (VimeoVideo(12), "https://player.vimeo.com/video/12"),
        (
            ScribdDocument(3, start_page=2),
            "https://www.scribd.com/embeds/3/content?start_page=2",
        ),
    ],
)
def test_parameters_are_part_of_the_url(frame: IFrame, url: str) -> None:
    assert f'src="{url}"' in frame._repr_html_()


def test_a_video_may_begin_at_once() -> None:
    html = YouTubeVideo("abc", allow_autoplay=True)._repr_html_()

    assert "embed/abc?autoplay=1" in html
    assert 'allow="autoplay"' in html
