"""Which magics there are, and how more are made.

A magic is a function of a line (`%name line`), of a line and a cell (`%%name`), or of
either. Ours are methods of `Magics` classes, one file per subject, and `TABLE` knows
their names without importing those files: a first prompt costs nothing for magics that
nobody calls. A test holds the table against the classes.

    @magics_class
    class Mine(Magics):
        @line_magic
        def hello(self, line): ...

    @register_line_magic
    def hello(line): ...
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Configurable, Option
from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Function = TypeVar("Function", bound=Callable[..., Any])
    Class = TypeVar("Class", bound=type)
    MagicFunction = Callable[..., Any]
    _Table = dict[str, Any]
else:
    _Table = dict

LINE, CELL = "line", "cell"
KINDS = (LINE, CELL)

_PLACE = "ipcluster.engines.interpreter.magics"

# Module, class: names of its line magics, and of its cell magics.
TABLE: dict[tuple[str, str], tuple[str, str]] = {
    ("aliases", "AliasMagics"): ("alias alias_magic rehashx unalias", ""),
    ("automagic", "AutoMagics"): ("autocall automagic", ""),
    ("autoawait", "AsyncMagics"): ("autoawait", ""),
    ("autoreload", "AutoreloadMagics"): ("aimport autoreload", ""),
    ("code_wrap", "CodeWrapMagics"): ("code_wrap", "code_wrap"),
    ("prun", "ProfilingMagics"): ("prun", "prun"),
    ("run", "RunMagics"): ("run", ""),
    ("timing", "TimingMagics"): ("time timeit", "time timeit"),
    ("capturing", "CapturingMagics"): ("", "capture"),
    ("directories", "OSMagics"): (
        "bookmark cd dhist dirs popd pushd pwd",
        "",
    ),
    ("displaying", "DisplayMagics"): (
        "",
        "html HTML svg SVG latex markdown javascript js",
    ),
    ("connecting", "ConnectionMagics"): ("connect_info", ""),
    ("doctests", "DoctestMagics"): ("doctest_mode", ""),
    ("editing", "EditMagics"): ("ed edit", ""),
    ("environment", "EnvironmentMagics"): ("env set_env", ""),
    ("errors", "ErrorMagics"): ("colors debug pdb tb xmode", "debug"),
    ("extensions", "ExtensionMagics"): ("load_ext reload_ext unload_ext", ""),
    ("pasting", "PastingMagics"): ("cpaste paste", ""),
    ("screen", "ScreenMagics"): ("autoindent cls", ""),
    ("files", "FileMagics"): ("", "file writefile"),
    ("history", "HistoryMagics"): ("hist history recall rep rerun", ""),
    ("logs", "LoggingMagics"): ("logoff logon logstart logstate logstop", ""),
    ("notebooks", "NotebookMagics"): ("notebook", ""),
    ("packages", "PackageMagics"): ("conda mamba micromamba pip uv", ""),
    ("paging", "PagingMagics"): ("clear less man more page pycat", ""),
    ("plotting", "PylabMagics"): ("matplotlib pylab", ""),
    ("printing", "PrintingMagics"): ("pprint precision", ""),
    ("script", "ScriptMagics"): (
        "killbgscripts",
        "bash perl pypy python python2 python3 ruby script sh",
    ),
    ("sessions", "SessionMagics"): ("session", ""),
    ("sources", "SourceMagics"): ("load loadpy macro save", ""),
    ("storing", "StoreMagics"): ("store", ""),
    ("system", "SystemMagics"): ("sc sx system", "! sx system"),
    ("system_aliases", "SystemAliases"): (
        "copy ddir echo ldir ls mkdir ren rmdir"
        if sys.platform == "win32"
        else "cat cp ldir lf lk ll ls lx mkdir mv rm rmdir",
        "",
    ),
    ("config", "ConfigMagics"): ("config", ""),
    ("gui", "GuiMagics"): ("gui", ""),
    ("help", "HelpMagics"): ("lsmagic magic quickref", ""),
    ("inspection", "InspectionMagics"): (
        "pinfo pinfo2 pdef pdoc psource pfile psearch",
        "",
    ),
    ("namespace", "NamespaceMagics"): (
        "who who_ls whos xdel reset reset_selective",
        "",
    ),
}
_HOMES: dict[str, dict[str, tuple[str, str]]] = {
    kind: {
        name: home for home, names in TABLE.items() for name in names[number].split()
    }
    for number, kind in enumerate(KINDS)
}


# --- marking functions as magics ------------------------------------------------------


def _mark(kinds: tuple[str, ...], name: str | None, function: Function) -> Function:
    marked: dict[str, str] = dict(getattr(function, "_magic_names", {}))
    for kind in kinds:
        marked[kind] = name or function.__name__
    function._magic_names = marked  # type: ignore[attr-defined]  # ours to set
    return function


def _marker(kinds: tuple[str, ...], what: str) -> Callable[..., Any]:
    def mark(argument: Any) -> Any:
        if callable(argument):
            return _mark(kinds, None, argument)
        if isinstance(argument, str):
            return lambda function: _mark(kinds, argument, function)
        raise TypeError(f"@{what} takes a function, or the name of the magic")

    mark.__name__ = what
    mark.__doc__ = (
        f"Mark a method as a {what.replace('_', ' ')}, perhaps under another name."
    )
    return mark


line_magic = _marker((LINE,), "line_magic")
cell_magic = _marker((CELL,), "cell_magic")
line_cell_magic = _marker((LINE, CELL), "line_cell_magic")


def _registrar(kind: str, what: str) -> Callable[..., Any]:
    def register(argument: Any) -> Any:
        def add(function: Function, name: str | None = None) -> Function:
            from ipcluster.engines.interpreter.shell import get_ipython

            shell = get_ipython()
            if shell is None:
                raise NameError(f"@{what} needs a running shell")
            shell.register_magic_function(function, kind, name)
            return function

        if callable(argument):
            return add(argument)
        if isinstance(argument, str):
            return lambda function: add(function, argument)
        raise TypeError(f"@{what} takes a function, or the name of the magic")

    register.__name__ = what
    register.__doc__ = "Make a function a magic of the running shell."
    return register


register_line_magic = _registrar("line", "register_line_magic")
register_cell_magic = _registrar("cell", "register_cell_magic")
register_line_cell_magic = _registrar("line_cell", "register_line_cell_magic")


def needs_local_scope(function: Function) -> Function:
    """The magic gets `local_ns`, the names where it was called."""
    function.needs_local_scope = True  # type: ignore[attr-defined]  # a mark
    return function


def no_var_expand(function: Function) -> Function:
    """`$name` and `{expression}` in the magic's line are left as they are."""
    function._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # a mark
    return function


def output_can_be_silenced(function: Function) -> Function:
    """A `;` at the end of the cell silences what the magic gives."""
    function._ipython_magic_output_can_be_silenced = True  # type: ignore[attr-defined]  # a mark
    return function


def magics_class(cls: Class) -> Class:
    """Collect the marked methods of a class of magics."""
    table: dict[str, dict[str, str]] = {LINE: {}, CELL: {}}
    for base in reversed(cls.__mro__):
        for attribute, function in vars(base).items():
            for kind, name in getattr(function, "_magic_names", {}).items():
                table[kind][name] = attribute
    cls.magics = table  # type: ignore[attr-defined]  # what the decorator is for
    cls.registered = True  # type: ignore[attr-defined]  # the same
    return cls


class Magics(Configurable):
    """Base of classes of magics; a subclass wants `@magics_class`.

    `self.shell` is the shell they are magics of.
    """

    magics: Any = None
    registered = False

    def __init__(self, shell: InteractiveShell | None = None, **_keywords: Any) -> None:
        if not type(self).registered:
            raise ValueError(f"{type(self).__name__} wants @magics_class")
        super().__init__(None if shell is None else shell.config)
        self.shell: Any = shell
        bound: dict[str, dict[str, MagicFunction]] = {LINE: {}, CELL: {}}
        for kind in KINDS:
            for name, attribute in type(self).magics[kind].items():
                function = (
                    attribute if callable(attribute) else getattr(self, attribute)
                )
                bound[kind][name] = function
        self.magics = bound

    def parse_options(
        self, line: str, short: str, *long: str, **keywords: Any
    ) -> tuple[Any, Any]:
        """Options of a line, in getopt's way; see `options.parse_options`."""
        from ipcluster.engines.interpreter.magics.options import parse_options

        return parse_options(line, short, *long, **keywords)

    def arg_err(self, function: MagicFunction) -> None:
        """Show how a magic is called."""
        print(f"Error in arguments:\n{function.__doc__ or ''}")


class MagicAlias:
    """A magic under another name, with parameters before those it is given."""

    def __init__(
        self, shell: InteractiveShell, name: str, kind: str, parameters: str | None
    ) -> None:
        self.shell = shell
        self.magic_name = name
        self.magic_kind = kind
        self.magic_params = parameters
        self.pretty_target = f"{'%%' if kind == CELL else '%'}{name}"
        self.__doc__ = f"Alias for `{self.pretty_target}`."
        self._running = False

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        function = self.shell.find_magic(self.magic_name, self.magic_kind)
        if function is None:
            raise UsageError(f"Magic `{self.pretty_target}` not found.")
        if self._running:
            raise UsageError(
                f"Infinite recursion detected; magic aliases cannot call themselves: "
                f"{self.pretty_target}"
            )
        self._running = True
        try:
            if self.magic_params:
                line, *rest = args
                args = (
                    f"{self.magic_params} {line}" if line else self.magic_params,
                    *rest,
                )
            return function(*args, **keywords)
        finally:
            self._running = False


class MagicTable(_Table):
    """Magics of one kind by name; ours are loaded when somebody looks one up."""

    def __init__(self, manager: MagicsManager, kind: str) -> None:
        super().__init__()
        self._manager = manager
        self._waiting = dict(_HOMES[kind])

    def __missing__(self, name: str) -> Any:
        home = self._waiting.get(name)
        if home is None:
            raise KeyError(name)
        self._manager.load(home)
        return dict.__getitem__(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self._waiting

    def __setitem__(self, name: str, function: Any) -> None:
        self._waiting.pop(name, None)
        dict.__setitem__(self, name, function)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._waiting.pop(name, None)
        dict.pop(self, name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def names(self) -> list[str]:
        """All names, without loading anything."""
        return [*dict.keys(self), *self._waiting]

    def keys(self) -> Any:
        return self.names()

    def drop_waiting(self, names: list[str]) -> None:
        """Names of ours that somebody else fills."""
        for name in names:
            self._waiting.pop(name, None)

    def is_loaded(self, name: str) -> bool:
        return dict.__contains__(self, name)

    def add_waiting(self, name: str, home: tuple[str, str]) -> None:
        """One that is imported when it is looked up."""
        dict.pop(self, name, None)
        self._waiting[name] = home

    def add_loaded(self, name: str, function: Any) -> None:
        """One of ours has been imported; it does not replace what the user made."""
        if self._waiting.pop(name, None) is not None:
            dict.__setitem__(self, name, function)

    def values(self) -> Any:
        return [self[name] for name in self.names()]

    def items(self) -> Any:
        return [(name, self[name]) for name in self.names()]

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self:
            if default:
                return default[0]
            raise KeyError(name)
        function = self[name]
        del self[name]
        return function


class MagicsManager(Configurable):
    """All magics of a shell."""

    auto_magic = Option(True, "Call line magics without the leading %.")
    lazy_magics = Option[dict[str, str]](
        {}, "Names of magics, and the extensions to load when one is called first."
    )

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.magics: dict[str, MagicTable] = {
            kind: MagicTable(self, kind) for kind in KINDS
        }
        self.registry: dict[str, Any] = {}
        super().__init__(shell.config)

    def on_made(self) -> None:
        """Load those that the config names more magics of."""
        config = self.shell.config
        if "AliasManager" in config:
            _ = self.shell.alias_manager
        if "ScriptMagics" in config:
            self.load(("script", "ScriptMagics"))

    def load(self, home: tuple[str, str]) -> Magics:
        """Import one of our classes of magics, and make its magics callable."""
        module_name, class_name = home
        if class_name in self.registry:
            return self.registry[class_name]  # type: ignore[no-any-return]  # of Magics
        from importlib import import_module

        module = import_module(
            module_name if "." in module_name else f"{_PLACE}.{module_name}"
        )
        instance: Magics = getattr(module, class_name)(self.shell)
        self.registry[class_name] = instance
        self.shell.configurables.append(instance)
        for kind in KINDS:
            for name, function in instance.magics[kind].items():
                self.magics[kind].add_loaded(name, function)
        return instance

    def register_lazy(
        self, module: str, class_name: str, line: str = "", cell: str = ""
    ) -> None:
        """Magics of a class that is imported when one of them is called.

        `line` and `cell` are their names, with blanks between.
        """
        for kind, names in ((LINE, line), (CELL, cell)):
            for name in names.split():
                self.magics[kind].add_waiting(name, (module, class_name))

    def find(self, name: str, kind: str = LINE) -> MagicFunction | None:
        function: MagicFunction | None = self.magics[kind].get(name)
        if function is None and name in self.lazy_magics:
            self.shell.run_line_magic("load_ext", self.lazy_magics[name])
            function = self.magics[kind].get(name)
        return function

    def instance(self, class_name: str) -> Any:
        """The instance of a class of magics; ours are loaded for it."""
        for home in TABLE:
            if home[1] == class_name:
                return self.load(home)
        return self.registry[class_name]

    def register(self, *classes: Any) -> None:
        """Make the magics of classes, or of instances of them, callable."""
        for one in classes:
            cls = one if isinstance(one, type) else type(one)
            if not getattr(cls, "registered", False):
                raise ValueError(f"{cls.__name__} wants @magics_class")
            instance = one(self.shell) if isinstance(one, type) else one
            self.registry[cls.__name__] = instance
            if isinstance(instance, Configurable):
                self.shell.configurables.append(instance)
            for kind in KINDS:
                for name, function in instance.magics[kind].items():
                    self.magics[kind][name] = function

    def register_function(
        self,
        function: MagicFunction,
        magic_kind: str = LINE,
        magic_name: str | None = None,
    ) -> None:
        """Make a function a magic: kind "line", "cell" or "line_cell"."""
        kinds = {"line": (LINE,), "cell": (CELL,), "line_cell": KINDS}.get(magic_kind)
        if kinds is None:
            raise ValueError(f"a magic is line, cell or line_cell; not {magic_kind!r}")
        for kind in kinds:
            self.magics[kind][magic_name or function.__name__] = function

    def register_alias(
        self,
        alias_name: str,
        magic_name: str,
        magic_kind: str = LINE,
        magic_params: str | None = None,
    ) -> None:
        if magic_kind not in KINDS:
            raise ValueError(f"a magic is line or cell; not {magic_kind!r}")
        alias = MagicAlias(self.shell, magic_name, magic_kind, magic_params)
        self.magics[magic_kind][alias_name] = alias

    def lsmagic(self) -> dict[str, MagicTable]:
        return self.magics

    def lsmagic_docs(self, brief: bool = False, missing: str = "") -> dict[str, Any]:
        """The docstrings of all magics, their first lines alone if `brief`."""

        def doc(function: Any) -> str:
            text = function.__doc__ or missing
            return text.split("\n", 1)[0] if brief else text.rstrip()

        return {
            kind: {name: doc(function) for name, function in table.items()}
            for kind, table in self.magics.items()
        }
