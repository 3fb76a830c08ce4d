"""What carries displayed things away.

`DisplayPublisher` is the seam that captures replace: everything that is displayed goes
through `shell.display_pub.publish`.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.events import Clear, Display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class DisplayPublisher:
    """Sends MIME bundles to the front end."""

    def __init__(self, shell: InteractiveShell | None = None) -> None:
        self.shell = shell
        self.is_publishing = False

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: str | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_keywords: Any,
    ) -> None:
        """Show a MIME bundle.

        Args:
            data: content by MIME type.
            metadata: by MIME type, what there is to say of it.
            source: ignored, as it is everywhere; old callers give it.
            transient: what is not saved with the output: `{"display_id": ...}`.
            update: put it in the place of what has this display id.
        """
        self._validate_data(data, metadata)
        if self.shell is None:
            print(data.get("text/plain", ""))
            return
        was_publishing, self.is_publishing = self.is_publishing, True
        try:
            self.shell.emit(Display(data, metadata or {}, transient, update))
        finally:
            self.is_publishing = was_publishing

    def _validate_data(self, data: Any, metadata: Any = None) -> None:
        if not isinstance(data, dict):
            raise TypeError(
                f"data has to be a dict of MIME types; it is a {type(data).__name__}"
            )
        if metadata is not None and not isinstance(metadata, dict):
            raise TypeError(
                f"metadata has to be a dict; it is a {type(metadata).__name__}"
            )

    def clear_output(self, wait: bool = False) -> None:
        """Remove what the cell has shown; with `wait`, when something else comes."""
        if self.shell is not None:
            self.shell.emit(Clear(wait))


class CapturingDisplayPublisher(DisplayPublisher):
    """Keeps what is displayed, in `outputs`: a dict each, of what `publish` got."""

    def __init__(self, shell: InteractiveShell | None = None) -> None:
        super().__init__(shell)
        self.outputs: list[dict[str, Any]] = []
        self._clear_first = False

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: str | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_keywords: Any,
    ) -> None:
        self._validate_data(data, metadata)
        if self._clear_first:
            self._forget()
        output = {
            "data": data,
            "metadata": metadata or {},
            "transient": transient or {},
            "update": update,
        }
        if update and self._replace(output):
            return
        self.outputs.append(output)

    def _replace(self, output: dict[str, Any]) -> bool:
        """Put an update where what it updates is; False if that is not here."""
        wanted = output["transient"].get("display_id")
        found = False
        for number, other in enumerate(self.outputs):
            if wanted is not None and other["transient"].get("display_id") == wanted:
                self.outputs[number] = {**output, "update": other["update"]}
                found = True
        return found

    def clear_output(self, wait: bool = False) -> None:
        self._clear_first = wait
        if not wait:
            self._forget()

    def _forget(self) -> None:
        self._clear_first = False
        self.outputs.clear()


def publish_display_data(
    data: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    source: str | None = None,
    *,
    transient: dict[str, Any] | None = None,
    **keywords: Any,
) -> None:
    """Show a MIME bundle that is made already, in the shell that runs.

    With `update=True` it takes the place of what has the `display_id` in `transient`.
    """
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    if shell is None:
        print(data.get("text/plain", ""))
        return
    if transient:  # publishers that extensions put there may not know it
        keywords["transient"] = transient
    shell.display_pub.publish(data, metadata, **keywords)
