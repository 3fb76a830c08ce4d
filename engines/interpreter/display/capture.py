"""Keeping what code prints and displays, instead of showing it.

with capture_output() as captured:
    print("text")
    display(figure)
captured.stdout, captured.outputs
captured.show()                       # now, after all
"""

from __future__ import annotations

import sys
from io import StringIO

from ipcluster.engines.interpreter.display.hook import DisplayHook
from ipcluster.engines.interpreter.display.publish import CapturingDisplayPublisher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class RichOutput:
    """One thing that was displayed: a MIME bundle, to be shown again."""

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        transient: dict[str, Any] | None = None,
        update: bool = False,
    ) -> None:
        self.data = data or {}
        self.metadata = metadata or {}
        self.transient = transient or {}
        self.update = update

    def display(self) -> None:
        """Show it, as it was shown."""
        from ipcluster.engines.interpreter.display.publish import publish_display_data

        publish_display_data(
            self.data, self.metadata, transient=self.transient, update=self.update
        )

    def __repr__(self) -> str:
        kinds = ", ".join(self.data) or "empty"
        return f"<{type(self).__name__}: {kinds}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.data, self.metadata

    def _repr_mime_(self, mime: str) -> Any:
        """The content of one type, with its metadata if there are any."""
        content = self.data.get(mime)
        if content is not None and mime in self.metadata:
            return content, self.metadata[mime]
        return content

    def _repr_html_(self) -> Any:
        return self._repr_mime_("text/html")

    def _repr_latex_(self) -> Any:
        return self._repr_mime_("text/latex")

    def _repr_json_(self) -> Any:
        return self._repr_mime_("application/json")

    def _repr_javascript_(self) -> Any:
        return self._repr_mime_("application/javascript")

    def _repr_png_(self) -> Any:
        return self._repr_mime_("image/png")

    def _repr_jpeg_(self) -> Any:
        return self._repr_mime_("image/jpeg")

    def _repr_svg_(self) -> Any:
        return self._repr_mime_("image/svg+xml")


class CapturedIO:
    """What was captured; None for a stream that was not."""

    def __init__(
        self,
        stdout: StringIO | None,
        stderr: StringIO | None,
        outputs: list[Any] | None = None,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._outputs = outputs

    def __str__(self) -> str:
        return self.stdout

    @property
    def stdout(self) -> str:
        """What was printed."""
        return self._stdout.getvalue() if self._stdout else ""

    @property
    def stderr(self) -> str:
        """What was printed to standard error."""
        return self._stderr.getvalue() if self._stderr else ""

    @property
    def outputs(self) -> list[RichOutput]:
        """What was displayed, values of cells included."""
        return [RichOutput(**output) for output in self._outputs or ()]

    def show(self) -> None:
        """Print and display it."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        for output in self.outputs:
            output.display()

    __call__ = show


class CapturingDisplayHook(DisplayHook):
    """Keeps values of cells, in `outputs`, and not in `Out`."""

    def __init__(
        self, shell: InteractiveShell, outputs: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(shell)
        self.outputs = [] if outputs is None else outputs

    def __call__(self, value: Any = None) -> None:
        if value is None:
            return
        if self.exec_result is not None:
            self.exec_result.result = value
        if self.quiet():
            return
        data, metadata = self.shell.display_formatter.format(value)
        if data:
            self.outputs.append({"data": data, "metadata": metadata})


class capture_output:
    """Keep what a `with` block prints and displays.

    Args:
        stdout: keep what is printed.
        stderr: keep what is printed to standard error.
        display: keep what is displayed, and values of cells that run in the block.
    """

    def __init__(
        self, stdout: bool = True, stderr: bool = True, display: bool = True
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.display = display
        self.shell: InteractiveShell | None = None
        self._before: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> CapturedIO:
        from ipcluster.engines.interpreter.shell import get_ipython

        stdout = stderr = outputs = None
        self.shell = get_ipython()
        if self.stdout:
            stdout = StringIO()
            self._replace(sys, "stdout", stdout)
        if self.stderr:
            stderr = StringIO()
            self._replace(sys, "stderr", stderr)
        if self.display and self.shell is not None:
            publisher = CapturingDisplayPublisher(self.shell)
            outputs = publisher.outputs
            hook = CapturingDisplayHook(self.shell, outputs)
            self._replace(self.shell, "display_pub", publisher)
            self._replace(self.shell, "displayhook", hook)
            self._replace(sys, "displayhook", hook)
        return CapturedIO(stdout, stderr, outputs)

    def __exit__(self, *_error: object) -> None:
        while self._before:
            setattr(*self._before.pop())

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)
