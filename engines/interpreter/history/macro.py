"""Macros: inputs that run again when their name is typed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Macro:
    """Code under a name; a cell that is the name alone runs it.

    `value` is the code. `print(name)` shows it, and macros and text can be added up to
    longer ones.
    """

    def __init__(self, code: str) -> None:
        lines = [line for line in code.splitlines() if not _is_cookie(line)]
        self.value = "\n".join(lines) + "\n"

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"Macro({self.value!r})"

    def __add__(self, other: Macro | str) -> Macro:
        if not isinstance(other, (Macro, str)):
            raise TypeError(
                f"a macro and a {type(other).__name__} cannot be added: "
                "only macros and text can"
            )
        return Macro(self.value + str(other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Macro) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __getstate__(self) -> dict[str, Any]:
        return {"value": self.value}


def _is_cookie(line: str) -> bool:
    """Whether a line says how a file is encoded, which text no longer is."""
    return (
        line.startswith("#")
        and "coding" in line
        and ("coding:" in line or "coding=" in line)
    )
