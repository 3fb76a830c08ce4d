"""Every message, once. Reading this file is reading the protocol.

Three conversations use it. Each message is one msgpack array, `[tag, field, ...]`;
several for the same peer travel together in one frame (`codec.pack`). Large buffers
never ride in a message: they lie in *segments* (`wire/segments.py`), and a message
carries `Segment` references. A peer without access to the controller's host moves a
segment's bytes in `Chunk`s of about 1 MiB, so that nothing waits behind a gigabyte.

    client C, agent A, controller S, keeper K, engine E

    door      = C:Hello [ C:Numbered ] ( S:Welcome | S:Refused )
    function  = C:NewFunction                before the first task that names its digest
    task      = ( C:Submit | C:Direct ) *see S:Results C:Ack
    see       = S:Output | S:Shown *C:Aside [ C:Typed ]   Typed is for a cell that asks
    aside     = C:Aside *( S:Shown | S:Seen )           said while something runs there
    watch     = C:Ask("watch") S:Answer *S:Seen         cells that others run
    cancel    = C:Cancel S:Results
    question  = C:Ask S:Answer
    upload    = C:Chunk *( S:ChunkCredit C:Chunk ) [ S:ChunkRefused ]
                                              then Submit or Direct names the segment
    download  = C:Fetch ( S:ChunkRefused | *( S:Chunk C:ChunkCredit ) )
    host      = A:Hello A:Numbered S:Welcome A:HostJoin
                *( A:Born | A:Unborn | A:Died | A:FromEngine | S:ToEngine | S:ToKeeper )
                ( A:KeeperEnded | S:Stop )    and bytes of segments, both ways
    engine    = E:Ready *( S:NewFunction S:Run *( E:Output | E:Shown [ S:Typed ] )
                E:Done | S:Aside *E:Shown ) S:Stop
    recall    = S:Recall E:Dropped            only tasks that have not started
    keeper    = ( K:Unborn | K:Born
                *( S:Interrupt | S:Signal | S:Ring | S:Spawn | S:Relink ) K:Died )

A task's id is `client << 40 | sequence`: unique in the cluster, ordered within a
client, and small on the wire.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NewType

from msgspec import Struct

# Peers whose number differs are refused: a message's fields are positional.
PROTOCOL = 1

ClientId = NewType("ClientId", int)
EngineId = NewType("EngineId", int)
TaskId = NewType("TaskId", int)
Digest = NewType("Digest", bytes)
"""16 bytes of BLAKE2, or the name of an operation that engines have (`b"push"`)."""

SEQUENCE_BITS = 40


class Status(IntEnum):
    """How a task ended.

    Everything but OK carries an encoded `ErrorInfo` as its payload.
    """

    OK = 0
    ERROR = 1  # the user's code raised
    REJECTED = 2  # a dependency is unmet on this engine; another is tried
    ABORTED = 3  # taken back before it started
    LOST = 4  # its engine ended
    IMPOSSIBLE = 5  # a dependency can never be met
    TIMEOUT = 6  # waited longer than its `timeout`


class Mode(IntEnum):
    """How an engine calls the function of a task."""

    APPLY = 0  # f(*args, **kwargs)
    MAP = 1  # [f(*items) for items in zip(*sequences)]
    MAP_KEEPING_ERRORS = 2  # the same, an exception takes its item's place


class Segment(Struct, frozen=True, array_like=True):
    """A run of bytes in a file that processes of one host map.

    `size` bytes at `offset` of `name`.
    """

    name: str
    offset: int
    size: int


class Item(Struct, frozen=True, array_like=True, gc=False):
    """One task as it travels.

    Its id, its pickled arguments, and the segments its large buffers lie in.

    With `spilled`, segment 0 is the pickle itself and `payload` is empty.
    """

    task: int
    payload: bytes
    segments: tuple[Segment, ...] = ()
    spilled: bool = False


class Outcome(Struct, frozen=True, array_like=True, gc=False):
    """The end of one task.

    `started` is seconds since the epoch on the engine's host, `duration` is monotonic.
    """

    task: int
    status: int
    payload: bytes
    started: float = 0.0
    duration: float = 0.0
    segments: tuple[Segment, ...] = ()
    spilled: bool = False


class Dependency(Struct, frozen=True, array_like=True):
    """Tasks to wait for (`after`) or to run beside (`follow`).

    All or any of them, having succeeded and/or failed.
    """

    tasks: frozenset[int]
    all: bool = True
    success: bool = True
    failure: bool = False


class Options(Struct, frozen=True, array_like=True):
    """What many tasks share: how to schedule them.

    `timeout` is seconds a task may wait before it is assigned.
    """

    retries: int = 0
    priority: int = 0
    targets: frozenset[int] | None = None
    after: Dependency | None = None
    follow: Dependency | None = None
    timeout: float | None = None
    label: str | None = None


class EngineInfo(Struct, frozen=True, array_like=True):
    """An engine as others know it. `uuid` names this incarnation.

    Ids are never used again.
    """

    engine: int
    uuid: str
    pid: int
    host: str
    started: float


class ErrorInfo(Struct, frozen=True, array_like=True):
    """An error as text first.

    It can always be shown, whatever class it was and whether that can be pickled.

    `kind` is the name of one of our own error classes (`wire/errors.py`): `RemoteError`
    for what user code raised. `builtin` is the nearest builtin class of the exception,
    so that `except ValueError` catches it at the client, and `fields` are what that
    class tells apart from its message: an OSError's `errno` and `filename`.
    """

    kind: str
    ename: str
    evalue: str
    traceback: str = ""
    engine: int | None = None
    engine_uuid: str | None = None
    task: int | None = None
    host: str | None = None
    builtin: str = ""
    fields: dict[str, int | str] = {}


# --- the door: client or agent -> controller, and back --------------------------------


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """client or agent -> controller: let me in.

    `session` stays the same over reconnects; `grant` is the signed text of the ticket.
    """

    protocol: int
    python: tuple[int, int]
    grant: str
    session: str
    name: str
    version: str


class Welcome(Struct, frozen=True, array_like=True, tag="welcome"):
    """controller -> client: who you are here, and what is here.

    `host_proof` is a file only a process of the same host and user can read.
    """

    client: int
    cluster: str
    epoch: str
    host_proof: tuple[str, str]
    segment_folder: str
    engines: list[EngineInfo]
    window_tasks: int
    window_bytes: int
    segment_fallback: str  # where segments lie that found no room in the folder


# The reason for whoever sends something else first on a new connection.
SAY_HELLO = "say hello first: this connection is not known here"


class Refused(Struct, frozen=True, array_like=True, tag="refused"):
    """controller -> client or agent: you may not come in, in one line that says why."""

    reason: str


# --- tasks: client -> controller ------------------------------------------------------


class NewFunction(Struct, frozen=True, array_like=True, weakref=True, tag="function"):
    """client -> controller -> engine.

    The pickled function that tasks name by its digest. Sent once per engine.
    """

    digest: bytes
    payload: bytes
    segments: tuple[Segment, ...] = ()
    spilled: bool = False


class Submit(Struct, frozen=True, array_like=True, tag="submit"):
    """client -> scheduler.

    Run each of these tasks on any engine that its options allow.
    """

    function: bytes
    mode: int
    options: Options
    items: list[Item]


class Direct(Struct, frozen=True, array_like=True, tag="direct"):
    """client -> mux: run this on each target.

    Target i gets the task id `item.task + i`. Never moves to another engine.
    """

    function: bytes
    mode: int
    options: Options
    targets: list[int]
    item: Item


class Cancel(Struct, frozen=True, array_like=True, tag="cancel"):
    """client -> controller: take these tasks back.

    With `interrupt`, also those that run. None: all of mine.
    """

    tasks: list[int] | None
    interrupt: bool


class Ack(Struct, frozen=True, array_like=True, tag="ack"):
    """client -> controller: I have taken everything up to `Results.number`.

    Its window opens again.
    """

    number: int


class Released(Struct, frozen=True, array_like=True, tag="released"):
    """client or engine -> controller: I no longer map these segments."""

    names: list[str]


class Ask(Struct, frozen=True, array_like=True, tag="ask"):
    """client -> hub: a question. `verb` is one of the table in `wire/grants.py`.

    `body` is msgpack, by verb.
    """

    request: int
    verb: str
    body: bytes


# --- tasks: controller -> client ------------------------------------------------------


class Results(Struct, frozen=True, array_like=True, tag="results"):
    """controller -> client: these tasks ended on `engine` (-1: on none)."""

    number: int
    engine: int
    outcomes: list[Outcome]


class Output(Struct, frozen=True, array_like=True, tag="output"):
    """engine -> controller -> client: text written while `task` ran.

    `stream` is 1 or 2. Comes before the task's outcome.
    """

    task: int
    stream: int
    text: str


class Shown(Struct, frozen=True, array_like=True, tag="shown"):
    """engine -> controller -> client: something to see of a cell that runs as `task`.

    `event` is the msgpack of `[kind, field, ...]`, an event of
    `engines/interpreter/events.py`: a result, a display, an error, a wish for input.
    Comes in order with the task's `Output`, and before its outcome. `wish` counts the
    lines that the cell has asked for, if the event is such a wish. One that is not
    answered is said again to a client that was away; one whose client has gone is
    answered by the controller: nobody types. What is `private` is for the task's owner
    alone: a question, say. What is `common` is of no task's alone, whether one runs or
    none (0): a comm's message. All who watch the engine get it, and the owner, if it
    is a conversation's.
    """

    task: int
    event: bytes
    wish: int = 0
    private: bool = False
    common: bool = False


class Seen(Struct, frozen=True, array_like=True, tag="seen"):
    """controller -> client that watches `engine`: what another client's cell shows.

    `who` has typed it, as the controller knows them; "" is nobody. `event` is as in
    `Shown`; what is
    printed is `["stream", "stdout" | "stderr", text]`. So many events and texts as
    `left_out` says were not sent before it, for the watcher had too much untaken; an
    empty event, of engine -1, says only that.
    """

    engine: int
    task: int
    who: str
    event: bytes
    left_out: int = 0


class Typed(Struct, frozen=True, array_like=True, tag="typed"):
    """client -> controller -> engine: the line that `task` asked for.

    None: nobody will type. `wish` says for which of its wishes it is; 0: for the next.
    """

    task: int
    text: str | None
    wish: int = 0


class Aside(Struct, frozen=True, array_like=True, tag="aside"):
    """client -> controller -> engine: something that does not wait for what runs.

    The engine is rung for it. `body` is the msgpack of `[kind, field, ...]`:

        tab, text, cursor   what could stand at the cursor of the line that `task` has
                            wished for as its `wish`? Answered by an event `candidates`
        debug, id, request  of the Debug Adapter Protocol; `task` is 0. Answered by an
                            event `debug_reply` of that id, or with nil, where the
                            operation `debug` has to come first
    """

    engine: int
    task: int
    body: bytes
    wish: int = 0


class Answer(Struct, frozen=True, array_like=True, tag="answer"):
    """hub -> client: msgpack, by verb; with `error`, an encoded `ErrorInfo`."""

    request: int
    body: bytes
    error: bool = False


class Engines(Struct, frozen=True, array_like=True, tag="engines"):
    """hub -> client: who joined, and who left, with the cause in words.

    `unborn` engines that somebody asked for could not be started, and why.
    """

    joined: list[EngineInfo]
    left: list[tuple[int, str]]
    unborn: int = 0
    reason: str = ""


class FreeSegments(Struct, frozen=True, array_like=True, tag="free"):
    """controller -> maker of segments: nobody maps these; use them again."""

    names: list[str]


# --- bytes of segments, for peers on other hosts --------------------------------------


class Fetch(Struct, frozen=True, array_like=True, tag="fetch"):
    """client or agent -> controller (or back).

    Send me the bytes of this segment, in chunks.
    """

    segment: Segment


class Chunk(Struct, frozen=True, array_like=True, tag="chunk"):
    """either way: bytes of a segment, at `offset` of the segment file.

    The bytes are the frame that follows. `total` is the file's size.
    """

    name: str
    offset: int
    total: int


class ChunkCredit(Struct, frozen=True, array_like=True, tag="credit"):
    """receiver of chunks -> sender: `size_bytes` more are taken.

    The sender may send as many again.
    """

    name: str
    size_bytes: int


class ChunkRefused(Struct, frozen=True, array_like=True, tag="chunk-refused"):
    """either way: this segment's bytes cannot be taken, or not be sent, and why."""

    name: str
    reason: str


# --- agent <-> controller -------------------------------------------------------------


class HostJoin(Struct, frozen=True, array_like=True, tag="host"):
    """agent -> controller: I hold the links of this host's engines."""

    host: str
    keeper_pid: int
    engines: list[Born]


class Numbered(Struct, frozen=True, array_like=True, tag="numbered"):
    """client or agent <-> controller, first in its frame: which frame this is.

    From 1 on. `taken` of yours have come in; those after it are sent again when a
    connection replaces one that broke (`wire/numbered.py`). Number 0 only says that,
    and behind a `Hello` or before a `Welcome` also that frames are numbered.
    """

    number: int
    taken: int


class KeeperEnded(Struct, frozen=True, array_like=True, tag="keeper-ended"):
    """agent -> controller: this host's keeper ended, and its engines with it."""


class FromEngine(Struct, frozen=True, array_like=True, tag="from-engine"):
    """agent -> controller: a frame from the engine in `slot`, unopened."""

    slot: int
    frame: bytes


class ToEngine(Struct, frozen=True, array_like=True, tag="to-engine"):
    """controller -> agent: a frame for the engine in `slot`, unopened."""

    slot: int
    frame: bytes


class ToKeeper(Struct, frozen=True, array_like=True, tag="to-keeper"):
    """controller -> agent: a frame for the keeper of that host, unopened."""

    frame: bytes


# --- controller or agent <-> engine, on the link --------------------------------------


class Ready(Struct, frozen=True, array_like=True, tag="ready"):
    """engine -> controller: I can take work.

    After a link was replaced, all that may have been lost with it: `held` are the tasks
    I have, `maps` the segments that I was sent and have not let go of, as often as I
    was sent them, and `lent` those that I made and others map, as far as I know.
    """

    uuid: str
    pid: int
    host: str
    python: tuple[int, int]
    started: float
    held: list[int] = []
    maps: list[str] = []
    lent: list[str] = []


class Run(Struct, frozen=True, array_like=True, tag="run"):
    """controller -> engine: run these, in this order, after what you have.

    `taken` outcomes of yours have come in so far.
    """

    function: bytes
    mode: int
    items: list[Item]
    taken: int = 0


class Recall(Struct, frozen=True, array_like=True, tag="recall"):
    """controller -> engine: give back those of these that you have not started."""

    tasks: list[int]


class Forget(Struct, frozen=True, array_like=True, tag="forget"):
    """controller -> engine: these functions will be sent again if they are needed."""

    digests: list[bytes]


class Stop(Struct, frozen=True, array_like=True, tag="stop"):
    """controller -> engine or keeper: end after what is running.

    The keeper ends its engines first.
    """


class Done(Struct, frozen=True, array_like=True, tag="done"):
    """engine -> controller: these ended, in the order they ran."""

    outcomes: list[Outcome]


class Dropped(Struct, frozen=True, array_like=True, tag="dropped"):
    """engine -> controller: to `Recall`: these I had not started and will not."""

    tasks: list[int]


# --- controller or agent <-> keeper ---------------------------------------------------


class Spawn(Struct, frozen=True, array_like=True, tag="spawn"):
    """-> keeper: start `count` more engines."""

    count: int


class Interrupt(Struct, frozen=True, array_like=True, tag="interrupt"):
    """-> keeper: raise KeyboardInterrupt in this task, if it is the one that runs.

    Never in another. `number` counts how often its owner wanted that: an interrupt
    that is said again is raised once, and the next one again.
    """

    slot: int
    task: int
    number: int = 1


class Signal(Struct, frozen=True, array_like=True, tag="signal"):
    """-> keeper: send this signal to the engine."""

    slot: int
    signum: int


class Ring(Struct, frozen=True, array_like=True, tag="ring"):
    """-> keeper: the doorbell.

    The engine is busy and should look at its link between two bytecodes.
    """

    slot: int


class Relink(Struct, frozen=True, array_like=True, tag="relink"):
    """-> keeper: give the engine a new link, and me its other end."""

    slot: int


class Born(Struct, frozen=True, array_like=True, tag="born"):
    """keeper -> holder of the links: an engine runs in `slot`.

    Its link's other end comes with this message.
    """

    slot: int
    pid: int


class Died(Struct, frozen=True, array_like=True, tag="died"):
    """keeper -> holder -> controller: the engine in `slot` ended.

    `status` is that of `waitpid` (negative: the signal). `started` is the last task it
    began, `running` whether that one was still running; `stderr` its last lines.
    """

    slot: int
    status: int
    started: int
    running: bool
    stderr: str
    stopped: bool = False  # it was told to end


class Unborn(Struct, frozen=True, array_like=True, tag="unborn"):
    """keeper -> holder -> controller: so many engines could not be started, and why."""

    count: int
    reason: str


ToController = (
    Hello
    | NewFunction
    | Submit
    | Direct
    | Cancel
    | Ack
    | Released
    | Typed
    | Aside
    | Ask
    | Chunk
    | ChunkCredit
    | ChunkRefused
    | Fetch
    | Numbered
    | HostJoin
    | FromEngine
    | Died
    | Born
    | Unborn
    | KeeperEnded
)
ToClient = (
    Welcome
    | Refused
    | Results
    | Output
    | Shown
    | Seen
    | Answer
    | Engines
    | FreeSegments
    | Chunk
    | ChunkCredit
    | ChunkRefused
    | Fetch
    | Numbered
    | ToEngine
    | ToKeeper
    | Stop
)
ToLink = NewFunction | Run | Recall | Forget | FreeSegments | Typed | Aside | Stop
FromLink = Ready | Done | Output | Shown | Dropped | Released
ToKeeperMessage = Spawn | Interrupt | Signal | Ring | Relink | Stop
FromKeeper = Born | Died | Unborn
