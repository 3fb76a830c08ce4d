"""`ProgressBar`: how far something is, updated in place."""

from __future__ import annotations

from ipcluster.engines.interpreter.display.functions import DisplayHandle, display
from ipcluster.engines.interpreter.display.objects.content import DisplayObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class ProgressBar(DisplayObject):
    """A bar that fills: iterate over it, or set `progress`.

        for step in ProgressBar(100):
            work(step)

    Args:
        total: what `progress` is at the end.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._progress = 0
        self.html_width = "60ex"
        self.text_width = 60
        self._handle = DisplayHandle()

    def __repr__(self) -> str:
        done = min(max(self._progress, 0), self.total)
        filled = int(done / self.total * self.text_width) if self.total > 0 else 0
        bar = ("=" * filled).ljust(self.text_width)
        return f"[{bar}] {self._progress}/{self.total}"

    def _repr_html_(self) -> str:
        return (
            f"<progress style='width:{self.html_width}' max='{self.total}' "
            f"value='{self._progress}'></progress>"
        )

    @property
    def progress(self) -> int:
        """How far it is; set it, and the bar moves."""
        return self._progress

    @progress.setter
    def progress(self, value: int) -> None:
        self._progress = value
        self.update()

    def display(self) -> None:
        """Show the bar."""
        display(self, display_id=self._handle.display_id)

    def update(self) -> None:
        """Show it anew, in its place."""
        self._handle.update(self)

    def __iter__(self) -> Self:
        self._progress = 0
        self.display()
        self._progress = -1  # the first step is 0
        return self

    def __next__(self) -> int:
        self.progress += 1
        if self._progress < self.total:
            return self._progress
        raise StopIteration
