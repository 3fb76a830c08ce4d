"""Cells that are shown and not run: `%%html`, `%%markdown`, `%%latex`, ..."""

from __future__ import annotations

from ipcluster.engines.interpreter.display.functions import display
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    cell_magic,
    magics_class,
)


@magics_class
class DisplayMagics(Magics):
    """Magics that show a cell's text as something."""

    @cell_magic
    def html(self, line: str, cell: str) -> None:
        """Show the cell as HTML.

            %%html [--isolated]
            <b>bold</b>

        --isolated: in a frame of its own, so that its styles do not touch the rest.
        """
        from ipcluster.engines.interpreter.display.objects.content import HTML

        options, _ = self.parse_options(line, "", "isolated")
        metadata = {"text/html": {"isolated": True}} if "isolated" in options else None
        display(HTML(cell), metadata=metadata)

    @cell_magic
    def svg(self, line: str, cell: str) -> None:
        """Show the cell as an SVG image.

        %%svg
        <svg width="40" height="40"><circle cx="20" cy="20" r="15"/></svg>
        """
        from ipcluster.engines.interpreter.display.objects.content import SVG

        display(SVG(cell))

    @cell_magic
    def latex(self, line: str, cell: str) -> None:
        r"""Show the cell as LaTeX: formulas in dollars, or an environment.

            %%latex
            $\sqrt{2}$

        How much of LaTeX works is the front end's matter; in a notebook it is what
        MathJax knows.
        """
        from ipcluster.engines.interpreter.display.objects.content import Latex

        display(Latex(cell))

    @cell_magic
    def markdown(self, line: str, cell: str) -> None:
        """Show the cell as Markdown.

        %%markdown
        # A title
        """
        from ipcluster.engines.interpreter.display.objects.content import Markdown

        display(Markdown(cell))

    @cell_magic
    def javascript(self, line: str, cell: str) -> None:
        """Run the cell as JavaScript, in the front end.

        %%javascript
        element.append("hello")
        """
        from ipcluster.engines.interpreter.display.objects.content import Javascript

        display(Javascript(cell))

    @cell_magic("HTML")  # type: ignore[untyped-decorator]  # with a name it gives Any
    def html_too(self, line: str, cell: str) -> None:
        """Show the cell as HTML: the same as `%%html`."""
        self.html(line, cell)

    @cell_magic("SVG")  # type: ignore[untyped-decorator]  # with a name it gives Any
    def svg_too(self, line: str, cell: str) -> None:
        """Show the cell as an SVG image: the same as `%%svg`."""
        self.svg(line, cell)

    @cell_magic("js")  # type: ignore[untyped-decorator]  # with a name it gives Any
    def javascript_too(self, line: str, cell: str) -> None:
        """Run the cell as JavaScript: the same as `%%javascript`."""
        self.javascript(line, cell)
