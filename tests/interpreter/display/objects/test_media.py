"""Players of sound and video."""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.display.objects.media import Audio, Video


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["with NumPy", "without NumPy"])
def numpy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without NumPy":
        monkeypatch.delitem(sys.modules, "numpy", raising=False)
    else:
        pytest.importorskip("numpy")


def samples(sound: Audio) -> tuple[int, int, list[int]]:
    """Rate, channels and samples of what is in the player."""
    with wave.open(io.BytesIO(sound.data)) as file:
        frames = array("h", file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            frames.byteswap()
        return file.getframerate(), file.getnchannels(), list(frames)


@pytest.mark.usefixtures("numpy")
def test_samples_become_a_file_as_loud_as_it_can_be() -> None:
    assert samples(Audio([0.0, 0.5, -1, 2], rate=8000)) == (
        8000,
        1,
        [0, 8191, -16383, 32767],
    )


@pytest.mark.usefixtures("numpy")
def test_channels_are_interleaved() -> None:
    assert samples(Audio([[1, 1], [-1, 0]], rate=5)) == (
        5,
        2,
        [32767, -32767] * 1 + [32767, 0],
    )


@pytest.mark.usefixtures("numpy")
def test_samples_may_be_left_as_they_are() -> None:
    assert samples(Audio([0.5], rate=5, normalize=False)) == (5, 1, [16383])
    with pytest.raises(ValueError, match="within -1 and 1"):
        Audio([2], rate=5, normalize=False)


@pytest.mark.usefixtures("numpy")
def test_silence_stays_silent() -> None:
    assert samples(Audio([0, 0], rate=5)) == (5, 1, [0, 0])
    assert samples(Audio([], rate=5)) == (5, 1, [])


def test_arrays_have_two_axes_at_most() -> None:
    numpy = pytest.importorskip("numpy")
    wave = numpy.sin(2 * math.pi * numpy.arange(8) / 8)

    assert samples(Audio(wave, rate=8))[2][2] == 32767
    with pytest.raises(ValueError, match="not 3"):
        Audio(numpy.zeros((2, 2, 2)), rate=8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "data, or a file's name, or a URL"),
        ({"data": [1, 2]}, ValueError, "samples want a rate"),
        ({"data": "no.mp3"}, FileNotFoundError, "no such sound file"),
        ({"data": b"x", "embed": False}, ValueError, "wants a url"),
    ],
)
def test_what_is_no_sound_is_said(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Audio(**arguments)


def test_a_file_is_put_into_the_player(folder: Path) -> None:
    (folder / "a.mp3").write_bytes(b"sound")

    sound = Audio("a.mp3", autoplay=True, element_id="player")

    assert sound._repr_html_() == (
        '<audio id="player" controls="controls" autoplay="autoplay">\n'
        '  <source src="data:audio/mpeg;base64,c291bmQ=" type="audio/mpeg" />\n'
        "  This browser has no player of sound.\n"
        "</audio>"
    )


def test_a_url_is_linked() -> None:
    html = Audio(url="http://x/a.ogg?b&c")._repr_html_()

    assert 'src="http://x/a.ogg?b&amp;c"' in html
    assert repr(Audio(url="http://x")) == "<IPython.lib.display.Audio object>"


def test_a_video_is_linked_unless_it_is_to_be_embedded(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"video")

    linked = Video("a.mp4", width=5, html_attributes="controls loop")
    embedded = Video("a.mp4", embed=True, height=6)

    assert linked._repr_html_() == (
        '<video controls loop width="5">\n'
        '  <source src="a.mp4">\n'
        "  This browser has no player of video.\n"
        "</video>"
    )
    assert linked.data is None
    assert '<source src="data:video/mp4;base64,dmlkZW8=" type="video/mp4">' in (
        embedded._repr_html_()
    )


def test_a_video_may_be_anywhere() -> None:
    assert 'src="http://x/a.webm"' in Video("http://x/a.webm")._repr_html_()
    assert 'src="no/file.mp4"' in Video("no/file.mp4")._repr_html_()


def test_bytes_of_a_video_are_embedded_on_request_only() -> None:
    video = Video(b"video", embed=True, mimetype="video/ogg")

    assert 'src="data:video/ogg;base64,dmlkZW8="' in video._repr_html_()
    with pytest.raises(ValueError, match="embed=True"):
        Video(b"video")
