"""Bytes of segments to and from peers of other hosts.

One `ChunkFiles` a peer, and whose files are ours to remove.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ipcluster.controller.peers import Peer
from ipcluster.wire.chunks import ChunkFiles, discard_files
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Chunk, ChunkCredit, Fetch, Segment


class Transfers:
    """Uploads and downloads under way, by peer."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._files: dict[int, ChunkFiles] = {}
        self.made: set[str] = set()
        """Files that came over the network: their makers cannot use them again."""
        self.on_arrived: Callable[[Peer, str], None] = lambda _peer, _name: None
        self.on_sent: Callable[[Peer, str], None] = lambda _peer, _name: None

    def _of(self, peer: Peer) -> ChunkFiles:
        files = self._files.get(peer.number)
        if files is None:
            files = self._files[peer.number] = ChunkFiles(
                self._folders,
                lambda name: self._arrived(peer, name),
                lambda name: self.on_sent(peer, name),
            )
        return files

    def _arrived(self, peer: Peer, name: str) -> None:
        self.made.add(name)
        self.on_arrived(peer, name)

    def on_message(
        self, peer: Peer, message: Chunk | ChunkCredit | Fetch, extra: memoryview | None
    ) -> None:
        match message:
            case Chunk():
                if extra is None:
                    raise ProtocolError("a chunk without its bytes")
                peer.outbox.append(self._of(peer).on_chunk(message, extra))
            case Fetch(segment=segment):
                self._of(peer).push(segment)
            case ChunkCredit():
                self._of(peer).on_credit(message)

    def push(self, peer: Peer, segment: Segment) -> None:
        """Begin to send a segment's bytes to a peer."""
        self._of(peer).push(segment)

    def has(self, name: str) -> bool:
        """Whether the file came over the network, whole."""
        return name in self.made

    def take(self, peer: Peer) -> Iterator[list[bytes]]:
        """The frames of chunks that may be sent to a peer now."""
        files = self._files.get(peer.number)
        return files.take() if files is not None else iter(())

    def discard(self, names: list[str]) -> None:
        """Remove files that nobody maps."""
        self.made.difference_update(names)
        discard_files(self._folders, names)

    def on_gone(self, peer: Peer) -> None:
        files = self._files.pop(peer.number, None)
        if files is not None:
            files.close()

    def close(self) -> None:
        for files in self._files.values():
            files.close()
        self._files.clear()
