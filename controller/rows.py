"""Tasks as rows of plain values, and how a query finds some of them: `db_query`.

A row has the keys that ipyparallel's task records have, as far as the controller knows
what they ask for: it never opens what users send. Times are datetimes in UTC. A task
that has not ended is a row, too; its `completed` is None.
"""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ipcluster.wire.errors import ClusterError

Row: TypeAlias = dict[str, Any]

KEYS = (
    *("msg_id", "client_uuid", "engine_id", "engine_uuid", "label", "status"),
    *("submitted", "started", "completed", "received", "duration", "size_bytes"),
    *("error", "stdout", "stderr"),
)


def to_datetime(seconds: float) -> datetime | None:
    """Seconds since the epoch as a datetime; 0 is a time that has not come."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def cut(row: Row, keys: Sequence[str] | None) -> Row:
    """The row with these keys, or all; `msg_id` is always among them.

    Raises:
        ClusterError: there is no such key.
    """
    if keys is None:
        return row
    _check(keys)
    return {"msg_id": row["msg_id"], **{key: row[key] for key in keys}}


def matches(row: Row, query: Mapping[str, Any]) -> bool:
    """Whether the row has these values, or meets these comparisons.

    A query is `{key: value}` or `{key: {"$gt": value, ...}}`; what cannot be compared
    does not match. Times may be given as seconds since the epoch.

    Raises:
        ClusterError: a key or comparison that does not exist.
    """
    _check(query)
    for name, wanted in query.items():
        tests = wanted if isinstance(wanted, Mapping) else {"$eq": wanted}
        value = row[name]
        for test, against in tests.items():
            if test not in _COMPARE:
                raise ClusterError(f"no {test!r}; there are {', '.join(_COMPARE)}")
            if isinstance(value, datetime):
                against = _as_time(against)
            try:
                if not _COMPARE[test](value, against):
                    return False
            except TypeError:
                return False
    return True


def _check(keys: Sequence[str] | Mapping[str, Any]) -> None:
    for key in keys:
        if key not in KEYS:
            raise ClusterError(
                f"a task's record has no {key!r}; it has {', '.join(KEYS)}"
            )


def _as_time(given: Any) -> Any:
    if isinstance(given, list | tuple):
        return [_as_time(one) for one in given]
    if isinstance(given, int | float) and not isinstance(given, bool):
        return to_datetime(given)
    return given


def _search(text: str, pattern: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise ClusterError(f"not a pattern: {pattern!r}: {error}") from error


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$in": lambda value, among: value in among,
    "$nin": lambda value, among: value not in among,
    "$mod": lambda value, by: value % by[0] == by[1],
    "$exists": lambda value, wanted: (value is not None) == bool(wanted),
    "$glob": lambda value, pattern: fnmatch.fnmatchcase(value, pattern),
    "$regex": _search,
}
