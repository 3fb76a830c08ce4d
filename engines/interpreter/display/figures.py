"""Figures of matplotlib as images.

Nothing here imports matplotlib: who has a figure has imported it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# The names of formats, and the MIME type of each. Retina is PNG with twice the pixels,
# shown at its usual size.
KINDS = {
    "png": "image/png",
    "png2x": "image/png",
    "retina": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}


def checked_formats(formats: str | Iterable[str]) -> set[str]:
    """The formats as a set; a string may name several, with commas between.

    Raises:
        ValueError: one that there is not.
    """
    if isinstance(formats, str):
        formats = formats.replace(",", " ").split()
    found = {str(name).lower() for name in formats}
    unknown = sorted(found - KINDS.keys())
    if unknown:
        raise ValueError(
            f"no figure format {', '.join(map(repr, unknown))}; "
            f"there are {', '.join(KINDS)}"
        )
    return found


def figure_content(shell: InteractiveShell | None, figure: Any, kind: str) -> Any:
    """A figure's image of a MIME type, if figures are to be shown as that; or None."""
    if shell is None:
        return None
    options = shell.inline_backend
    for name in sorted(options.figure_formats, reverse=True):  # retina before png
        if KINDS[name] == kind:
            if name in ("retina", "png2x"):
                return retina_figure(figure, **options.print_figure_kwargs)
            return print_figure(figure, name, **options.print_figure_kwargs)
    return None


def print_figure(
    fig: Any,
    fmt: str = "png",
    bbox_inches: Any = "tight",
    base64: bool = False,
    **kwargs: Any,
) -> Any:
    """A figure's image: bytes, or text for SVG, or None for an empty figure.

    Args:
        fig: the figure.
        fmt: png, jpeg, svg, pdf, or retina.
        bbox_inches: what is cut out of it; "tight": what is drawn on.
        base64: give bytes as text in base64.
        kwargs: for the canvas's `print_figure`: `dpi`, `facecolor`, `pil_kwargs`, ...
    """
    children = fig.get_children()
    if all(child is fig.patch for child in children):
        return None
    from io import BytesIO

    dpi = fig.dpi
    if fmt in ("retina", "png2x"):
        fmt, dpi = "png", dpi * 2
    options = {
        "format": "jpeg" if fmt == "jpg" else fmt,
        "facecolor": fig.get_facecolor(),
        "edgecolor": fig.get_edgecolor(),
        "dpi": dpi,
        "bbox_inches": bbox_inches,
        **kwargs,
    }
    if fig.canvas is None:
        from importlib import import_module

        import_module("matplotlib.backend_bases").FigureCanvasBase(fig)
    stream = BytesIO()
    fig.canvas.print_figure(stream, **options)
    data = stream.getvalue()
    if fmt == "svg":
        return data.decode("utf-8")
    if base64:
        from base64 import b64encode

        return b64encode(data).decode()
    return data


def retina_figure(fig: Any, base64: bool = False, **kwargs: Any) -> Any:
    """A PNG with twice the pixels, and the size to show it at; None if it is empty."""
    from ipcluster.engines.interpreter.display.objects.images import size_of

    data = print_figure(fig, "retina", base64=False, **kwargs)
    if data is None:
        return None
    width, height = size_of(data) or (0, 0)
    if base64:
        from base64 import b64encode

        data = b64encode(data).decode()
    return data, {"width": width // 2, "height": height // 2}


def select_figure_formats(
    shell: InteractiveShell, formats: str | Iterable[str], **kwargs: Any
) -> None:
    """Show figures in these formats from now on; `kwargs` are for `print_figure`."""
    options = shell.inline_backend
    options.figure_formats = checked_formats(formats)
    if kwargs:
        options.print_figure_kwargs = kwargs


def set_matplotlib_formats(*formats: str, **kwargs: Any) -> None:
    """`select_figure_formats` in the shell that runs."""
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    if shell is not None:
        kwargs = {**shell.inline_backend.print_figure_kwargs, **kwargs}
        select_figure_formats(shell, formats, **kwargs)


def set_matplotlib_close(close: bool = True) -> None:
    """Whether figures are closed when they have been shown, in the shell that runs."""
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.inline_backend.close_figures = close
