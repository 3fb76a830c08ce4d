"""Which modules are reloaded, when, and what is said about it."""

from __future__ import annotations
import __future__

import sys
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType

from ipcluster.engines.interpreter.reloading.bindings import (
    Bindings,
    bindings,
    rebind,
)
from ipcluster.engines.interpreter.reloading.execution import Execution
from ipcluster.engines.interpreter.reloading.functions import relocate
from ipcluster.engines.interpreter.reloading.plans import (
    Plan,
    Text,
    body_names,
    module_names,
    plan,
)
from ipcluster.engines.interpreter.reloading.watching import Watch, path_of, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

OFF, EXPLICIT, ALL, COMPLETE = "off", "explicit", "all", "complete"


class Reloader:
    """Reloads a session's modules when their files have changed.

    Attributes:
        mode: `OFF`; `EXPLICIT`: those in `wanted`; `ALL`: the user's, but those in
            `skipped`; `COMPLETE`: the same, and their new names go to the session.
        full: run changed modules from their beginning, always.
        report: is told the name of each module that was reloaded.
        hide_errors: say nothing of a module that fails.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.mode = OFF
        self.full = False
        self.hide_errors = False
        self.report: Callable[[str], object] = _say_nothing
        self.wanted: set[str] = set()
        self.skipped: set[str] = set()
        self.watch = Watch()
        self.bindings = Bindings(shell.transform_cell)
        for cell in shell.history_manager.input_hist_raw:
            self.bindings.on_cell(cell)
        self._programs: dict[str, ModuleType] = {}
        self.look_around()

    def look_around(self) -> None:
        """Take note of modules that have been imported, and scripts that were run."""
        self.watch.look_around()
        for path, module in self.shell.namespace.programs.items():
            if self._programs.get(path) is not module and path_of(module) == path:
                self._programs[path] = module
                self.watch.forget(_key(path))
                self.watch.add(_key(path), module)

    # --- which ------------------------------------------------------------------------

    def check(self, mode: str | None = None) -> None:
        """Reload what has changed and is to be reloaded in this mode."""
        mode = mode or self.mode
        if mode == OFF:
            return
        self.look_around()
        changed = {}
        for name in self._candidates(mode):
            module = sys.modules.get(name)
            if module is not None:
                path = self.watch.has_changed(name, module)
                if path is not None:
                    changed[name] = path
        for name in self._in_order(changed):
            self._reload_or_say(sys.modules[name], name, changed[name], mode)
        if mode in (ALL, COMPLETE):
            self._check_programs()

    def _candidates(self, mode: str) -> list[str]:
        if mode == EXPLICIT:
            return [name for name in list(sys.modules) if name in self.wanted]
        names = list(dict.fromkeys([*self.watch.names(), *self.wanted]))
        if not self.skipped:
            return names
        return [name for name in names if not self._is_skipped(name)]

    def _is_skipped(self, name: str) -> bool:
        parts = name.split(".")
        above = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return any(one in self.skipped for one in above)

    def _in_order(self, changed: dict[str, str]) -> list[str]:
        """The modules, each behind those that it imports from."""
        done: dict[str, None] = {}

        def visit(name: str, above: tuple[str, ...]) -> None:
            if name in done or name in above:
                return
            for _, other, _ in _bindings_of(name, self.watch.sources):
                if other in changed:
                    visit(other, (*above, name))
            done[name] = None

        for name in changed:
            visit(name, ())
        return list(done)

    def _check_programs(self) -> None:
        """Functions and classes of scripts that were run, which do not run again."""
        for path, module in list(self._programs.items()):
            if self.watch.has_changed(_key(path), module) is not None:
                self._reload_or_say(module, path, path, ALL, is_program=True)

    # --- how --------------------------------------------------------------------------

    def _reload_or_say(
        self,
        module: ModuleType,
        name: str,
        path: str,
        mode: str,
        *,
        is_program: bool = False,
    ) -> None:
        try:
            self.reload(module, name, path, mode, is_program=is_program)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not self.hide_errors:
                sys.stdout.flush()
                # Where Python has found it to be no Python is of no interest.
                is_bad = isinstance(error, SyntaxError) and error.filename == path
                tb = None if is_bad else error.__traceback__
                lines = self.shell.rendered(type(error), error, tb)
                print(
                    f"autoreload of {name} failed:", *lines, sep="\n", file=sys.stderr
                )

    def reload(
        self,
        module: ModuleType,
        name: str,
        path: str,
        mode: str = ALL,
        *,
        is_program: bool = False,
    ) -> None:
        """Let a module have what its file says; raises what that raises."""
        source = read(path)
        if source is None:
            with open(path, "rb") as file:  # says what is wrong with it
                compile(file.read(), path, "exec", dont_inherit=True)
            return
        after, before = Text(source, path), self._text_before(path)
        todo = plan(before, after)
        if is_program and todo.everything:
            _tell(path, "more than definitions has changed: %run it again")
            self.watch.note_source(path)
            return
        if not is_program and (self.full or not _is_plain(module)):
            todo = Plan(everything=True)
        self.report(name)
        execution = Execution(module, _body_names(before))
        execution.run(lambda: _execute(module, after, todo))
        self.watch.note_source(path)
        _remove_names(module, execution.before, before, after, todo)
        self._spread(module, name, execution, mode, is_program)
        for what, why in execution.problems.items():
            _tell(
                f"{name}.{what}",
                f"{why}, so it is a new class; instances of before keep theirs",
            )

    def _text_before(self, path: str) -> Text | None:
        source = self.watch.sources.get(path)
        try:
            return None if source is None else Text(source, path)
        except (SyntaxError, ValueError):
            return None

    def _spread(
        self,
        module: ModuleType,
        name: str,
        execution: Execution,
        mode: str,
        is_program: bool,
    ) -> None:
        """Give those who have names of the module its new values."""
        before, after = execution.before, vars(module)
        session = self.shell.user_ns
        if is_program:  # all of its names have been taken over
            found = [(one, name, one) for one in after if not one.startswith("__")]
        else:
            found = self.bindings.of_module(name)
        rebind(session, found, before, after)
        for other in self.watch.names():
            wanted = [
                one for one in _bindings_of(other, self.watch.sources) if one[1] == name
            ]
            if wanted:
                rebind(vars(sys.modules[other]), wanted, before, after)
        if execution.replaced:
            self._replace(execution.replaced)
        if mode == COMPLETE or is_program:
            for one in after.keys() - before.keys():
                if not one.startswith("_") and type(after[one]) is not ModuleType:
                    session[one] = after[one]

    def _replace(self, replaced: list[tuple[Any, Any]]) -> None:
        """Put new objects wherever a module, or the session, has the old ones."""
        new_of = {id(old): new for old, new in replaced}
        spaces = [self.shell.user_ns]
        spaces += [vars(sys.modules[name]) for name in self.watch.names()]
        for names in spaces:
            for name, value in list(names.items()):
                if id(value) in new_of:
                    names[name] = new_of[id(value)]


def _key(path: str) -> str:
    """What a script is called in the list of what is watched."""
    return f"%run {path}"


def _is_plain(module: ModuleType) -> bool:
    """Whether its source is run as it is, and by no import hook."""
    loader = getattr(module, "__loader__", None)
    return type(loader) is SourceFileLoader or module.__spec__ is None


def _say_nothing(_name: str) -> None:
    """Nobody wants to know what was reloaded."""


def _tell(what: str, why: str) -> None:
    print(f"autoreload: {what}: {why}", file=sys.stderr)


def _bindings_of(name: str, sources: dict[str, str]) -> list[tuple[str, str, str]]:
    """What a module's source says that it imports with `from`."""
    module = sys.modules.get(name)
    path = path_of(module)
    source = sources.get(path) if path else None
    if module is None or source is None or "import" not in source:
        return []
    package = getattr(module, "__package__", None) or ""
    try:
        return list(bindings(Text(source).tree, package))
    except (SyntaxError, ValueError):
        return []


def _body_names(before: Text | None) -> Callable[[str], set[str] | None]:
    return lambda qualname: None if before is None else body_names(before, qualname)


def _execute(module: ModuleType, text: Text, todo: Plan) -> None:
    """Run what has to run of a module."""
    if not _is_plain(module):
        from importlib import reload

        reload(module)  # the hook may change what is run
        return
    code = compile(text.source, text.path, "exec", dont_inherit=True)
    if todo.everything:
        exec(code, vars(module))
        return
    import ast

    tree = ast.Module(list(todo.statements), [])
    flags = _future_flags(code)
    exec(compile(tree, text.path, "exec", flags, True), vars(module))
    relocate(vars(module), code)


def _future_flags(code: CodeType) -> int:
    """What `from __future__ import` has turned on in code."""
    known = 0
    for name in __future__.all_feature_names:
        known |= getattr(__future__, name).compiler_flag
    return code.co_flags & known


def _remove_names(
    module: ModuleType,
    values: dict[str, Any],
    before: Text | None,
    after: Text,
    todo: Plan,
) -> None:
    """Take names away that the module's text does not bind any more."""
    names = vars(module)
    if not todo.everything:
        gone = todo.removed
    elif before is not None:
        gone = module_names(before) - module_names(after)
    else:  # what is clearly its own
        gone = {
            name
            for name in values.keys() - module_names(after)
            if getattr(values[name], "__module__", None) == module.__name__
        }
    for name in gone:
        if names.get(name, module) is values.get(name) and not name.startswith("__"):
            del names[name]
