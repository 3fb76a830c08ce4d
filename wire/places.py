"""Where a cluster keeps its files: three folders, all mode 0700.

    $IPCLUSTER_DIR/profile_<profile>/cluster_<id>/     tickets, state, logs, link `run`
    $XDG_RUNTIME_DIR or /tmp/ipcluster-<uid>/<token>/  sockets: paths must be short
    /dev/shm/ipcluster-<uid>-<token>/                  segments

`token` is 8 hex digits of a digest of the first folder's path. Whatever a cluster makes
lies in one of the three, so `remove` leaves nothing behind. The link `run` keeps the
second folder known to a shell with another $XDG_RUNTIME_DIR, or none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ipcluster.wire import private_files
from ipcluster.wire.own_errors import SecurityError
from ipcluster.wire.processes import is_alive, process_started

__all__ = [
    "ClusterPlace",
    "State",
    "all_clusters",
    "clusters_root",
    "is_alive",
    "most_recent",
    "process_started",
]

# Bytes of a Unix socket's path, the least of any system (macOS: 104 with its NUL), less
# the longest name that we put in the run folder.
_LONGEST_RUN_FOLDER = 103 - len("/keeper-00000.sock")

# Bytes. Docker gives containers 64 MiB of shared memory, which one array fills.
_LEAST_SHARED_MEMORY = 256 << 20

_SHARED_MEMORY = Path("/dev/shm")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What `cluster.json` says of a cluster. `started` is seconds since the epoch."""

    pid: int
    pid_started: float = 0.0
    keeper_pid: int = 0
    keeper_started: float = 0.0
    host: str = ""
    port: int = 0
    n: int = 0
    started: float = 0.0
    how: str = ""

    def is_live(self) -> bool | None:
        """Whether the controller runs; None: it is another host's."""
        if self.host and self.host != socket.gethostname():
            return None
        return is_alive(self.pid, self.pid_started)


def clusters_root() -> Path:
    """The folder of all profiles: $IPCLUSTER_DIR, or ~/.ipcluster."""
    named = os.environ.get("IPCLUSTER_DIR")
    return Path(named).expanduser() if named else Path.home() / ".ipcluster"


def _from_environment(name: str, otherwise: str) -> str:
    return os.environ.get(name) or otherwise


@dataclass(frozen=True)
class ClusterPlace:
    """The folders of one cluster. Nothing is made before `make`.

    `cluster_id` is "" for the default cluster of a profile.

    Raises:
        ValueError: a profile or id that could not be part of a file's name.
    """

    profile: str = field(
        default_factory=lambda: _from_environment("IPCLUSTER_PROFILE", "default")
    )
    cluster_id: str = field(
        default_factory=lambda: _from_environment("IPCLUSTER_ID", "")
    )
    root: Path = field(default_factory=clusters_root)

    def __post_init__(self) -> None:
        profile = self.profile or "default"
        cluster_id = "" if self.cluster_id == "default" else self.cluster_id
        _check_name("profile", profile)
        if cluster_id:
            _check_name("cluster id", cluster_id)
        object.__setattr__(self, "profile", profile)
        object.__setattr__(self, "cluster_id", cluster_id)
        object.__setattr__(self, "root", Path(os.path.abspath(self.root)))

    @property
    def name(self) -> str:
        """The cluster id as people see it."""
        return self.cluster_id or "default"

    @property
    def folder(self) -> Path:
        """Tickets, state and logs."""
        return self.root / f"profile_{self.profile}" / f"cluster_{self.name}"

    @property
    def log_folder(self) -> Path:
        """One log per process."""
        return self.folder / "log"

    @property
    def client_ticket(self) -> Path:
        """The ticket that lets clients in."""
        return self.folder / "client.ticket"

    @property
    def engine_ticket(self) -> Path:
        """The ticket that lets agents in."""
        return self.folder / "engine.ticket"

    @property
    def state_file(self) -> Path:
        """Which processes there are; see `State`."""
        return self.folder / "cluster.json"

    @property
    def run_folder(self) -> Path:
        """Sockets."""
        return self._linked_run_folder() or self._new_run_folder()

    @property
    def door_path(self) -> Path:
        """The socket on which the controller listens beside its port."""
        return self.run_folder / "door"

    @property
    def segment_folder(self) -> Path:
        """Segments: in shared memory, unless there is none or hardly any."""
        if os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
            room = os.statvfs(_SHARED_MEMORY)
            if room.f_blocks * room.f_frsize >= _LEAST_SHARED_MEMORY:
                return self._shared_folder()
        return self.segment_fallback

    @property
    def segment_fallback(self) -> Path:
        """Segments that find no room in shared memory."""
        return self.run_folder / "segments"

    def make(self) -> None:
        """Make all folders, or check those that are there.

        Raises:
            SecurityError: others own one of them or may enter it.
        """
        self.root.parent.mkdir(parents=True, exist_ok=True)
        _make_all(
            self.folder,
            self.log_folder,
            above=(self.root, self.folder.parent),
        )
        run = self.run_folder
        _make_all(run.parent, run, self.segment_fallback)
        _make_all(self.segment_folder)
        if self._linked_run_folder() is None:
            link = self.folder / "run"
            link.unlink(missing_ok=True)
            link.symlink_to(run)

    def check(self) -> None:
        """Make sure that the run folder is mine alone, before a socket in it is used.

        Raises:
            SecurityError: it is not there, not mine, or others may enter it.
        """
        try:
            private_files.check_folder(self.run_folder)
        except FileNotFoundError as error:
            raise SecurityError(
                f"{self.run_folder} is not there: the cluster was stopped or cleaned"
            ) from error

    def remove(self, *, keep_logs: bool = False) -> None:
        """Delete all that the cluster made. Safe to call twice.

        The folders of the profile and of the user's sockets go too, once empty.
        """
        places = {self.run_folder, self._new_run_folder(), self._shared_folder()}
        for place in places:
            _remove_folder(place)
        if keep_logs and self.log_folder.is_dir():
            for child in self.folder.iterdir():
                if child != self.log_folder:
                    child.unlink(missing_ok=True)
        else:
            _remove_folder(self.folder)
        for parent in {place.parent for place in places} | {self.folder.parent}:
            if parent != _SHARED_MEMORY:
                with contextlib.suppress(OSError):
                    parent.rmdir()

    def read_state(self) -> State | None:
        """What is known of the cluster; None if nothing is, or nothing readable."""
        try:
            return msgspec.json.decode(self.state_file.read_bytes(), type=State)
        except (OSError, ValueError):
            return None

    def write_state(self, state: State) -> None:
        """Note what is to be known; readers see the old or the new, whole."""
        data = msgspec.json.format(msgspec.json.encode(state), indent=2)
        private_files.write_file(self.state_file, data + b"\n")

    def _token(self) -> str:
        return hashlib.blake2b(os.fsencode(self.folder), digest_size=4).hexdigest()

    def _new_run_folder(self) -> Path:
        user = f"ipcluster-{private_files.user_id()}"
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if runtime and _is_ours(Path(runtime)):
            folder = Path(runtime) / user / self._token()
            if len(os.fsencode(folder)) <= _LONGEST_RUN_FOLDER:
                return folder
        return Path("/tmp") / user / self._token()

    def _linked_run_folder(self) -> Path | None:
        try:
            linked = (self.folder / "run").readlink()
        except OSError:
            return None
        # A copied cluster folder has the link of another: that one is not ours to use.
        user = f"ipcluster-{private_files.user_id()}"
        mine = linked.name == self._token() and linked.parent.name == user
        return linked if mine else None

    def _shared_folder(self) -> Path:
        user = private_files.user_id()
        return _SHARED_MEMORY / f"ipcluster-{user}-{self._token()}"


def all_clusters(root: Path | None = None) -> list[ClusterPlace]:
    """Every cluster with a folder, running or not, by profile and id."""
    root = clusters_root() if root is None else root
    found = []
    for folder in sorted(root.glob("profile_*/cluster_*")):
        profile = folder.parent.name.removeprefix("profile_")
        cluster_id = folder.name.removeprefix("cluster_")
        if _NAME.fullmatch(profile) and _NAME.fullmatch(cluster_id):
            found.append(ClusterPlace(profile, cluster_id, root))
    return found


def most_recent(
    root: Path | None = None, *, profile: str | None = None
) -> ClusterPlace | None:
    """The cluster that was started last: of those that run, if any does."""
    ranked = []
    for place in all_clusters(root):
        state = place.read_state()
        if state is not None and profile in (None, place.profile):
            live = {True: 2, None: 1, False: 0}[state.is_live()]
            ranked.append(((live, state.started), place))
    return max(ranked, key=lambda one: one[0])[1] if ranked else None


def _remove_folder(folder: Path) -> None:
    """Delete a folder in which others may be making files right now.

    It gets another name first: what is made in it while it is emptied would stay, and
    the folder with it.
    """
    doomed = folder.with_name(f".{folder.name}.{os.getpid()}.gone")
    with contextlib.suppress(OSError):
        folder.rename(doomed)
    for one in (folder, *folder.parent.glob(f".{folder.name}.*.gone")):
        shutil.rmtree(one, ignore_errors=True)


def _is_ours(runtime: Path) -> bool:
    """Whether we may write there, and nobody else exchange what we have written."""
    try:
        private_files.check_above(runtime)
    except (SecurityError, FileNotFoundError):
        return False
    return os.access(runtime, os.W_OK | os.X_OK)


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{what} {name!r}: use 1 to 64 letters, digits, '_', '-' and '.', "
            "the first a letter, a digit or '_'"
        )


def _make_all(*folders: Path, above: tuple[Path, ...] = ()) -> None:
    """Make each folder inside the one before it; those `above` need not be private."""
    # Another cluster's `remove` may take an empty parent away between two steps.
    for attempt in range(5):
        try:
            for folder in above:
                private_files.make_folder(folder, private=False)
            for folder in folders:
                private_files.make_folder(folder)
        except FileNotFoundError:
            if attempt == 4:
                raise
        else:
            return
