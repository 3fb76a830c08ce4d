"""Magics about other names: aliases of commands, and of magics."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    CELL,
    LINE,
    Magics,
    line_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@magics_class
class AliasMagics(Magics):
    """Aliases."""

    @no_var_expand
    @line_magic
    def alias(self, line: str) -> list[tuple[str, str]] | None:
        """Give a command of the system a name, and call it as a magic from then on.

            %alias              all aliases
            %alias name         one of them
            %alias name command

        What is typed behind the name is put at the end of the command, or where `%l`
        stands in it, or word by word where `%s` stands; `%%` is a plain `%`.

            In [1]: %alias parts echo "first %s second %s"
            In [2]: parts A B
            first A second B

        `$name` and `{expression}` are filled in when the alias is called. An alias is
        forgotten at the end of the session unless `%store` keeps it.
        """
        from ipcluster.engines.interpreter.aliases import AliasError

        manager = self.shell.alias_manager
        name, _, command = line.strip().partition(" ")
        if not name:
            aliases = sorted(manager.aliases)
            print(f"{len(aliases)} aliases:")
            return aliases
        if not command.strip():
            found = manager.get_alias(name)
            if found is None:
                raise UsageError(
                    f"there is no alias {name}; %alias {name} COMMAND makes one"
                )
            return [(name, found.cmd)]
        try:
            manager.define_alias(name, command.strip())
        except AliasError as error:
            print(f"Not an alias: {error}")
        return None

    @line_magic
    def unalias(self, line: str) -> None:
        """Forget an alias: `%unalias name`.

        One that `%store` keeps is forgotten there, too.
        """
        name = line.strip()
        if not name:
            raise UsageError("%unalias NAME: which one?")
        try:
            self.shell.alias_manager.undefine_alias(name)
        except ValueError as error:
            print(error)
            return
        stored = self.shell.db.get("stored_aliases", {})
        if name in stored:
            print(f"{name} is no longer stored, either")
            del stored[name]
            self.shell.db["stored_aliases"] = stored

    @line_magic
    def rehashx(self, line: str) -> None:
        """Make an alias of every program on $PATH.

        From then on programs are called by their names alone, with automagic, and
        %name. One that is called as a magic is, or that is no Python name, is left
        out. What is cached of importable modules is forgotten, so packages that were
        just installed are found.
        """
        from importlib import invalidate_caches

        from ipcluster.engines.interpreter.aliases import AliasError

        manager = self.shell.alias_manager
        known = {name for name, _ in manager.aliases}
        for name in _programs():
            if name in known:  # `ls` keeps its options
                continue
            try:
                manager.define_alias(name, name)
            except AliasError:  # a magic's name, or none that can be typed
                continue
        invalidate_caches()

    @line_magic
    def alias_magic(self, line: str) -> None:
        """Call a magic by another name.

            %alias_magic [-l] [-c] [-p PARAMETERS] NAME TARGET

        -l, --line: the line magic only.
        -c, --cell: the cell magic only.
        -p, --params: what is put before everything that is typed behind the new name.

        Without -l and -c the name is for both, as far as TARGET has them.

            In [1]: %alias_magic t timeit
            In [2]: %alias_magic -p "-n 1 -r 1" once timeit
            In [3]: %once sum(range(1000))
        """
        options, words = self.parse_options(
            line, "lcp:", "line", "cell", "params=", mode="list"
        )
        if len(words) != 2:
            raise UsageError("%alias_magic [-l] [-c] [-p PARAMETERS] NAME TARGET")
        name, target = (word.lstrip("%") for word in words)
        shell = self.shell
        wants_line = "l" in options or "line" in options
        wants_cell = "c" in options or "cell" in options
        parameters = options.get("p", options.get("params"))
        made = []
        for kind, wanted, other in (
            (LINE, wants_line, wants_cell),
            (CELL, wants_cell, wants_line),
        ):
            exists = shell.find_magic(target, kind) is not None
            if wanted and not exists:
                raise UsageError(f"there is no {kind} magic {target}")
            if exists and (wanted or not other):
                made.append(kind)
        if not made:
            raise UsageError(f"there is no magic {target}, neither for lines nor cells")
        for kind in made:
            shell.magics_manager.register_alias(name, target, kind, parameters)
            marks = "%" if kind == LINE else "%%"
            more = f" {parameters}" if parameters else ""
            print(f"{marks}{name} stands for {marks}{target}{more} from now on")


def _programs() -> Iterator[str]:
    """Names of what can be executed on $PATH, that a person can type as names."""
    import os

    extensions = tuple(
        one.lower() for one in os.environ.get("PATHEXT", "").split(os.pathsep) if one
    )
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        try:
            entries = list(os.scandir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            name = entry.name
            if extensions:
                name, extension = os.path.splitext(name)
                fits = extension.lower() in extensions
            else:
                fits = os.access(entry.path, os.X_OK)
            if fits and name.isidentifier() and not entry.is_dir():
                yield name
