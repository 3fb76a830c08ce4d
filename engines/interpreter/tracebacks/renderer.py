"""An exception, with those it came of and those in it, to lines of text.

    chain:  the first cause, "The above exception ...", ..., the exception itself
    each:   a heading, its frames as the mode wants them, its message and notes
    group:  the same for each member, in a tree

Nothing an exception does breaks this: what cannot be had is left out. Only
`KeyboardInterrupt` gets through.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import is_a
from ipcluster.engines.interpreter.tracebacks import stack
from ipcluster.engines.interpreter.tracebacks.frames import FrameText
from ipcluster.engines.interpreter.tracebacks.suggestions import suggestion_for
from ipcluster.engines.interpreter.tracebacks.syntaxerrors import (
    WrongSource,
    message_of_syntax_error,
)
from ipcluster.engines.interpreter.tracebacks.values import (
    attribute,
    class_name,
    message_of,
    notes_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from ipcluster.engines.interpreter.tracebacks.look import Look
    from ipcluster.engines.interpreter.tracebacks.stack import Entry, Gap

CAUSE = "The above exception was the direct cause of the following exception:"
CONTEXT = "During handling of the above exception, another exception occurred:"

# Exceptions of one chain that are shown; members of a group, and groups in groups.
MOST_CHAINED = 10
MOST_MEMBERS, DEEPEST = 15, 8

WIDTH = 75
TRACEBACK = "Traceback (most recent call last)"


class Raised:
    """One exception of a chain, and what joins it to the one before it."""

    __slots__ = ("kind", "link", "tb", "value")

    def __init__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.kind = type(value) if kind is None and value is not None else kind
        self.value = value
        self.tb = tb
        self.link = ""


class Renderer:
    """Renders exceptions as a `Look` wants them."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.theme = look.theme
        self.frames = FrameText(look)

    def render(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
        offset: int = 0,
    ) -> list[str]:
        """The lines of an exception and of all that it came of."""
        last = Raised(kind, value, tb)
        if self.look.mode in ("Minimal", "Docs", "Doctest"):
            return self._one(last, offset)
        lines: list[str] = []
        for raised in chain_of(last):
            if lines:
                lines += ["", raised.link, ""]
            lines += self._one(raised, offset if raised is last else 0)
        return lines

    def message(self, raised: Raised) -> list[str]:
        """`ValueError: what it says`, as it stands at the end; notes follow."""
        name = class_name(raised.kind)
        value = raised.value
        text = None
        if is_a(value, SyntaxError):
            text = message_of_syntax_error(value)
        if text is None:
            text = "" if value is None else message_of(value)
        if value is not None:
            text += suggestion_for(value, raised.tb)
        name = self.theme.paint(name, "Exception")
        lines = (f"{name}: {text}" if text else name).split("\n")
        return lines if value is None else lines + notes_of(value)

    # --- one exception ----------------------------------------------------------------

    def _one(self, raised: Raised, offset: int) -> list[str]:
        look = self.look
        ending = [*self.syntax(raised), *self.message(raised), *self.members(raised)]
        if look.mode == "Minimal":
            return ending
        items = self.items(raised.tb, offset)
        if not any(isinstance(item, stack.Entry) for item in items):
            return ending
        if look.mode == "Doctest":
            return [f"{TRACEBACK}:", "    ...", *ending]
        if look.mode == "Docs":
            return [f"{TRACEBACK}:", *self._first(items), *ending]
        if look.mode == "Plain":
            return [f"{TRACEBACK}:", *self.stack(items, indent="  "), *ending]
        return [*self._heading(raised), *self.stack(items), *ending]

    def items(self, tb: TracebackType | None, offset: int = 0) -> list[Entry | Gap]:
        look = self.look
        entries = stack.entries_of(tb, offset)
        return stack.shown(entries, fold=look.fold, hide=look.hide, whole=look.whole)

    def _heading(self, raised: Raised) -> list[str]:
        width = min(WIDTH, max(20, self.look.width - 1))
        name = class_name(raised.kind)
        gap = " " * max(1, width - len(name) - len(TRACEBACK))
        return [
            self.theme.paint("-" * width, "Rule"),
            self.theme.paint(name, "Exception") + gap + TRACEBACK,
        ]

    def stack(self, items: list[Entry | Gap], indent: str = "") -> list[str]:
        """The frames, in the mode's way; a blank line behind each source."""
        lines: list[str] = []
        for item in items:
            if isinstance(item, stack.Gap):
                lines.append(self.frames.gap(item))
                if self.look.mode != "Plain":
                    lines.append("")
                continue
            try:
                lines += self._frame(item, indent)
            except KeyboardInterrupt:
                raise
            except Exception as error:  # such as a namespace that is no dict
                lines.append(f"{indent}File {item.code.co_filename}:{item.lineno}")
                lines.append(f"{indent}  ({class_name(type(error))} in showing it)")
        return lines

    def _frame(self, entry: Entry, indent: str) -> list[str]:
        frames, look = self.frames, self.look
        if look.mode == "Plain":
            excerpt = frames.excerpt(entry, 1)
            line = entry.lineno if excerpt is None else excerpt.current
            lines = [indent + frames.place(entry.code.co_filename, line)]
            if entry.code.co_name != "<module>":
                lines[0] += f", in {self.theme.paint(entry.name, 'Function')}"
            if excerpt is not None:
                lines += frames.current(excerpt, indent + "  ")
            return lines
        verbose = look.mode == "Verbose"
        excerpt = frames.excerpt(entry, look.context)
        lines = [frames.heading(entry, excerpt, values=verbose)]
        if excerpt is not None:
            lines += frames.numbered(excerpt)
            if verbose:
                lines += frames.values(entry, excerpt)
        return [*lines, ""]

    def _first(self, items: list[Entry | Gap]) -> list[str]:
        """For documents: where it began, the rest in a line."""
        first = next(item for item in items if isinstance(item, stack.Entry))
        excerpt = self.frames.excerpt(first, 1)
        line = first.lineno if excerpt is None else excerpt.current
        lines = [self.frames.place(first.code.co_filename, line)]
        if excerpt is not None:
            lines += self.frames.current(excerpt, "    ")
        left = sum(
            1 if isinstance(item, stack.Entry) else len(item.entries) for item in items
        )
        if left == 1:
            return lines
        frames = "1 more frame" if left == 2 else f"{left - 1} more frames"
        return [*lines, f"    [... {frames}]"]

    def syntax(self, raised: Raised) -> list[str]:
        """Of an error in source text: the place, the line, and marks under it."""
        if not is_a(raised.value, SyntaxError):
            return []
        where = WrongSource(raised.value, self.look.typed)
        if where.lineno is None:
            return []
        name = where.filename or "<string>"
        lines = ["  " + self.frames.place(name, where.lineno)]
        text = where.lines()
        if text:
            lines.append("    " + self.theme.source(text[0])[0])
            lines += ["    " + self.frames._painted(marks) for marks in text[1:]]
        return lines

    # --- groups -----------------------------------------------------------------------

    def members(self, raised: Raised, depth: int = 0) -> list[str]:
        """The exceptions in a group, as a tree."""
        value = raised.value
        if not is_a(value, BaseExceptionGroup):
            return []
        members = attribute(value, "exceptions", ())
        if depth == DEEPEST:
            return [f"  ... {len(members)} more, in deeper groups"]
        shown = members[:MOST_MEMBERS]
        left = len(members) - len(shown)
        lines: list[str] = []
        for number, member in enumerate(shown, 1):
            is_last = number == len(members)
            lines += self._branch(
                self._member(member, depth), f"{number}. ", is_last=is_last
            )
        if left:
            lines += self._branch([f"and {left} more"], "", is_last=True)
        return lines

    def _member(self, value: BaseException, depth: int) -> list[str]:
        """One member: its message, its frames, its own members, what it came of."""
        last = Raised(type(value), value, attribute(value, "__traceback__"))
        lines: list[str] = []
        for raised in reversed(chain_of(last)):
            lines += self.message(raised)
            inner = self.syntax(raised)
            if self.look.mode in ("Context", "Verbose", "Plain"):
                inner += self.stack(self.items(raised.tb))
            while inner and not inner[-1]:
                inner.pop()
            lines += ["   " + line if line else "" for line in inner]
            lines += self.members(raised, depth + 1)
            if self.look.mode == "Minimal":
                break
            if raised.link == CAUSE:
                lines.append("caused by:")
            elif raised.link:
                lines.append("raised while this was handled:")
        return lines

    def _branch(self, lines: list[str], label: str, *, is_last: bool) -> list[str]:
        if self.look.boxes:
            first, rest = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        else:
            first, rest = "+- ", "   " if is_last else "|  "
        paint = self.theme.paint
        result = [f"  {paint(first, 'Faint')}{label}{lines[0]}"]
        result += [f"  {paint(rest, 'Faint')}{line}".rstrip() for line in lines[1:]]
        return result


def chain_of(last: Raised) -> list[Raised]:
    """An exception and those it came of, the first one first; cycles end."""
    found = [last]
    seen = {id(last.value)}
    current = last
    while current.value is not None:
        value = current.value
        cause = attribute(value, "__cause__")
        if cause is None and attribute(value, "__suppress_context__", False):
            break
        earlier = attribute(value, "__context__") if cause is None else cause
        if not is_a(earlier, BaseException) or id(earlier) in seen:
            break
        current.link = CONTEXT if cause is None else CAUSE
        current = Raised(type(earlier), earlier, attribute(earlier, "__traceback__"))
        found.append(current)
        seen.add(id(earlier))
    if len(found) > MOST_CHAINED:
        half = MOST_CHAINED // 2
        count = len(found) - 2 * half
        found = [*found[:half], *found[-half:]]
        found[half - 1].link = f"... {count} more exceptions, and then:"
    found.reverse()
    return found
