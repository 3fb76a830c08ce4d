"""FILE:LINE, as it is typed behind `-b`: what it means, and setting it."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.debugger.debugger import Debugger

# Lines behind the wanted one that are tried: comments and blank ones cannot be stopped
# at, and an editor's cursor often stands there.
TRIED = 10


def parse(place: str | int | tuple[str, int], filename: str | None) -> tuple[str, int]:
    """A file and a line.

    Raises:
        UsageError: it is neither a line nor FILE:LINE.
    """
    if isinstance(place, tuple):
        return place
    file, colon, line = str(place).rpartition(":")
    if not colon:
        file = filename or ""
    if not line.strip().isdecimal() or not file:
        raise UsageError(
            f"a breakpoint is FILE:LINE, such as script.py:12; not {place}"
        )
    return file.strip(), int(line)


def set_breakpoint(
    debugger: Debugger, place: str | int | tuple[str, int], filename: str | None
) -> None:
    """Set a breakpoint at a line, or at the next one that can be stopped at.

    Raises:
        UsageError: there is none.
    """
    import linecache
    import os

    file, wanted = parse(place, filename)
    if file.startswith("<"):
        found: str | None = file
    elif os.path.isfile(file):
        found = os.path.abspath(file)
    else:
        found = debugger.lookupmodule(file)
    if not found:
        raise UsageError(f"no file {file!r} to set a breakpoint in")
    for line in range(wanted, wanted + TRIED):
        text = linecache.getline(found, line).strip()
        if text and not text.startswith(("#", '"""', "'''")):
            break
    else:
        raise UsageError(f"no code at {file}:{wanted}, nor right behind it")
    problem = debugger.set_break(found, line)
    if problem:
        raise UsageError(problem)
    number = debugger.get_breaks(found, line)[-1].number
    print(f"Breakpoint {number} at {found}:{line}")
