"""`TerminalInteractiveShell`: the interpreter with a terminal's options.

The names of the options are IPython's, for they stand in people's config files. What
they do is done elsewhere: editor.py and keys.py for what is typed, frontend.py and
themes.py for what is seen, session.py for the rest.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Option
from ipcluster.engines.interpreter.parts import Part
from ipcluster.engines.interpreter.shell import InteractiveShell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ipcluster.engines.interpreter.frontend import FrontEnd
    from ipcluster.engines.interpreter.namespace import UserNamespace
    from ipcluster.shell.terminal.editor import LineEditor
    from ipcluster.shell.terminal.frontend import TerminalFrontEnd
    from ipcluster.shell.terminal.prompts import Prompts

_PLACE = "ipcluster.shell.terminal"


class TerminalInteractiveShell(InteractiveShell):
    """The shell of a person at a terminal."""

    # --- the line editor --------------------------------------------------------------

    auto_match = Option(
        False, "Close brackets and quotes that are opened, and delete them in pairs."
    )
    autoformatter = Option[str | None](
        None,
        "What reformats a cell at Esc Enter.",
        choices=(None, "black", "ruff", "yapf"),
    )
    autosuggestions_provider = Option[str | None](
        "NavigableAutoSuggestFromHistory",
        "Suggest, in grey, how an earlier input went on. With the first of these "
        "Ctrl-Up and Ctrl-Down choose another.",
        choices=("NavigableAutoSuggestFromHistory", "AutoSuggestFromHistory", None),
    )
    complete_while_typing = Option(False, "Show completions without Tab.")
    display_completions = Option(
        "multicolumn",
        "How completions are shown.",
        choices=("column", "multicolumn", "readlinelike"),
    )
    editing_mode = Option("emacs", "The keys of which editor.", choices=("emacs", "vi"))
    emacs_bindings_in_vi_insert_mode = Option(
        True, "Keys of emacs, Ctrl-A for one, in the insert mode of vi as well."
    )
    enable_history_search = Option(
        True, "Up and Down look for inputs that begin with what has been typed."
    )
    extra_open_editor_shortcuts = Option(
        False, "v (vi) and Ctrl-X Ctrl-E (emacs) open the editor, as F2 does."
    )
    handle_return = Option["Any"](
        None, "A function of the shell that gives what Enter does: a key's handler."
    )
    highlight_matching_brackets = Option(True, "Show which bracket belongs to which.")
    min_elide = Option(30, "Letters from which on a long completion is shortened.")
    modal_cursor = Option(True, "The cursor's shape tells the mode of vi.")
    mouse_support = Option(False, "The mouse moves the cursor and chooses completions.")
    shortcuts = Option[list[dict[str, "Any"]]](
        [],
        "Keys to add, to move or to take away: dicts with `command`, and some of "
        "new_keys, new_filter, match_keys, match_filter, create.",
    )
    simple_prompt = Option(False, "Read lines plainly: no editing, no colours.")
    space_for_menu = Option(6, "Lines kept free below the prompt for completions.")
    timeoutlen = Option(0.5, "Seconds to wait for the rest of a sequence of keys.")
    ttimeoutlen = Option(0.01, "Seconds after which Esc is Esc, and begins nothing.")

    # --- what it looks like -----------------------------------------------------------

    bottom_toolbar = Option["Any"](
        None, "A text for a line below the prompt, or a function of the shell."
    )
    right_prompt = Option["Any"](
        None, "A text for the right end of the prompt's line, or a function."
    )
    highlighting_style = Option["Any"](
        None, "A style of pygments, by name or class, for what is typed."
    )
    highlighting_style_overrides = Option[dict["Any", "Any"]](
        {}, "Token of pygments to style, over those of the theme."
    )
    true_color = Option(False, "The terminal knows 16 million colours.")
    prompt_includes_vi_mode = Option(True, "The prompt tells the mode of vi.")
    prompt_line_number_format = Option(
        "", "Line numbers in the prompt, such as `{line:4d}/{rel_line:+03d} | `."
    )
    prompts_class = Option["Any"](None, "The class of the prompts, or its full name.")
    mime_renderers = Option[dict[str, "Any"]](
        {}, "MIME type to a function of (data, metadata) that shows it."
    )
    display_page = Option(False, "Print what else would go to a pager.")
    enable_tip = Option(True, "Show a tip at start.")
    term_title = Option(True, "Name the terminal's window.")
    term_title_format = Option("ipshell: {cwd}", "Its name.")

    # --- the rest ---------------------------------------------------------------------

    confirm_exit = Option(True, "Ask before Ctrl-D leaves.")
    debugger_history_file = Option(
        "~/.pdbhistory", "Where the debugger's lines are remembered."
    )
    editor = Option("", "The editor's command; else $VISUAL, $EDITOR or vi.")
    # Accepted, for files that have them; there is nobody here who would answer.
    llm_provider_class = Option[str | None](None, "Not used.")
    llm_constructor_kwargs = Option[dict[str, "Any"]]({}, "Not used.")
    llm_prefix_from_history = Option("input_history", "Not used.")

    # Imported and made at first use.
    if TYPE_CHECKING:
        prompts: Prompts
        frontend: TerminalFrontEnd
    else:
        prompts = Part(f"{_PLACE}.prompts:make_prompts")

    # Once it has been loaded: with the first prompt, or for `pt_app`.
    line_editor: LineEditor | None = None

    def __init__(
        self,
        frontend: FrontEnd | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        namespace: UserNamespace | None = None,
    ) -> None:
        super().__init__(frontend, config=config, namespace=namespace)
        attach = getattr(self.frontend, "attach", None)
        if attach is not None:  # a terminal's; one that records wants nothing of us
            attach(self)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        super().on_option(name, old, new)
        if name == "prompts_class":
            self.__dict__.pop("prompts", None)
        elif name in ("colors", "simple_prompt", "highlighting_style_overrides"):
            forget = getattr(self.frontend, "forget_theme", None)
            if forget is not None:
                forget()

    @property
    def pt_app(self) -> Any:
        """The session of prompt_toolkit, to add keys to; None where lines are plain.

        A startup file that asks for it waits until the library is there.
        """
        if self.line_editor is None:
            if self.simple_prompt or not self.frontend.has_terminal:
                return None
            from ipcluster.shell.terminal.editor import LineEditor

            LineEditor(self)
        assert self.line_editor is not None
        return self.line_editor.session

    # Whether it hears of Ctrl-C in a way of its own, while it runs a cell.
    takes_presses = False

    def execution(self) -> Any:
        """As any shell's; a Ctrl-C that was pressed meanwhile hits what runs in it."""
        from ipcluster.shell.terminal.presses import take_press

        if not self.takes_presses and take_press():
            raise KeyboardInterrupt
        return super().execution()

    # --- conversation -----------------------------------------------------------------

    def mainloop(self, display_banner: Any = None) -> None:
        """Talk until the person leaves."""
        from ipcluster.shell.terminal.banner import show_banner
        from ipcluster.shell.terminal.session import Session

        if display_banner is not None:
            show_banner(self, display_banner)
        Session(self).run()

    interact = mainloop

    def show_banner(self, banner: str | None = None) -> None:
        """Print what is said first."""
        from ipcluster.shell.terminal.banner import show_banner

        show_banner(self, banner)

    def switch_doctest_mode(self, mode: bool) -> None:
        """Prompts as they stand in doctests, or the usual ones."""
        from ipcluster.shell.terminal.prompts import ClassicPrompts, make_prompts

        self.prompts = ClassicPrompts(self) if mode else make_prompts(self)

    def on_part(self, part: Any) -> None:
        super().on_part(part)
        if self.__dict__.get("magics_manager") is part is not None:
            part.register_lazy("ipcluster.shell.clusters", "ClusterMagics", "cluster")

    def close(self) -> None:
        """The session is over; the cluster that it started stops too."""
        magics = self.__dict__.get("magics_manager")
        clusters = magics and magics.registry.get("ClusterMagics")
        if clusters is not None:
            clusters.close()
        super().close()
