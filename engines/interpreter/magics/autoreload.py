"""Changed modules are reloaded before each cell: `%autoreload` and `%aimport`."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)
from ipcluster.engines.interpreter.reloading.reloader import (
    ALL,
    COMPLETE,
    EXPLICIT,
    OFF,
    Reloader,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_MODES = {
    **{"0": OFF, "off": OFF, "1": EXPLICIT, "explicit": EXPLICIT},
    **{"2": ALL, "all": ALL, "3": COMPLETE, "complete": COMPLETE},
}
_NOW = ("", "now")


@magics_class
class AutoreloadMagics(Magics):
    """`%autoreload` and `%aimport`."""

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self._reloader: Reloader | None = None

    @property
    def reloader(self) -> Reloader:
        """Made when one of these magics is called first."""
        if self._reloader is None:
            self._reloader = Reloader(self.shell)
            # While it is off, too: whose names come from where is to be known then.
            self.shell.events.register("post_run_cell", self._after_cell)
        return self._reloader

    @line_magic
    def autoreload(self, line: str) -> None:
        """Reload modules whose files have changed, before each cell.

        Usage: %autoreload [now | off | explicit | all | complete] [options]

        now (or nothing)  reload what has changed, this once
        off, 0            no more
        explicit, 1       those that %aimport has named
        all, 2            all of your modules, but those that %aimport has excluded;
                          Python's own and installed ones only if %aimport names them
        complete, 3       the same, and names that are new in a module become yours

        -p, --print       print the name of each module that is reloaded
        -l, --log         log it, as "autoreload"
        --hide-errors     say nothing of a module that fails
        --full            run the whole module each time; else, where functions and
                          classes alone have changed, only these run again

        Classes and functions stay the same objects: instances have the new methods at
        once, `isinstance` holds, and so do members of enumerations. Names that you, or
        other modules of yours, have by `from module import name` get the new values.
        Functions and classes of scripts that you have %run are renewed too. What could
        not be patched is said, and why.

        A module that fails stays as it was.

        Example:
            %autoreload all -p
        """
        words = line.split()
        options = [word for word in words if word.startswith("-")]
        modes = [word.lower() for word in words if not word.startswith("-")]
        if len(modes) > 1:
            raise UsageError(f"%autoreload takes one mode, not {' '.join(modes)}")
        mode = modes[0] if modes else ""
        reloader = self.reloader
        if mode not in _MODES and mode not in _NOW:
            raise UsageError(
                "%autoreload is now, off (0), explicit (1), all (2) or complete (3); "
                f"not {mode}"
            )
        if mode in _NOW:
            before = reloader.report, reloader.hide_errors, reloader.full
            self._set_options(options)
            is_on = reloader.mode in (ALL, COMPLETE)
            try:
                reloader.check(reloader.mode if is_on else ALL)
            finally:
                reloader.report, reloader.hide_errors, reloader.full = before
            return
        self._set_options(options)
        reloader.mode = _MODES[mode]
        self._listen(is_on=reloader.mode != OFF)

    def _set_options(self, options: list[str]) -> None:
        known = ("-p", "--print", "-l", "--log", "--hide-errors", "--full")
        for option in options:
            if option not in known:
                raise UsageError(f"%autoreload has {' '.join(known)}; not {option}")
        reloader = self.reloader
        reloader.hide_errors = "--hide-errors" in options
        reloader.full = "--full" in options
        reports = []
        if "-p" in options or "--print" in options:
            reports.append(_print)
        if "-l" in options or "--log" in options:
            reports.append(_log)
        reloader.report = lambda name: [report(name) for report in reports]

    def _listen(self, *, is_on: bool) -> None:
        callbacks = self.shell.events.callbacks["pre_run_cell"]
        is_listening = self._before_cell in callbacks
        if is_on and not is_listening:
            self.shell.events.register("pre_run_cell", self._before_cell)
        elif is_listening and not is_on:
            self.shell.events.unregister("pre_run_cell", self._before_cell)

    def _before_cell(self, _info: Any) -> None:
        self.reloader.check()

    def _after_cell(self, result: Any) -> None:
        self.reloader.bindings.on_cell(result.info.raw_cell)
        self.reloader.look_around()

    @line_magic
    def aimport(self, line: str) -> None:
        """Import modules that are to be reloaded, or exclude some.

        Usage:
            %aimport                  tell which are reloaded, and which not
            %aimport name, name ...   import these; %autoreload explicit reloads them
            %aimport -name ...        never reload this one, nor what is in it

        Example:
            %aimport model, tools.plots, -settings
        """
        names = line.replace(",", " ").split()
        reloader = self.reloader
        if not names:
            all_of_them = ["all-except-skipped"] if reloader.mode != EXPLICIT else []
            print("Modules to reload:")
            print(*(all_of_them or sorted(reloader.wanted)))
            print("\nModules to skip:")
            print(*sorted(reloader.skipped))
            return
        for name in names:
            if name.startswith("-"):
                reloader.wanted.discard(name[1:])
                reloader.skipped.add(name[1:])
            else:
                self._import(name)

    def _import(self, name: str) -> None:
        from importlib import import_module

        module = import_module(name)
        reloader = self.reloader
        reloader.skipped.discard(name)
        reloader.wanted.add(name)
        reloader.watch.add(name, module)
        top = name.partition(".")[0]
        self.shell.push({top: _loaded(top)})


def _loaded(name: str) -> ModuleType:
    return sys.modules[name]


def _print(name: str) -> None:
    print(f"Reloading '{name}'.")


def _log(name: str) -> None:
    import logging

    logging.getLogger("autoreload").info("Reloading '%s'.", name)
