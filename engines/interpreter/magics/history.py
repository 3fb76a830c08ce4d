"""Magics that look at inputs, and run or edit them again."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import StdinNotAvailable, UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.history.searching import Cell
    from ipcluster.engines.interpreter.shell import InteractiveShell

# Cells within cells: beyond that, one of them runs itself.
DEEPEST = 20


@magics_class
class HistoryMagics(Magics):
    """What was typed, in this session and in all others."""

    @no_var_expand
    @line_magic
    def history(self, line: str) -> None:
        """Show what was typed.

            %history [options] [ranges]

        Without ranges, this session's inputs. A range is

            4           input 4 of this session
            4-6         inputs 4 to 6
            4-          input 4 and all that follow
            243/1-5     inputs 1 to 5 of session 243
            ~2/         the whole session two before this one
            ~8/1-~6/5   from the first input of 8 sessions ago to the fifth of 6 ago

        and several follow one another: `%history 1-3 7 ~1/2`. %save, %macro, %edit,
        %load, %recall and %rerun know them as well.

        What is shown:

            -n          with their numbers
            -o          with the values that they showed
            -p          behind `>>>`, as in a docstring; with -o ready for a doctest
            -t          the Python that the inputs were made into
            -d, --details   when, how long, how it ended, and in which folder
            -f FILE     not shown, but written to a file; -y replaces one that is there

        What is looked for:

            -g PATTERN  in all sessions, what has this in it; `*`, `?` and `[a-z]` stand
                        for other text. Without a pattern everything
            -l [N]      the last N of all sessions, or of those found; without N, 10
            -u          of equal inputs the last one alone
            --failed    what raised an error, or ran a command that failed
            --ok        what did not
            --unfinished    what never ended: its session was killed
            --longer=S  what took more than S seconds
            --cwd[=FOLDER]  what ran in this working folder (or that), or below it
            --session=N     what session N had; ~1 is the one before this

        Such as

            %history -n 4-6
            %history -g -u plt.subplots
            %history -g --failed --cwd
            %history -g --longer=60 -d
        """
        from ipcluster.engines.interpreter.magics.historyoptions import told

        wish = told(line)
        cells = wish.cells(self.shell.history_manager)
        lines = wish.texts(cells, self.shell.history_manager.number)
        if wish.file is None:
            for text in lines:
                print(text)
            self._say_if_unreadable(cells)
            return
        _write(self.shell, wish.file, lines, wish.yes)

    @no_var_expand
    @line_magic
    def hist(self, line: str) -> None:
        """The same as %history."""
        self.history(line)

    def _say_if_unreadable(self, cells: list[Cell]) -> None:
        error = self.shell.history_manager.read_error
        if error and not cells:
            raise UsageError(error)

    @no_var_expand
    @line_magic
    def recall(self, line: str) -> None:
        """Put something at the next prompt, to change and run it.

            %recall [what]

            %recall         the last value, `_`, as text
            %recall 45      input 45
            %recall 1-4     several inputs, as one cell; %history? tells of ranges
            %recall a + b   the value of an expression
            %recall plot    the last input with this in it, if it is no expression

        %rep is the same.
        """
        from ipcluster.engines.interpreter.history.ranges import first_wrong

        shell = self.shell
        line = line.strip()
        if not line:
            shell.set_next_input(str(shell.user_ns.get("_", "")))
            return
        if first_wrong(line) is None:
            entries = shell.history_manager.get_range_by_str(line)
            found = "\n".join(text for _, _, text in entries)
            if found:
                shell.set_next_input(found.rstrip())
                return
        try:
            text = str(eval(line, shell.user_global_ns, shell.user_ns))
        except Exception:
            last = _last_with(shell.history_manager, line, ("recall", "rep"))
            if last is None:
                print(f"{line!r} is no value, and no input has it.")
                return
            text = last
        shell.set_next_input(text.rstrip())

    @no_var_expand
    @line_magic
    def rep(self, line: str) -> None:
        """The same as %recall."""
        self.recall(line)

    @no_var_expand
    @line_magic
    def rerun(self, line: str) -> None:
        """Run inputs again.

            %rerun [options] [ranges]

        Without ranges the last input. They are shown and run one after the other; the
        first that fails ends it.

            -l N        the last N inputs
            -g PATTERN  the last input with this in it

        Inputs that are %rerun themselves are left out. %history? tells of ranges.
        """
        options, ranges = self.parse_options(line, "l:g:")
        pattern = f"{options.g} {ranges}".strip() if "g" in options else None
        texts = self._to_rerun(options.get("l"), pattern, ranges)
        if not texts:
            print("There is no such input.")
            return
        if self.shell.cells.depth > DEEPEST:
            raise UsageError("%rerun runs what runs %rerun; that would never end.")
        print("=== Executing: ===")
        print("\n".join(texts))
        print("=== Output: ===")
        for text in texts:
            if not self.shell.run_cell(text, store_history=False).success:
                break

    def _to_rerun(
        self, last: str | None, pattern: str | None, ranges: str
    ) -> list[str]:
        manager = self.shell.history_manager
        if pattern is not None:
            found = _last_with(manager, pattern, ("rerun",))
            return [] if found is None else [found]
        if last is None and ranges:
            from ipcluster.engines.interpreter.history.ranges import first_wrong

            wrong = first_wrong(ranges)
            if wrong is not None:
                raise UsageError(f"{wrong!r} is no range of inputs; see %history?")
            entries = manager.get_range_by_str(ranges)
            return [text for _, _, text in entries if not _calls(text, ("rerun",))]
        many = 1 if last is None else _number(last)
        texts: list[str] = []
        key: int | None = None
        while len(texts) < many and (page := manager.recent(many, before=key)):
            texts += [text for _, text in page if not _calls(text, ("rerun",))]
            key = page[-1][0]
        return texts[:many][::-1]


def _last_with(
    manager: HistoryManager, pattern: str, but: tuple[str, ...]
) -> str | None:
    """The last input with this in it that is no call of these magics."""
    for _, _, text in reversed([*manager.search(f"*{pattern}*")]):
        if not _calls(text, but):
            return str(text)
    return None


def _calls(text: str, magics: tuple[str, ...]) -> bool:
    """Whether an input begins with one of these magics."""
    first = text.lstrip().lstrip("%").split(None, 1)
    return bool(first) and first[0] in magics


def _number(text: str) -> int:
    if not text.isdigit():
        raise UsageError(f"-l wants a whole number; {text!r} is none")
    return int(text)


def _may_replace(shell: InteractiveShell, name: str) -> bool:
    question = f"File {name!r} exists. Overwrite?"
    try:
        return shell.frontend.confirm(question, default=False)
    except StdinNotAvailable:
        raise UsageError(
            f"File {name!r} exists, and nobody can be asked: -y replaces it."
        ) from None


def _write(shell: InteractiveShell, name: str, lines: Iterable[str], yes: bool) -> None:
    """Write lines to a file, asking before one is replaced."""
    import os

    path = os.path.expanduser(name)
    if os.path.exists(path) and not yes and not _may_replace(shell, name):
        print("Aborting.")
        return
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(f"{text}\n" for text in lines)
    except OSError as error:
        raise UsageError(f"{name} cannot be written: {error.strerror}") from None
