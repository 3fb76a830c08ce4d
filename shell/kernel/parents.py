"""Which request something belongs to, in whatever thread or task it happens.

Output of a thread goes to the cell that started the thread, not to the one that runs
now; so does that of an asyncio task, and of a call that an executor runs. Threads that
nobody of ours started belong to the request that is handled.
"""

from __future__ import annotations

import contextvars
import threading

from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.shell.kernel.messages import Message

_MARK = "_ipcluster_parent"

# Tasks copy it when they are made.
_parent: contextvars.ContextVar[Message | None] = contextvars.ContextVar(
    "ipcluster_parent", default=None
)
# The request of the context that the caller runs in; None: it has none of its own.
of_context = _parent.get


class Parents:
    """The request that each thread works for."""

    def __init__(self) -> None:
        self.latest: Message | None = None
        self._undo: list[Callable[[], None]] = []

    def begin(self, message: Message) -> None:
        """A request is handled from now on, in this thread."""
        self.latest = message

    @staticmethod
    def note(message: Message | None) -> None:
        """In the context that cells run in: what is started belongs to this."""
        _parent.set(message)

    def current(self) -> Message | None:
        """The request that the caller works for."""
        own = _parent.get()
        if own is not None:
            return own
        found: Message | None = getattr(threading.current_thread(), _MARK, None)
        return self.latest if found is None else found

    def follow_threads(self) -> None:
        """Have threads remember which request they were started in."""
        start = threading.Thread.start
        parents = self

        def start_and_mark(thread: threading.Thread) -> None:
            setattr(thread, _MARK, parents.current())
            start(thread)

        threading.Thread.start = start_and_mark  # type: ignore[method-assign,assignment]  # that is the point
        self._undo.append(lambda: setattr(threading.Thread, "start", start))

    def follow_executors(self) -> None:
        """Have calls that a thread pool runs belong to the request that submits them.

        A pool is imported by whoever wants one: not before, and not by us.
        """
        name = "concurrent.futures.thread"
        when_imported(name, self._follow_pool)
        self._undo.append(lambda: forget(name, self._follow_pool))

    def _follow_pool(self, module: Any) -> None:
        pool = module.ThreadPoolExecutor
        submit = pool.submit
        parents = self

        def submit_carrying(
            executor: Any, fn: Callable[..., Any], /, *args: Any, **keywords: Any
        ) -> Any:
            call = carrying(fn, parents.current())
            return submit(executor, call, *args, **keywords)

        pool.submit = submit_carrying
        self._undo.append(lambda: setattr(pool, "submit", submit))

    def unfollow(self) -> None:
        while self._undo:
            self._undo.pop()()


def carrying(function: Callable[..., Any], message: Message | None) -> Any:
    """The function, as a call that belongs to this request."""

    def call(*args: Any, **keywords: Any) -> Any:
        token = _parent.set(message)
        try:
            return function(*args, **keywords)
        finally:
            _parent.reset(token)

    return call
