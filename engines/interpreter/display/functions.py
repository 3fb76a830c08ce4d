"""`display()` and the other functions that programs show things with.

    display(frame, figure)                 # each in its richest form
    handle = display("0 %", display_id=True)
    handle.update("50 %")                  # in the place of what it showed
    display_html("<b>bold</b>", raw=True)  # content of one MIME type as it is
    clear_output(wait=True)                # gone when the next thing is shown

They show in the shell that runs; where none does, in a plain Python, they print.
`display` is a builtin while a shell runs, so this module imports nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


def _shell() -> InteractiveShell | None:
    from ipcluster.engines.interpreter.shell import get_ipython

    return get_ipython()


def display(
    *objs: Any,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
    metadata: dict[str, Any] | None = None,
    transient: dict[str, Any] | None = None,
    display_id: str | bool | None = None,
    raw: bool = False,
    clear: bool = False,
    **kwargs: Any,
) -> DisplayHandle | None:
    """Show objects, each in the richest form that the front end can show.

    Args:
        objs: what is shown.
        include: MIME types that are wanted; None: all.
        exclude: MIME types that are not.
        metadata: added to each object's, by MIME type.
        transient: what is not saved with the output.
        display_id: a name under which the output is updated later; True: a new one.
        raw: the objects are MIME bundles already, made by somebody else.
        clear: remove what was shown before, when this is shown.
        kwargs: for the publisher; `update=True` replaces what has this `display_id`.

    Returns:
        With a `display_id`, a handle that updates what was shown; else None.
    """
    handle = None
    transient = dict(transient or {})
    if display_id is not None and display_id is not False:
        handle = DisplayHandle(None if display_id is True else display_id)
        transient["display_id"] = handle.display_id
    if kwargs.get("update") and "display_id" not in transient:
        raise TypeError("an update wants the display_id of what it updates")
    if transient:
        kwargs["transient"] = transient
    shell = _shell()
    if shell is None:
        print(*objs)
        return handle
    if not objs and handle is not None:
        objs, raw = ({},), True  # a place for what comes later
    if clear:
        clear_output(wait=True)
    for obj in objs:
        if raw:
            data, about = obj, metadata
        else:
            data, about = shell.display_formatter.format(obj, include, exclude)
            if not data:  # it has shown itself
                continue
            if metadata:
                about = _merged(about, metadata)
        shell.display_pub.publish(data=data, metadata=about, **kwargs)
    return handle


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both mappings in one, the second's values where both have some."""
    merged = dict(first)
    for key, value in second.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _merged(old, value)
        merged[key] = value
    return merged


def update_display(obj: Any, *, display_id: str, **kwargs: Any) -> None:
    """Show an object in the place of what has this `display_id`, wherever that is."""
    kwargs["update"] = True
    display(obj, display_id=display_id, **kwargs)


def clear_output(wait: bool = False) -> None:
    """Remove what the running cell has shown.

    With `wait`, when the next output comes: an animation does not flicker then.
    """
    shell = _shell()
    if shell is not None:
        shell.display_pub.clear_output(wait)
        return
    for stream in (sys.stdout, sys.stderr):
        # Clear the line, and go to its beginning.
        print("\033[2K\r", end="", file=stream, flush=True)


class DisplayHandle:
    """A displayed output, to be updated.

    Args:
        display_id: its name; None: a new one.
    """

    def __init__(self, display_id: str | None = None) -> None:
        if display_id is None:
            from os import urandom

            display_id = urandom(16).hex()
        self.display_id = display_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} display_id={self.display_id}>"

    def display(self, obj: Any, **kwargs: Any) -> None:
        """Show an object under this id, once more."""
        display(obj, display_id=self.display_id, **kwargs)

    def update(self, obj: Any, **kwargs: Any) -> None:
        """Show an object in the place of everything that has this id."""
        update_display(obj, display_id=self.display_id, **kwargs)


# --- content of one MIME type ---------------------------------------------------------


def _display_mimetype(
    mimetype: str,
    objs: tuple[Any, ...],
    raw: bool = False,
    metadata: dict[str, Any] | None = None,
) -> None:
    if metadata:
        metadata = {mimetype: metadata}
    if raw:
        objs = tuple({mimetype: obj} for obj in objs)
    display(*objs, raw=raw, metadata=metadata, include=[mimetype])


def display_pretty(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the text of objects; `raw`: they are text to show."""
    _display_mimetype("text/plain", objs, raw, metadata)


def display_html(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the HTML of objects; `raw`: they are HTML."""
    _display_mimetype("text/html", objs, raw, metadata)


def display_markdown(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the Markdown of objects; `raw`: they are Markdown."""
    _display_mimetype("text/markdown", objs, raw, metadata)


def display_svg(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the SVG of objects; `raw`: they are SVG."""
    _display_mimetype("image/svg+xml", objs, raw, metadata)


def display_png(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the PNG of objects; `raw`: they are bytes of PNG images."""
    _display_mimetype("image/png", objs, raw, metadata)


def display_jpeg(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the JPEG of objects; `raw`: they are bytes of JPEG images."""
    _display_mimetype("image/jpeg", objs, raw, metadata)


def display_webp(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the WebP of objects; `raw`: they are bytes of WebP images."""
    _display_mimetype("image/webp", objs, raw, metadata)


def display_latex(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the LaTeX of objects; `raw`: they are LaTeX."""
    _display_mimetype("text/latex", objs, raw, metadata)


def display_json(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the JSON of objects; `raw`: they are what JSON can hold."""
    _display_mimetype("application/json", objs, raw, metadata)


def display_javascript(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Run the JavaScript of objects; `raw`: they are JavaScript."""
    _display_mimetype("application/javascript", objs, raw, metadata)


def display_pdf(*objs: Any, raw: bool = False, metadata: Any = None) -> None:
    """Show the PDF of objects; `raw`: they are bytes of PDF files."""
    _display_mimetype("application/pdf", objs, raw, metadata)
