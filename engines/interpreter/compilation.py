"""From Python text to code objects whose source can be found again.

Each cell gets a file name of its own and its text goes to `linecache`, so tracebacks,
`inspect.getsource` and the debugger show it. What `from __future__ import ...` turned
on stays on for the cells that follow.
"""

from __future__ import annotations
import __future__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import CodeType
    from typing import Any

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

# Numbers of the interpreter's; the `ast` module, which names them, costs 15 ms.
ONLY_AST = 0x400
TOP_LEVEL_AWAIT = 0x2000
IS_COROUTINE = 0x80

# The largest below 2**48. A text modulo this is the same in every process, as `hash`
# is not, and needs no import: numba finds what it compiled for a cell in its cache.
_PRIME = (1 << 48) - 59


def compile_steadily(source: Any, filename: str, mode: str, flags: int) -> Any:
    """`compile`, whatever garbage is collected meanwhile.

    CPython 3.11 counts how deep a tree is in one place for all who compile, and finds
    the count wrong when a finalizer has compiled in between: that of a task which
    failed does, to report it. https://github.com/python/cpython/issues/106905

    Raises:
        SyntaxError and others of `compile`.
    """
    try:
        return compile(source, filename, mode, flags, dont_inherit=True)
    except SystemError:
        import gc

        was_on = gc.isenabled()
        gc.disable()
        try:
            return compile(source, filename, mode, flags, dont_inherit=True)
        finally:
            if was_on:
                gc.enable()


class Compiler:
    """Compiles cells and remembers their sources."""

    def __init__(self) -> None:
        self._flags = 0
        self.awaits = True  # whether cells may await at their top level
        self._cells: dict[str, int | None] = {}
        self._sources: dict[str, str] = {}

    # --- sources ----------------------------------------------------------------------

    def name_cell(self, code: str, count: int | None) -> str:
        """A file name for a cell: no two cells share one, nor a cell and a file.

        Profilers, numba and others know cells by names of this form.
        """
        text = int.from_bytes(code.encode("utf-8", "surrogatepass"), "little")
        return f"<ipython-input-{count or 0}-{text % _PRIME:012x}>"

    def remember(self, code: str, count: int | None, raw: str | None = None) -> str:
        """Make a cell's source findable; the file name it has from now on.

        `raw` is what the user typed, where it differs from the Python `code`.
        """
        import linecache

        name = self.name_cell(code, count)
        self._cells[name] = count
        self._sources[name] = code if raw is None else raw
        # The modification time None tells `linecache.checkcache` to leave it alone.
        # Not `splitlines`: a form feed, say, ends no line of Python.
        lines = [line + "\n" for line in code.removesuffix("\n").split("\n")]
        linecache.cache[name] = (len(code), None, lines, name)
        return name

    def adopt(self, name: str, code: str, count: int | None) -> None:
        """Make the source of another session's cell findable, under the name it had."""
        import linecache

        self._cells[name] = count
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)

    def cell_of(self, filename: str) -> int | None:
        """The number of the cell with this file name; None: it is no cell's."""
        return self._cells.get(filename)

    def cells(self) -> list[str]:
        """The file names of all cells, the latest last."""
        return [*self._cells]

    def is_cell(self, filename: str) -> bool:
        return filename in self._cells

    def typed_source(self, filename: str) -> str | None:
        """What the user typed into the cell with this file name."""
        return self._sources.get(filename)

    # --- compiling --------------------------------------------------------------------

    @property
    def flags(self) -> int:
        """Compiler flags that are on: features of the future, and the `await`s."""
        return self._flags | TOP_LEVEL_AWAIT if self.awaits else self._flags

    def parse(self, source: str, filename: str, *, wide: bool = True) -> ast.Module:
        """The syntax tree of a cell.

        Raises:
            SyntaxError, ValueError (null bytes), OverflowError, RecursionError,
            MemoryError: it is no Python.
        """
        flags = self.flags if wide else self._flags
        tree: ast.Module = compile_steadily(source, filename, "exec", flags | ONLY_AST)
        return tree

    def compile(self, tree: ast.AST | str, filename: str, mode: str) -> CodeType:
        """Code of a tree; mode "exec", "single" (values are displayed) or "eval"."""
        code: CodeType = compile_steadily(tree, filename, mode, self.flags)
        self._flags |= code.co_flags & _FUTURE_FLAGS
        return code

    def reset_flags(self, flags: int = 0) -> None:
        """Forget the features that were turned on; have those that `flags` have."""
        self._flags = flags & _FUTURE_FLAGS

    # Under the names that extensions of IPython know.
    def ast_parse(
        self, source: str, filename: str = "<unknown>", symbol: str = "exec"
    ) -> ast.AST:
        tree: ast.AST = compile_steadily(
            source, filename, symbol, self.flags | ONLY_AST
        )
        return tree

    def cache(
        self, transformed_code: str, number: int = 0, raw_code: str | None = None
    ) -> str:
        return self.remember(transformed_code, number, raw_code)

    def __call__(self, source: ast.AST | str, filename: str, symbol: str) -> CodeType:
        return self.compile(source, filename, symbol)
