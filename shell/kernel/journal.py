"""What a kernel has shown, for clients that were away: a journal with an end.

Every message on iopub but `status` gets a number and is kept: the latest in memory,
older ones in a file, and the oldest of all are dropped. A client that comes back asks
on control:

    replay_request  {"since": 17}                     all that came after number 17
    replay_request  {"msg_id": "..."}                 all that belongs to one request
    replay_reply    {"messages": [...], "next": 42, "lost": false}

Each of `messages` has `number`, `header`, `parent_header`, `metadata` and `content`;
`lost` says that some of what was asked for is kept no more. Not in Jupyter's
specification: a client that does not know it never asks.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Any

    from ipcluster.shell.kernel.messages import Frame

# Bytes of messages in memory, and in each of two files: a full one becomes the older
# one, and what was older is dropped.
IN_MEMORY = 4 << 20
IN_FILE = 128 << 20
# Bytes of messages in one reply.
IN_REPLY = 64 << 20


class Journal:
    """The messages of one kernel, by number."""

    def __init__(
        self,
        in_memory: int = IN_MEMORY,
        in_file: int = IN_FILE,
        in_reply: int = IN_REPLY,
        folder: str = "",
    ) -> None:
        self._in_memory = in_memory
        self._in_reply = in_reply
        self._in_file = in_file
        self._folder = folder or None
        self._lock = threading.Lock()
        self._recent: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._older: IO[bytes] | None = None
        self._file_size = 0
        self._disk_failed = False
        self.next = 1
        self.first = 1
        self._first_in_file = 1

    def add(self, parts: Sequence[Frame]) -> None:
        """Keep a message: its header, parent header, metadata and content, as JSON."""
        line = b"[" + b",".join(bytes(part) for part in parts) + b"]"
        with self._lock:
            self._recent.append((self.next, line))
            self.next += 1
            self._size += len(line)
            while self._size > self._in_memory and len(self._recent) > 1:
                number, old = self._recent.popleft()
                self._size -= len(old)
                self._spill(number, old)

    # --- the file ---------------------------------------------------------------------

    def _spill(self, number: int, line: bytes) -> None:
        if self._disk_failed:
            self.first = number + 1
            return
        try:
            if self._file is None:
                import tempfile  # most kernels never need a file

                self._file = tempfile.TemporaryFile(  # noqa: SIM115  (kept open)
                    prefix="ipshell-journal-", dir=self._folder
                )
                self._first_in_file = number
            self._file.write(b"%d %s\n" % (number, line))
            self._file_size += len(line) + 24
            if self._file_size > self._in_file:
                self._rotate(number + 1)
        except OSError:  # the disk is full: what is in memory stays
            self._disk_failed = True
            self._close_files()
            self.first = number + 1

    def _rotate(self, number: int) -> None:
        if self._older is not None:
            self._older.close()
            self.first = self._first_in_file
        self._older, self._file = self._file, None
        self._file_size = 0
        self._first_in_file = number

    def _spilled(self) -> Iterator[tuple[int, bytes]]:
        for file in (self._older, self._file):
            if file is None:
                continue
            file.flush()
            file.seek(0)
            try:
                for line in file:
                    number, _, text = line.partition(b" ")
                    yield int(number), text
            finally:  # whoever asked may have had enough: the next is still the last
                file.seek(0, os.SEEK_END)

    # --- asking -----------------------------------------------------------------------

    def replay(self, since: int = 0, msg_id: str | None = None) -> dict[str, Any]:
        """The reply to a client that asks."""
        found: list[dict[str, Any]] = []
        size = 0
        with self._lock:
            lost = since + 1 < self.first
            reached = self.next
            for number, line in self._after(since):
                if size > self._in_reply:
                    reached = number
                    break
                header, parent, metadata, content = json.loads(line)
                if msg_id is not None and parent.get("msg_id") != msg_id:
                    continue
                size += len(line)
                found.append(
                    {
                        "number": number,
                        "header": header,
                        "parent_header": parent,
                        "metadata": metadata,
                        "content": content,
                    }
                )
        return {"messages": found, "next": reached, "lost": lost}

    def request_of(self, count: int) -> str | None:
        """The id of the request that ran the cell of this number; None: not kept."""
        found = None
        with self._lock:
            for _, line in self._after(0):
                if b'"execute_input"' not in line:
                    continue
                header, parent, _, content = json.loads(line)
                if (header.get("msg_type"), content.get("execution_count")) == (
                    "execute_input",
                    count,
                ):
                    found = parent.get("msg_id")
        return found

    def _after(self, since: int) -> Iterator[tuple[int, bytes]]:
        """What is kept from number `since` + 1 on."""
        if not self._recent or since + 1 < self._recent[0][0]:
            yield from (one for one in self._spilled() if one[0] > since)
        yield from (one for one in self._recent if one[0] > since)

    def _close_files(self) -> None:
        for file in (self._older, self._file):
            if file is not None:
                file.close()
        self._older = self._file = None

    def close(self) -> None:
        with self._lock:
            self._close_files()
            self._recent.clear()


def outputs(messages: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """What messages of a cell leave below it, as types and contents to send again."""
    left: list[tuple[str, dict[str, Any]]] = []
    is_to_clear = False
    for message in messages:
        kind, content = message["header"]["msg_type"], message["content"]
        ident = (content.get("transient") or {}).get("display_id")
        if kind == "clear_output":
            is_to_clear = True
            if not content.get("wait"):
                left.clear()
        elif kind == "update_display_data":
            for _, shown in left:
                if ident is not None and shown.get("display_id") == ident:
                    shown.update(data=content["data"], metadata=content["metadata"])
        elif kind in ("stream", "error", "display_data", "execute_result"):
            if is_to_clear:
                left.clear()
            is_to_clear = False
            if "data" in content:
                kind, told = "display_data", ("data", "metadata")
                content = {"display_id": ident} | {key: content[key] for key in told}
            left.append((kind, content))
    # Another display of the same name would be changed by whoever changes that one.
    for _, shown in left:
        shown.pop("display_id", None)
    return left
