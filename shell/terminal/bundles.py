"""What of a MIME bundle a terminal shows.

First what the user has a renderer for (`mime_renderers`), then images where the
terminal draws them, then text.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.shell.terminal.frontend import TerminalFrontEnd

    Renderer = Callable[[dict[str, Any], dict[str, Any]], object]

# Bytes of base64 in one escape sequence of the kitty protocol.
# https://sw.kovidgoyal.net/kitty/graphics-protocol/
_CHUNK = 4096


def show_bundle(
    frontend: TerminalFrontEnd, data: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """Print what can be seen of it; nothing, if that is nothing."""
    render = find_renderer(frontend, data)
    if render is not None:
        render(data, metadata)
        return
    text = data.get("text/plain")
    if text:
        print(text)


def find_renderer(frontend: TerminalFrontEnd, data: dict[str, Any]) -> Renderer | None:
    """What shows a bundle better than its text; None: nothing does."""
    shell = frontend.shell
    for mime, function in {} if shell is None else shell.mime_renderers.items():
        if mime in data:
            return _guarded(function, mime)
    if "image/png" in data and draws_images():
        return lambda data, _metadata: draw_png(data["image/png"])
    return None


def _guarded(function: Any, mime: str) -> Renderer:
    """A renderer of the user's: if it fails, the text is shown."""

    def render(data: dict[str, Any], metadata: dict[str, Any]) -> None:
        try:
            function(data[mime], metadata.get(mime))
        except Exception as error:
            print(
                f"the renderer of {mime} failed: {type(error).__name__}: {error}",
                file=sys.stderr,
            )
            print(data.get("text/plain", ""))

    return render


def draws_images() -> bool:
    """Whether the terminal is one that is known to have kitty's protocol."""
    environment = os.environ
    if not sys.stdout.isatty() or "TMUX" in environment or "STY" in environment:
        return False
    names = (environment.get("TERM", ""), environment.get("TERM_PROGRAM", "").lower())
    return "KITTY_WINDOW_ID" in environment or any(
        name in ("xterm-kitty", "xterm-ghostty", "ghostty", "wezterm") for name in names
    )


def draw_png(image: bytes | str) -> None:
    """Draw an image below the cursor: its bytes, or their base64."""
    if isinstance(image, str):
        text = "".join(image.split())
    else:
        import base64

        text = base64.b64encode(image).decode("ascii")
    write = sys.stdout.write
    for start in range(0, len(text), _CHUNK):
        more = int(start + _CHUNK < len(text))
        control = f"a=T,f=100,m={more}" if start == 0 else f"m={more}"
        write(f"\x1b_G{control};{text[start : start + _CHUNK]}\x1b\\")
    write("\n")
