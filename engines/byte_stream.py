"""`sys.stdout.buffer` where `sys.stdout` is a stream of ours: engines' and kernels'."""

from __future__ import annotations

import codecs
import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ByteStream(io.RawIOBase):
    """Bytes are decoded, and go the same way as text."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: Any) -> int:
        view = bytes(data)
        self._text.write(self._decoder.decode(view))
        return len(view)

    def flush(self) -> None:
        self._text.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()
