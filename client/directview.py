"""DirectView: engines addressed by number. Each call runs once on each, in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call
from ipcluster.client.engines import as_index
from ipcluster.client.imports import folders_of, sync_imports
from ipcluster.client.mapresults import AsyncMapResult
from ipcluster.client.partitions import Map, as_sequences, distribution
from ipcluster.client.view import View, name_of
from ipcluster.wire.messages import Mode, NewFunction, Options
from ipcluster.wire.serialize import Packed

if TYPE_CHECKING:
    from ipcluster.client.client import Client
    from ipcluster.client.conversation import Conversation

_APPLY = int(Mode.APPLY)

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class DirectView(View):
    """Named engines, and their namespaces as if they were one dictionary.

    With one target (`rc[0]`) results are plain values, else lists in the order of the
    targets. Targets "all" are the engines there are when a call is made.
    """

    def __init__(self, client: Client, targets: Any = "all", **flags: Any) -> None:
        super().__init__(client, **flags)
        self.targets = targets

    def __len__(self) -> int:
        return len(self.client.roster.choose(self.targets))

    # --- calls -----------------------------------------------------------------------

    def _apply(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        block: bool,
    ) -> Any:
        return self._run(f, (args, kwargs), name_of(f), block=block)

    def map(
        self,
        f: Callable[..., Any],
        /,
        *sequences: Any,
        block: bool | None = None,
        track: bool = False,
        return_exceptions: bool = False,
        label: str | None = None,
    ) -> Any:
        """The builtin `map`, the items divided evenly over the engines beforehand."""
        if not sequences:
            raise TypeError("map takes at least one sequence")
        block = self.block if block is None else block
        sized, n = as_sequences(sequences)
        targets, _ = self._choose(None)
        count = min(n, len(targets))
        cut = distribution("b").part
        parts = [tuple([cut(s, p, count, n) for s in sized]) for p in range(count)]
        sizes = [(p + 1) * n // count - p * n // count for p in range(count)]
        result = AsyncMapResult(
            self.client,
            name_of(f),
            count,
            sizes,
            return_exceptions=return_exceptions,
        )
        mode = Mode.MAP_KEEPING_ERRORS if return_exceptions else Mode.MAP
        if parts:
            function = self._function(f)
            result._options = options = self._prepare(label)
            packed = self._dump_all(parts)
            self._send_parts(function, int(mode), options, targets, packed, result)
        return self._finish(result, block)

    def count_parts(self, n: int, chunksize: int | None) -> int:
        """One part for each engine."""
        return len(self._choose(None)[0])

    def call_parts(
        self,
        f: Callable[..., Any],
        parts: Sequence[tuple[Any, ...]],
        kwargs: dict[str, Any],
        result: AsyncMapResult,
    ) -> AsyncMapResult:
        """Call `f(*part, **kwargs)` for each part, one on each engine."""
        if parts:
            targets, _ = self._choose(None)
            function = self._function(f)
            packed = self._dump_all((part, kwargs) for part in parts)
            options = self._prepare(None)
            self._send_parts(function, _APPLY, options, targets, packed, result)
        self._finish(result, False)
        return result

    # --- code ------------------------------------------------------------------------

    def execute(
        self,
        code: str,
        silent: bool = True,
        targets: Any = None,
        block: bool | None = None,
        label: str | None = None,
    ) -> Any:
        """Run code in the engines' namespaces. The result shows its last expression.

        It is Python, and may await; magics and `!` are for `rc[0].converse()`.

        Raises:
            TypeError: `code` is no str.
        """
        if not isinstance(code, str):
            raise TypeError(f"execute takes code as a str, not {code!r}")
        return self._run(
            b"execute",
            ((code, None, folders_of(code)), {}),
            "execute",
            targets=targets,
            block=block,
            label=label,
            source=code,
        )

    def run(
        self,
        filename: str | Path,
        targets: Any = None,
        block: bool | None = None,
        label: str | None = None,
    ) -> Any:
        """Run a file of this host's in the engines' namespaces."""
        source = Path(filename).read_text(encoding="utf-8")
        folders = [str(Path(filename).absolute().parent), *folders_of(source)]
        return self._run(
            b"run_file",
            ((source, str(filename), folders), {}),
            "run",
            targets=targets,
            block=block,
            label=label,
            source=source,
        )

    def sync_imports(
        self, local: bool = True, quiet: bool = False
    ) -> AbstractContextManager[None]:
        """In its `with` block, import statements run on the engines too, as written.

        Args:
            local: False: only there.
            quiet: do not say what is imported.
        """
        return sync_imports(self, local=local, quiet=quiet)

    @property
    def importer(self) -> AbstractContextManager[None]:
        """The same as `sync_imports()`."""
        return self.sync_imports()

    def import_names(self, statements: str) -> Any:
        """Run import statements on the engines, and wait."""
        arguments: Arguments = (statements, folders_of(statements)), {}
        return self._run(b"import", arguments, "import", block=True)

    # --- data ------------------------------------------------------------------------

    def push(
        self,
        ns: Mapping[str, Any],
        targets: Any = None,
        block: bool | None = None,
        track: bool | None = None,
    ) -> Any:
        """Put values into the engines' namespaces. They may be changed here afterwards.

        Raises:
            TypeError: not a mapping of names.
        """
        if not isinstance(ns, Mapping) or not all(isinstance(k, str) for k in ns):
            raise TypeError(f"push takes a dict of names and values, not {ns!r:.100}")
        arguments: Arguments = (dict(ns),), {}
        return self._run(b"push", arguments, "push", targets=targets, block=block)

    def pull(
        self,
        names: str | Sequence[str],
        targets: Any = None,
        block: bool | None = None,
    ) -> Any:
        """Values from the engines' namespaces: one, or a list for a list of names."""
        if not isinstance(names, str):
            names = list(names)
            if not all(isinstance(name, str) for name in names):
                raise TypeError(f"pull takes names, not {names!r:.100}")
        arguments: Arguments = (names,), {}
        return self._run(b"pull", arguments, "pull", targets=targets, block=block)

    def update(self, ns: Mapping[str, Any]) -> Any:
        """The same as `push`."""
        return self.push(ns, block=self.block)

    def get(self, key_s: str | Sequence[str]) -> Any:
        """The same as `pull`, always waiting."""
        return self.pull(key_s, block=True)

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.push({key: value}, block=True)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a view is not iterable; its engines are in view.targets")

    def scatter(
        self,
        key: str,
        seq: Any,
        dist: str | Map = "b",
        flatten: bool = False,
        targets: Any = None,
        block: bool | None = None,
        track: bool | None = None,
    ) -> Any:
        """Give each engine its part of `seq`, under the name `key`.

        Part i holds items [i*n//k, (i+1)*n//k) for n items and k engines, so sizes
        differ by at most one and order is kept. An array is cut along axis 0.

        With `flatten`, parts of one item are given as the item itself. `dist` "r" deals
        the items one by one instead of in blocks.
        """
        chosen, single = self._choose(targets)
        if not hasattr(seq, "__len__") or not hasattr(seq, "__getitem__"):
            seq = list(seq)
        cut = distribution(dist).part
        parts = [cut(seq, i, len(chosen)) for i in range(len(chosen))]
        if flatten:
            parts = [part[0] if len(part) == 1 else part for part in parts]
        packed = self._dump_all((({key: part},), {}) for part in parts)
        result = AsyncResult(self.client, "scatter", len(chosen))
        result._is_single = single
        result._options = options = self._prepare(None)
        self._send_parts(b"push", _APPLY, options, chosen, packed, result)
        return self._finish(result, self.block if block is None else block)

    def gather(
        self,
        key: str,
        dist: str | Map = "b",
        targets: Any = None,
        block: bool | None = None,
    ) -> Any:
        """The parts of `key` from all engines, joined as `scatter` has cut them."""
        chosen, _ = self._choose(targets)
        packed = self._dump(((key,), {}))
        result = AsyncMapResult(
            self.client,
            "gather",
            len(chosen),
            [1] * len(chosen),
            partitioning=distribution(dist),
        )
        result._options = options = self._prepare(None)
        self._send(b"pull", options, chosen, packed, result)
        return self._finish(result, self.block if block is None else block)

    def clear(self, targets: Any = None, block: bool | None = None) -> Any:
        """Empty the engines' namespaces."""
        return self._run(b"clear", ((), {}), "clear", targets=targets, block=block)

    def converse(self, on_event: Any = None, watch: Any = None) -> Conversation:
        """Cells, completion and help as at a prompt, on the one engine of this view.

        Args:
            on_event: called with the cell's `CellResult` and each event it shows.
            watch: called with who typed it and each event of others' cells there.

        Raises:
            SecurityError: others' cells are not for this client's grant.
            ValueError: the view has not exactly one engine.
        """
        from ipcluster.client.conversation import Conversation

        chosen, _ = self._choose(None)
        if len(chosen) != 1:
            raise ValueError(f"a conversation is with one engine, not {len(chosen)}")
        return Conversation(self.client, chosen[0], on_event, watch)

    def activate(self, suffix: str = "") -> None:
        """Make this the view of `%px`, or of `%px<suffix>`, where there are magics.

        Elsewhere it warns, and changes nothing.
        """
        warnings.warn(
            f"no %px{suffix} here to activate: view.execute(code) runs code on the "
            "engines, view.run(file) a file",
            stacklevel=2,
        )

    # --- sending ---------------------------------------------------------------------

    def _choose(self, targets: Any) -> tuple[list[int], bool]:
        """The engines meant, and whether it is one that was named alone.

        Raises:
            ClusterError: there are none, or nothing can be sent any more.
        """
        self.client.connection.check()
        if targets is None:
            targets = self.targets
        chosen = self.client.roster.choose(targets)
        return chosen, as_index(targets) is not None

    def _prepare(self, label: str | None) -> Options:
        label = self.label if label is None else label
        return _PLAIN if label is None else Options(label=label)

    def _run(
        self,
        function: bytes | Callable[..., Any],
        arguments: Arguments,
        fname: str,
        *,
        targets: Any = None,
        block: bool | None = None,
        label: str | None = None,
        source: str | None = None,
    ) -> Any:
        """The same task on each target."""
        block = self.block if block is None else block
        chosen, single = self._choose(targets)
        called = function if isinstance(function, bytes) else self._function(function)
        packed = self._dump(arguments)
        result = AsyncResult(self.client, fname, None if single else len(chosen))
        if source is not None:
            result._source = source
        result._options = options = self._prepare(label)
        self._send(called, options, chosen, packed, result, now=not block)
        return self._finish(result, block)

    def _send(
        self,
        function: bytes | NewFunction,
        options: Options,
        targets: list[int],
        packed: Packed,
        result: AsyncResult,
        *,
        now: bool = True,
    ) -> None:
        if not targets:
            return
        calls = result._calls
        for call, target in zip(calls, targets, strict=True):
            call.target = target
        self.client.connection.direct(function, _APPLY, options, packed, calls, now=now)

    def _send_parts(
        self,
        function: bytes | NewFunction,
        mode: int,
        options: Options,
        targets: list[int],
        packed: Sequence[Packed],
        result: AsyncResult,
    ) -> None:
        """Another task on each target; sent together when all are ready."""
        calls: Sequence[Call] = result._calls
        last = len(calls) - 1
        for i, (call, target, one) in enumerate(
            zip(calls, targets, packed, strict=False)
        ):
            call.target = target
            self.client.connection.direct(
                function, mode, options, one, [call], now=i == last
            )


_PLAIN = Options()
