"""The file of a saved session.

    manifest.json   when, by which Python, what is in it and what is not, and why
    inputs.json     [number, Python, what was typed] each
    outputs.json    what cells have shown, by their numbers
    sources.json    the texts of cells that functions are from, by their file names
    values/0 ...    pickles of values, named in the manifest

A zip, so that the manifest is read without the rest. Values are not compressed: arrays
hardly shrink, and it would take longer than everything else.
"""

from __future__ import annotations

import json
import zipfile

from ipcluster.engines.interpreter.wholefile import WholeFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Of the layout: a file with a higher one is of a later version of ours.
FORMAT = 1


class BadArchive(Exception):
    """A file is no session of ours, or is damaged; says which."""


def write(path: str, parts: dict[str, Any], values: Iterable[bytes]) -> None:
    """Write a session: its parts by name, as JSON, and its values.

    Raises:
        OSError: it cannot be written; what was there before is there still.
    """
    with (
        WholeFile(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
    ):
        for name, part in parts.items():
            file.writestr(f"{name}.json", json.dumps(part, default=_encode))
        for number, data in enumerate(values):
            file.writestr(f"values/{number}", data, zipfile.ZIP_STORED)


class Archive:
    """A session's file, open for reading.

    Raises:
        BadArchive: it is none.
        OSError: it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._file = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise BadArchive(f"{path} is no saved session: {error}") from None
        try:
            self.manifest: dict[str, Any] = self.part("manifest")
            found = self.manifest.get("format")
            if found != FORMAT:
                raise BadArchive(
                    f"{path} was saved by another version (format {found}; this one "
                    f"reads {FORMAT})"
                )
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def part(self, name: str) -> Any:
        """One of the parts.

        Raises:
            BadArchive: it is not there, or damaged.
        """
        return json.loads(self._read(f"{name}.json"), object_hook=_decode)

    def value(self, number: int) -> bytes:
        """The pickle of a bundle.

        Raises:
            BadArchive: it is not there, or damaged.
        """
        return self._read(f"values/{number}")

    def _read(self, name: str) -> bytes:
        try:
            return self._file.read(name)
        except KeyError:
            raise BadArchive(f"{self.path} is no saved session: no {name}") from None
        except (zipfile.BadZipFile, EOFError, ValueError) as error:
            raise BadArchive(f"{self.path} is damaged: {error}") from None


def _encode(value: Any) -> Any:
    """What JSON has no words for: bytes of images, and what users put in bundles."""
    if isinstance(value, bytes):
        from base64 import b64encode

        return {"base64": b64encode(value).decode()}
    return repr(value)


def _decode(value: dict[str, Any]) -> Any:
    if value.keys() == {"base64"}:
        from base64 import b64decode

        return b64decode(value["base64"])
    return value
