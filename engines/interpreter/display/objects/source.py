"""`Code`: source text with colours."""

from __future__ import annotations

from ipcluster.engines.interpreter.display.objects.content import TextDisplayObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Code(TextDisplayObject):
    """Source text.

    Args:
        data: the text; or a file's name, or a URL.
        url: where it is.
        filename: the file that holds it.
        language: what it is written in, as Pygments calls it, or a lexer of Pygments';
            None: what the file's name or the text itself tells.
    """

    _known_as = "IPython.lib.display"

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: Any = None,
        language: Any = None,
    ) -> None:
        self.language = language
        super().__init__(data, url, filename)

    def __repr__(self) -> str:
        return str(self.data)

    def _get_lexer(self) -> Any:
        from pygments import lexers
        from pygments.util import ClassNotFound

        if self.language:
            if not isinstance(self.language, str):
                return self.language
            return lexers.get_lexer_by_name(self.language)
        try:
            if self.filename:
                return lexers.get_lexer_for_filename(self.filename, self.data)
            return lexers.guess_lexer(self.data)
        except ClassNotFound:
            return lexers.get_lexer_by_name("text")

    def _repr_html_(self) -> str:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter

        formatter = HtmlFormatter(cssclass="ipcluster-code")
        style = formatter.get_style_defs(".ipcluster-code")
        text = highlight(self.data, self._get_lexer(), formatter)
        return f"<style>{style}</style>{text}"

    def _repr_latex_(self) -> str:
        from pygments import highlight
        from pygments.formatters import LatexFormatter

        return str(highlight(self.data, self._get_lexer(), LatexFormatter()))
