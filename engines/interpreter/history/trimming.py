"""Making a history file smaller: what `ipshell history trim` and `clear` do.

Other sessions may be writing meanwhile: what is deleted is deleted at once or not at
all, and a session that runs goes on with its number.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.history import database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

# Seconds to wait for sessions that write.
PATIENCE = 10.0

_TABLES = ("output_history", "ipshell_cells")


def trim(path: str, keep: int) -> int:
    """Forget all but the last `keep` inputs of all sessions; how many are gone.

    Raises:
        sqlite3.Error, OSError: the file cannot be written to; it is as it was.
    """
    connection = database.open_for_writing(path, {"timeout": PATIENCE})
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            gone = _delete(connection, keep)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("VACUUM")  # gives the space back
        return gone
    finally:
        connection.close()


def clear(path: str) -> int:
    """Forget all inputs; how many there were.

    Raises:
        sqlite3.Error, OSError: the file cannot be written to; it is as it was.
    """
    return trim(path, 0)


def _delete(connection: Connection, keep: int) -> int:
    """Delete the oldest; sessions that have nothing left, too, if they are over."""
    last = connection.execute(
        "SELECT rowid FROM history ORDER BY rowid DESC LIMIT 1 OFFSET ?", (keep,)
    ).fetchone()
    if last is None:
        return 0
    gone = connection.execute("DELETE FROM history WHERE rowid <= ?", last).rowcount
    for table in _TABLES:
        connection.execute(
            f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM history h"
            f" WHERE h.session = {table}.session AND h.line = {table}.line)"
        )
    connection.execute(
        "DELETE FROM sessions WHERE end IS NOT NULL"
        " AND session NOT IN (SELECT session FROM history)"
    )
    return gone
