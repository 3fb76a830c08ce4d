"""`sys.displayhook` while a cell runs: shows the value and keeps it in `Out`.

`None` is not shown and not kept; nor is anything in a cell that ends in `;`. A user who
binds `_` keeps it: `_`, `__`, `___` are left alone until it is deleted, while `Out` and
`_5` go on.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.events import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.cells import ExecutionResult
    from ipcluster.engines.interpreter.shell import InteractiveShell

# Of a full `Out`, this part is dropped at once, the oldest first.
CULLED = 0.2


class DisplayHook:
    """Called with the value of each expression statement that is to be shown."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._last: dict[str, Any] = {"_": "", "__": "", "___": ""}

    @property
    def exec_result(self) -> ExecutionResult | None:
        """Of the cell that runs."""
        return self.shell.cells.result

    @property
    def prompt_count(self) -> int:
        """The number of the cell that runs."""
        return self.shell.cells.count

    def __call__(self, value: Any = None) -> None:
        if value is None:
            return
        quiet = self.quiet()
        if quiet:
            if self.exec_result is not None:
                self.exec_result.result = value
            return
        data, metadata = self.shell.display_formatter.format(value)
        self._keep(value)
        if self.exec_result is not None:
            self.exec_result.result = value
        if data:  # empty: the object has displayed itself
            self.shell.emit(Result(self.prompt_count, data, metadata))
            self._log(data)

    def quiet(self) -> bool:
        """Whether the running cell ends in a `;` that is neither text nor comment."""
        result = self.exec_result
        return result is not None and ends_in_semicolon(result.info.raw_cell)

    def _log(self, data: dict[str, Any]) -> None:
        text = data.get("text/plain")
        if text is not None:
            self.shell.logger.note_output(text)
            self.shell.history_manager.note_output(self.prompt_count, data)

    # --- Out --------------------------------------------------------------------------

    def _keep(self, value: Any) -> None:
        shell = self.shell
        if not shell.cache_size:
            return
        names = shell.user_ns
        outputs = shell.outputs
        if value is outputs:  # `Out` itself: it would hold itself
            return
        if len(outputs) >= shell.cache_size:
            self.cull()
        if self._may_rebind(names):
            self._shift(value, names)
        count = self.prompt_count
        outputs[count] = value
        self.shell.namespace.put(f"_{count}", value)

    def _may_rebind(self, names: dict[str, Any]) -> bool:
        """Whether `_` and its kin are still ours."""
        import builtins

        if "_" in vars(builtins) and "_" not in names:  # gettext has installed itself
            return False
        last = self._last
        return all(
            name not in names or names[name] is last[name]
            for name in ("_", "__", "___")
        )

    def _shift(self, value: Any, names: dict[str, Any]) -> None:
        last = self._last
        last["___"], last["__"], last["_"] = last["__"], last["_"], value
        for name in ("_", "__", "___"):
            self.shell.namespace.put(name, last[name])

    def restore(self) -> None:
        """Put `_` and its kin into a namespace that has none."""
        for name, value in self._last.items():
            self.shell.namespace.put(name, value)

    def cull(self) -> None:
        """Drop the oldest part of `Out`."""
        outputs = self.shell.outputs
        many = max(1, int(len(outputs) * CULLED))
        print(
            f"Out is full ({len(outputs)} values): its oldest {many} are dropped. "
            "InteractiveShell.cache_size sets how many are kept.",
            file=sys.stderr,
        )
        for count in sorted(outputs)[:many]:
            self.drop(count)

    def drop(self, count: int) -> None:
        outputs, names = self.shell.outputs, self.shell.user_ns
        value = outputs.pop(count, None)
        name = f"_{count}"
        if names.get(name) is value:  # a user's own `_5` stays
            self.shell.namespace.forget(name)

    def forget(self, value: Any) -> None:
        """Let go of a value that `_` or its kin mean."""
        for name, last in self._last.items():
            if last is value:
                self._last[name] = ""
                self.shell.namespace.put(name, "")

    def flush(self) -> None:
        """Forget all outputs: what `%reset out` does."""
        for count in list(self.shell.outputs):
            self.drop(count)
        names = self.shell.user_ns
        for name in self._last:
            if names.get(name) is self._last[name]:
                self.shell.namespace.forget(name)
            self._last[name] = ""
        self.restore()


def ends_in_semicolon(cell: str) -> bool:
    """Whether the last token of Python text, comments aside, is a `;`."""
    if ";" not in cell:
        return False
    stripped = cell.rstrip()
    if stripped.endswith(";") and "#" not in stripped.rpartition("\n")[2]:
        last_line = stripped.rpartition("\n")[2]
        if '"' not in last_line and "'" not in last_line:
            return True
    import io
    import tokenize

    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(cell).readline):
            if token.type not in (
                tokenize.ENDMARKER,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.COMMENT,
                tokenize.DEDENT,
                tokenize.INDENT,
            ):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"
