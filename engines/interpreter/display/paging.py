"""Long text, for the front end's pager."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def page(
    data: str | dict[str, Any],
    start: int = 0,
    screen_lines: int = 0,
    pager_cmd: str | None = None,
) -> None:
    """Show text, or a MIME bundle, in a pager, beginning at line `start`.

    Whether it is paged at all, and how, is the front end's to say, unless a
    `show_in_pager` hook takes it. `screen_lines` and `pager_cmd` are ignored: the front
    end knows its screen, and $PAGER.
    """
    from ipcluster.engines.interpreter.events import Page
    from ipcluster.engines.interpreter.shell import get_ipython

    bundle = {"text/plain": data} if isinstance(data, str) else data
    shell = get_ipython()
    if shell is None:
        print(bundle.get("text/plain", ""))
        return
    if shell.hooks.call("show_in_pager", data, start, screen_lines):
        return
    shell.emit(Page(bundle, max(0, start)))


def page_file(fname: str, start: int = 0, pager_cmd: str | None = None) -> None:
    """Show a file in a pager.

    Raises:
        OSError: it cannot be read.
    """
    with open(fname, encoding="utf-8", errors="replace") as file:
        page(file.read(), start, pager_cmd=pager_cmd)
