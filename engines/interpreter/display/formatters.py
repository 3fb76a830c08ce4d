"""An object to a MIME bundle: all formatters of a shell.

They are asked in this order:

    _ipython_display_      the object shows itself; nothing else is asked
    _repr_mimebundle_      several types at once
    a formatter per type   for those that the bundle does not have

`text/plain` is always among what comes, unless it was not asked for. A front end that
shows text alone gets text alone: no HTML is made that nobody will see.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Configurable, Option
from ipcluster.engines.interpreter.display.formatter import (
    BaseFormatter,
    FormatterWarning,
)
from ipcluster.engines.interpreter.display.methods import method_of
from ipcluster.engines.interpreter.display.plaintext import PlainTextFormatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Formatted = tuple[dict[str, Any], dict[str, Any]]
    """A MIME bundle, and metadata by MIME type."""

__all__ = [
    "BaseFormatter",
    "DisplayFormatter",
    "FormatterWarning",
    "HTMLFormatter",
    "IPythonDisplayFormatter",
    "JPEGFormatter",
    "JSONFormatter",
    "JavascriptFormatter",
    "LatexFormatter",
    "MarkdownFormatter",
    "MimeBundleFormatter",
    "PDFFormatter",
    "PNGFormatter",
    "PlainTextFormatter",
    "SVGFormatter",
    "format_display_data",
]


class HTMLFormatter(BaseFormatter):
    """Objects as HTML."""

    format_type = "text/html"
    print_method = "_repr_html_"


class MarkdownFormatter(BaseFormatter):
    """Objects as Markdown."""

    format_type = "text/markdown"
    print_method = "_repr_markdown_"


class SVGFormatter(BaseFormatter):
    """Objects as SVG."""

    format_type = "image/svg+xml"
    print_method = "_repr_svg_"


class PNGFormatter(BaseFormatter):
    """Objects as PNG: bytes, or text in base64."""

    format_type = "image/png"
    print_method = "_repr_png_"
    _return_type = (bytes, str)


class PDFFormatter(BaseFormatter):
    """Objects as PDF: bytes, or text in base64."""

    format_type = "application/pdf"
    print_method = "_repr_pdf_"
    _return_type = (bytes, str)


class JPEGFormatter(BaseFormatter):
    """Objects as JPEG: bytes, or text in base64."""

    format_type = "image/jpeg"
    print_method = "_repr_jpeg_"
    _return_type = (bytes, str)


class LatexFormatter(BaseFormatter):
    """Objects as LaTeX: in dollars, or an environment."""

    format_type = "text/latex"
    print_method = "_repr_latex_"


class JSONFormatter(BaseFormatter):
    """Objects as what JSON can hold: lists and dicts; text is read as JSON."""

    format_type = "application/json"
    print_method = "_repr_json_"
    _return_type = (list, dict)

    def _check_return(self, result: Any, obj: Any) -> Any:
        content, *metadata = result if isinstance(result, tuple) else (result,)
        if isinstance(content, str):
            import json

            try:
                content = json.loads(content)
            except ValueError:
                return super()._check_return(result, obj)
            result = (content, *metadata) if metadata else content
        return super()._check_return(result, obj)


class JavascriptFormatter(BaseFormatter):
    """Objects as JavaScript."""

    format_type = "application/javascript"
    print_method = "_repr_javascript_"


class IPythonDisplayFormatter(BaseFormatter):
    """Objects that show themselves: True for one that has."""

    format_type = ""
    print_method = "_ipython_display_"
    _return_type = bool

    def _made(self, obj: Any) -> bool:
        printer = self._printer(obj)
        if printer is not None:
            printer(obj)
            return True
        method = method_of(obj, self.print_method)
        if method is None:
            return False
        method()
        return True


class MimeBundleFormatter(BaseFormatter):
    """Objects that give several types at once: a bundle, perhaps with metadata."""

    format_type = "a MIME bundle"
    print_method = "_repr_mimebundle_"
    _return_type = dict

    def __call__(
        self,
        obj: Any,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
    ) -> Any:
        if not self.enabled:
            return None
        return self._guarded(obj, self._bundle, obj, include, exclude)

    def _bundle(self, obj: Any, include: Any, exclude: Any) -> Any:
        function = self._printer(obj)
        if function is not None:
            return function(obj, include=include, exclude=exclude)
        method = method_of(obj, self.print_method)
        return None if method is None else method(include=include, exclude=exclude)

    def _check_return(self, result: Any, obj: Any) -> Any:
        """`(bundle, metadata)`, or None."""
        result = super()._check_return(result, obj)
        if result is None:
            return None
        bundle, metadata = result if isinstance(result, tuple) else (result, {})
        return bundle, metadata or {}


_TYPES: tuple[type[BaseFormatter], ...] = (
    PlainTextFormatter,
    HTMLFormatter,
    MarkdownFormatter,
    SVGFormatter,
    PNGFormatter,
    PDFFormatter,
    JPEGFormatter,
    LatexFormatter,
    JSONFormatter,
    JavascriptFormatter,
)


class DisplayFormatter(Configurable):
    """All formatters of a shell, by MIME type in `formatters`."""

    active_types = Option[list[str]](
        [], "The MIME types that are made; empty: what the front end can show."
    )

    def __init__(
        self,
        shell: InteractiveShell | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.shell = shell
        if config is None and shell is not None:
            config = shell.config
        self.formatters: dict[str, BaseFormatter] = {}
        for cls in _TYPES:
            self.register_formatter(cls(shell, config))
        self.ipython_display_formatter = IPythonDisplayFormatter(shell, config)
        self.mimebundle_formatter = MimeBundleFormatter(shell, config)
        if shell is not None:
            shell.configurables += self.formatters.values()
            _add_figures(self)
        super().__init__(config)
        if not self.active_types:
            self.active_types = self._types_of_front_end()

    def register_formatter(self, formatter: BaseFormatter) -> None:
        """Add a formatter, in the place of the one for its type."""
        self.formatters[formatter.format_type] = formatter

    @property
    def format_types(self) -> list[str]:
        """All MIME types that there are formatters for."""
        return list(self.formatters)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        if name == "active_types":
            for kind, formatter in self.formatters.items():
                formatter.enabled = kind in new

    def _types_of_front_end(self) -> list[str]:
        front_end = None if self.shell is None else self.shell.frontend
        if front_end is None or front_end.is_rich:
            return self.format_types
        return ["text/plain", *front_end.mime_types]

    def format(
        self,
        obj: Any,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
    ) -> Formatted:
        """What an object looks like: a MIME bundle, and its metadata by MIME type.

        Args:
            obj: the object.
            include: the MIME types that are wanted; None: all that are active.
            exclude: those that are not.

        Returns:
            `({}, {})` for an object that has shown itself, or could not be shown.
        """
        if self.ipython_display_formatter(obj):
            return {}, {}

        def is_wanted(kind: str) -> bool:
            return (not include or kind in include) and kind not in (exclude or ())

        bundle = self.mimebundle_formatter(obj, include=include, exclude=exclude)
        data, metadata = self._of_bundle(bundle, is_wanted)
        for kind, formatter in self.formatters.items():
            if kind in data or not is_wanted(kind):
                continue
            content, about = formatter(obj), None
            if isinstance(content, tuple):
                content, about = (*content, None)[:2]
            if content is not None:
                data[kind] = content
                if about:
                    metadata[kind] = about
        if data and self.formatters["text/plain"].enabled and is_wanted("text/plain"):
            # If its repr failed, that has been shown.
            data.setdefault("text/plain", object.__repr__(obj))
        return data, metadata

    def _of_bundle(self, bundle: Formatted | None, is_wanted: Any) -> Formatted:
        """The part of a bundle that is wanted, and can be shown."""
        data, metadata = bundle or ({}, {})
        front_end = None if self.shell is None else self.shell.frontend
        # A rich front end may know types that there is no formatter for.
        is_rich = front_end is None or front_end.is_rich

        def is_shown(kind: str) -> bool:
            formatter = self.formatters.get(kind)
            can_be = is_rich if formatter is None else formatter.enabled
            return can_be and is_wanted(kind)

        return (
            {kind: content for kind, content in data.items() if is_shown(kind)},
            # Some of it is about the whole bundle.
            {
                key: it
                for key, it in metadata.items()
                if "/" not in key or is_shown(key)
            },
        )


def _add_figures(display: DisplayFormatter) -> None:
    """Figures of matplotlib are shown as images, once there are any."""

    def printer_of(kind: str) -> Any:
        def image(figure: Any) -> Any:
            from ipcluster.engines.interpreter.display.figures import figure_content

            return figure_content(display.shell, figure, kind)

        return image

    for kind in ("image/png", "image/jpeg", "image/svg+xml", "application/pdf"):
        display.formatters[kind].for_type_by_name(
            "matplotlib.figure", "Figure", printer_of(kind)
        )


def format_display_data(
    obj: Any,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
) -> Formatted:
    """What an object looks like in the shell that runs."""
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    display = DisplayFormatter() if shell is None else shell.display_formatter
    return display.format(obj, include, exclude)
