"""How values are printed: `%pprint`, `%precision`."""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@magics_class
class PrintingMagics(Magics):
    """Magics about the text of values."""

    @property
    def _text(self) -> Any:
        return self.shell.display_formatter.formatters["text/plain"]

    @line_magic
    def pprint(self, line: str = "") -> None:
        """Turn pretty printing on or off; without an argument, the other way.

            %pprint [on|off]

        With it, long values are broken into lines and cut where they are endless; off,
        they are shown as `repr` gives them.
        """
        word = line.strip().lower()
        states = {"on": True, "1": True, "off": False, "0": False}
        if word and word not in states:
            raise UsageError(f"%pprint takes on or off, or nothing; not {word!r}")
        self._text.pprint = states.get(word, not self._text.pprint)
        state = "ON" if self._text.pprint else "OFF"
        print(f"Pretty printing has been turned {state}")

    @line_magic
    def precision(self, line: str = "") -> str:
        """Set how many digits of floats are shown.

            %precision 3       three behind the point: 3.142
            %precision %.2e    any format: 3.14e+00
            %precision         all of them, as `repr` does

        It counts for floats inside other values as well, and for NumPy's arrays if
        NumPy has been imported. What comes back is the format.
        """
        formatter = self._text
        try:
            formatter.float_precision = line.strip()
        except OptionError as error:
            raise UsageError(str(error)) from None
        return str(formatter.float_format)
