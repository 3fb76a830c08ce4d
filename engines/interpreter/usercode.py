"""Finding code by what a person calls it: see `shell.find_user_code`."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Seconds to wait for a URL.
PATIENCE = 30.0


def find(
    shell: InteractiveShell,
    target: str,
    *,
    raw: bool,
    py_only: bool,
    skip_encoding_cookie: bool,
    search_ns: bool,
) -> str:
    """The code that `target` names; see `shell.find_user_code`."""
    from ipcluster.engines.interpreter.history.ranges import first_wrong

    is_range = first_wrong(target) is None
    if is_range:
        code = shell.extract_input_lines(target, raw=raw)
        if code or not target.strip():
            return code
    if target.startswith(("http://", "https://")):
        return _of_url(target, py_only, skip_encoding_cookie)
    for path in _files(target):
        if os.path.isdir(path):
            raise ValueError(f"{target!r} is a folder, not a file")
        if os.path.isfile(path):
            return _of_file(path, target, py_only, skip_encoding_cookie)
    if is_range:
        raise ValueError(f"there is no input {target}")
    if search_ns:
        source = _of_object(shell, target)
        if source is not None:
            return source
    return _of_value(shell, target)


def _files(target: str) -> list[str]:
    path = os.path.expanduser(target)
    return [path] if path.endswith((".py", ".ipy")) else [path + ".py", path]


def _of_value(shell: InteractiveShell, target: str) -> str:
    """A text or a macro in the namespace."""
    from ipcluster.engines.interpreter.history.macro import Macro

    try:
        value = eval(target, shell.user_global_ns, shell.user_ns)
    except Exception as error:
        raise ValueError(
            f"{target!r} was found neither in the history, nor as a file, a URL or in "
            "the namespace"
        ) from error
    if isinstance(value, str):
        return value
    if isinstance(value, Macro):
        return value.value
    raise TypeError(
        f"{target} ({type(value).__name__}) is neither text nor a macro", value
    )


def _of_object(shell: InteractiveShell, target: str) -> str | None:
    """The source of a function, a class, a module; None: there is none to be had."""
    value = value_of(shell, target)
    if value is None or isinstance(value, str):
        return None
    return source_of(value)


def value_of(shell: InteractiveShell, target: str) -> Any:
    """What a dotted name or a subscript of the namespace means; None: nothing."""
    try:
        return eval(target, shell.user_global_ns, shell.user_ns)
    except Exception:
        return None


def source_of(value: object) -> str | None:
    """The source of a function, class, method or module; None: there is none."""
    import inspect

    try:
        return inspect.getsource(value)  # type: ignore[arg-type]  # or it raises
    except (OSError, TypeError, IndexError, SyntaxError):
        return None


# --- files and URLs -------------------------------------------------------------------


def read_code(path: str, skip_encoding_cookie: bool = True) -> str:
    """The text of a file of code, decoded as it says itself; of a notebook, its cells.

    Raises:
        OSError, UnicodeDecodeError, SyntaxError: it cannot be read, or is no text.
    """
    with open(path, "rb") as file:
        data = file.read()
    text = decode(data)
    if path.endswith(".ipynb"):
        return _cells_of_notebook(text)
    return without_cookie(text) if skip_encoding_cookie else text


def decode(data: bytes) -> str:
    """Bytes of a file of code as text, by its encoding cookie.

    Raises:
        UnicodeDecodeError, SyntaxError: it is no text, or in no encoding we know.
    """
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding).read()


def without_cookie(text: str) -> str:
    """The text without a line, among its first two, that says how it is encoded."""
    import re

    lines = text.splitlines(keepends=True)
    cookie = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")
    for number, line in enumerate(lines[:2]):
        if cookie.match(line):
            del lines[number]
            break
    return "".join(lines)


def _of_file(path: str, target: str, py_only: bool, skip_encoding_cookie: bool) -> str:
    try:
        return read_code(path, skip_encoding_cookie)
    except OSError as error:
        raise ValueError(f"{target!r} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, SyntaxError) as error:
        if py_only:
            raise ValueError(f"{target!r} is no text: {error}") from error
        with open(path, encoding="latin-1") as file:
            return file.read()


def _of_url(target: str, py_only: bool, skip_encoding_cookie: bool) -> str:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(target, timeout=PATIENCE) as answer:
            data: bytes = answer.read()
    except (URLError, OSError, ValueError) as error:
        raise ValueError(f"{target} cannot be read: {error}") from error
    try:
        text = decode(data)
    except (UnicodeDecodeError, SyntaxError) as error:
        if py_only:
            raise ValueError(f"{target} is no text: {error}") from error
        return data.decode("latin-1")
    return without_cookie(text) if skip_encoding_cookie else text


def _cells_of_notebook(text: str) -> str:
    """The code cells of a notebook, one after the other."""
    import json

    cells = json.loads(text).get("cells", [])
    sources = [cell["source"] for cell in cells if cell.get("cell_type") == "code"]
    return "\n".join(
        source if isinstance(source, str) else "".join(source) for source in sources
    )
