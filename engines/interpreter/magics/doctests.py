"""`%doctest_mode`: the shell as the documents of Python show it."""

from __future__ import annotations

from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@magics_class
class DoctestMagics(Magics):
    """Looking like the plain prompt."""

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        # How things were before; None: the mode is off.
        self._before: dict[str, Any] | None = None

    @line_magic
    def doctest_mode(self, line: str) -> None:
        """Look like Python's own prompt, and at the next call again like this one.

        Prompts are `>>>`, values are shown by `repr` alone, and tracebacks are plain,
        so what is on the screen can be copied into a docstring. (To paste one here
        needs no mode: `>>>` and `...` at the beginning of lines are taken off.)
        """
        shell = self.shell
        formatter = shell.display_formatter
        plain = formatter.formatters["text/plain"]
        if self._before is None:
            self._before = {
                "pprint": plain.pprint,
                "active_types": list(formatter.active_types),
                "xmode": shell.xmode,
                "separate_in": shell.separate_in,
                "separate_out": shell.separate_out,
                "separate_out2": shell.separate_out2,
            }
            plain.pprint = False
            formatter.active_types = ["text/plain"]
            self._set_looks(xmode="Plain")
        else:
            before, self._before = self._before, None
            plain.pprint = before.pop("pprint")
            formatter.active_types = before.pop("active_types")
            self._set_looks(**before)
        is_on = self._before is not None
        shell.switch_doctest_mode(is_on)
        print(f"Exception reporting mode: {shell.xmode}")
        print(f"Doctest mode is: {'ON' if is_on else 'OFF'}")

    def _set_looks(
        self,
        xmode: str,
        separate_in: str = "",
        separate_out: str = "",
        separate_out2: str = "",
    ) -> None:
        shell = self.shell
        shell.xmode = xmode
        shell.separate_in = separate_in
        shell.separate_out = separate_out
        shell.separate_out2 = separate_out2
