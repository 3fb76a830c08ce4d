"""What user code raised on an engine, as an exception here.

`wire/errors.py` draws the whole tree and is where everybody else imports these from.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Mapping
from typing import Any

from ipcluster.wire.own_errors import ClusterError

# A RemoteError of these would end a loop, or the interpreter, without a word.
_NEVER_BASES = (StopIteration, StopAsyncIteration, BaseExceptionGroup)


class RemoteError(ClusterError):
    """User code raised on an engine.

    `engine_info` has the keys engine_id, engine_uuid, host and method.
    """

    def __init__(
        self,
        ename: str,
        evalue: str,
        traceback: str | None = None,
        engine_info: Mapping[str, Any] | None = None,
    ) -> None:
        info = dict(engine_info or {})
        Exception.__init__(self, ename, evalue)
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback or ""
        self.engine_info = info
        self.message = f"{ename}: {evalue}" if evalue else ename
        self.engine = info.get("engine_id")
        self.task = info.get("task")
        self.host = info.get("host")
        self.fields: dict[str, int | str] = {}
        if isinstance(self, SyntaxError):
            # A SyntaxError is printed from its fields, never by its __str__.
            self.msg = str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.ename, self.evalue, self.traceback, self.engine_info)
        state = self.__dict__ | self.fields
        # A class made here has no name to be found by: it is made again over there.
        if builtin := getattr(self, "builtin_name", ""):
            return _rebuild, (builtin, *fields), state
        return type(self), fields, state

    def set_fields(self, fields: Mapping[str, int | str]) -> None:
        """Set what the builtin class tells apart from its message."""
        self.fields = dict(fields)
        for name, value in fields.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        return "\n".join([self.message, *self.render_traceback()])

    def __repr__(self) -> str:
        where = f" on engine {self.engine}" if self.engine is not None else ""
        return f"<RemoteError{where}: {self.message.splitlines()[0]}>"

    @property
    def engine_str(self) -> str:
        """Where it happened, short: `[3:apply]`."""
        engine = "?" if self.engine is None else self.engine
        return f"[{engine}:{self.engine_info.get('method') or 'apply'}]"

    def render_traceback(self) -> list[str]:
        """The lines to show: where it happened and the traceback over there."""
        where = "on an engine" if self.engine is None else f"on engine {self.engine}"
        if self.host:
            where += f", {self.host}"
        lines = self.traceback.splitlines() or ["no traceback"]
        return [f"--- {where} ---", *lines]

    def print_traceback(self) -> None:
        """Print what `render_traceback` gives."""
        print("\n".join(self.render_traceback()))

    def _render_traceback_(self, *_: object, **__: object) -> list[str]:
        """What IPython shows instead of the local traceback."""
        return self.render_traceback()


class AlreadyDisplayedError(RemoteError):
    """The traceback has been on the screen: only the headline is shown."""

    def __str__(self) -> str:
        return self.message

    def render_traceback(self) -> list[str]:
        """The headline alone."""
        return [f"{self.engine_str} {self.message}"]


@functools.cache
def remote_class(builtin: str) -> type[RemoteError]:
    """RemoteError that is also the builtin exception `builtin`, where it can be."""
    base = getattr(builtins, builtin, None) if builtin else None
    if not isinstance(base, type) or not issubclass(base, Exception):
        return RemoteError
    if base is Exception or issubclass(base, _NEVER_BASES):
        return RemoteError
    body = {"__module__": RemoteError.__module__, "builtin_name": builtin}
    try:
        made = type("RemoteError", (RemoteError, base), body)
        made("probe", "")
    except TypeError:  # two layouts that do not go together
        return RemoteError
    return made


def _rebuild(builtin: str, *fields: Any) -> RemoteError:
    return remote_class(builtin)(*fields)
