"""File names for a kernel's cells, as front ends with a debugger compute them.

A breakpoint in a cell names a file. Front end and kernel agree on that file's name
without talking: a folder, and the MurmurHash2 of the cell's text (`debugInfo` tells
folder, seed and suffix). So a cell that is run twice keeps its breakpoints.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.compilation import Compiler

# Any number will do; that of the field's kernel, so that files look familiar.
SEED = 0xC70F6907
SUFFIX = ".py"
_USABLE = os.R_OK | os.W_OK | os.X_OK


def murmur2(text: str, seed: int = SEED) -> int:
    """MurmurHash2, 32 bits, of a text's UTF-8 (Austin Appleby, 2008; public domain)."""
    multiplier, mask = 0x5BD1E995, 0xFFFFFFFF
    data = text.encode("utf-8", "surrogatepass")
    size = len(data)
    digest = (seed ^ size) & mask
    whole = size & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little")
        word = word * multiplier & mask
        word ^= word >> 24
        word = word * multiplier & mask
        digest = (digest * multiplier & mask) ^ word
    if size & 3:
        digest ^= int.from_bytes(data[whole:], "little")
        digest = digest * multiplier & mask
    digest ^= digest >> 13
    digest = digest * multiplier & mask
    return digest ^ digest >> 15


def folder() -> str:
    """Where the files of this kernel's cells would lie, with a separator at its end."""
    return os.path.join(_temporary(), f"ipykernel_{os.getpid()}") + os.sep


def _temporary() -> str:
    """As `tempfile.gettempdir()`, which has a megabyte of modules imported."""
    named = any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP"))
    if "tempfile" not in sys.modules and not named and os.access("/tmp", _USABLE):
        return "/tmp"
    import tempfile

    return tempfile.gettempdir()


def file_of(code: str) -> str:
    """The name of a cell's file. The file itself is there only for the debugger."""
    return f"{folder()}{murmur2(code)}{SUFFIX}"


class KernelCompiler(Compiler):
    """Compiles cells under the names that front ends know them by."""

    def remember(self, code: str, count: int | None, raw: str | None = None) -> str:
        self._typed = code if raw is None else raw
        return super().remember(code, count, raw)

    def name_cell(self, code: str, count: int | None) -> str:
        return file_of(self._typed)
