"""Our shell as the running instance of an IPython that is installed.

Its modules are imported as ever. What of them would ask for its shell, or needs one of
its kind, gets ours; the rest is left as it is. Each change is undone when our last
shell ends.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.ecosystem.standing import get_ipython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_undo: list[Callable[[], object]] = []


def bind(module: ModuleType) -> None:
    """A module of `BOUND` has been imported, or one that somebody stood in for."""
    change = _BINDINGS.get(module.__name__)
    if change is not None:
        change(module)


def undo() -> None:
    """Give all modules back what they had, in reverse."""
    while _undo:
        _undo.pop()()


_NOTHING = object()


def _put(owner: Any, name: str, value: Any) -> None:
    before = vars(owner).get(name, _NOTHING)
    setattr(owner, name, value)
    if before is _NOTHING:
        _undo.append(lambda: delattr(owner, name))
    else:
        _undo.append(lambda: setattr(owner, name, before))


def _same_as_served(*names: str) -> Callable[[Any], None]:
    """These names of a module mean what they mean where nothing is installed."""

    def bind(module: Any) -> None:
        from ipcluster.engines.interpreter.ecosystem import serving

        homes = serving.names_of(module.__name__)
        for name in names:
            if name in homes and hasattr(module, name):
                _put(module, name, serving.resolve(*homes[name]))

    return bind


def _bind_root(module: Any) -> None:
    _put(module, "get_ipython", get_ipython)
    _same_as_served("embed", "embed_kernel", "start_ipython")(module)


def _bind_shell_class(module: Any) -> None:
    """The class tells of our shell, counts it as one of its own, sets its options."""
    cls = module.InteractiveShell
    own = cls.__class__
    instance, initialized = cls.instance.__func__, cls.initialized.__func__

    def is_one(asked: Any, shell: Any) -> bool:
        """Whether our shell has the place of that class's."""
        return any(base.__name__ == asked.__name__ for base in type(shell).__mro__)

    def current(asked: Any) -> Any:
        shell = get_ipython()
        return shell if shell is not None and is_one(asked, shell) else None

    class Bound(own):  # type: ignore[misc,valid-type]  # a class known at run time only
        """The class of their shell's classes, while ours runs."""

        def __instancecheck__(self, value: Any) -> bool:
            from ipcluster.engines.interpreter.shell import InteractiveShell

            if isinstance(value, InteractiveShell):
                return is_one(self, value)
            return bool(super().__instancecheck__(value))

        def __setattr__(self, name: str, value: Any) -> None:
            # People write `InteractiveShell.ast_node_interactivity = "all"`.
            super().__setattr__(name, value)
            shell = get_ipython()
            if shell is not None and name in type(shell).options():
                setattr(shell, name, value)

    def ours(asked: Any, *args: Any, **keywords: Any) -> Any:
        return current(asked) or instance(asked, *args, **keywords)

    def is_running(asked: Any) -> bool:
        return current(asked) is not None or bool(initialized(asked))

    _put(cls, "instance", classmethod(ours))
    _put(cls, "initialized", classmethod(is_running))
    cls.__class__ = Bound
    _undo.append(lambda: setattr(cls, "__class__", own))
    from ipcluster.engines.interpreter.shell import InteractiveShell

    module.InteractiveShellABC.register(InteractiveShell)


def _bind_configurable(module: Any) -> None:
    """Objects with traits take our shell as their parent, and our config."""
    from ipcluster.engines.interpreter.configuration.options import Configurable

    own = module.Configurable.__init__

    def begin(self: Any, **keywords: Any) -> None:
        parent = keywords.get("parent")
        if isinstance(parent, Configurable):
            del keywords["parent"]
            keywords.setdefault("config", parent.config)
        config = keywords.get("config")
        if config is not None and not isinstance(config, module.Config):
            keywords["config"] = _their_config(module.Config, config)
        own(self, **keywords)

    _put(module.Configurable, "__init__", begin)


def _their_config(kind: Any, config: Any) -> Any:
    """A config of ours as one of theirs: sections with values, changes left out."""
    theirs = kind()
    for section, values in dict(config).items():
        if section[:1].isupper() and hasattr(values, "items"):
            theirs[section] = kind(
                {
                    name: value
                    for name, value in values.items()
                    if not hasattr(value, "for_option")
                }
            )
    return theirs


_BINDINGS: dict[str, Callable[[Any], None]] = {
    "IPython": _bind_root,
    "IPython.core.debugger": _same_as_served("Pdb", "set_trace"),
    "IPython.core.display_functions": _same_as_served(
        "DisplayHandle",
        "clear_output",
        "display",
        "publish_display_data",
        "update_display",
    ),
    "IPython.core.error": _same_as_served(
        "StdinNotImplementedError", "TryNext", "UsageError"
    ),
    "IPython.core.getipython": _same_as_served("get_ipython"),
    "IPython.core.interactiveshell": _bind_shell_class,
    "IPython.core.page": _same_as_served("page", "page_file"),
    "IPython.terminal.debugger": _same_as_served("TerminalPdb", "set_trace"),
    "IPython.terminal.embed": _same_as_served(
        "InteractiveShellEmbed", "KillEmbedded", "embed"
    ),
    # Theirs count the prompts otherwise.
    "IPython.terminal.prompts": _same_as_served("ClassicPrompts", "Prompts"),
    "IPython.utils.capture": _same_as_served(
        "CapturedIO", "RichOutput", "capture_output"
    ),
    "ipykernel": _same_as_served("get_connection_file", "get_connection_info"),
    "ipykernel.comm": _same_as_served("Comm", "CommManager"),
    "ipykernel.connect": _same_as_served("get_connection_file", "get_connection_info"),
    "ipykernel.kernelapp": _same_as_served("IPKernelApp"),
    "traitlets.config.configurable": _bind_configurable,
}
