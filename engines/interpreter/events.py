"""What an interpreter says while a cell runs: one class per event, plain data.

The same events reach a front end in the same process by a call and one on another
host through `wire/`; `to_plain` and `from_plain` are the two ends of that way.

What is printed is no event here: it goes to `sys.stdout`, which is the terminal, or
the engine's stream, or a kernel's.

Not dataclasses: importing those costs a first prompt more than all of this file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self

    MimeBundle = dict[str, Any]
    """MIME type to content: text, or bytes of an image, or what JSON can hold."""


class Event:
    """Something to show. Subclasses name their fields in `__slots__`, in order."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[dict[str, type[Event]]] = {}
    kind = "event"

    def __init_subclass__(cls) -> None:
        cls.kinds[cls.kind] = cls

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_plain() == other.to_plain()

    __hash__ = None  # type: ignore[assignment]  # bundles are dicts

    def to_plain(self) -> list[Any]:
        """`[kind, field, ...]`: what a wire can carry."""
        return [self.kind, *[getattr(self, name) for name in self.__slots__]]

    @classmethod
    def of_fields(cls, fields: list[Any]) -> Self:
        return cls(*fields)


def from_plain(plain: list[Any]) -> Event:
    """The event that `to_plain` was called on.

    Raises:
        KeyError: a kind that this version does not know.
    """
    kind, *fields = plain
    return Event.kinds[kind].of_fields(fields)


class Input(Event):
    """A cell begins. `count` is the number at its prompt."""

    __slots__ = ("code", "count")
    kind = "input"

    def __init__(self, code: str, count: int) -> None:
        self.code = code
        self.count = count


class Result(Event):
    """The value of a cell's last expression."""

    __slots__ = ("count", "data", "metadata")
    kind = "result"

    def __init__(self, count: int, data: MimeBundle, metadata: dict[str, Any]) -> None:
        self.count = count
        self.data = data
        self.metadata = metadata


class Display(Event):
    """Something displayed; with `update`, in the place of what has this `display_id`.

    `transient` is what is not to be saved with the output, the `display_id` for one.
    """

    __slots__ = ("data", "metadata", "transient", "update")
    kind = "display"

    def __init__(
        self,
        data: MimeBundle,
        metadata: dict[str, Any],
        transient: dict[str, Any] | None = None,
        update: bool = False,
    ) -> None:
        self.data = data
        self.metadata = metadata
        self.transient = transient or {}
        self.update = update


class Clear(Event):
    """Remove what was displayed; with `wait`, when the next output comes."""

    __slots__ = ("wait",)
    kind = "clear"

    def __init__(self, wait: bool) -> None:
        self.wait = wait


class Error(Event):
    """An exception of the user's. `traceback` is text ready to show, with colours."""

    __slots__ = ("ename", "evalue", "traceback")
    kind = "error"

    def __init__(self, ename: str, evalue: str, traceback: list[str]) -> None:
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback


class Page(Event):
    """Something long, for a pager; `start` is the line to begin at, from 0."""

    __slots__ = ("data", "start")
    kind = "page"

    def __init__(self, data: MimeBundle, start: int = 0) -> None:
        self.data = data
        self.start = start


class NextInput(Event):
    """Text for the next prompt; with `replace`, in the place of the cell that runs."""

    __slots__ = ("replace", "text")
    kind = "next_input"

    def __init__(self, text: str, replace: bool = False) -> None:
        self.text = text
        self.replace = replace

    def to_plain(self) -> list[Any]:
        return [self.kind, self.text, self.replace]


class InputWanted(Event):
    """The cell waits for a line. Only where the front end is at the end of a wire.

    With `completes` it can be asked what could stand in that line.
    """

    __slots__ = ("completes", "password", "prompt")
    kind = "input_wanted"

    def __init__(
        self, prompt: str, password: bool = False, completes: bool = False
    ) -> None:
        self.prompt = prompt
        self.password = password
        self.completes = completes

    def to_plain(self) -> list[Any]:
        plain = [self.kind, self.prompt, self.password]
        return [*plain, True] if self.completes else plain


class Candidates(Event):
    """What could stand at the `cursor` of a line, `text` so far: from `start` on."""

    __slots__ = ("cursor", "start", "text", "words")
    kind = "candidates"

    def __init__(self, text: str, cursor: int, start: int, words: list[str]) -> None:
        self.text = text
        self.cursor = cursor
        self.start = start
        self.words = words

    def to_plain(self) -> list[Any]:
        return [self.kind, self.text, self.cursor, self.start, self.words]


class Comm(Event):
    """A message of a comm's, which no cell need have sent: for all front ends.

    `message` is its type, `comm_open` for one; `buffers` are bytes.
    """

    __slots__ = ("buffers", "content", "message", "metadata")
    kind = "comm"

    def __init__(
        self,
        message: str,
        content: dict[str, Any],
        metadata: dict[str, Any],
        buffers: list[Any],
    ) -> None:
        self.message = message
        self.content = content
        self.metadata = metadata
        self.buffers = buffers

    def to_plain(self) -> list[Any]:
        return [self.kind, self.message, self.content, self.metadata, self.buffers]


class Parent(Event):
    """What follows belongs to this request of a Jupyter client: its header."""

    __slots__ = ("header",)
    kind = "parent"

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header


class EditMagic(Event):
    """A file to open in the front end's own editor, where it has one."""

    __slots__ = ("filename", "line")
    kind = "edit"

    def __init__(self, filename: str, line: int | None) -> None:
        self.filename = filename
        self.line = line


class ExitWanted(Event):
    """The user asked to leave; `keep` leaves an engine that others use running."""

    __slots__ = ("keep",)
    kind = "exit"

    def __init__(self, keep: bool = False) -> None:
        self.keep = keep
