"""What cells have shown, kept for `%notebook` and `%session save`.

Values, displays and errors as they were shown, for an object in `Out` may have changed
since. What was printed is not kept: it goes to `sys.stdout`, past the interpreter.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.events import Event

# Characters or bytes, all outputs together; beyond that the oldest are dropped. A
# session of plots, 100 KB each, keeps some 300 of them.
MOST = 32 << 20


class KeptOutput:
    """One thing that was shown; `output_type` as notebooks call it."""

    __slots__ = ("bundle", "display_id", "metadata", "output_type")

    def __init__(
        self,
        output_type: str,
        bundle: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        display_id: str | None = None,
    ) -> None:
        self.output_type = output_type
        self.bundle = bundle
        self.metadata = metadata or {}
        self.display_id = display_id

    @property
    def size(self) -> int:
        return 100 + sum(
            len(value) if isinstance(value, (str, bytes)) else 100
            for value in self.bundle.values()
        )

    def __repr__(self) -> str:
        return f"<{self.output_type}: {', '.join(self.bundle)}>"


class Outputs(dict[int, list[KeptOutput]]):
    """The outputs of a session by the number of the cell, in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def __missing__(self, line: int) -> list[KeptOutput]:
        return []

    def note(self, line: int, event: Event) -> None:
        """A cell has shown something."""
        from ipcluster.engines.interpreter import events as e

        match event:
            case e.Result():
                self.add(line, KeptOutput("execute_result", event.data, event.metadata))
            case e.Display():
                self._display(line, event)
            case e.Error():
                bundle = {
                    "ename": event.ename,
                    "evalue": event.evalue,
                    "traceback": "\n".join(event.traceback),
                }
                self.add(line, KeptOutput("error", bundle))
            case e.Clear():
                self.forget(line)

    def add(self, line: int, output: KeptOutput) -> None:
        """One more of a cell's."""
        self.setdefault(line, []).append(output)
        self._size += output.size
        while self._size > MOST and len(self) > 1:
            self.forget(next(iter(self)))

    def forget(self, line: int) -> None:
        """A cell's outputs are gone."""
        self._size -= sum(output.size for output in self.pop(line, ()))

    def clear(self) -> None:
        super().clear()
        self._size = 0

    def _display(self, line: int, event: Any) -> None:
        display_id = event.transient.get("display_id")
        if not event.update:
            output = KeptOutput("display_data", event.data, event.metadata, display_id)
            self.add(line, output)
            return
        for outputs in self.values():
            for output in outputs:
                if display_id is not None and output.display_id == display_id:
                    self._size -= output.size
                    output.bundle, output.metadata = event.data, event.metadata
                    self._size += output.size
