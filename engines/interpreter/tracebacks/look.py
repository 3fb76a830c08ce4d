"""How a traceback is to look: what a renderer has to know, from wherever it comes.

The shell fills one from its options and its front end for each traceback; a program
that uses the classes of field.py outside of a shell makes one itself.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.colours import PLAIN, Theme

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.engines.interpreter.tracebacks.sources import TypedSource

# In the order in which `%xmode` goes through them.
MODES = ("Plain", "Context", "Verbose", "Minimal", "Docs", "Doctest")


def _no_cell(_filename: str) -> None:
    return None


class Look:
    """Settings of one traceback.

    `cell_of` gives a cell's label for a file name, None for what is no cell's; `typed`
    what was typed into it; `hint` is what to do to see frames that are folded.
    """

    def __init__(
        self,
        mode: str = "Context",
        theme: Theme = PLAIN,
        *,
        context: int = 5,
        fold: bool = True,
        hide: bool = True,
        links: bool = False,
        whole: bool = False,
        width: int = 80,
        boxes: bool = True,
        hint: str = "",
        cell_of: Callable[[str], str | None] = _no_cell,
        typed: TypedSource = _no_cell,
    ) -> None:
        self.mode = mode
        self.theme = theme
        self.context = context
        self.fold = fold
        self.hide = hide
        self.links = links
        self.whole = whole
        self.width = width
        self.boxes = boxes
        self.hint = hint
        self.cell_of = cell_of
        self.typed = typed


def mode_name(name: object) -> str:
    """A mode's name as the table has it; in any case of letters.

    Raises:
        ValueError: there is no such mode.
    """
    for mode in MODES:
        if str(name).lower() == mode.lower():
            return mode
    raise ValueError(f"there is no mode {name!r}; there are {', '.join(MODES)}")
