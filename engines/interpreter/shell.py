"""`InteractiveShell`: the parts of an interpreter, under the names the field knows.

Extensions reach everything through `get_ipython()`, and expect the attributes of
IPython's shell there: `user_ns`, `run_cell`, `events`, `history_manager`, ... This
class holds them, and does next to nothing itself: cells.py runs cells, and each part
has a module of its own, imported when somebody first asks for it (`Part`).

A shell needs a front end (frontend.py) to show anything, and it does not care which.
There may be several in one process (embedded ones); the latest is the current one.
"""

from __future__ import annotations

import builtins
import sys

from ipcluster.engines.interpreter import runners
from ipcluster.engines.interpreter.asking import AnswersQuestions
from ipcluster.engines.interpreter.autocall import ExitAutocall
from ipcluster.engines.interpreter.calling import CallsThings
from ipcluster.engines.interpreter.catching import Catcher
from ipcluster.engines.interpreter.cells import CellRunner, ExecutionResult
from ipcluster.engines.interpreter.compilation import Compiler
from ipcluster.engines.interpreter.configuration.options import (
    Configurable,
    Option,
    imported,
)
from ipcluster.engines.interpreter.display.functions import display
from ipcluster.engines.interpreter.display.hook import DisplayHook
from ipcluster.engines.interpreter.ecosystem import install, uninstall
from ipcluster.engines.interpreter.ecosystem.instances import OneInstance
from ipcluster.engines.interpreter.forgetting import ForgetsNames
from ipcluster.engines.interpreter.frontend import FrontEnd
from ipcluster.engines.interpreter.hooks import EventManager, Hooks
from ipcluster.engines.interpreter.introspection import classes
from ipcluster.engines.interpreter.namespace import UserNamespace
from ipcluster.engines.interpreter.parts import Part
from ipcluster.engines.interpreter.plotting import DrawsPlots
from ipcluster.engines.interpreter.recalling import RecallsCode
from ipcluster.engines.interpreter.running import RunsPrograms
from ipcluster.engines.interpreter.showing import ShowsErrors
from ipcluster.engines.interpreter.transforms.names import interpret

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.aliases import AliasManager
    from ipcluster.engines.interpreter.asynchrony import LoopRunner
    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.display.formatters import DisplayFormatter
    from ipcluster.engines.interpreter.display.inline import InlineBackend
    from ipcluster.engines.interpreter.display.publish import DisplayPublisher
    from ipcluster.engines.interpreter.events import Event
    from ipcluster.engines.interpreter.extensions import ExtensionManager
    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.introspection.inspector import Inspector
    from ipcluster.engines.interpreter.logger import Logger
    from ipcluster.engines.interpreter.magics.registry import MagicsManager
    from ipcluster.engines.interpreter.store import ProfileStore
    from ipcluster.engines.interpreter.tracebacks.interactive import (
        SyntaxRenderer,
        TracebackRenderer,
    )
    from ipcluster.engines.interpreter.transforms.manager import (
        Transform,
        TransformerManager,
    )
    from ipcluster.engines.interpreter.transforms.prefilter import PrefilterManager

_PLACE = "ipcluster.engines.interpreter"


THEMES = ("nocolor", "linux", "neutral", "lightbg", "pride", "gruvbox-dark")
MODES = ("Context", "Plain", "Verbose", "Minimal", "Docs", "Doctest")


def _inspector_class(value: Any) -> Any:
    """A check that takes a class, its full name, or None for our own."""
    if value is None or callable(value):
        return value
    name = str(value)
    if name.startswith("IPython."):  # its own, in a file that was written for it
        return None
    found = imported(name)
    if found is None:
        raise ValueError(f"a class or its full name; {name!r} is none")
    return found


def _in_any_case(choices: tuple[str, ...]) -> Callable[[Any], str]:
    """A check that takes one of these, whatever its case of letters."""

    def check(value: Any) -> str:
        for one in choices:
            if str(value).lower() == one.lower():
                return one
        raise ValueError(f"one of {', '.join(choices)}; not {value!r}")

    return check


# The shells of this process, the current one last.
_shells: list[InteractiveShell] = []


def get_ipython() -> InteractiveShell | None:
    """The running shell; None where there is none."""
    return _shells[-1] if _shells else None


class InteractiveShell(
    CallsThings,
    RunsPrograms,
    ShowsErrors,
    AnswersQuestions,
    DrawsPlots,
    ForgetsNames,
    OneInstance,
    RecallsCode,
    Configurable,
):
    """One interpreter: a namespace, a history, and what runs cells in them."""

    ast_node_interactivity = Option(
        "last_expr",
        "Whose values are shown: of all expressions, of the last, or of none.",
        choices=("all", "last", "last_expr", "none", "last_expr_or_assign"),
    )
    ast_transformers = Option[list["ast.NodeTransformer"]](
        [], "What may change the syntax tree of each cell before it is run."
    )
    autocall = Option(
        0, "Call without parentheses: 0 never, 1 smartly, 2 always.", choices=(0, 1, 2)
    )
    autoindent = Option(True, "Indent the next line as Python's syntax suggests.")
    automagic = Option(True, "Call line magics without the leading %.")
    autoawait = Option(True, "`await` at the top level of a cell.")
    banner1 = Option("", "What is printed first.")
    banner2 = Option("", "What is printed after that.")
    cache_size = Option(1000, "How many values `Out` keeps; 0 turns it off.", kind=int)
    colors = Option(
        "neutral",
        "The theme.",
        choices=THEMES,
        check=_in_any_case(THEMES),
    )
    debug = Option(False, "Not used.")
    enable_html_pager = Option(False, "Page HTML where the front end can show it.")
    history_length = Option(
        10000, "Not used: all inputs are kept, until `ipshell history trim`."
    )
    history_load_length = Option(
        1000, "How many inputs of earlier sessions Up goes back through."
    )
    inspector_class = Option["Any"](
        None, "The class behind `?`, or its full name.", check=_inspector_class
    )
    ipython_dir = Option("", "The folder of all profiles.")
    logappend = Option("", "A log to go on with, after running it.")
    logfile = Option("", "The name of the log.")
    logstart = Option(False, "Log from the start.")
    loop_runner = runners.RunnerOption(
        "asyncio", "What runs coroutines: asyncio, trio, curio, sync, or a function."
    )
    object_info_string_level = Option(0, "Not used.", choices=(0, 1, 2))
    pdb = Option(False, "Start the debugger at an error.")
    quiet = Option(False, "Not used.")
    separate_in = Option("\n", "Between cells.")
    separate_out = Option("", "Before an output.")
    separate_out2 = Option("", "After an output.")
    show_rewritten_input = Option(True, "Show what autocall made of an input.")
    sphinxify_docstring = Option(False, "Render docstrings with Sphinx.")
    system_raise_on_error = Option(False, "A command that fails raises.")
    warn_venv = Option(True, "Say so when a virtual environment's packages are used.")
    wildcards_case_sensitive = Option(True, "Wildcards tell cases apart.")
    xmode = Option(
        "Context",
        "How tracebacks look.",
        choices=MODES,
        check=_in_any_case(MODES),
    )
    xmode_context = Option(5, "Lines of source around each place in a traceback.")
    xmode_fold = Option(True, "Frames of libraries take one line in tracebacks.")
    xmode_links = Option(False, "Files in tracebacks are links, to click on.")

    # Imported and made at first use.
    if TYPE_CHECKING:
        alias_manager: AliasManager
        db: ProfileStore
        Completer: IPCompleter
        display_formatter: DisplayFormatter
        display_pub: DisplayPublisher
        extension_manager: ExtensionManager
        history_manager: HistoryManager
        inline_backend: InlineBackend
        input_transformer_manager: TransformerManager
        inspector: Inspector
        InteractiveTB: TracebackRenderer
        SyntaxTB: SyntaxRenderer
        logger: Logger
        magics_manager: MagicsManager
        loop: LoopRunner
        prefilter_manager: PrefilterManager
    else:
        alias_manager = Part(f"{_PLACE}.aliases:AliasManager")
        db = Part(f"{_PLACE}.store:ProfileStore")
        display_formatter = Part(f"{_PLACE}.display.formatters:DisplayFormatter")
        display_pub = Part(f"{_PLACE}.display.publish:DisplayPublisher")
        extension_manager = Part(f"{_PLACE}.extensions:ExtensionManager")
        inline_backend = Part(f"{_PLACE}.display.inline:InlineBackend")
        history_manager = Part(f"{_PLACE}.history.manager:HistoryManager")
        Completer = Part(f"{_PLACE}.completion.completer:IPCompleter")
        inspector = Part(f"{_PLACE}.introspection.inspector:make_inspector")
        input_transformer_manager = Part(
            f"{_PLACE}.transforms.manager:TransformerManager"
        )
        InteractiveTB = Part(f"{_PLACE}.tracebacks.interactive:TracebackRenderer")
        SyntaxTB = Part(f"{_PLACE}.tracebacks.interactive:SyntaxRenderer")
        logger = Part(f"{_PLACE}.logger:Logger")
        magics_manager = Part(f"{_PLACE}.magics.registry:MagicsManager")
        loop = Part(f"{_PLACE}.gui.hooking:HookedLoop")
        prefilter_manager = Part(f"{_PLACE}.transforms.prefilter:PrefilterManager")

    compiler_class = Compiler
    # Where its files lie, and the application whose options count; see `Settings`.
    profile = "default"
    parent: Any = None

    def __init__(
        self,
        frontend: FrontEnd | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        namespace: UserNamespace | None = None,
    ) -> None:
        self.frontend = frontend or FrontEnd()
        self.configurables: list[Configurable] = [self]
        self.namespace = namespace or UserNamespace()
        self.compile = self.compiler_class()
        self.events = EventManager(self)
        self.hooks = Hooks(self)
        self.catcher = Catcher(self)
        self.cells = CellRunner(self)
        self.displayhook = DisplayHook(self)
        self.outputs: dict[int, Any] = {}
        self.dir_history: list[str] = _here()
        self.dir_stack: list[str] = []
        self.profile_dir: Any = None  # a ProfileDir; None: nothing is kept
        self._temporary: list[str] = []
        self.execution_count = 1
        self._modules_at_start = frozenset(sys.modules)
        self.exit_now = False
        self.keepkernel_on_exit = False
        self.last_execution_succeeded = True
        self.last_execution_result: ExecutionResult | None = None
        self.meta: dict[str, Any] = {}
        self._execution = _Execution(self)
        self._own_input: Any = None  # `input` and `getpass` as they were
        self._hook: Any = None  # a `sys.displayhook` of the user's
        super().__init__(config)
        self.fill_namespace()

    # --- the namespace ----------------------------------------------------------------

    @property
    def user_ns(self) -> dict[str, Any]:  # type: ignore[override]  # read only here
        return self.namespace.names

    @property
    def user_global_ns(self) -> dict[str, Any]:  # type: ignore[override]  # read only here
        return self.namespace.globals

    @property
    def user_module(self) -> Any:
        return self.namespace.module

    @property
    def user_ns_hidden(self) -> dict[str, Any]:
        return self.namespace.hidden

    def fill_namespace(self) -> None:
        """What a session finds in its namespace."""
        put = self.namespace.put
        names = self.user_ns
        for name in ("__name__", "__doc__", "__builtins__", "__builtin__"):
            if name in names:
                self.namespace.hidden[name] = names[name]
        put("In", self.history_manager.input_hist_parsed)
        put("Out", self.outputs)
        put("_ih", self.history_manager.input_hist_parsed)
        put("_oh", self.outputs)
        put("_dh", self.dir_history)
        for name in ("_i", "_ii", "_iii"):
            put(name, "")
        self.displayhook.restore()
        put("get_ipython", self.get_ipython)
        leave = ExitAutocall(self)
        put("exit", leave)
        put("quit", leave)

    def get_ipython(self) -> InteractiveShell:
        """This shell."""
        return self

    # --- being the current shell ------------------------------------------------------

    def activate(self) -> None:
        """Be the shell that `get_ipython()` gives, and `__main__`."""
        self.namespace.become_main()
        self.catcher.install()
        _shells.append(self)
        self._install_builtins()
        install(self)
        runners.watch()
        if self.frontend.is_rich:
            from ipcluster.engines.interpreter.display.inline import watch

            watch()
        classes.enable(self)

    def deactivate(self) -> None:
        """Give way to the shell that was there before."""
        if self in _shells:
            _shells.reverse()
            _shells.remove(self)
            _shells.reverse()
        self.namespace.step_down()
        classes.disable(self)
        self._give_back_input()
        self.catcher.remove()
        if _shells:
            _shells[-1]._install_builtins()
        else:
            uninstall()
            runners.unwatch()
            if self.frontend.is_rich:
                from ipcluster.engines.interpreter.display.inline import unwatch

                unwatch()
            for names in self._builtin_dicts():
                for name in ("get_ipython", "display", "__IPYTHON__"):
                    names.pop(name, None)

    def _install_builtins(self) -> None:
        """Names that imported modules count on while a shell runs."""
        for names in self._builtin_dicts():
            names["get_ipython"] = self.get_ipython
            names["display"] = display
            names["__IPYTHON__"] = True
        if self.frontend.takes_input:
            import getpass

            self._own_input = self._own_input or (builtins.input, getpass.getpass)
            for names in self._builtin_dicts():
                names["input"] = self.raw_input
            getpass.getpass = self.getpass

    def _give_back_input(self) -> None:
        if self._own_input is not None:
            import getpass

            for names in self._builtin_dicts():
                names["input"] = self._own_input[0]
            getpass.getpass = self._own_input[1]
            self._own_input = None

    def raw_input(self, prompt: object = "", /) -> str:
        """What `input()` is where the front end has the keyboard."""
        sys.stdout.flush()
        return self.frontend.read_line(str(prompt))

    def getpass(self, prompt: str = "Password: ", stream: Any = None) -> str:
        """What `getpass.getpass()` is where the front end has the keyboard."""
        return self.frontend.read_line(prompt, password=True)

    def _builtin_dicts(self) -> list[dict[str, Any]]:
        own = self.user_global_ns.get("__builtins__")
        dicts = [vars(builtins)]
        if isinstance(own, dict) and own is not dicts[0]:  # an engine's
            dicts.append(own)
        return dicts

    def execution(self) -> _Execution:
        """A context in which expression values come to our display hook."""
        return self._execution

    # --- cells ------------------------------------------------------------------------

    def run_cell(
        self,
        raw_cell: str,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        cell_id: str | None = None,
        **keywords: Any,
    ) -> ExecutionResult:
        """Run a cell, showing what it shows; never raises what the cell raised."""
        return self.cells.run(
            raw_cell,
            store_history=store_history,
            silent=silent,
            shell_futures=shell_futures,
            cell_id=cell_id,
            **keywords,
        )

    async def run_cell_async(
        self,
        raw_cell: str,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        *,
        transformed_cell: str | None = None,
        preprocessing_exc_tuple: Any = None,
        cell_id: str | None = None,
    ) -> ExecutionResult:
        """`run_cell`, for callers that await it."""
        return self.cells.run(
            raw_cell,
            store_history=store_history,
            silent=silent,
            shell_futures=shell_futures,
            cell_id=cell_id,
            transformed_cell=transformed_cell,
        )

    def transform_cell(self, raw_cell: str) -> str:
        """The Python of what was typed.

        Raises:
            SyntaxError: a transformer refuses it.
        """
        manager = self.input_transformer_manager
        return manager.after_all(interpret(self, manager.transform_cell(raw_cell)))

    def transform_ast(self, tree: ast.Module, *, is_cell: bool = True) -> ast.Module:
        """A cell's tree, after all `ast_transformers`; one that fails is dropped.

        Transformers with `only_cells` are not asked where it is a piece of a cell.
        """
        if not self.ast_transformers:
            return tree
        from ast import fix_missing_locations

        from ipcluster.engines.interpreter.errors import UsageError

        for transformer in self.ast_transformers[:]:
            if not is_cell and getattr(transformer, "only_cells", False):
                continue
            try:
                tree = transformer.visit(tree)
            except UsageError:
                raise
            except Exception as error:
                print(
                    f"The AST transformer {transformer!r} failed ({error}) "
                    "and is taken out.",
                    file=sys.stderr,
                )
                self.ast_transformers.remove(transformer)
        return fix_missing_locations(tree) if self.ast_transformers else tree

    def check_complete(self, code: str) -> tuple[str, str]:
        """`("complete" | "incomplete" | "invalid", indentation of the next line)`."""
        status, indent = self.input_transformer_manager.check_complete(code)
        return status, " " * (indent or 0)

    @property
    def input_transformers_cleanup(self) -> list[Transform]:
        return self.input_transformer_manager.cleanup_transforms

    @property
    def input_transformers_post(self) -> list[Transform]:
        return self.input_transformer_manager.post_transforms

    def prefilter(self, lines: str, continue_prompt: bool = False) -> str:
        """What lines that begin with names mean: macros, magics, calls."""
        return self.prefilter_manager.prefilter_lines(lines, continue_prompt)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        super().on_option(name, old, new)
        if name == "autoawait":
            self.compile.awaits = new
        elif name == "inspector_class":
            self.__dict__.pop("inspector", None)

    @property
    def call_pdb(self) -> bool:
        """Whether the debugger starts at an error."""
        return self.pdb

    @call_pdb.setter
    def call_pdb(self, value: bool) -> None:
        self.pdb = bool(value)

    # --- showing ----------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Tell the front end."""
        self.history_manager.note_event(event)
        self.frontend.emit(event)

    def set_next_input(self, text: str, replace: bool = False) -> None:
        """Put text at the next prompt; with `replace`, in the place of this cell."""
        from ipcluster.engines.interpreter.events import NextInput

        self.emit(NextInput(text, replace))

    def auto_rewrite_input(self, cmd: str) -> None:
        """Show the Python that a line without parentheses was made into."""
        if self.show_rewritten_input:
            print(f"------> {cmd}")

    def ask_exit(self) -> None:
        """The user wants to leave."""
        from ipcluster.engines.interpreter.events import ExitWanted

        self.exit_now = True
        self.emit(ExitWanted(self.keepkernel_on_exit))

    def set_hook(
        self,
        name: str,
        hook: Callable[..., Any],
        priority: int = 50,
        str_key: str | None = None,
        re_key: str | None = None,
    ) -> None:
        """Let `hook(shell, ...)` do `name`; the lowest priority is asked first.

        With `str_key` (a line's first word) or `re_key` (a pattern that it matches)
        only for such lines: `complete_command` wants one of them.
        """
        if str_key is None and re_key is None:
            self.hooks.set(name, hook, priority)
        else:
            self.set_line_hook(name, hook, priority, str_key, re_key)

    def on_part(self, part: Any) -> None:
        """A part has been made."""
        if isinstance(part, Configurable):
            self.configurables.append(part)
        if hasattr(type(part), "on_made"):
            part.on_made()

    def close(self) -> None:
        """The session is over: let go of what it holds."""
        if "history_manager" in self.__dict__:
            self.history_manager.end_session()
        if "Completer" in self.__dict__:
            self.Completer.close()
        self.remove_tempfiles()
        if "logger" in self.__dict__:
            self.logger.close_log()
        if self.active_eventloop is not None:
            self.enable_gui(None)
        if "loop" in self.__dict__:
            self.loop.close()
        self.deactivate()


def _here() -> list[str]:
    """The folder we are in; none if it has been deleted."""
    import os

    try:
        return [os.getcwd()]
    except OSError:
        return []


class _Execution:
    """While cells run: values of expressions go to our display hook.

    A `sys.displayhook` that the user has put there is kept for the next cell. Cells in
    cells and in several threads share one of these: the last that ends gives back.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._depth = 0
        self._before: Any = None

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self._before = sys.displayhook
            sys.displayhook = self._shell._hook or self._shell.displayhook

    def __exit__(self, *_error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            shell = self._shell
            hook: Any = sys.displayhook
            shell._hook = None if hook is shell.displayhook else hook
            sys.displayhook = self._before
