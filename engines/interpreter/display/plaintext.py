"""The formatter of plain text: the pretty printer, with a shell's options."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Option, OptionError
from ipcluster.engines.interpreter.display.formatter import BaseFormatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.display.pretty import RepresentationPrinter


def _checked_precision(value: object) -> str:
    """A number of digits, or a format such as `%.3e`, as text."""
    text = "" if value is None else str(value).strip()
    if text:
        _float_format(text)
    return text


def _float_format(precision: str) -> str:
    if not precision:
        return "%r"
    if "%" in precision:
        try:
            precision % 3.14159
        except Exception:
            raise OptionError(
                f"a precision is digits (3) or a format (%.3e); not {precision!r}"
            ) from None
        return precision
    if not precision.isdecimal():
        raise OptionError(
            f"a precision is digits (3) or a format (%.3e); not {precision!r}"
        )
    return f"%.{precision}f"


class PlainTextFormatter(BaseFormatter):
    """Objects as text: what every front end can show.

    What `_repr_pretty_` is to the pretty printer, a function of `for_type` is too:
    `function(obj, p, cycle)`.
    """

    format_type = "text/plain"
    print_method = "_repr_pretty_"

    pprint = Option(True, "Break lines; off: whatever `repr` gives.")
    verbose = Option(False, "Show attributes of objects that have no repr.")
    max_width = Option(79, "Columns that lines are broken at.")
    newline = Option("\n", "What ends a line.")
    max_seq_length = Option(1000, "Items that one container shows; 0: all.")
    float_precision = Option(
        "",
        "Digits of floats behind the point (3), or a format (%.3e); empty: as repr.",
        check=_checked_precision,
    )
    float_format = Option("%r", "How floats are printed; float_precision sets it.")
    # Printing 200,000 objects takes about a second; a million characters are 15,000
    # lines on a terminal.
    max_items = Option(200_000, "Objects that one value shows in all; 0: all.")
    max_characters = Option(1_000_000, "Characters that one value shows; 0: all.")
    max_seconds = Option(5.0, "Time that one value's text may take; 0: any.")

    def __init__(self, *args: Any, **keywords: Any) -> None:
        from ipcluster.engines.interpreter.display import pretty

        super().__init__(*args, **keywords)
        self._add_defaults("singleton_printers", pretty._singleton_pprinters)
        self._add_defaults(
            "type_printers", {**pretty._type_pprinters, float: self._print_float}
        )
        self._add_defaults("deferred_printers", pretty._deferred_type_pprinters)

    def _add_defaults(self, name: str, defaults: dict[Any, Any]) -> None:
        """Functions that there are from the start; a config's own win."""
        self._values[name] = {**defaults, **getattr(self, name)}

    def _print_float(self, obj: float, p: RepresentationPrinter, cycle: bool) -> None:
        p.text(self.float_format % obj)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        if name != "float_precision":
            return
        self.float_format = _float_format(new)
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            # 8 is what NumPy starts with.
            digits = "".join(char for char in new.partition(".")[2] if char.isdecimal())
            numpy.set_printoptions(
                precision=int(new if new.isdecimal() else digits or 8)
            )

    def _made(self, obj: Any) -> str:
        if not self.pprint:
            return repr(obj)
        from io import StringIO

        from ipcluster.engines.interpreter.display.pretty import (
            Limits,
            RepresentationPrinter,
        )

        stream = StringIO()
        printer = RepresentationPrinter(
            stream,
            self.verbose,
            self.max_width,
            self.newline,
            self.singleton_printers,
            self.type_printers,
            self.deferred_printers,
            self.max_seq_length,
            limits=Limits(self.max_items, self.max_characters, self.max_seconds),
        )
        printer.pretty(obj)
        printer.flush()
        text = stream.getvalue()
        if printer.cut is not None:
            text += f"{self.newline}... {self._cut_note(printer.cut)}"
        return text

    def _cut_note(self, limit: str) -> str:
        option = f"max_{limit}"
        return (
            f"cut after {getattr(self, option):,} {limit}: "
            f"PlainTextFormatter.{option} sets how many"
        )
