"""Showing something long: a pager of the user's, or the front end's."""

from __future__ import annotations

from ipcluster.engines.interpreter.events import Page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


def page(shell: InteractiveShell, data: str | dict[str, Any], start: int = 0) -> None:
    """Show text, or a MIME bundle, from line `start` on, counted from 0."""
    bundle = {"text/plain": data} if isinstance(data, str) else dict(data)
    if not shell.enable_html_pager:
        bundle.pop("text/html", None)
    if not shell.hooks.call("show_in_pager", bundle, start, shell.frontend.height):
        shell.emit(Page(bundle, start))
