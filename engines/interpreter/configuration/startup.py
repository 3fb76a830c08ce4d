"""What runs before the first prompt, and instead of it.

In this order: extensions, GUI and matplotlib, $PYTHONSTARTUP, the profile's startup
files, `exec_files`, `exec_lines`. Then the names that these have set are hidden from
`%who`, stored values come back, a log that is to go on is run, and `-c`, `-m` or a
file. Whatever fails says in which file and line, and the rest runs none the less.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.configuration.application import (
        Application,
        InteractiveShellApp,
    )
    from ipcluster.engines.interpreter.configuration.profiles import ProfileDir
    from ipcluster.engines.interpreter.shell import InteractiveShell


def set_path(*, ignore_cwd: bool) -> None:
    """Let modules be imported from the working folder, as every Python prompt does.

    What Python has put first (the folder of our own command, or with `-m` the working
    folder by its name) gives way to it. `python -P` says that nothing implicit is to
    be there.
    """
    own = os.path.dirname(sys.argv[0]) if sys.argv else ""
    here = _here()
    if sys.path and sys.path[0] and sys.path[0] in (own, here):
        del sys.path[0]
    # Python 3.13.0 cannot import `socket`, for one, from a folder that is gone.
    if ignore_cwd or not here or getattr(sys.flags, "safe_path", False):
        if "" in sys.path:
            sys.path.remove("")
    elif sys.path[:1] != [""]:
        sys.path.insert(0, "")


def configure_logging(app: Application) -> None:
    """Let logs be as the options say; without any, nothing is imported for them."""
    if app.log_level == type(app).log_level.default and not app.logging_config:
        return
    import logging.config

    logging.basicConfig(
        level=app.log_level, format=app.log_format, datefmt=app.log_datefmt
    )
    if app.logging_config:
        given = {"version": 1, "disable_existing_loggers": False, **app.logging_config}
        try:
            logging.config.dictConfig(given)
        except (ValueError, TypeError, AttributeError, ImportError) as error:
            _say(f"Application.logging_config: {error}")


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # it has been deleted
        return ""


def load(
    shell: InteractiveShell, app: InteractiveShellApp, profile: ProfileDir | None
) -> None:
    """Run what is configured to run before everything else."""
    for name in (*app.extensions, *app.extra_extensions):
        _load_extension(shell, app, name)
    _start_gui(shell, app)
    if app.exec_PYTHONSTARTUP and (named := os.environ.get("PYTHONSTARTUP")):
        _run_startup(shell, os.path.expanduser(named))
    for path in [] if profile is None else profile.startup_files():
        _run_startup(shell, path)
    for path in app.exec_files:
        found = _find(path, profile)
        if found is None:
            _say(f"exec_files: there is no file {path}")
        else:
            _run_startup(shell, found)
    for line in app.exec_lines:
        done = shell.run_cell(line, store_history=False)
        if done.error is not None:
            _say(f"exec_lines: this line failed: {line}")
    if app.hide_initial_ns:
        shell.namespace.hide_all()
    from ipcluster.engines.interpreter.session import begin

    begin(shell)


def run_program(
    shell: InteractiveShell, app: InteractiveShellApp, words: list[str]
) -> int | None:
    """Run the cell, module or file that the command line names.

    Returns:
        An exit status; None if there is nothing to run.
    """
    if app.code_to_run:
        sys.argv = ["-c", *words]
        return _status(lambda: _run_code(shell, app.code_to_run))
    if app.module_to_run:
        sys.argv = [app.module_to_run, *words]
        return _status(lambda: run_module(shell, app.module_to_run))
    if app.file_to_run:
        path = app.file_to_run
        if not os.path.isfile(path):
            _say(f"ipshell: can't open file {path!r}: there is no such file")
            return 2
        sys.argv = [path, *words]
        folder = os.path.dirname(os.path.abspath(path))
        if sys.path[:1] == [""]:
            sys.path[0] = folder
        else:
            sys.path.insert(0, folder)
        return _status(lambda: run_file(shell, path, keep=True))
    return None


def _run_code(shell: InteractiveShell, code: str) -> BaseException | None:
    return shell.run_cell(code, store_history=False).error


def _status(run: Callable[[], BaseException | None]) -> int:
    error = run()
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if isinstance(error.code, int) or error.code is None:
            return error.code or 0
        return 1
    return 130 if isinstance(error, KeyboardInterrupt) else 1


# --- files and modules ----------------------------------------------------------------


def run_file(
    shell: InteractiveShell, path: str, *, keep: bool = False
) -> BaseException | None:
    """Run a file in the user's namespace; the error that ended it, which was shown.

    `.ipy` and `.ipynb` go through the shell's transformations. With `keep`, `__file__`
    is still set afterwards.
    """
    names = shell.user_ns
    before = names.get("__file__", names)
    names["__file__"] = os.path.abspath(path)
    try:
        if path.endswith((".ipy", ".ipynb")):
            return _run_cells(shell, path)
        return _shown(shell, lambda: _execute(shell, path))
    finally:
        if before is not names:
            names["__file__"] = before
        elif not keep:
            names.pop("__file__", None)


def _execute(shell: InteractiveShell, path: str) -> None:
    from ipcluster.engines.interpreter.compilation import IS_COROUTINE, TOP_LEVEL_AWAIT

    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
    with shell.execution():
        if code.co_flags & IS_COROUTINE:  # it awaits at its top level, as a cell may
            shell.loop_runner(eval(code, shell.user_global_ns, shell.user_ns))
        else:
            shell.cells.in_context(exec, code, shell.user_global_ns, shell.user_ns)


def run_module(shell: InteractiveShell, name: str) -> BaseException | None:
    """Run a module as `python -m` does; the error that ended it, which was shown."""
    if _is_missing(name):
        _say(f"ipshell: -m {name}: there is no such module")
        return ModuleNotFoundError(name)

    def run() -> None:
        import runpy

        found = runpy.run_module(name, run_name="__main__", alter_sys=True)
        shell.push(
            {key: value for key, value in found.items() if not key.startswith("__")}
        )

    return _shown(shell, run)


def _is_missing(name: str) -> bool:
    """Whether there is no such module, or no package that it could be in."""
    from importlib.util import find_spec

    try:
        return find_spec(name) is None
    except ModuleNotFoundError as error:
        return f"{name}.".startswith(f"{error.name}.")
    except Exception:  # a package's own: running it shows that
        return False


def _run_cells(shell: InteractiveShell, path: str) -> BaseException | None:
    try:
        cells = _cells_of(path)
    except (OSError, ValueError) as error:
        _say(f"{path}: {error}")
        return error
    for cell in cells:
        done = shell.run_cell(cell, store_history=False)
        if done.error is not None:
            return done.error
    return None


def _cells_of(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not path.endswith(".ipynb"):
        return [text]
    import json

    return [
        "".join(cell.get("source", []))
        for cell in json.loads(text).get("cells", [])
        if cell.get("cell_type") == "code"
    ]


def _shown(shell: InteractiveShell, run: Callable[[], None]) -> BaseException | None:
    """The error that something raised, after it was shown; not what it means to."""
    try:
        run()
    except SystemExit as error:
        if not (isinstance(error.code, int) or error.code is None):
            print(error.code, file=sys.stderr)
        return error
    except BaseException as error:
        shell.showtraceback()
        return error
    return None


def _run_startup(shell: InteractiveShell, path: str) -> None:
    if not os.path.isfile(path):
        _say(f"there is no startup file {path}")
        return
    error = run_file(shell, path)
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return
    from ipcluster.engines.interpreter.configuration.files import failure

    _say(f"startup file {failure(path, error)}; the rest of it was not run")


# --- extensions and GUIs --------------------------------------------------------------


def _load_extension(
    shell: InteractiveShell, app: InteractiveShellApp, name: str
) -> None:
    try:
        if shell.extension_manager.load_extension(name) == "no load function":
            _say(f"{name} has no load_ipython_extension(ipython), so it does nothing")
    except Exception as error:
        if app.reraise_ipython_extension_failures:
            raise
        _say(f"extension {name} was not loaded: {type(error).__name__}: {error}")


def _start_gui(shell: InteractiveShell, app: InteractiveShellApp) -> None:
    able: Any = shell
    try:
        if app.pylab:
            able.enable_pylab(_gui_of(app.pylab), import_all=app.pylab_import_all)
        elif app.matplotlib:
            able.enable_matplotlib(_gui_of(app.matplotlib))
        elif app.gui:
            able.enable_gui(app.gui)
    except Exception as error:
        _say(f"no GUI was started: {type(error).__name__}: {error}")


def _gui_of(name: str) -> str | None:
    return None if name == "auto" else name


def _find(path: str, profile: ProfileDir | None) -> str | None:
    """A file of `exec_files`: beside the working folder, or in the profile's."""
    path = os.path.expanduser(path)
    places = ["", *([] if profile is None else [profile.location])]
    for place in places:
        found = os.path.join(place, path)
        if os.path.isfile(found):
            return found
    return None


def _say(text: Any) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr)
