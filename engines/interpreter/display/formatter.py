"""One formatter: from objects to content of one MIME type.

A formatter asks in this order, and the first that is there decides:

    singleton_printers   a function for this very object, by its `id`
    type_printers        a function for one of its classes, the nearest first
    deferred_printers    the same by module and name, for classes not imported yet
    print_method         the object's own method, `_repr_html_` for one

What comes is content, or `(content, metadata)`, or None: no such representation. What
is of another type is refused with a `FormatterWarning`.

There is one rule for what fails while an object is shown, its `__repr__` as well: the
error is shown, the object's other representations too, and the cell in which this
happens counts as failed. So nothing is lost, and nothing passes unseen.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Configurable, Option
from ipcluster.engines.interpreter.display.methods import (
    key_of,
    method_of,
    mro_of,
    name_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar

    from ipcluster.engines.interpreter.shell import InteractiveShell

_NOTHING: Any = object()


class FormatterWarning(UserWarning):
    """A representation that is not of the type that it has to be."""


class BaseFormatter(Configurable):
    """Base of all formatters; a subclass sets the class attributes.

    Args:
        shell: where failures are shown; None: in the shell that runs then.
        config: options, as in a config file.
        parent: an object whose `config` counts, where none is given.
        options: options by name.
    """

    format_type: ClassVar[str] = "text/plain"
    print_method: ClassVar[str] = ""
    _return_type: ClassVar[Any] = str

    enabled = Option(True, "Whether this representation is made.")
    singleton_printers = Option[dict[int, "Any"]](
        {}, "Functions for single objects, by their ids."
    )
    type_printers = Option[dict[type, "Any"]]({}, "Functions for classes.")
    deferred_printers = Option[dict[tuple[str, str], "Any"]](
        {}, "Functions for classes, by module and name."
    )

    def __init_subclass__(cls) -> None:
        """Subclasses in the field declare these two as traits: their defaults count."""
        for name in ("format_type", "print_method"):
            default = getattr(vars(cls).get(name), "default_value", None)
            if isinstance(default, str):
                setattr(cls, name, default)

    def __init__(
        self,
        shell: InteractiveShell | None = None,
        config: Mapping[str, Any] | None = None,
        parent: Any = None,
        **options: Any,
    ) -> None:
        self.shell = shell
        if config is None:
            config = getattr(shell if parent is None else parent, "config", None)
        super().__init__(config)
        for name, value in options.items():
            self.set_option(name, value)

    def __call__(self, obj: Any) -> Any:
        """What the object looks like; None where it has no such looks."""
        if not self.enabled:
            return None
        return self._guarded(obj, self._made, obj)

    def _made(self, obj: Any) -> Any:
        printer = self._printer(obj)
        if printer is not None:
            return printer(obj)
        method = method_of(obj, self.print_method)
        return None if method is None else method()

    def _guarded(self, obj: Any, function: Callable[..., Any], *args: Any) -> Any:
        """What the function gives, checked; a failure is shown, and None."""
        try:
            result = function(*args)
        except NotImplementedError:  # it says itself that it has none
            return None
        except Exception:
            self._show_failure()
            return None
        return self._check_return(result, obj)

    def _show_failure(self) -> None:
        shell = self.shell
        if shell is None:
            from ipcluster.engines.interpreter.shell import get_ipython

            shell = get_ipython()
        if shell is None:
            sys.excepthook(*sys.exc_info())
            return
        cell = shell.cells.result
        if cell is not None and cell.error is None:
            cell.error_in_exec = sys.exc_info()[1]
        shell.showtraceback()

    def _check_return(self, result: Any, obj: Any) -> Any:
        """The result, if it is of the right type, with metadata or without."""
        content = result[0] if isinstance(result, tuple) and result else result
        if result is None or isinstance(content, self._return_type):
            return result
        import warnings

        wanted = self._return_type
        names = wanted if isinstance(wanted, tuple) else (wanted,)
        warnings.warn(
            f"{self.format_type} of a {name_of(type(obj))} has to be "
            f"{' or '.join(one.__name__ for one in names)}; it is "
            f"{name_of(type(content))}, and not shown",
            FormatterWarning,
            stacklevel=2,
        )
        return None

    # --- functions for objects --------------------------------------------------------

    def _printer(self, obj: Any) -> Callable[..., Any] | None:
        try:
            return self.lookup(obj)
        except KeyError:
            return None

    def lookup(self, obj: Any) -> Callable[..., Any]:
        """The function for an object.

        Raises:
            KeyError: there is none; its own method is asked.
        """
        try:
            return self.singleton_printers[id(obj)]  # type: ignore[no-any-return]  # a function
        except KeyError:
            return self.lookup_by_type(_class_of(obj))

    def lookup_by_type(self, typ: type | str) -> Callable[..., Any]:
        """The function for a class, or for one of its bases.

        `typ` may be a `"module.name"`: that very class then.

        Raises:
            KeyError: there is none.
        """
        if isinstance(typ, str):
            key = _key_of_name(typ)
            found = self._by_key(key)
            if found is None:
                raise KeyError(typ)
            return found
        printers = self.type_printers
        for base in mro_of(typ):
            if base in printers or self._in_deferred_types(base):
                return printers[base]  # type: ignore[no-any-return]  # a function
        raise KeyError(typ)

    def for_type(
        self, typ: type | str, func: Callable[..., Any] | None = None
    ) -> Callable[..., Any] | None:
        """Let `func(obj)` represent objects of a class; what did so before, or None.

        Without a `func` nothing changes. `typ` may be a `"module.name"`.
        """
        if isinstance(typ, str):
            return self.for_type_by_name(*_key_of_name(typ), func)
        self._in_deferred_types(typ)
        before: Callable[..., Any] | None = self.type_printers.get(typ)
        if func is not None:
            self.type_printers[typ] = func
        return before

    def for_type_by_name(
        self,
        type_module: str,
        type_name: str,
        func: Callable[..., Any] | None = None,
    ) -> Callable[..., Any] | None:
        """`for_type`, for a class that need not have been imported."""
        key = (type_module, type_name)
        before = self._by_key(key)
        if func is not None:
            for cls in self.type_printers:
                if key_of(cls) == key:
                    self.type_printers[cls] = func
                    return before
            self.deferred_printers[key] = func
        return before

    def pop(self, typ: type | str, default: Any = _NOTHING) -> Any:
        """Forget the function for a class; that function, or the default.

        Raises:
            KeyError: there is none, and no default.
        """
        key = _key_of_name(typ) if isinstance(typ, str) else key_of(typ)
        found = _NOTHING
        if not isinstance(typ, str):
            found = self.type_printers.pop(typ, _NOTHING)
        else:
            for cls in [one for one in self.type_printers if key_of(one) == key]:
                found = self.type_printers.pop(cls)
        if found is _NOTHING:
            found = self.deferred_printers.pop(key, default)
        if found is _NOTHING:
            raise KeyError(f"no {self.format_type} function for {typ!r}")
        return found

    def _by_key(self, key: tuple[str, str]) -> Callable[..., Any] | None:
        if key in self.deferred_printers:
            return self.deferred_printers[key]  # type: ignore[no-any-return]  # a function
        for cls, function in self.type_printers.items():
            if key_of(cls) == key:
                return function  # type: ignore[no-any-return]  # the same
        return None

    def _in_deferred_types(self, cls: type) -> bool:
        """Whether a function waited for this class; it is its function from now on."""
        key = key_of(cls)
        if key not in self.deferred_printers:
            return False
        self.type_printers[cls] = self.deferred_printers.pop(key)
        return True


def _class_of(obj: Any) -> type:
    """What an object says its class is: a proxy's is that of what it stands for."""
    try:
        cls = obj.__class__
    except Exception:
        return type(obj)
    return cls if isinstance(cls, type) else type(obj)


def _key_of_name(name: str) -> tuple[str, str]:
    module, _, cls = name.rpartition(".")
    return module, cls
