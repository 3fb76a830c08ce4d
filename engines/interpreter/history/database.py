"""The file that keeps inputs: how it is laid out, and how it is opened.

    sessions        session, start, end, num_cmds, remark
    history         session, line, source, source_raw
    output_history  session, line, output
    ipshell_cells   session, line, started, duration, error, exit_code, cwd

The first three are IPython's to the letter, so either program reads and writes the
other's file. That is why what we know besides stands in a table of its own: IPython
inserts rows without naming columns, and one more column would be an error there.

On a disk of this host the file has a write-ahead log: readers never wait for a writer,
and what a killed process wrote is there. That log needs memory shared by all who use
the file, which a network has not; there SQLite's rollback journal serves.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection, Error
    from typing import Any

# Seconds that one try waits for another program to be done with the file.
BUSY = 1.0

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS sessions (session integer primary key autoincrement,"
    " start timestamp, end timestamp, num_cmds integer, remark text)",
    "CREATE TABLE IF NOT EXISTS history (session integer, line integer, source text,"
    " source_raw text, PRIMARY KEY (session, line))",
    "CREATE TABLE IF NOT EXISTS output_history (session integer, line integer,"
    " output text, PRIMARY KEY (session, line))",
    "CREATE TABLE IF NOT EXISTS ipshell_cells (session integer, line integer,"
    " started real, duration real, error text, exit_code integer, cwd text,"
    " PRIMARY KEY (session, line)) WITHOUT ROWID",
)
# Fails where a table is another program's.
_CHECKS = (
    "SELECT session, start, end, num_cmds, remark FROM sessions LIMIT 1",
    "SELECT session, line, source, source_raw FROM history LIMIT 1",
    "SELECT session, line, output FROM output_history LIMIT 1",
)

_NETWORKS = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "afs", "9p", "ncpfs"),
        *("ceph", "lustre", "gpfs", "beegfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs"),
    )
)

# Primary result codes of SQLite: sqlite.org/rescode.html
LOCKED, DAMAGED, FOREIGN, UNWRITABLE = "locked", "damaged", "foreign", "unwritable"
_KINDS = {5: LOCKED, 6: LOCKED, 15: LOCKED, 11: DAMAGED, 26: DAMAGED, 1: FOREIGN}


def kind_of(error: Error) -> str:
    """What an error means for us: locked, damaged, foreign, or not to be written to."""
    code = getattr(error, "sqlite_errorcode", None)
    return UNWRITABLE if code is None else _KINDS.get(code & 0xFF, UNWRITABLE)


def open_for_writing(path: str, options: dict[str, Any]) -> Connection:
    """The file, made if there is none; a statement is a transaction of its own.

    Raises:
        sqlite3.Error, OSError: it cannot be had; see `kind_of`.
    """
    import sqlite3

    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    # What people type is for their own eyes; SQLite's other files get the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    given = {"timeout": BUSY, **options}
    connection: Connection = sqlite3.connect(path, **given)
    connection.isolation_level = None
    try:
        journal = "DELETE" if is_on_network(path) else "WAL"
        try:
            connection.execute(f"PRAGMA journal_mode={journal}")
        except sqlite3.OperationalError as error:
            if kind_of(error) != LOCKED:  # somebody uses it: it stays as it is
                raise
        # What was written survives our end, though perhaps not a power cut.
        connection.execute("PRAGMA synchronous=NORMAL")
        for statement in (*_SCHEMA, *_CHECKS):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: str, options: dict[str, Any]) -> Connection | None:
    """The file, as it is; None: there is none.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    import sqlite3

    if not os.path.exists(path):
        return None
    given = {"timeout": BUSY, **options, "uri": True, "check_same_thread": False}
    place = "file:" + os.path.abspath(path)
    for sign in "%?#":  # what has a meaning in a URI
        place = place.replace(sign, f"%{ord(sign):02x}")
    failed: sqlite3.Error | None = None
    # A write-ahead log wants to be written to even by readers. Where that cannot be,
    # nobody writes, and the file is read for what it is.
    for how in ("mode=rw", "mode=ro", "immutable=1"):
        try:
            connection: Connection = sqlite3.connect(f"{place}?{how}", **given)
        except sqlite3.OperationalError as error:
            failed = error
            continue
        try:
            connection.isolation_level = None
            connection.execute("PRAGMA query_only=ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return connection
        except sqlite3.Error as error:
            connection.close()
            if kind_of(error) in (LOCKED, DAMAGED):
                raise
            failed = error
    assert failed is not None
    raise failed


def set_aside(path: str, options: dict[str, Any]) -> str | None:
    """Move a damaged file out of the way, so that a new one can begin.

    Returns:
        Where it is now; None: another session was here before us, and the file with
        this name is a sound one.

    Raises:
        OSError: it cannot be moved.
    """
    import time

    with _Lock(path + ".lock"):
        if _is_sound(path, options):
            return None
        stem, suffix = os.path.splitext(path)
        stamp = time.strftime("%Y-%m-%d-%H%M%S")
        target = f"{stem}-damaged-{stamp}{suffix}"
        number = 1
        while os.path.exists(target):
            number += 1
            target = f"{stem}-damaged-{stamp}-{number}{suffix}"
        for extra in ("-wal", "-shm", "-journal"):
            if os.path.exists(path + extra):
                os.replace(path + extra, target + extra)
        os.replace(path, target)
        return target


def _is_sound(path: str, options: dict[str, Any]) -> bool:
    import sqlite3

    try:
        connection = open_for_writing(path, options)
    except sqlite3.Error as error:
        return kind_of(error) != DAMAGED
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        return bool(found[0] == "ok")
    except sqlite3.Error as error:
        return kind_of(error) != DAMAGED
    finally:
        connection.close()


class _Lock:
    """One session at a time does this, where the system knows how to say so."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> None:
        try:
            import fcntl
        except ImportError:
            return
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            # Left behind it would puzzle people. Whoever waits for it has it still.
            try:
                os.unlink(self._path)
            except OSError:
                pass


def is_on_network(path: str) -> bool:
    """Whether a file lies on another host, as far as this system tells."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except OSError:
        return False
    path = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = fields[1].replace("\\040", " ").rstrip("/")
        if len(mount) >= len(best) and (path + "/").startswith(mount + "/"):
            best, kind = mount, fields[2]
    return kind in _NETWORKS
