"""Code that is run in a loop to measure it, and what came of that."""

from __future__ import annotations

import ast
import gc
import itertools
import time

from ipcluster.engines.interpreter.magics.timing import plus_minus, span
from ipcluster.engines.interpreter.runners import finished
from ipcluster.engines.interpreter.snippets import Snippet, namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Seconds that a loop takes at least when it is we who choose its length, as `timeit`
# has it: the clock's grain and the loop's start do not matter then.
LONG_ENOUGH = 0.2
LONGEST_LOOP = 10**9

# Names that code is unlikely to use: it runs among them.
_TEMPLATE = """
def _timeit_loop(_timeit_turns, _timeit_timer):
    setup
    _timeit_began = _timeit_timer()
    for _timeit_turn in _timeit_turns:
        statements
    return _timeit_timer() - _timeit_began
"""


class Repetition:
    """A function that runs code so often and gives how long it took.

    Args:
        code: what is measured.
        setup: what is run before, each time that the loop begins.
        below: whether the code stands below the magic's line.
        names: the names where the magic was called.

    Raises:
        SyntaxError: one of them is no Python.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        code: str,
        setup: str,
        below: bool,
        names: dict[str, Any] | None,
    ) -> None:
        self.shell = shell
        snippets = [
            Snippet(shell, setup, below=False),
            Snippet(shell, code, below=below),
        ]
        for snippet in snippets:
            snippet.compile()  # finds errors that are none within a function
        self._is_async = any(snippet.awaits for snippet in snippets)
        tree = _tree(*(one.tree.body for one in snippets), is_async=self._is_async)
        began = time.perf_counter()
        compiled = shell.compile.compile(tree, snippets[1].filename, "exec")
        self.compile_time = time.perf_counter() - began
        module, local_names = namespaces(shell, names)
        if local_names is not module:  # a function sees one namespace only
            module = {**module, **local_names}
        made: dict[str, Any] = {}
        exec(compiled, module, made)
        self._loop: Callable[..., Any] = made["_timeit_loop"]

    async def measure(
        self, timer: Callable[[], float], number: int, repeat: int, precision: int
    ) -> TimeitResult:
        """Run it `repeat` times in loops of `number`; 0: of as many as is good."""
        work = self._measure(timer, number, repeat, precision)
        if self._is_async:
            return await finished(self.shell, work)  # type: ignore[no-any-return]  # what `work` gives
        return await work

    async def _measure(
        self, timer: Callable[[], float], number: int, repeat: int, precision: int
    ) -> TimeitResult:
        if not number:
            number = 1
            while number < LONGEST_LOOP:
                if await self._once(timer, number) >= LONG_ENOUGH:
                    break
                number *= 10
        runs = [await self._once(timer, number) for _ in range(repeat)]
        return TimeitResult(number, repeat, runs, self.compile_time, precision)

    async def _once(self, timer: Callable[[], float], number: int) -> float:
        was_on = gc.isenabled()
        gc.disable()
        try:
            took: Any = self._loop(itertools.repeat(None, number), timer)
            return await took if self._is_async else took  # type: ignore[no-any-return]  # the template's seconds
        finally:
            if was_on:
                gc.enable()


def _tree(
    setup: list[ast.stmt], statements: list[ast.stmt], *, is_async: bool
) -> ast.Module:
    """The template's tree with these in their places."""
    text = f"async {_TEMPLATE.lstrip()}" if is_async else _TEMPLATE
    tree = ast.parse(text)
    function: Any = tree.body[0]
    loop: Any = function.body[2]
    loop.body = statements or [ast.Pass()]
    function.body[0:1] = setup
    return ast.fix_missing_locations(tree)


class TimeitResult:
    """What `%timeit -o` gives. Times are seconds.

    Attributes:
        loops: how often the code ran in each run.
        repeat: how many runs there were.
        all_runs: how long each run took.
        timings: how long the code took in each run, on average.
        best, worst, average, stdev: of `timings`.
        compile_time: how long compiling took.
    """

    def __init__(
        self,
        loops: int,
        repeat: int,
        all_runs: list[float],
        compile_time: float,
        precision: int,
    ) -> None:
        self.loops = loops
        self.repeat = repeat
        self.all_runs = all_runs
        self.compile_time = compile_time
        self.timings = [seconds / loops for seconds in all_runs]
        self.best, self.worst = min(self.timings), max(self.timings)
        self._precision = precision

    @property
    def average(self) -> float:
        from math import fsum

        return fsum(self.timings) / len(self.timings)

    @property
    def stdev(self) -> float:
        """The standard deviation of these very runs: of a population."""
        from math import fsum, sqrt

        mean = self.average
        return sqrt(fsum((one - mean) ** 2 for one in self.timings) / len(self.timings))

    def __str__(self) -> str:
        around = plus_minus()
        mean, deviation = (
            span(seconds, self._precision) for seconds in (self.average, self.stdev)
        )
        runs, loops = self.repeat, self.loops
        return (
            f"{mean} {around} {deviation} per loop (mean {around} std. dev. of "
            f"{runs} run{'s' * (runs != 1)}, {loops:,} loop{'s' * (loops != 1)} each)"
        )

    def __repr__(self) -> str:
        return f"<TimeitResult : {self}>"
