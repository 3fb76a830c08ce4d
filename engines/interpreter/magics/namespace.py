"""Magics about the names of the session: which there are, and forgetting them."""

from __future__ import annotations

import sys

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

# Of a value's text in `%whos`, so much is shown at each end.
SHOWN = 25
_KINDS = ("in", "out", "dhist", "array")


@magics_class
class NamespaceMagics(Magics):
    """What the user has bound, and how to be rid of it."""

    @line_magic
    def who_ls(self, line: str = "") -> list[str]:
        """Give the names that you have bound, as a sorted list.

        %who_ls [TYPE ...]

        With types, only the names of such objects: `%who_ls int str`.
        """
        return sorted(name for name, _ in self._chosen(line))

    @line_magic
    def who(self, line: str = "") -> None:
        """Print the names that you have bound.

        %who [TYPE ...]

        With types, only the names of such objects: `%who function str`. Names that
        begin with an underscore, and those that the shell has put there, are left out.
        """
        names = self.who_ls(line)
        if not names:
            self._say_empty(line)
            return
        width = max(len(name) for name in names) + 2
        columns = max(1, self.shell.frontend.width // width)
        for start in range(0, len(names), columns):
            row = names[start : start + columns]
            print("".join(name.ljust(width) for name in row).rstrip())

    @line_magic
    def whos(self, line: str = "") -> None:
        """Print the names that you have bound, with types and what they hold.

        %whos [TYPE ...]

        Of containers the length is shown, of arrays shape, type and size, of others the
        beginning and the end of their text.
        """
        rows = [
            (name, type(value).__name__, described(value))
            for name, value in sorted(self._chosen(line))
        ]
        if not rows:
            self._say_empty(line)
            return
        head = ("Variable", "Type", "Data/Info")
        widths = [max(len(row[n]) for row in (head, *rows)) + 2 for n in (0, 1)]
        lines = [
            row[0].ljust(widths[0]) + row[1].ljust(widths[1]) + row[2]
            for row in (head, *rows)
        ]
        print(lines[0])
        print("-" * (sum(widths) + len("Data/Info")))
        print("\n".join(lines[1:]))

    def _chosen(self, line: str) -> list[tuple[str, Any]]:
        """The user's names, those of objects of the types in a line."""
        wanted = set(line.split())
        return [
            (name, value)
            for name, value in self.shell.namespace.of_user()
            if not wanted or _type_names(value) & wanted
        ]

    def _say_empty(self, line: str) -> None:
        if line.strip():
            print("No variables match your requested type.")
        else:
            print("Interactive namespace is empty.")

    # --- forgetting -------------------------------------------------------------------

    @line_magic
    def xdel(self, line: str = "") -> None:
        """Delete a variable and all other names of its object, also in Out and `_`.

        %xdel [-n] NAME

        -n  delete this name only, in all namespaces of the shell

        The last error is forgotten too, for its traceback may hold the object.
        """
        options, name = self.parse_options(line, "n")
        if not name:
            raise UsageError("which variable? %xdel [-n] NAME")
        try:
            self.shell.del_var(name, "n" in options)
        except (NameError, ValueError) as error:
            print(f"{type(error).__name__}: {error}")

    @line_magic
    def reset(self, parameter_s: str = "") -> None:
        """Forget what you have bound, or inputs, outputs, folders, arrays.

        %reset [-f] [-s] [--aggressive] [in] [out] [dhist] [array]

        Without words, all that you have bound is forgotten, with Out and In.

        -f            do not ask
        -s            softly: forget the variables, and leave In and Out alone
        --aggressive  forget modules that were imported since the start as well, but
                      for Python's own and those with compiled parts

        in     inputs: In, _ih, _i, _ii, _iii and _i1, _i2, ...; the log is not touched
        out    outputs: Out, _oh, _, __, ___ and _1, _2, ...
        dhist  the list of folders that were visited: _dh
        array  variables that are NumPy arrays
        """
        options, words = self.parse_options(
            parameter_s, "sf", "aggressive", mode="list"
        )
        words = [word.lower() for word in words]
        for word in words:
            if word not in _KINDS:
                known = ", ".join(_KINDS)
                raise UsageError(f"%reset forgets {known}; not {word!r}")
        question = "Once deleted, variables cannot be recovered. Proceed?"
        if "f" not in options and not self.shell.frontend.confirm(question, False):
            print("Nothing done.")
            return
        if "s" in options:
            for name, _ in list(self.shell.namespace.of_user()):
                del self.shell.user_ns[name]
        elif not words:
            self.shell.reset(new_session=False, aggressive="aggressive" in options)
        for word in words:
            getattr(self, f"_reset_{word}")()

    def _reset_in(self) -> None:
        print("Flushing input history")
        self.shell.forget_inputs()

    def _reset_out(self) -> None:
        count = len(self.shell.outputs)
        print(f"Flushing output cache ({count} entries)")
        self.shell.displayhook.flush()
        self.shell.forget_error()

    def _reset_dhist(self) -> None:
        print("Flushing directory history")
        del self.shell.user_ns.get("_dh", self.shell.dir_history)[:]

    def _reset_array(self) -> None:
        numpy = sys.modules.get("numpy")
        if numpy is None:
            print("There are no arrays: NumPy is not imported.")
            return
        for name, value in list(self.shell.namespace.of_user()):
            if isinstance(value, numpy.ndarray):
                del self.shell.user_ns[name]

    @line_magic
    @no_var_expand
    def reset_selective(self, regex: str = "") -> None:
        """Forget the variables whose names match a regular expression.

        %reset_selective [-f] REGEX

        -f  do not ask

        %reset_selective -f ^tmp_   forgets `tmp_1`, and leaves `my_tmp_1` alone
        """
        import re

        options, pattern = self.parse_options(
            regex, "f", posix=False, preserve_non_opts=True
        )
        if not pattern.strip():
            print("No regular expression given. Nothing done.")
            return
        try:
            wanted = re.compile(pattern.strip())
        except re.error as error:
            raise UsageError(f"no regular expression: {pattern!r} ({error})") from None
        question = "Once deleted, variables cannot be recovered. Proceed?"
        if "f" not in options and not self.shell.frontend.confirm(question, False):
            print("Nothing done.")
            return
        for name, _ in list(self.shell.namespace.of_user()):
            if wanted.search(name):
                del self.shell.user_ns[name]


def _type_names(value: Any) -> set[str]:
    """The names that the type of a value goes by."""
    cls = type(value)
    return {cls.__name__, f"{cls.__module__}.{cls.__qualname__}"}


# --- what `%whos` says of a value -----------------------------------------------------


def described(value: Any) -> str:
    """A value in a few words; never raises."""
    try:
        if isinstance(value, (list, tuple, dict, set, frozenset)):
            return f"n={len(value)}"
        module = type(value).__module__
        if module == "numpy" and hasattr(value, "dtype") and hasattr(value, "nbytes"):
            return _described_array(value)
        if module.partition(".")[0] in ("pandas", "polars") and hasattr(value, "shape"):
            return f"{_shape(value.shape)}: {type(value).__name__}"
        from ipcluster.engines.interpreter.introspection.facts import plain_text

        text = plain_text(value).replace("\n", "\\n")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<its text cannot be made: {type(error).__name__}>"
    if len(text) > 2 * SHOWN + 5:
        return f"{text[:SHOWN]}<...>{text[-SHOWN:]}"
    return text


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(length) for length in shape) or "scalar"


def _described_array(array: Any) -> str:
    size = array.nbytes
    text = (
        f"{_shape(array.shape)}: {array.size} elems, type `{array.dtype}`, {size} bytes"
    )
    for unit, factor in (("Gb", 1 << 30), ("Mb", 1 << 20), ("kb", 1 << 10)):
        if size >= 10 * factor or (unit == "kb" and size >= 100_000):
            return f"{text} ({size / factor:.1f} {unit})"
    return text
