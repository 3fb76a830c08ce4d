"""`TerminalInteractiveShell.shortcuts`: changes to the table of keys.

    c.TerminalInteractiveShell.shortcuts = [
        # another key for what has one
        {"command": "IPython:auto_suggest.accept", "match_keys": ["right"],
         "new_keys": ["tab"], "new_filter": "has_suggestion"},
        # take it away
        {"command": "IPython:auto_match.skip_over", "new_keys": []},
        # a new one
        {"command": "prompt_toolkit:named_commands.yank", "new_keys": ["c-q"],
         "new_filter": "default_buffer_focused", "create": True},
    ]

A change that cannot be made is told once, and the others are made none the less.
"""

from __future__ import annotations

import sys

from ipcluster.shell.terminal.keys.filters import evaluate
from ipcluster.shell.terminal.keys.table import Binding, find_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from prompt_toolkit.filters import Filter

_FIELDS = {
    "command",
    "create",
    "match_filter",
    "match_keys",
    "new_filter",
    "new_keys",
}


def changed(
    rows: list[Binding],
    changes: Iterable[dict[str, Any]],
    filters: dict[str, Filter],
) -> list[Binding]:
    """The table after all changes."""
    for change in changes:
        try:
            rows = _changed_once(rows, change, filters)
        except (ValueError, TypeError, AttributeError) as error:
            print(
                f"TerminalInteractiveShell.shortcuts: {error}; left out: {change!r}",
                file=sys.stderr,
            )
    return rows


def _changed_once(
    rows: list[Binding], change: dict[str, Any], filters: dict[str, Filter]
) -> list[Binding]:
    unknown = change.keys() - _FIELDS
    if unknown:
        raise ValueError(f"no field {', '.join(sorted(unknown))}")
    if "command" not in change:
        raise ValueError("a change wants a `command`")
    command = find_command(change["command"])
    keys = change.get("new_keys")
    when = change.get("new_filter")
    if when is not None:
        evaluate(when, filters)
    if keys:
        _check_keys(keys)
    if change.get("create"):
        if not keys:
            raise ValueError("`create` wants `new_keys`")
        return [*rows, Binding(list(keys), change["command"], when or "always")]
    found = [row for row in rows if _matches(row, command, change)]
    if not found:
        raise ValueError("no key has this command; `create` makes one")
    if keys is None and when is None:
        raise ValueError("a change wants `new_keys`, or `new_filter`")
    kept = [row for row in rows if row not in found]
    if keys is not None and not keys:
        return kept
    for row in found[:1] if keys else found:
        new = list(keys) if keys else row.keys
        kept.append(Binding(new, row.command, row.when if when is None else when))
    return kept


def _matches(row: Binding, command: Any, change: dict[str, Any]) -> bool:
    if find_command(row.command) is not command:
        return False
    keys = change.get("match_keys")
    if keys is not None and list(keys) != row.keys:
        return False
    when = change.get("match_filter")
    return when is None or _words(when) == _words(row.when)


def _words(expression: str) -> set[str]:
    """A condition's parts: in which order they stand does not count."""
    return {part.strip(" ()") for part in expression.split("&")}


def _check_keys(keys: Any) -> None:
    from prompt_toolkit.key_binding.key_bindings import KeyBindings

    KeyBindings().add(*keys)  # a ValueError names the one that there is not
