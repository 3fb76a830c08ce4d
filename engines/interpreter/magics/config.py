"""`%config`: what can be set, what is set, and setting it."""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.configuration.options import (
        Configurable,
        Option,
    )


@magics_class
class ConfigMagics(Magics):
    """Options of the shell and its parts, while it runs."""

    @line_magic("config")  # type: ignore[untyped-decorator]  # name or function
    @no_var_expand
    def configure(self, s: str = "") -> Any:
        """Show or set options.

        %config                        the classes that have options
        %config CLASS                  the options of one, with their values
        %config CLASS.OPTION           the value of one
        %config CLASS.OPTION = VALUE   set it, until the session ends

        A value is Python, evaluated in your namespace; text without quotes does where
        text is wanted. The names are those of config files: what stands there as
        `c.IPCompleter.greedy = True` is here `%config IPCompleter.greedy = True`.
        """
        import re

        line = s.strip()
        if not line:
            self._list_classes()
            return None
        match = re.fullmatch(r"(\w+)(?:\.(\w+)\s*(?:=\s*(.*))?)?", line, re.DOTALL)
        if match is None:
            raise UsageError(
                f"not understood: {line!r}. %config CLASS.OPTION = VALUE sets an option"
            )
        class_name, name, value = match.groups()
        target = self._find(class_name)
        if name is None:
            self._list_options(target)
            return None
        option = self._option(target, class_name, name)
        if value is None:
            return getattr(target, name)
        try:
            target.set_option(name, self._value(option, value.strip()))
        except OptionError as error:
            raise UsageError(str(error)) from None
        return None

    def _find(self, class_name: str) -> Configurable:
        """The object with the options of a class."""
        from ipcluster.engines.interpreter.configuration.finding import (
            class_table,
            find,
        )

        found = find(self.shell, class_name)
        if found is not None:
            return found
        known = class_table(self.shell)
        raise UsageError(
            f"no class {class_name!r} has options.{_nearest(class_name, known)} "
            "%config lists all."
        )

    def _option(self, target: Configurable, class_name: str, name: str) -> Option[Any]:
        options = target.options()
        if name in options:
            return options[name]
        raise UsageError(
            f"{class_name} has no option {name!r}.{_nearest(name, options)} "
            f"%config {class_name} lists all."
        )

    def _value(self, option: Option[Any], text: str) -> Any:
        """The value that was typed: Python, or else the text as it is."""
        shell = self.shell
        try:
            return eval(text, shell.user_global_ns, shell.user_ns)
        except (NameError, SyntaxError):
            return option.from_text(text)
        except Exception as error:
            raise UsageError(f"{text} raises {type(error).__name__}: {error}") from None

    # --- listing ----------------------------------------------------------------------

    def _list_classes(self) -> None:
        from ipcluster.engines.interpreter.configuration.finding import class_table

        print("Available objects for config:")
        for name in class_table(self.shell):
            print(f"    {name}")

    def _list_options(self, target: Configurable) -> None:
        import textwrap

        from ipcluster.engines.interpreter.configuration.options import Configurable

        cls = type(target)
        bases = [
            base.__name__
            for base in cls.__mro__[1:]
            if issubclass(base, Configurable) and base is not Configurable
        ]
        head = cls.__name__ + (f"({', '.join(bases)})" if bases else "") + " options"
        lines = [head, "-" * len(head)]
        for name, option in sorted(target.options().items()):
            lines.append(f"{cls.__name__}.{name}=<{_kind(option)}>")
            text = " ".join(option.help.split())
            lines += textwrap.wrap(
                text, 76, initial_indent="    ", subsequent_indent="    "
            )
            if option.choices is not None:
                shown = ", ".join(repr(one) for one in option.choices)
                lines.append(f"    Choices: {shown}")
            lines.append(f"    Current: {getattr(target, name)!r}")
        print("\n".join(lines))


def _kind(option: Option[Any]) -> str:
    kinds = option.kind if isinstance(option.kind, tuple) else (option.kind,)
    if option.choices is not None:
        return "one of its choices"
    return " or ".join("any" if kind is object else kind.__name__ for kind in kinds)


def _nearest(name: str, known: Any) -> str:
    """A hint at a name that may have been meant."""
    from difflib import get_close_matches

    by_lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), list(by_lower), 1)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
