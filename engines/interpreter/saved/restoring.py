"""A file to a running session.

Values are read as they are needed by one another. One that cannot be read is left out
with its reason, but for functions and classes of the prompt: those are made anew from
their source, if the file was written by another Python. Until all is read nothing of
the session has changed for good: an interrupt puts back what was there.
"""

from __future__ import annotations

import linecache

from ipcluster.engines.interpreter import byvalue
from ipcluster.engines.interpreter.saved.archive import Archive
from ipcluster.engines.interpreter.saved.saving import OUTPUT, user_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

_NOTHING = object()


class Report:
    """What became of a session that was restored."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.remade: list[str] = []  # from their sources
        self.failed: dict[str, str] = {}
        self.outputs = 0
        self.inputs = 0


def replaced(shell: InteractiveShell, file: Archive) -> tuple[list[str], list[int]]:
    """Names and numbers of outputs of the session that restoring replaces."""
    names = {one["name"] for one in file.manifest["names"]}
    numbers = set(file.manifest["outputs"])
    return (
        [name for name in user_values(shell) if name in names],
        [number for number in shell.outputs if number in numbers],
    )


def mismatches(file: Archive) -> list[str]:
    """Versions that were others when the session was saved: a line each."""
    import sys

    lines = []
    then, now = file.manifest["python"], sys.version.split()[0]
    if then.split(".")[:2] != now.split(".")[:2]:
        lines.append(f"Python was {then}, and is {now}")
    for name, version in file.manifest["versions"].items():
        module = sys.modules.get(name)
        found = None if module is None else vars(module).get("__version__")
        if found is not None and found != version:
            lines.append(f"{name} was {version}, and is {found}")
    return lines


def restore(shell: InteractiveShell, file: Archive) -> Report:
    """Put the session of a file into this one.

    Raises:
        archive.BadArchive: the file is damaged; nothing has changed.
    """
    inputs, outputs = file.part("inputs"), file.part("outputs")
    reader = _Reader(shell, file)
    try:
        reader.run()
    except BaseException:
        reader.undo()
        raise
    report = reader.report
    for name in file.manifest["futures"]:
        shell.compile.compile(f"from __future__ import {name}", "<session>", "exec")
    _restore_outputs(shell, file, reader, outputs)
    shell.history_manager.adopt(inputs)
    shell.execution_count = max(shell.execution_count, file.manifest["count"])
    report.inputs = len(inputs)
    return report


def _restore_outputs(
    shell: InteractiveShell, file: Archive, reader: _Reader, outputs: dict[str, Any]
) -> None:
    from ipcluster.engines.interpreter.history.outputs import KeptOutput

    manager = shell.history_manager
    for number in sorted(file.manifest["outputs"]):
        value = reader.values.get(OUTPUT.format(number), _NOTHING)
        if value is not _NOTHING:
            shell.outputs[number] = value
            shell.namespace.put(f"_{number}", value)
            reader.report.outputs += 1
    for key, shown in outputs.items():
        number = int(key)
        manager.outputs.forget(number)
        for kind, bundle, metadata, display_id in shown:
            output = KeptOutput(kind, bundle, metadata, display_id)
            manager.outputs.add(number, output)
            text = bundle.get("text/plain")
            if kind == "execute_result" and isinstance(text, str):
                manager.output_hist_reprs[number] = text


class _Reader:
    """Reads values, each when it is needed first, into the session's namespace."""

    def __init__(self, shell: InteractiveShell, file: Archive) -> None:
        self.values: dict[str, Any] = {}
        self.report = Report()
        self._shell = shell
        self._file = file
        self._sources: dict[str, str] = file.manifest["sources"]
        self._numbers = {
            key: number
            for number, keys in enumerate(file.manifest["bundles"])
            for key in keys
        }
        self._keys: list[list[str]] = file.manifest["bundles"]
        self._names = {one["name"] for one in file.manifest["names"]}
        self._reading: set[int] = set()
        self._failed: dict[str, str] = self.report.failed
        self._before: dict[str, Any] = {}

    def run(self) -> None:
        for name, (count, text) in self._file.part("sources").items():
            if name not in linecache.cache:
                self._shell.compile.adopt(name, text, count)
        for key in self._numbers:
            self._read(key)

    def undo(self) -> None:
        """Put back what was there before."""
        names = self._shell.user_ns
        for name, value in self._before.items():
            if value is _NOTHING:
                names.pop(name, None)
            else:
                names[name] = value

    def _read(self, key: str) -> None:
        """Read the bundle of a name, if it has not been tried yet."""
        number = self._numbers[key]
        keys = self._keys[number]
        if key in self.values or key in self._failed or number in self._reading:
            return
        self._reading.add(number)
        data = self._file.value(number)
        try:
            found = byvalue.loads(data, self._shell.user_global_ns, self._named)
        except Exception as error:
            for one in keys:
                self._make_from_source(one, f"{error or type(error).__name__}")
        else:
            for one, value in found.items():
                self._put(one, value)
        finally:
            self._reading.discard(number)

    def _named(self, key: str) -> Any:
        """The value that another one refers to."""
        self._read(key)
        if key not in self.values:
            reason = self._failed.get(key, "it is needed to read itself")
            raise byvalue.NotKept(f"it needs {key}: {reason}")
        return self.values[key]

    def _put(self, key: str, value: Any) -> None:
        self.values[key] = value
        if key not in self._names:
            return
        names = self._shell.user_ns
        self._before.setdefault(key, names.get(key, _NOTHING))
        names[key] = value
        self.report.names.append(key)

    def _make_from_source(self, key: str, reason: str) -> None:
        """Define a function or class again, after all that it is made of."""
        source = self._sources.get(key)
        if source is None:
            self._failed[key] = reason
            return
        shell = self._shell
        for word in _words(source):
            if word != key and word in self._numbers:
                self._read(word)
        self._before.setdefault(key, shell.user_ns.get(key, _NOTHING))
        try:
            name = shell.compile.remember(source, None)
            code = shell.compile.compile(source, name, "exec")
            exec(code, shell.user_global_ns, shell.user_ns)
        except Exception as error:
            self._failed[key] = f"{reason}; its source: {error}"
            return
        self.report.remade.append(key)
        self._put(key, shell.user_ns[key])


def _words(source: str) -> set[str]:
    import re

    return set(re.findall(r"[^\W\d]\w*", source))
