"""Small functions and classes of the field's that the interpreter has no use for."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from ipcluster.engines.interpreter.ecosystem.standing import VERSION_TEXT, get_ipython
from ipcluster.engines.interpreter.errors import StdinNotAvailable
from ipcluster.engines.interpreter.magics.options import Options, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType
    from typing import Any

# --- errors ---------------------------------------------------------------------------


class IPythonCoreError(Exception):
    """Base of IPython's own errors."""


class InputRejected(Exception):
    """An AST transformer does not let this input through."""


class FindCmdError(Exception):
    """There is no such program."""


StdinNotImplementedError = StdinNotAvailable

# --- text -----------------------------------------------------------------------------


def dedent(text: str) -> str:
    """`textwrap.dedent`, the first line left out if it has no indentation."""
    import textwrap

    if text.startswith("\n"):
        return textwrap.dedent(text)
    first, newline, rest = text.partition("\n")
    return f"{first}{newline}{textwrap.dedent(rest)}" if newline else first


def indent(instr: str, nspaces: int = 4, ntabs: int = 0, flatten: bool = False) -> str:
    """The text with each line moved to the right."""
    import re

    prefix = "\t" * ntabs + " " * nspaces
    pattern = r"(?m)^\s*" if flatten else r"(?m)^"
    moved = re.sub(pattern, prefix, instr)
    return moved[: -len(prefix)] if prefix and moved.endswith("\n" + prefix) else moved


def list_strings(arg: str | list[str]) -> list[str]:
    """A list in any case."""
    return [arg] if isinstance(arg, str) else arg


def marquee(txt: str = "", width: int = 78, mark: str = "*") -> str:
    """A text in the middle of a line of marks."""
    if not txt:
        return (mark * width)[:width]
    side = mark * ((width - len(txt) - 2) // len(mark) // 2)
    return f"{side} {txt} {side}"


def columnize(
    items: Sequence[str],
    row_first: bool = False,
    separator: str = "  ",
    displaywidth: int = 80,
    spread: bool = False,
) -> str:
    """Words in as many columns as fit into lines of this width."""
    if not items:
        return "\n"
    for columns in range(len(items), 0, -1):
        rows = -(-len(items) // columns)
        grid = (
            [items[row * columns : (row + 1) * columns] for row in range(rows)]
            if row_first
            else [items[row::rows] for row in range(rows)]
        )
        widths = [
            max(len(line[at]) for line in grid if at < len(line))
            for at in range(max(len(line) for line in grid))
        ]
        if columns == 1 or sum(widths) + len(separator) * (len(widths) - 1) < (
            displaywidth
        ):
            break
    lines = (
        separator.join(
            word.ljust(width) for word, width in zip(line, widths, strict=False)
        )
        for line in grid
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


# --- structures -----------------------------------------------------------------------


class Struct(Options):
    """A dict whose items are attributes as well."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)

    def __add__(self, other: dict[str, Any]) -> Struct:
        return Struct({**other, **self})

    def __sub__(self, other: dict[str, Any]) -> Struct:
        return Struct({name: self[name] for name in self if name not in other})

    def copy(self) -> Struct:
        return Struct(self)

    def dict(self) -> Struct:
        return self

    def hasattr(self, key: str) -> bool:
        return key in self


@contextmanager
def preserve_keys(dictionary: dict[Any, Any], *keys: Any) -> Iterator[None]:
    """Have these keys of a dict be as they were, afterwards."""
    before = {key: dictionary[key] for key in keys if key in dictionary}
    try:
        yield
    finally:
        for key in keys:
            dictionary.pop(key, None)
        dictionary.update(before)


def import_item(name: str) -> Any:
    """A module, or what `module.name` is."""
    from importlib import import_module

    module, _, item = name.rpartition(".")
    if not module:
        return import_module(name)
    home = import_module(module)
    try:
        return getattr(home, item)
    except AttributeError:
        raise ImportError(f"No module named {item}") from None


def extract_module_locals(depth: int = 0) -> tuple[ModuleType, dict[str, Any]]:
    """The module and the local names of a caller."""
    frame = sys._getframe(depth + 1)
    return sys.modules[frame.f_globals["__name__"]], frame.f_locals


# --- processes ------------------------------------------------------------------------


def arg_split(commandline: str, posix: bool = False, strict: bool = True) -> list[str]:
    """The words of a command line, as a shell sees them."""
    return split(commandline, posix, strict)


def find_cmd(cmd: str) -> str:
    """The full path of a program."""
    import shutil

    found = shutil.which(cmd)
    if found is None:
        raise FindCmdError(f"command could not be found: {cmd}")
    return os.path.abspath(found)


def getoutput(cmd: str) -> str:
    """What a shell command prints, its errors with it."""
    import subprocess

    return subprocess.getoutput(cmd)


def getoutputerror(cmd: str) -> tuple[str, str]:
    """What a shell command prints, and its errors."""
    import subprocess

    done = subprocess.run(cmd, shell=True, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def system(cmd: str) -> int | None:
    """Run a shell command for the person; its exit status."""
    shell = get_ipython()
    if shell is None:
        return os.system(cmd)
    shell.system(cmd)
    status: int | None = shell.user_ns.get("_exit_code")
    return status


# --- paths ----------------------------------------------------------------------------


def get_home_dir(require_writable: bool = False) -> str:
    return os.path.realpath(os.path.expanduser("~"))


def compress_user(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(home) else path


def expand_path(s: str) -> str:
    return os.path.expandvars(os.path.expanduser(s))


def ensure_dir_exists(path: str, mode: int = 0o755) -> None:
    os.makedirs(path, mode, exist_ok=True)


def get_py_filename(name: str) -> str:
    """The file of a script that is named with or without `.py`."""
    name = os.path.expanduser(name)
    for path in (name, f"{name}.py"):
        if os.path.isfile(path):
            return path
    raise OSError(f"File `{name!r}` not found.")


def get_ipython_dir() -> str:
    """The folder of all profiles."""
    shell = get_ipython()
    given = shell.ipython_dir if shell is not None else ""
    return (
        given or os.environ.get("IPCLUSTER_DIR") or os.path.expanduser("~/.ipcluster")
    )


def get_ipython_cache_dir() -> str:
    """A folder for what can be made again, such as compiled cells."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(base, "ipcluster")
    os.makedirs(folder, exist_ok=True)
    return folder


def get_ipython_package_dir() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class TemporaryWorkingDirectory(TemporaryDirectory[str]):
    """A folder that one is in as long as it exists."""

    def __enter__(self) -> str:
        self._before = os.getcwd()
        os.chdir(self.name)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        os.chdir(self._before)
        super().__exit__(*error)


class prepended_to_syspath:
    """While it lasts, a folder is the first of `sys.path`."""

    def __init__(self, dir: str) -> None:  # noqa: A002  (the field's name)
        self.dir = dir

    def __enter__(self) -> prepended_to_syspath:
        self._added = self.dir not in sys.path
        if self._added:
            sys.path.insert(0, self.dir)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._added and self.dir in sys.path:
            sys.path.remove(self.dir)


# --- streams --------------------------------------------------------------------------

DEFAULT_ENCODING = sys.getdefaultencoding()


def get_stream_enc(stream: Any, default: Any = None) -> Any:
    return getattr(stream, "encoding", None) or default


class Tee:
    """Writes to a file what a stream is written, and to the stream as well."""

    def __init__(
        self, file_or_name: Any, mode: str = "w", channel: str = "stdout"
    ) -> None:
        if channel not in ("stdout", "stderr"):
            raise ValueError(f"Invalid channel spec {channel}")
        self.file = (
            open(file_or_name, mode, encoding="utf-8")  # noqa: SIM115  (ours until close)
            if isinstance(file_or_name, str)
            else file_or_name
        )
        self.channel = channel
        self.ostream = getattr(sys, channel)
        setattr(sys, channel, self)
        self._closed = False

    def close(self) -> None:
        setattr(sys, self.channel, self.ostream)
        self.file.close()
        self._closed = True

    def write(self, data: str) -> None:
        self.file.write(data)
        self.ostream.write(data)
        self.ostream.flush()

    def flush(self) -> None:
        self.file.flush()
        self.ostream.flush()


def ask_yes_no(
    prompt: str, default: str | None = None, interrupt: str | None = None
) -> bool:
    """A yes or no from the person."""
    answers = {"y": True, "yes": True, "n": False, "no": False}
    while True:
        try:
            answer = input(f"{prompt} ").strip().lower() or (default or "")
        except KeyboardInterrupt:
            answer = interrupt or ""
        except EOFError:
            if default is None:
                raise
            answer = default
        if answer in answers:
            return answers[answer]


def temp_pyfile(src: str, ext: str = ".py") -> str:
    """A new file with this source; its name."""
    import tempfile

    handle, name = tempfile.mkstemp(ext)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(src)
    return name


# --- the terminal ---------------------------------------------------------------------


def get_terminal_size(defaultx: int = 80, defaulty: int = 25) -> tuple[int, int]:
    import shutil

    columns, lines = shutil.get_terminal_size((defaultx, defaulty))
    return columns, lines


def set_term_title(title: str) -> None:
    shell = get_ipython()
    if shell is not None:
        shell.frontend.set_title(title)


class _TermColors(type):
    """`TermColors.Red`, and `LightRed`, `RedBG` ... by name."""

    names = ("Black", "Red", "Green", "Brown", "Blue", "Purple", "Cyan", "LightGray")

    def __getattr__(cls, name: str) -> str:
        bright = {"DarkGray": "Black", "Yellow": "Brown", "White": "LightGray"}
        plain = name if name in cls.names else bright.get(name, name[len("Light") :])
        if plain in cls.names:
            weight = 0 if name in cls.names else 1
            return f"\033[{weight};{30 + cls.names.index(plain)}m"
        raise AttributeError(name)


class TermColors(metaclass=_TermColors):
    """Escape sequences of colours."""

    NoColor = ""
    Normal = "\033[0m"


# --- time -----------------------------------------------------------------------------


def clock() -> float:
    """CPU seconds of this process, the system's for it included."""
    used = os.times()
    return used.user + used.system


def clocku() -> float:
    """CPU seconds of this process, without the system's for it."""
    return os.times().user


def clocks() -> float:
    """CPU seconds that the system has spent for this process."""
    return os.times().system


def clock2() -> tuple[float, float]:
    """CPU seconds of this process, and the system's for it."""
    used = os.times()
    return used.user, used.system


def timings(
    reps: int, func: Callable[..., Any], *args: Any, **kw: Any
) -> tuple[float, float]:
    """CPU seconds of so many calls of a function: of all, and of one."""
    if reps < 1:
        raise ValueError("reps must be >= 1")
    began = clock()
    for _ in range(reps):
        func(*args, **kw)
    total = clock() - began
    return total, total / reps


def timing(func: Callable[..., Any], *args: Any, **kw: Any) -> float:
    """CPU seconds of a call."""
    return timings(1, func, *args, **kw)[0]


# --- extensions -----------------------------------------------------------------------


def is_there_already(shell: Any) -> None:
    """Load an extension of the field's whose magics are always there."""


# --- what this is ---------------------------------------------------------------------


def get_sys_info() -> dict[str, Any]:
    import platform

    return {
        "default_encoding": DEFAULT_ENCODING,
        "ipython_path": get_ipython_package_dir(),
        "ipython_version": VERSION_TEXT,
        "os_name": os.name,
        "platform": platform.platform(),
        "sys_executable": sys.executable,
        "sys_platform": sys.platform,
        "sys_version": sys.version,
    }


def sys_info() -> str:
    """What one should say about one's system in a report of a fault."""
    import pprint

    return pprint.pformat(get_sys_info())


backends = {
    "agg": "agg",
    "gtk3": "gtk3agg",
    "gtk4": "gtk4agg",
    "inline": "inline",
    "osx": "macosx",
    "qt": "qtagg",
    "qt5": "qt5agg",
    "qt6": "qtagg",
    "tk": "tkagg",
    "wx": "wxagg",
}
backend2gui = {
    "gtk3agg": "gtk3",
    "gtk4agg": "gtk4",
    "macosx": "osx",
    "qt5agg": "qt5",
    "qtagg": "qt",
    "tkagg": "tk",
    "wxagg": "wx",
}
