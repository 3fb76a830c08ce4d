"""`Audio` and `Video`: players in the output."""

from __future__ import annotations

from ipcluster.engines.interpreter.display.objects.content import DisplayObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The largest sample of 16 bits.
LOUDEST = 32767


def _type_of(name: str | None, default: str) -> str:
    """The MIME type that a file's name or a URL tells."""
    from mimetypes import guess_type

    return (guess_type(name)[0] if name else None) or default


def _inline(data: bytes, mimetype: str) -> str:
    """A URL that holds the data itself."""
    from base64 import b64encode

    return f"data:{mimetype};base64,{b64encode(data).decode()}"


class Audio(DisplayObject):
    """A player of sound.

    Args:
        data: samples, a sequence of numbers or an array (channels by samples); or the
            bytes of a file; or a file's name, or a URL.
        filename: the file that holds it.
        url: where it is; a link alone is shown, unless `embed` is set.
        embed: put it into the output.
        rate: samples per second; wanted where data are samples.
        autoplay: begin at once.
        normalize: make samples as loud as they can be; off: they have to be within
            -1 and 1.
        element_id: the id of the player's element.

    Raises:
        ValueError: no sound, samples without a rate, or samples that are too loud.
        FileNotFoundError: there is no such file.
    """

    _read_flags = "rb"
    _known_as = "IPython.lib.display"

    def __init__(
        self,
        data: Any = None,
        filename: Any = None,
        url: str | None = None,
        embed: bool | None = None,
        rate: int | None = None,
        autoplay: bool = False,
        normalize: bool = True,
        *,
        element_id: str | None = None,
    ) -> None:
        if data is None and filename is None and url is None:
            raise ValueError("sound wants data, or a file's name, or a URL")
        if embed is False and url is None:
            raise ValueError("embed=False wants a url to link")
        self.embed = (url is None) if embed is None else embed
        self.autoplay = autoplay
        self.element_id = element_id
        self.rate = rate
        super().__init__(data, url, filename)
        if isinstance(self.data, str):
            raise FileNotFoundError(f"no such sound file: {self.data!r}")
        if self.data is not None and not isinstance(self.data, (bytes, bytearray)):
            if rate is None:
                raise ValueError("samples want a rate: how many there are per second")
            self.data = _wav(self.data, rate, normalize)

    def reload(self) -> None:
        """Read the file, or fetch the URL, once more."""
        if self.embed:
            super().reload()
        self.mimetype = _type_of(self.filename or self.url, "audio/wav")

    def src_attr(self) -> str:
        """The `src` of the player's source: the sound itself, or where it is."""
        if self.embed and self.data is not None:
            return _inline(self.data, self.mimetype)
        return self.url or ""

    def autoplay_attr(self) -> str:
        return 'autoplay="autoplay"' if self.autoplay else ""

    def element_id_attr(self) -> str:
        return f'id="{self.element_id}"' if self.element_id else ""

    def _repr_html_(self) -> str:
        from html import escape

        attributes = [self.element_id_attr(), 'controls="controls"']
        attributes += [self.autoplay_attr()]
        return (
            f"<audio {' '.join(filter(None, attributes))}>\n"
            f'  <source src="{escape(self.src_attr())}" type="{self.mimetype}" />\n'
            "  This browser has no player of sound.\n"
            "</audio>"
        )


def _wav(samples: Any, rate: int, normalize: bool) -> bytes:
    """Samples as a WAV file of 16 bits."""
    import io
    import wave

    frames, channels = _frames(samples, normalize)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames)
    return stream.getvalue()


def _frames(samples: Any, normalize: bool) -> tuple[bytes, int]:
    """Samples as 16-bit frames, and how many channels there are."""
    import sys

    if "numpy" in sys.modules:
        return _frames_of_array(samples, normalize)
    from array import array

    rows = [list(map(float, row)) for row in _rows(samples)]
    peak = max((abs(one) for row in rows for one in row), default=0.0)
    factor = _factor(peak, normalize)
    frames = array(
        "h", [int(one * factor) for frame in zip(*rows, strict=True) for one in frame]
    )
    if sys.byteorder == "big":  # WAV is little
        frames.byteswap()
    return frames.tobytes(), len(rows)


def _rows(samples: Any) -> list[Any]:
    """One row per channel."""
    found = list(samples)
    if found and hasattr(found[0], "__iter__"):
        return found
    return [found]


def _frames_of_array(samples: Any, normalize: bool) -> tuple[bytes, int]:
    from importlib import import_module

    numpy: Any = import_module("numpy")
    array = numpy.asarray(samples, dtype=float)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"samples have one axis, or two (channels by samples); not {array.ndim}"
        )
    peak = float(numpy.abs(array).max(initial=0.0))
    # By samples first, then by channels: that is how WAV interleaves them.
    scaled = array.T.ravel() * _factor(peak, normalize)
    return scaled.astype("<h").tobytes(), 1 if array.ndim == 1 else array.shape[0]


def _factor(peak: float, normalize: bool) -> float:
    if not normalize:
        if peak > 1:
            raise ValueError("with normalize=False samples are within -1 and 1")
        return LOUDEST
    return LOUDEST / peak if peak else 0.0  # silence stays silent


class Video(DisplayObject):
    """A player of video.

    Args:
        data: its bytes; or a file's name, or a URL.
        url: where it is.
        filename: the file that holds it; a path from the notebook's folder.
        embed: put it into the output: large, but there when its source has gone.
        mimetype: `video/mp4` and the like; None: what its name tells.
        width: pixels.
        height: pixels.
        html_attributes: further attributes of the player: `controls loop muted`.

    Raises:
        ValueError: bytes that are not to be embedded.
    """

    _read_flags = "rb"

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: Any = None,
        embed: bool = False,
        mimetype: str | None = None,
        width: int | None = None,
        height: int | None = None,
        html_attributes: str = "controls",
    ) -> None:
        if isinstance(data, (bytes, bytearray)) and not embed:
            raise ValueError(
                "bytes can only be shown with embed=True, which makes the output as "
                "large as they are; url= links a video"
            )
        if isinstance(data, str) and not embed and filename is None and url is None:
            # A path may be right for the browser, though not for this process.
            data, url = None, data
        self.embed = embed
        self.mimetype = mimetype
        self.width = width
        self.height = height
        self.html_attributes = html_attributes
        super().__init__(data, url, filename)

    def reload(self) -> None:
        """Read the file, or fetch the URL, once more."""
        if self.embed:
            super().reload()

    def _repr_html_(self) -> str:
        from html import escape

        attributes = [self.html_attributes]
        if self.width:
            attributes.append(f'width="{self.width}"')
        if self.height:
            attributes.append(f'height="{self.height}"')
        name = self.url or self.filename
        source = name or ""
        kind = self.mimetype
        if self.embed:
            kind = kind or _type_of(name, "video/mp4")
            data = self.data
            if isinstance(data, str):  # in base64 already
                source = f"data:{kind};base64,{data}"
            else:
                source = _inline(data, kind)
        type_attribute = f' type="{kind}"' if kind else ""
        return (
            f"<video {' '.join(filter(None, attributes))}>\n"
            f'  <source src="{escape(source)}"{type_attribute}>\n'
            "  This browser has no player of video.\n"
            "</video>"
        )
