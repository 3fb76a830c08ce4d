"""Where the time goes: `%prun`, and the profiles of `%run -p`."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import leading_options
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from ipcluster.engines.interpreter.runners import driven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from cProfile import Profile
    from pstats import Stats
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# The letters of options about profiles; `%run -p` has them too.
LETTERS = "l:rs:T:D:q"

# Where the functions are that run what is profiled.
_AROUND = (
    *("cells.py", "namespace.py", "programs.py", "shell.py", "snippets.py"),
    *(os.path.join("magics", name) for name in ("prun.py", "run.py")),
)

_ORDERS = (
    *("calls", "cumulative", "cumtime", "file", "filename", "line", "module", "name"),
    *("ncalls", "nfl", "pcalls", "stdname", "time", "tottime"),
)


@magics_class
class ProfilingMagics(Magics):
    """`%prun`."""

    @no_var_expand
    @needs_local_scope
    @driven
    @line_cell_magic
    async def prun(
        self, line: str, cell: str | None = None, local_ns: Any = None
    ) -> Any:
        """Run code, and show how long each function in it took.

        Usage:
            %prun [options] statement
            %%prun [options] [statement]
            more statements

        -l LIMIT  what of the report to show: a number of lines, a fraction of them
                  (0.25), or a regular expression that functions have to match. With
                  several, each is applied to what the one before has left.
        -s KEY    sort by calls, cumulative, filename, line, module, name, nfl, pcalls,
                  stdname or time (that is the default: without what it calls)
        -r        give the `pstats.Stats`, to look at it further
        -q        do not show the report
        -T FILE   write the report to a file
        -D FILE   write the profile to a file, for `pstats` or a viewer

        The code may await: what runs meanwhile is in the profile, too.

        Examples:
            %prun -s cumulative -l 10 simulate(100)
            stats = %prun -r -q await fetch_all()
        """
        from ipcluster.engines.interpreter.snippets import Snippet

        options, text = leading_options(line, LETTERS)
        below = cell is not None and not text
        if cell is not None:
            text = f"{text}\n{cell}" if text else cell
        if not text.strip():
            raise UsageError("%prun wants a statement to run")
        snippet = Snippet(self.shell, text, below=below)
        snippet.compile()
        return await profiled(self.shell, options, lambda: snippet.run(local_ns))


async def profiled(
    shell: InteractiveShell,
    options: dict[str, Any],
    work: Callable[[], Coroutine[Any, Any, Any]],
) -> Stats | None:
    """Run something and report as the options say; `Stats` with `-r`.

    What ran until an error is reported as well, before it is raised.

    Raises:
        UsageError: an option's value is wrong; nothing has run.
    """
    from cProfile import Profile

    order, limits = _order(options), [_limit(text) for text in options.get("l", [])]
    profile = Profile()
    try:
        profile.enable()
    except ValueError:  # since 3.12 there is one at a time
        raise UsageError(
            "something profiles already: a profile in it is none"
        ) from None
    leaving = ""
    try:
        await work()
    except SystemExit:
        leaving = "*** The code has raised SystemExit.\n"
    finally:
        profile.disable()
        stats = _report(shell, profile, options, order, limits, leaving)
    return stats if "r" in options else None


def _order(options: dict[str, Any]) -> list[str]:
    order: list[str] = options.get("s", ["time"])
    for key in order:
        if key not in _ORDERS:
            raise UsageError(f"-s is one of {', '.join(_ORDERS)}; not {key}")
    return order


def _limit(text: str) -> int | float | str:
    """What a report is limited to: a number of lines, a fraction, or names."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text.strip("'\"")


def _report(
    shell: InteractiveShell,
    profile: Profile,
    options: dict[str, Any],
    order: list[str],
    limits: list[int | float | str],
    leaving: str,
) -> Stats:
    import marshal
    from io import StringIO
    from pstats import Stats

    text = StringIO()
    profile.create_stats()
    collected = _of_the_code(getattr(profile, "stats", {}))
    stats = Stats(stream=text)
    if collected:
        vars(stats)["stats"] = collected
        stats.get_top_level_stats()
        stats.strip_dirs().sort_stats(*order).print_stats(*limits)
    report = f"{text.getvalue().rstrip()}\n\n{leaving}".rstrip() + "\n"
    if "q" not in options:
        from ipcluster.engines.interpreter.display.paging import page

        page(report)
    for path in options.get("D", []):
        _written(path, marshal.dumps(collected))
        print(f"The profile is in {path!r}.")
    for path in options.get("T", []):
        _written(path, report.encode())
        print(f"The report is in {path!r}.")
    return stats


def _of_the_code(entries: dict[Any, Any]) -> dict[Any, Any]:
    """What a profile has collected, without our own functions that run the code."""
    from ipcluster.engines import interpreter

    folder = interpreter.__path__[0]
    ours = tuple(os.path.join(folder, name) for name in _AROUND)
    kept = {name for name in entries if not name[0].startswith(ours)}
    return {
        name: (
            *entries[name][:4],
            {n: c for n, c in entries[name][4].items() if n in kept},
        )
        for name in kept
    }


def _written(path: str, content: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
