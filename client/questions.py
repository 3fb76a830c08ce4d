"""A question to the controller, and its answer when it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Question:
    """Asked once, answered once."""

    def __init__(self, on_answer: Callable[[Any], None] | None = None) -> None:
        """`on_answer` is for a question that nobody waits for."""
        self._on_answer = on_answer
        self._done = False
        self._answer: Any = None
        self._error: BaseException | None = None

    def is_answered(self) -> bool:
        return self._done

    def answer(self, value: Any) -> None:
        self._answer = value
        self._done = True
        if self._on_answer is not None:
            self._on_answer(value)

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done = True

    def result(self) -> Any:
        """The answer.

        Raises:
            ClusterError: the answer is an error.
        """
        if self._error is not None:
            raise self._error
        return self._answer
