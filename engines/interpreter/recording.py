"""A front end that remembers what it was shown: for tests, and for captured cells."""

from __future__ import annotations

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.frontend import FrontEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from ipcluster.engines.interpreter.frontend import Complete

    T = TypeVar("T", bound=e.Event)


class RecordingFrontEnd(FrontEnd):
    """Keeps `events`; answers questions with the next of `lines`."""

    takes_input = True

    def __init__(self) -> None:
        self.events: list[e.Event] = []
        self.lines: list[str] = []
        self.prompts: list[str] = []

    def emit(self, event: e.Event) -> None:
        self.events.append(event)

    def read_line(
        self,
        prompt: str,
        *,
        password: bool = False,
        complete: Complete | None = None,
        history: str | None = None,
    ) -> str:
        self.prompts.append(prompt)
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)

    def of_kind(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def results(self) -> list[str]:
        """The text of each value that was shown."""
        return [event.data["text/plain"] for event in self.of_kind(e.Result)]

    @property
    def errors(self) -> list[str]:
        """The class of each error that was shown."""
        return [event.ename for event in self.of_kind(e.Error)]
