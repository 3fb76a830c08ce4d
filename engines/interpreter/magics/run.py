"""Running scripts, notebooks and modules: `%run`."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import Options
from ipcluster.engines.interpreter.magics.prun import LETTERS, profiled
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)
from ipcluster.engines.interpreter.programs import (
    MODULE_NAMES,
    Program,
    Running,
    find,
    find_module,
    show_error,
    take_over,
)
from ipcluster.engines.interpreter.runners import drive, driven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    Work = Callable[[], Coroutine[Any, Any, None]]


@magics_class
class RunMagics(Magics):
    """`%run`."""

    @driven
    @line_magic
    async def run(self, line: str) -> Any:
        """Run a file as a program, and take over what it has defined.

        Usage:
            %run [-n -i -e -G] [-t [-N NUMBER] | -d [-b PLACE] | -p [options of %prun]]
                 FILE | -m MODULE  [arguments]

        The file runs as `python FILE` would run it: in a module of its own, as
        `__main__`, with `sys.argv` and `__file__`; it may also `await` at its top
        level. `.ipy` files and notebooks run in your namespace, and may have magics
        and commands in them. Without its suffix a file is found as well.

        Its names are yours afterwards. Its functions go on to see its own.

        -n          `__name__` is the file's name, not "__main__"
        -i          in your namespace: it sees, and changes, your variables
        -e          say nothing about a SystemExit, whatever it says itself
        -G          arguments are what they are: no wildcards, no `~`
        -m MODULE   a module, as `python -m MODULE` runs it
        -t          tell how long it took; -N NUMBER: in so many runs
        -d          in the debugger, from its first line
        -b PLACE    the same, with a breakpoint at a line of it, or at FILE:LINE
        -p          with a profile, for which %prun's options -l -r -s -T -D -q may be
                    given

        Wildcards in arguments stand for the files that there are, unless in quotes.
        `$name` and `{expression}` are your variables.

        Examples:
            %run -t simulate.py --steps 100 *.csv
            %run -d -b 40 simulate
            %run -m timeit "1 + 1"
        """
        options, words = _parse(line)
        if "m" in options:
            program = _module(options["m"][-1])
            name, arguments = program.path, words
        elif words:
            name, arguments = _file(words[0].text), words[1:]
            program = Program(name)
        else:
            raise UsageError("%run wants a file, or -m and a module; see %run?")
        if "G" in options:
            argv = [name, *(word.text for word in arguments)]
        else:
            argv = [name, *(one for word in arguments for one in word.expanded())]
        if program.is_typed or "i" in options:
            return await self._run_here(program, options, argv)
        return await self._run_apart(program, options, argv)

    async def _run_apart(
        self, program: Program, options: Options, argv: list[str]
    ) -> Any:
        """Run it in a module of its own, whose names are taken over then."""
        shell = self.shell
        name = _stem(program) if "n" in options else "__main__"
        module = shell.new_main_mod(program.path, name)
        program.prepare(vars(module), name)
        try:
            with Running(program, module, name, argv):
                return await self._run(program, options, vars(module))
        finally:
            take_over(module, shell.user_ns)

    async def _run_here(
        self, program: Program, options: Options, argv: list[str]
    ) -> Any:
        """Run it in the user's namespace, which keeps its own `__name__` and so on."""
        shell = self.shell
        names = shell.user_ns
        kept = {name: names[name] for name in MODULE_NAMES if name in names}
        name = _stem(program) if "n" in options else "__main__"
        program.prepare(names, name)
        try:
            with Running(program, shell.user_module, name, argv):
                return await self._run(program, options, shell.user_global_ns, names)
        finally:
            for each in MODULE_NAMES - kept.keys():
                names.pop(each, None)
            names.update(kept)

    async def _run(
        self,
        program: Program,
        options: Options,
        module: dict[str, Any],
        names: dict[str, Any] | None = None,
    ) -> Any:
        """Run it as the options say; its error has been shown, then."""

        def work() -> Coroutine[Any, Any, None]:
            return program.run(self.shell, module, names)

        try:
            if "d" in options or "b" in options:
                self._debug(program, options, work)
            elif "p" in options:
                return await profiled(self.shell, options, work)
            elif "t" in options:
                await _timed(_number(options), work)
            else:
                await work()
        except UsageError:
            raise
        except BaseException as error:
            if program.is_typed and not issubclass(type(error), SystemExit):
                raise  # an error in a cell, as it were
            show_error(self.shell, program, error, "e" in options)
        return None

    def _debug(self, program: Program, options: Options, work: Work) -> None:
        from ipcluster.engines.interpreter.debugger import run_under_debugger

        run_under_debugger(
            self.shell,
            lambda: drive(work()),
            breakpoint=options.get("b", [None])[-1],
            filename=program.path,
        )


# --- the line -------------------------------------------------------------------------


class _Word:
    """A word of the line, without its quotes."""

    def __init__(self, typed: str) -> None:
        self.is_quoted = any(mark in typed for mark in "'\"")
        self.text = typed
        if self.is_quoted or (os.sep == "/" and "\\" in typed):
            import shlex

            try:
                self.text = "".join(shlex.split(typed))
                self.is_quoted = True
            except ValueError:  # a quote that is never closed
                pass

    def expanded(self) -> list[str]:
        """The files that it stands for, if it has wildcards; `~` is the home folder."""
        if self.is_quoted:
            return [self.text]
        path = os.path.expanduser(self.text)
        if any(mark in path for mark in "*?["):
            from glob import glob

            return sorted(glob(path)) or [path]
        return [path]


def _parse(line: str) -> tuple[Options, list[_Word]]:
    """The options, each with the list of its values, and the other words."""
    import re
    from getopt import GetoptError, getopt

    escape = r"\\." if os.sep == "/" else r"\\"
    pattern = rf"""(?:[^\s"'\\]|{escape}|"(?:[^"\\]|\\.)*"|'[^']*'|["'\\])+"""
    words = [_Word(typed) for typed in re.findall(pattern, line)]
    letters = "nidtN:b:pem:G" + LETTERS
    texts = [word.text for word in words]
    end = _behind_module(texts, letters)
    try:
        pairs, rest = getopt(texts[:end], letters)
    except GetoptError as error:
        raise UsageError(f"%run: {error.msg}; see %run?") from None
    options = Options()
    for name, value in pairs:
        options.setdefault(name[1:], []).append(value)
    return options, words[len(texts[:end]) - len(rest) :]


def _behind_module(words: list[str], letters: str) -> int | None:
    """Where the arguments of `-m MODULE` begin: they are no options of ours."""
    number = 0
    while number < len(words) and words[number].startswith("-"):
        for place, letter in enumerate(words[number][1:], 2):
            if f"{letter}:" not in letters:
                continue
            if not words[number][place:]:  # its value is the next word
                number += 1
            if letter == "m":
                return number + 1
            break
        number += 1
    return None


def _file(name: str) -> str:
    try:
        return find(name)
    except OSError as error:
        raise UsageError(f"%run: {error}") from None


def _module(name: str) -> Program:
    try:
        return find_module(name)
    except ImportError as error:
        if not f"{name}.".startswith(f"{error.name or name}."):
            raise  # one that it imports is missing
        raise UsageError(f"%run -m: {error}") from None


def _stem(program: Program) -> str:
    return os.path.splitext(os.path.basename(program.path))[0]


# --- timing ---------------------------------------------------------------------------


def _number(options: Options) -> int:
    text = options.get("N", ["1"])[-1]
    if not text.isdecimal() or not int(text):
        raise UsageError(f"%run -N takes a number of runs, not {text}")
    return int(text)


async def _timed(number: int, work: Work) -> None:
    """Run it so often, and tell how long that took."""
    from time import perf_counter

    before, began = os.times(), perf_counter()
    for _ in range(number):
        await work()
    wall, after = perf_counter() - began, os.times()
    user, system = after.user - before.user, after.system - before.system
    if number == 1:
        print("\nCPU times of the run:")
        print(f"  User   : {user:10.2f} s.")
        print(f"  System : {system:10.2f} s.")
        print(f"Wall time: {wall:10.2f} s.")
        return
    print(f"\nCPU times of {number} runs:        Total      Per run")
    print(f"  User   : {user:20.2f} s, {user / number:10.2f} s.")
    print(f"  System : {system:20.2f} s, {system / number:10.2f} s.")
    print(f"Wall time: {wall:20.2f} s, {wall / number:10.2f} s.")
