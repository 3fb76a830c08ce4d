"""What a completer knows of its session: names, magics, aliases, bookmarks, types."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import FrameType
    from typing import Any

    from ipcluster.engines.interpreter.completion.custom import StrDispatch
    from ipcluster.engines.interpreter.completion.evaluation import Evaluator
    from ipcluster.engines.interpreter.completion.policies import Policy
    from ipcluster.engines.interpreter.completion.scanning import Place
    from ipcluster.engines.interpreter.shell import InteractiveShell

_THEMES = ("gruvbox-dark", "lightbg", "linux", "neutral", "nocolor", "pride")


class KnowsNames:
    """Methods of `IPCompleter` about the session."""

    shell: InteractiveShell
    policy: Callable[[], Policy]
    _namespace: Mapping[str, Any] | None
    _global_namespace: Mapping[str, Any] | None

    # --- names ------------------------------------------------------------------------

    @property
    def namespace(self) -> Mapping[str, Any]:
        """The names that are completed: the session's, or those of a frame."""
        return self.shell.user_ns if self._namespace is None else self._namespace

    @namespace.setter
    def namespace(self, names: Mapping[str, Any] | None) -> None:
        self._namespace = names

    @property
    def global_namespace(self) -> Mapping[str, Any]:
        if self._global_namespace is None:
            return self.shell.user_global_ns
        return self._global_namespace

    @global_namespace.setter
    def global_namespace(self, names: Mapping[str, Any] | None) -> None:
        self._global_namespace = names

    def use_frame(self, frame: FrameType | None) -> None:
        """Complete a frame's names; None: the session's again."""
        self._namespace = None if frame is None else frame.f_locals
        self._global_namespace = None if frame is None else frame.f_globals

    def evaluator(self, place: Place) -> Evaluator:
        """What evaluates expressions that stand before the cursor."""
        from ipcluster.engines.interpreter.completion.cell_scope import CellScope
        from ipcluster.engines.interpreter.completion.evaluation import Evaluator

        return Evaluator(
            self.namespace,
            self.global_namespace,
            self.policy(),
            cell=CellScope(place),
            auto_import=self._auto_import,
        )

    def _auto_import(self, name: str) -> Any:
        """A module that is named before it is imported."""
        from importlib import import_module

        from ipcluster.engines.interpreter.completion.attributes import Unknown

        whole: Any = self
        module, _, function = whole.auto_import_method.rpartition(".")
        try:
            return getattr(import_module(module), function)(name)
        except Exception as error:
            raise Unknown(name) from error

    def more_attributes(self, value: Any, names: list[str]) -> Iterable[str]:
        """Attributes that somebody registered a function for (generics.py)."""
        place = f"{__name__.rpartition('.')[0]}.generics"
        generics = sys.modules.get(place)
        return () if generics is None else generics.more_attributes(value, names)

    # --- magics -----------------------------------------------------------------------

    @property
    def custom_completers(self) -> StrDispatch:
        """The user's completers of commands."""
        return self.shell.strdispatchers["complete_command"]

    def magic_names(self, kind: str) -> list[str]:
        """All magics of a kind; none is imported for it."""
        manager = self.shell.magics_manager
        return [*manager.magics[kind].names(), *manager.lazy_magics]

    def has_automagic(self) -> bool:
        return bool(self.shell.automagic)

    def is_automagic(self, name: str) -> bool:
        """Whether a line that begins with this name calls a magic."""
        return (
            self.has_automagic()
            and name in self.shell.magics_manager.magics["line"]
            and name not in self.namespace
            and name not in self.global_namespace
            and name not in vars(builtins)
        )

    def is_plain(self, place: Place) -> bool:
        """Whether a place in code is in Python for sure: no magic without its sign."""
        if place.cell or place.kind == "line":
            return False
        if "\n" in place.code or len(place.tokens) < 1:
            return True
        return not self.is_automagic(place.tokens[0].text)

    # --- names of other kinds ---------------------------------------------------------

    def alias_names(self) -> list[str]:
        manager = getattr(self.shell, "alias_manager", None)
        return sorted(name for name, _ in getattr(manager, "aliases", ()))

    def bookmark_names(self) -> list[str]:
        store = getattr(self.shell, "db", None)
        try:
            return sorted(store["bookmarks"]) if store is not None else []
        except KeyError:
            return []

    def extension_names(self) -> list[str]:
        manager = getattr(self.shell, "extension_manager", None)
        return sorted(getattr(manager, "loaded", ()))

    def type_names(self) -> list[str]:
        """Classes of the user's variables, as `%who` takes them."""
        return sorted({type(one).__name__ for _, one in self.shell.namespace.of_user()})

    def theme_names(self) -> list[str]:
        option = self.shell.options()["colors"]
        if option.choices is not None:
            return [str(choice) for choice in option.choices]
        from pygments.styles import get_all_styles

        return sorted({*_THEMES, *get_all_styles()})

    # --- under the names that extensions know -----------------------------------------

    def global_matches(self, text: str) -> list[str]:
        """Names that begin with a text."""
        return [one for one in self.all_completions(text) if one.startswith(text)]

    def attr_matches(self, text: str) -> list[str]:
        """Attributes: `a.b.c` to all that begin so, in full."""
        return self.global_matches(text)

    def all_completions(self, text: str) -> list[str]:
        """What a text could be the beginning of, in full."""
        whole: Any = self
        found = whole.complete_code(text, len(text))
        return [text[: found.start] + one for one in found.matches]
