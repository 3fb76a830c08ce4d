"""What `%history` was told, what it finds for that, and how it looks."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.history.searching import Cell, Wanted

_FLAGS = {
    "-n": "numbers",
    "-o": "outputs",
    "-p": "prompts",
    "-t": "translated",
    "-y": "yes",
    "-u": "unique",
    "-g": "everywhere",
    "-d": "details",
    "--details": "details",
}
_STATUSES = {"--failed": "failed", "--ok": "ok", "--unfinished": "unfinished"}
_WITH_VALUE = ("--longer", "--session", "--cwd")


class Wish:
    """What `%history` was told."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.file: str | None = None
        self.limit: int | None = None
        self.status: str | None = None
        self.longer: float | None = None
        self.cwd: str | None = None
        self.session: int | None = None
        self.words: list[str] = []

    @property
    def yes(self) -> bool:
        return "yes" in self.flags

    # --- finding ----------------------------------------------------------------------

    def cells(self, manager: HistoryManager) -> list[Cell]:
        """The inputs that are wanted, in the order in which they are shown."""
        if "everywhere" in self.flags:
            return self._search(manager)
        if self.limit is not None and not self.words and self.session is None:
            return self._last(manager, self._wanted(), self.limit)
        found: list[Cell] = []
        for session, start, stop in self._ranges():
            number = manager.absolute(session)
            if number is not None:
                wanted = self._wanted(session=number, start=start, stop=stop)
                cells = self._find(manager, wanted, None)
                found += sorted(cells, key=lambda cell: cell.line)
        return found if self.limit is None else found[max(0, len(found) - self.limit) :]

    def _search(self, manager: HistoryManager) -> list[Cell]:
        pattern = " ".join(self.words)
        if pattern[:1] == pattern[-1:] and pattern[:1] in ("'", '"'):
            pattern = pattern[1:-1]
        session = None if self.session is None else manager.absolute(self.session)
        wanted = self._wanted(session=session, pattern=f"*{pattern}*")
        if self.session is not None and session is None:
            return []
        if self.limit is None:
            return self._find(manager, wanted, None)
        return self._last(manager, wanted, self.limit)

    def _last(self, manager: HistoryManager, wanted: Wanted, n: int) -> list[Cell]:
        """The last `n`, the cell that asks left out."""
        running = manager.running
        found = self._find(manager, wanted, n + 1)
        found = [cell for cell in found if cell is not running]
        return found[max(0, len(found) - n) :]

    def _ranges(self) -> list[tuple[int, int, int | None]]:
        from ipcluster.engines.interpreter.history.ranges import (
            extract_hist_ranges,
            first_wrong,
        )

        text = " ".join(self.words)
        wrong = first_wrong(text)
        if wrong is not None:
            raise UsageError(
                f"{wrong!r} is no range of inputs, as 4, 4-6 and ~2/1-5 are; "
                f"to look for it: %history -g {wrong}"
            )
        ranges = [*extract_hist_ranges(text)]
        if self.session is None:
            return ranges
        return [(self.session, start, stop) for _, start, stop in ranges]

    def _wanted(
        self,
        *,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        pattern: str | None = None,
    ) -> Wanted:
        from ipcluster.engines.interpreter.history.searching import Wanted

        return Wanted(
            session=session,
            start=start,
            stop=stop,
            pattern=pattern,
            in_raw="translated" not in self.flags,
            status=self.status,
            longer=self.longer,
            cwd=self.cwd,
        )

    def _find(
        self, manager: HistoryManager, wanted: Wanted, n: int | None
    ) -> list[Cell]:
        return manager.find(
            wanted,
            n,
            unique="unique" in self.flags,
            output="outputs" in self.flags,
            facts="details" in self.flags,
        )

    # --- showing ----------------------------------------------------------------------

    def texts(self, cells: list[Cell], current: int) -> Iterator[str]:
        """What is printed, one text per input or output."""
        numbered = "numbers" in self.flags or "everywhere" in self.flags
        for cell in cells:
            text = cell.source if "translated" in self.flags else cell.raw
            text = text.expandtabs(4).rstrip()
            own = cell.session == current
            number = str(cell.line) if own else f"{cell.session}/{cell.line}"
            head = ""
            if "details" in self.flags:
                yield f"{number:>4}: {details(cell)}"
                text = "\n".join(f"      {line}" for line in text.splitlines())
            elif numbered:
                head = f"{number:>4}:" + ("\n" if "\n" in text else " ")
            if "prompts" in self.flags:
                text = _with_prompts(text)
            yield head + text
            if "outputs" in self.flags and cell.output is not None:
                yield cell.output


def _with_prompts(text: str) -> str:
    lines = text.splitlines() or [""]
    more = ["..."] if len(lines) > 1 else []
    rest = [f"... {line}" if line else "..." for line in lines[1:]]
    return "\n".join([f">>> {lines[0]}", *rest, *more])


def details(cell: Cell) -> str:
    """When a cell ran, for how long, how it ended, and where."""
    if cell.started is None:
        return "not known"
    import time

    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(cell.started))
    took = "" if cell.duration is None else _seconds(cell.duration)
    how = cell.error or cell.status or ""
    if cell.exit_code:
        how = f"exit status {cell.exit_code}" if not cell.error else how
    return f"{when}  {took:>9}  {how:<18} {_short(cell.cwd)}".rstrip()


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _short(folder: str | None) -> str:
    import os

    home = os.path.expanduser("~")
    if folder and (folder == home or folder.startswith(home + "/")):
        return "~" + folder[len(home) :]
    return folder or ""


# --- reading the line -----------------------------------------------------------------


def told(line: str) -> Wish:
    """What a line tells.

    Raises:
        UsageError: an option that there is not, or one without its value.
    """
    from ipcluster.engines.interpreter.magics.options import split

    wish = Wish()
    words = split(line, posix=False, strict=False)
    while words:
        word = words.pop(0)
        if word == "--":
            wish.words += words
            break
        if not word.startswith("-") or not _option(wish, word, words):
            # `-6` is a range, and what is looked for may begin with a dash.
            if word.startswith("-") and not _may_be_word(wish, word):
                raise UsageError(f"%history has no option {word}; see %history?")
            wish.words.append(word)
    return wish


def _may_be_word(wish: Wish, word: str) -> bool:
    return "everywhere" in wish.flags or word[1:].isdigit()


def _option(wish: Wish, word: str, words: list[str]) -> bool:
    """Take an option, and its value from `words`; False: it is none of ours."""
    name, given, value = word.partition("=")
    if word in _FLAGS:
        wish.flags.add(_FLAGS[word])
    elif word in _STATUSES:
        wish.status = _STATUSES[word]
    elif name in _WITH_VALUE:
        _valued(wish, name, value if given else None, words)
    elif word[:2] == "-f":
        wish.file = _unquoted(word[2:] or _next(word, words))
    elif word[:2] == "-l":
        text = word[2:]
        if not text:
            is_next = bool(words) and words[0].isdigit()
            text = words.pop(0) if is_next else "10"
        wish.limit = _whole(text, "-l")
    elif len(word) > 2 and word[:2] in _FLAGS:  # -no, -nl5
        flags = set(wish.flags)
        wish.flags.add(_FLAGS[word[:2]])
        if not _option(wish, f"-{word[2:]}", words):
            wish.flags = flags
            return False
    else:
        return False
    return True


def _valued(wish: Wish, name: str, value: str | None, words: list[str]) -> None:
    import os

    if name == "--cwd":
        wish.cwd = os.path.abspath(os.path.expanduser(_unquoted(value or ".")))
        return
    text = _unquoted(value if value is not None else _next(name, words))
    if name == "--session":
        digits = text.rstrip("/").removeprefix("~")
        number = _whole(digits, "--session")
        wish.session = -number if text.startswith("~") else number
        return
    try:
        wish.longer = float(text.removesuffix("s"))
    except ValueError:
        raise UsageError(f"--longer wants seconds; {text!r} are none") from None


def _next(name: str, words: list[str]) -> str:
    if not words:
        raise UsageError(f"{name} wants a value")
    return words.pop(0)


def _whole(text: str, name: str) -> int:
    if not text.isdigit():
        raise UsageError(f"{name} wants a whole number; {text!r} is none")
    return int(text)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
