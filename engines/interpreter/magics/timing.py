"""How long code takes: `%time` and `%timeit`."""

from __future__ import annotations

import sys
import time

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import leading_options
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from ipcluster.engines.interpreter.runners import driven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Seconds from which on it is said how long parsing and compiling took.
WORTH_TELLING = 0.1


@magics_class
class TimingMagics(Magics):
    """`%time` and `%timeit`."""

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @driven
    @line_cell_magic
    async def time(
        self, line: str = "", cell: str | None = None, local_ns: Any = None
    ) -> Any:
        """Tell how long a statement, or the cell, takes once.

        Usage:
            %time [--no-raise-error] statement
            %%time [--no-raise-error]
            statements

        It gives the value of the last expression; what is assigned is yours. The code
        may await. Time in child processes counts as wall time only.

        --no-raise-error    show an error of the code, and go on with the cell

        Examples:
            %time x = simulate(100)
            %time await fetch(url)
        """
        from ipcluster.engines.interpreter.snippets import Snippet

        options, text = leading_options(line, "", "no-raise-error")
        if cell is not None and text:
            raise UsageError("%%time times what is below it: nothing goes behind it")
        if not (cell or text).strip():
            raise UsageError("%time wants a statement to run")
        snippet = Snippet(self.shell, cell or text, below=cell is not None)
        snippet.compile()
        watch = _Watch()
        try:
            value = await snippet.run(local_ns)
        except BaseException as error:
            watch.tell(snippet)
            can_go_on = issubclass(type(error), Exception)
            if "no-raise-error" not in options or not can_go_on:
                raise
            self.shell.showtraceback(running_compiled_code=True)
            return None
        watch.tell(snippet)
        return value

    @no_var_expand
    @needs_local_scope
    @driven
    @line_cell_magic
    async def timeit(
        self, line: str = "", cell: str | None = None, local_ns: Any = None
    ) -> Any:
        """Tell how long code takes, by running it often.

        Usage:
            %timeit [options] statement
            %%timeit [options] [statement that is run before, and not timed]
            statements

        -n N    run it N times in a loop; by default so often that it takes 0.2 s
        -r R    repeat that R times, by default 7
        -t      by `time.time`: the clock on the wall
        -c      by `time.process_time`: the processor's time of this process
        -p P    show P digits, by default 3
        -q      show nothing
        -o      give the result: `best`, `worst`, `average`, `stdev`, `all_runs`, ...
        -v NAME put the result into a variable

        Names that the code binds are its own, as in a function. The garbage collector
        is off meanwhile. The code may await.

        Examples:
            %timeit -n 1000 math.sqrt(2)
            result = %timeit -o -q await fetch(url)
        """
        from ipcluster.engines.interpreter.magics.repetition import Repetition

        options, text = leading_options(line, "n:r:tcp:qov:")
        setup, below = ("", False) if cell is None else (text, True)
        if not (cell or text).strip():
            raise UsageError("%timeit wants a statement to run")
        number = _number(options, "n", 0)
        repeat = max(1, _number(options, "r", 7))
        name = options.get("v", [""])[-1]
        if name and not name.isidentifier():
            raise UsageError(f"-v wants the name of a variable, not {name}")
        timer = time.perf_counter
        if "t" in options:
            timer = time.time
        if "c" in options:
            timer = time.process_time
        code = Repetition(self.shell, cell or text, setup, below, local_ns)
        precision = _number(options, "p", 3)
        result = await code.measure(timer, number, repeat, precision)
        if "q" not in options:
            _tell_result(result)
        if name:
            self.shell.user_ns[name] = result
        return result if "o" in options else None


def _number(options: Any, name: str, default: int) -> int:
    text = options.get(name, [str(default)])[-1]
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(f"-{name} takes a whole number, not {text}")
    return number


def _tell_result(result: Any) -> None:
    if result.worst > 4 * result.best > 0 and result.worst > 1e-6:
        print(
            f"The slowest run took {result.worst / result.best:0.2f} times as long as "
            "the fastest: perhaps something is cached."
        )
    print(result)
    if result.compile_time > WORTH_TELLING:
        print(f"Compiler time: {result.compile_time:.2f} s")


class _Watch:
    """Measures from the moment it is made."""

    def __init__(self) -> None:
        self._user, self._system = _processor()
        self._wall = time.perf_counter()

    def tell(self, snippet: Any) -> None:
        wall = time.perf_counter() - self._wall
        user, system = _processor()
        user, system = user - self._user, system - self._system
        print(
            f"CPU times: user {span(user)}, sys: {span(system)}, "
            f"total: {span(user + system)}"
        )
        print(f"Wall time: {span(wall)}")
        for name, seconds in (
            ("Parser   :", snippet.parsing),
            ("Compiler :", snippet.compiling),
        ):
            if seconds > WORTH_TELLING:
                print(name, span(seconds))


def _processor() -> tuple[float, float]:
    """Seconds that this process has had the processor, as user and as system."""
    try:
        import resource
    except ImportError:  # Windows
        import os

        times = os.times()
        return times.user, times.system
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime


def span(seconds: float, precision: int = 3) -> str:
    """Seconds as a person says them: `1min 3s`, `12.3 ms`, `63 ns`."""
    if seconds >= 60:
        parts, left = [], seconds
        for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
            count, left = divmod(left, length)
            if count:
                parts.append(f"{count:.0f}{unit}")
        return " ".join(parts)
    if seconds <= 0:
        return "0 ns"
    from math import floor, log10

    seconds = float(f"{seconds:.{precision}g}")  # 999.9 ns is a microsecond
    order = min(max(0, -(floor(log10(seconds)) // 3)), 3)
    unit = ("s", "ms", _printable("μs", "us"), "ns")[order]
    return f"{seconds * 1000**order:.{precision}g} {unit}"


def _printable(text: str, plain: str) -> str:
    """The text, where `sys.stdout` can show it."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return plain
    return text


def plus_minus() -> str:
    return _printable("±", "+-")
