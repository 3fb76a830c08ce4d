"""Bytes of segments to and from peers of other hosts.

One `ChunkFiles` a peer, and whose files are ours to remove. What a client uploads is
named after its session, `<session>-<number>`. What comes from another host's engines
is named by the controller: two hosts' engines may use the same names.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

from ipcluster.controller.peers import Peer
from ipcluster.wire.chunks import ChunkFiles, discard_files
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Chunk, ChunkCredit, ChunkRefused, Fetch, Segment

# Refused uploads whose reasons are kept for the tasks that name them.
KEPT_REASONS = 1000

ChunkMessage = Chunk | ChunkCredit | ChunkRefused | Fetch


def prefix_of(number: int) -> str:
    """What the names of a station's own segments begin with at the controller."""
    return f"h{number}."


class Transfers:
    """Uploads and downloads under way, by peer. Names are the controller's."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._files: dict[int, ChunkFiles] = {}
        self._expected: dict[int, set[str]] = {}
        self._reasons: OrderedDict[str, str] = OrderedDict()
        self.made: dict[str, int] = {}
        """Files that came over the network, and from which peer: they cannot be used
        again by their makers."""
        self.on_arrived: Callable[[Peer, str], None] = lambda _peer, _name: None
        self.on_sent: Callable[[Peer, str], None] = lambda _peer, _name: None
        self.on_refused: Callable[[Peer, str, str], None] = lambda _peer, _name, _: None

    def _of(self, peer: Peer) -> ChunkFiles:
        files = self._files.get(peer.number)
        if files is None:
            files = self._files[peer.number] = ChunkFiles(
                self._folders,
                lambda name: self._arrived(peer, name),
                lambda name: self.on_sent(peer, name),
                lambda name, reason: self._refused(peer, name, reason),
            )
        return files

    def _arrived(self, peer: Peer, name: str) -> None:
        self.made[name] = peer.number
        self._expected.get(peer.number, set()).discard(name)
        self.on_arrived(peer, name)

    def _refused(self, peer: Peer, name: str, reason: str) -> None:
        self._reasons[name] = reason
        if len(self._reasons) > KEPT_REASONS:
            self._reasons.popitem(last=False)
        self._expected.get(peer.number, set()).discard(name)
        self.on_refused(peer, name, reason)

    # --- messages ---------------------------------------------------------------------

    def on_message(
        self, peer: Peer, message: ChunkMessage, extra: bytes | memoryview | None
    ) -> None:
        """Take in one of the four; the answer goes to the peer's outbox.

        Raises:
            ProtocolError: it makes no sense, or names what is not the peer's.
        """
        match message:
            case Chunk():
                if extra is None:
                    raise ProtocolError("a chunk without its bytes")
                answer = self._on_chunk(peer, message, extra)
                if answer is not None:
                    peer.outbox.append(answer)
            case Fetch(segment=segment):
                try:
                    self._of(peer).push(segment)
                except ProtocolError as error:
                    peer.outbox.append(ChunkRefused(segment.name, str(error)))
            case ChunkCredit():
                self._of(peer).on_credit(message)
            case ChunkRefused(name=name, reason=reason):
                if peer.kind == "agent" and self._expects(peer, name):
                    message = ChunkRefused(prefix_of(peer.number) + name, reason)
                self._of(peer).on_refused(message)

    def _on_chunk(
        self, peer: Peer, chunk: Chunk, data: bytes | memoryview
    ) -> ChunkCredit | ChunkRefused | None:
        theirs = chunk.name
        if peer.kind != "agent":
            if not theirs.startswith(f"{peer.session}-") or theirs in self.made:
                raise ProtocolError(f"a client's segment cannot be named {theirs!r}")
            return self._of(peer).on_chunk(chunk, data)
        if not self._expects(peer, theirs):
            return None  # nobody needs it any more
        name = prefix_of(peer.number) + theirs
        answer = self._of(peer).on_chunk(Chunk(name, chunk.offset, chunk.total), data)
        if isinstance(answer, ChunkCredit):
            return ChunkCredit(theirs, answer.size_bytes)
        return None if answer is None else ChunkRefused(theirs, answer.reason)

    def _expects(self, peer: Peer, theirs: str) -> bool:
        expected = self._expected.get(peer.number, ())
        return prefix_of(peer.number) + theirs in expected

    # --- what the controller wants ----------------------------------------------------

    def expect(self, peer: Peer, name: str) -> None:
        """A file of the peer's is asked for."""
        self._expected.setdefault(peer.number, set()).add(name)

    def push(self, peer: Peer, segment: Segment) -> None:
        """Begin to send a segment's bytes to a peer.

        Raises:
            ProtocolError: it is not here.
        """
        self._of(peer).push(segment)

    def abort(self, peer: Peer, name: str) -> None:
        """Move no more of it, either way."""
        self._of(peer).abort(name)

    def has(self, name: str) -> bool:
        """Whether the file came over the network, whole."""
        return name in self.made

    def reason(self, name: str) -> str:
        """Why a file that should have come is not here."""
        return self._reasons.get(name, "its bytes did not arrive")

    def take(self, peer: Peer) -> Iterator[tuple[Chunk, bytes]]:
        """The chunks that may be sent to a peer now."""
        files = self._files.get(peer.number)
        return files.take() if files is not None else iter(())

    def discard(self, names: list[str]) -> None:
        """Remove files that nobody maps."""
        for name in names:
            self.made.pop(name, None)
        discard_files(self._folders, names)

    def withdraw(
        self, peer: Peer, names: list[str], held: Callable[[str], bool]
    ) -> None:
        """The peer needs these no more: those that it brought and no task names go."""
        for name in names:
            if self.made.get(name) == peer.number:
                if not held(name):
                    self.discard([name])
            elif peer.kind == "client" and name.startswith(f"{peer.session}-"):
                self._of(peer).abort(name)

    def discard_of(self, maker: str, held: Callable[[str], bool]) -> None:
        """Remove the files of a maker that has gone, but not those that are `held`."""
        for folder in self._folders:
            for path in folder.glob(f"{maker}-*"):
                if not held(path.name):
                    self.made.pop(path.name, None)
                    path.unlink(missing_ok=True)

    def on_gone(self, peer: Peer) -> None:
        self._expected.pop(peer.number, None)
        files = self._files.pop(peer.number, None)
        if files is not None:
            files.close()

    def close(self) -> None:
        for files in self._files.values():
            files.close()
        self._files.clear()
