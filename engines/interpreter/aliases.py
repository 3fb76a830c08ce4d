"""Aliases: commands of the system that are called as magics are.

    %alias ll ls -l        ll *.py            what is typed is put at the end
    %alias all echo [%l]   all a b            or where %l stands
    %alias two echo %s %s  two a b            or word by word; %%s is a plain %s

The system's usual ones (`ls`, `cat`, `cp`, ...) are there from the start, and
`c.AliasManager.user_aliases` adds more. Python values are put in when an alias is
called, in its command as in what was typed.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Configurable, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Pairs = list[tuple[str, str]]

# Of the system's usual commands: without arguments they are of no use as Python names.
_FILES = [("mkdir", "mkdir"), ("rmdir", "rmdir")]
_CAREFUL = [("mv", "mv"), ("rm", "rm"), ("cp", "cp"), ("cat", "cat")]


class AliasError(ValueError):
    """An alias that could not be called, or that is none."""


class InvalidAliasError(AliasError):
    """A name or a command that makes no alias."""


def default_aliases() -> Pairs:
    """The system's usual commands."""
    if sys.platform == "win32":
        return [
            ("ls", "dir /on"),
            ("ddir", "dir /ad /on"),
            ("ldir", "dir /ad /on"),
            ("ren", "ren"),
            ("copy", "copy"),
            ("echo", "echo"),
            *_FILES,
        ]
    colour = " --color=auto" if sys.platform == "linux" else " -G"
    # In columns also where the output is no terminal, and without tabs between them.
    columns = "-C -T 0" if sys.platform == "linux" else "-C"
    long = f"ls -F -l{colour}"
    return [
        *_FILES,
        *_CAREFUL,
        ("ls", f"ls {columns} -F{colour}"),
        ("ll", long),
        ("lf", f"{long} %l | grep ^-"),
        ("lk", f"{long} %l | grep ^l"),
        ("ldir", f"{long} %l | grep ^d"),
        ("lx", f"{long} %l | grep ^-..x"),
    ]


class Alias:
    """One alias: called with what was typed behind its name."""

    # Values are put in here, once, and with the caller's variables.
    _ipython_magic_no_var_expand = True
    needs_local_scope = True

    def __init__(self, shell: InteractiveShell, name: str, cmd: str) -> None:
        self.shell = shell
        self.name = name
        self.cmd = cmd
        self.__doc__ = f"Alias for `!{cmd}`"
        self.nargs = self.validate()

    def validate(self) -> int:
        """How many words it wants.

        Raises:
            InvalidAliasError: it can not be called by this name, or has no command.
        """
        if not self.name.isidentifier():
            raise InvalidAliasError(f"{self.name!r} can not be typed as a name")
        manager = self.shell.magics_manager
        if self.name in manager.magics["line"]:
            caller = manager.magics["line"].get(self.name)
            if not isinstance(caller, Alias):
                raise InvalidAliasError(f"%{self.name} is a magic: choose another name")
        if not isinstance(self.cmd, str) or not self.cmd.strip():
            raise InvalidAliasError(f"alias {self.name}: there is no command in it")
        words = self.cmd.replace("%%", "").count("%s")
        if words and "%l" in self.cmd.replace("%%", ""):
            raise InvalidAliasError(
                f"alias {self.name}: %l is all that is typed and %s one word of it; "
                "use either"
            )
        return words

    def __repr__(self) -> str:
        return f"<alias {self.name} for {self.cmd!r}>"

    def __call__(
        self, rest: str = "", local_ns: Mapping[str, Any] | None = None
    ) -> None:
        from ipcluster.engines.interpreter.expansion import expand
        from ipcluster.engines.interpreter.system import run_command

        shell = self.shell
        names = {**shell.user_ns, **(local_ns or {})}
        command = expand(self.command(rest), names, shell.user_global_ns)
        run_command(shell, command)

    def command(self, rest: str) -> str:
        """The command for what was typed.

        Raises:
            UsageError: too few words.
        """
        filled = self.cmd.replace("%%", "\0")  # no command has this character
        if self.nargs:
            words = rest.split(None, self.nargs)
            if len(words) < self.nargs:
                from ipcluster.engines.interpreter.errors import UsageError

                raise UsageError(
                    f"%{self.name} wants {self.nargs} words, there are {len(words)}: "
                    f"{self.cmd}"
                )
            pieces = filled.split("%s")
            pairs = zip(pieces, [*words[: self.nargs], ""], strict=True)
            filled = "".join(piece + word for piece, word in pairs)
            rest = " ".join(words[self.nargs :])
        elif "%l" in filled:
            filled, rest = filled.replace("%l", rest), ""
        filled = filled.replace("\0", "%")
        return f"{filled} {rest}" if rest else filled


class AliasManager(Configurable):
    """All aliases of a shell; they are line magics."""

    default_aliases = Option[list[tuple[str, str]]](
        default_aliases(), "The aliases that are there from the start."
    )
    user_aliases = Option[list[tuple[str, str]]]([], "Further ones: (name, command).")

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        super().__init__(shell.config)
        self.init_aliases()

    def init_aliases(self) -> None:
        """Define the aliases of the system's and of the config's."""
        self.shell.magics_manager.magics["line"].drop_waiting(
            [name for name, _ in default_aliases()]
        )
        for name, command in [*self.default_aliases, *self.user_aliases]:
            self.soft_define_alias(name, command)

    @property
    def aliases(self) -> Pairs:
        """Name and command of each."""
        return [(alias.name, alias.cmd) for alias in self._all()]

    def _all(self) -> Iterator[Alias]:
        table = self.shell.magics_manager.magics["line"]
        for name in table.names():
            if table.is_loaded(name) and isinstance(table.get(name), Alias):
                yield table.get(name)

    def define_alias(self, name: str, cmd: str) -> None:
        """Make a command callable by a name.

        Raises:
            InvalidAliasError: the name is a magic's, or is none; there is no command.
        """
        alias = Alias(self.shell, name, cmd)
        self.shell.register_magic_function(alias, "line", name)

    def soft_define_alias(self, name: str, cmd: str) -> None:
        """The same, but say so instead of raising an error."""
        try:
            self.define_alias(name, cmd)
        except InvalidAliasError as error:
            print(f"no alias {name}: {error}", file=sys.stderr)

    def get_alias(self, name: str) -> Alias | None:
        """The alias of this name; None if there is none."""
        table = self.shell.magics_manager.magics["line"]
        found = table.get(name) if name in table else None
        return found if isinstance(found, Alias) else None

    def is_alias(self, name: str) -> bool:
        return self.get_alias(name) is not None

    def undefine_alias(self, name: str) -> None:
        """Forget an alias.

        Raises:
            ValueError: there is none of this name.
        """
        if not self.is_alias(name):
            raise ValueError(f"{name} is no alias")
        del self.shell.magics_manager.magics["line"][name]

    def clear_aliases(self) -> None:
        for name, _ in self.aliases:
            self.undefine_alias(name)

    def retrieve_alias(self, name: str) -> str:
        """The command behind a name.

        Raises:
            ValueError: there is no such alias.
        """
        alias = self.get_alias(name)
        if alias is None:
            raise ValueError(f"{name} is no alias")
        return alias.cmd
