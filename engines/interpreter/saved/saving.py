"""A running session to a file: what of it can be kept, and what cannot, and why."""

from __future__ import annotations

import ast
import linecache
import os
import reprlib
import sys
import time
from types import FunctionType, ModuleType

from ipcluster.engines.interpreter.saved import archive
from ipcluster.engines.interpreter.saved.names import Bundle, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# How a value of `Out` is called among the names; no name looks so.
OUTPUT = "Out[{}]"


class Report:
    """What became of a session that was saved."""

    def __init__(self, path: str, manifest: dict[str, Any], size_bytes: int) -> None:
        self.path = path
        self.names: list[str] = [one["name"] for one in manifest["names"]]
        self.failed: dict[str, str] = manifest["failed"]
        self.inputs: int = manifest["inputs"]
        self.size_bytes = size_bytes


def save(shell: InteractiveShell, path: str) -> Report:
    """Write the session to a file.

    Raises:
        OSError: it cannot be written; what was there before is there still.
    """
    values = user_values(shell)
    session = shell.user_global_ns
    everything = dict(values)
    for number, value in shell.outputs.items():
        everything[OUTPUT.format(number)] = value
    bundles, failed = pack(everything, session)
    running = shell.cells.count
    inputs = [
        [number, source, raw]
        for (_, number, source), (_, _, raw) in zip(
            shell.history_manager.get_range(raw=False),
            shell.history_manager.get_range(raw=True),
            strict=True,
        )
        if number != running
    ]
    sources = definitions(values, [source for _, source, _ in inputs])
    manifest = {
        "format": archive.FORMAT,
        "saved": time.time(),
        "python": sys.version.split()[0],
        "platform": sys.platform,
        "cwd": _cwd(),
        "count": running,
        "inputs": len(inputs),
        "futures": futures(shell),
        "versions": versions(values.values()),
        "names": [
            _about(name, value, sources)
            for name, value in values.items()
            if name not in failed
        ],
        "outputs": [n for n in shell.outputs if OUTPUT.format(n) not in failed],
        "failed": failed,
        "bundles": [bundle.keys for bundle in bundles],
        "sources": sources,
    }
    parts = {
        "manifest": manifest,
        "inputs": inputs,
        "outputs": _outputs(shell, running),
        "sources": _cells(shell, bundles),
    }
    archive.write(path, parts, (bundle.data for bundle in bundles))
    return Report(path, manifest, os.path.getsize(path))


def user_values(shell: InteractiveShell) -> dict[str, Any]:
    """The names that the user has bound, with an underscore in front, too."""
    namespace = shell.namespace
    return {
        name: value
        for name, value in list(shell.user_ns.items())
        if not namespace.is_hidden(name)
        and not (name.startswith("__") and name.endswith("__"))
    }


def futures(shell: InteractiveShell) -> list[str]:
    """Features of the future that cells have turned on."""
    import __future__

    flags = shell.compile.flags
    return [
        name
        for name in __future__.all_feature_names
        if getattr(__future__, name).compiler_flag & flags
        and getattr(__future__, name).getMandatoryRelease() is None
    ]


def versions(values: Any) -> dict[str, str]:
    """Versions of the libraries that values are from."""
    found = {}
    for value in values:
        name = value.__name__ if type(value) is ModuleType else type(value).__module__
        top = str(name).partition(".")[0]
        version = vars(sys.modules[top]).get("__version__") if top in sys.modules else 0
        if isinstance(version, str):
            found[top] = version
    return found


def definitions(values: dict[str, Any], inputs: list[str]) -> dict[str, str]:
    """Sources of the prompt's functions and classes, as they were typed last.

    Bytes of code are tied to a version of Python; with its source a function comes back
    in another one, too.
    """
    wanted = {
        name
        for name, value in values.items()
        if isinstance(value, (type, FunctionType))
        and getattr(value, "__module__", "") == "__main__"
        and getattr(value, "__name__", "") == name
    }
    found: dict[str, str] = {}
    for text in reversed(inputs):
        if len(found) == len(wanted):
            break
        if "def " not in text and "class " not in text:
            continue
        try:
            nodes = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError):
            continue
        lines = text.splitlines()
        for node in reversed(nodes):
            if not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ):
                continue
            if node.name in wanted and node.name not in found:
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def _about(name: str, value: object, sources: dict[str, str]) -> dict[str, Any]:
    try:
        text = " ".join(reprlib.repr(value).split())
    except Exception as error:
        text = f"<its __repr__ raises {type(error).__name__}>"
    return {
        "name": name,
        "type": type(value).__name__,
        "text": text if len(text) <= 60 else text[:57] + "...",
    }


def _outputs(shell: InteractiveShell, running: int) -> dict[int, list[Any]]:
    return {
        number: [
            [one.output_type, one.bundle, one.metadata, one.display_id]
            for one in outputs
        ]
        for number, outputs in shell.history_manager.outputs.items()
        if number != running
    }


def _cells(
    shell: InteractiveShell, bundles: list[Bundle]
) -> dict[str, tuple[int | None, str]]:
    """The cells that functions are from, so that their sources are found again."""
    names = {name for bundle in bundles for name in bundle.filenames}
    return {
        name: (shell.compile.cell_of(name), "".join(linecache.getlines(name)))
        for name in sorted(names)
        if shell.compile.is_cell(name)
    }


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
