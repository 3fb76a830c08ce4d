"""Every key of ours: what it does, and when.

    keys            command                      when

`keys` are prompt_toolkit's names, several for a sequence. A command is a function of
the modules beside this one, or `prompt_toolkit:named_commands.X`. Of all that match,
the one furthest down counts. `TerminalInteractiveShell.shortcuts` changes the table.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prompt_toolkit.filters import Filter
    from prompt_toolkit.key_binding import KeyBindings

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

_INSERT = "default_buffer_focused & ~has_selection & insert_mode"
_MATCH = "focused_insert & auto_match"
_OPENS = f"{_MATCH} & followed_by_closing_paren_or_end"
_RAW = f"{_MATCH} & preceded_by_raw_str_prefix"
_QUOTE = f"{_OPENS} & not_inside_unclosed_string"
_HINT = "has_suggestion & default_buffer_focused & emacs_like_insert_mode"
_EMACS_HINT = "has_suggestion & default_buffer_focused & emacs_insert_mode"
_VI = "vi_insert_mode & default_buffer_focused"
_EBIVIM = f"{_VI} & ebivim"
_LIBRARY = "prompt_toolkit:named_commands."

ROWS: tuple[tuple[str, str, str], ...] = (
    ("enter", "entering.handle_return_or_newline_or_execute", _INSERT),
    (
        "escape enter",
        "entering.reformat_and_execute",
        f"{_INSERT} & (~vi_mode | ebivim)",
    ),
    ("c-\\", "entering.quit", ""),
    ("c-p", "entering.previous_history_or_previous_completion", _VI),
    ("c-n", "entering.next_history_or_next_completion", _VI),
    ("c-g", "entering.dismiss_completion", "default_buffer_focused & has_completions"),
    ("c-c", "entering.reset_buffer", "default_buffer_focused"),
    ("<sigint>", "entering.reset_buffer", "default_buffer_focused"),
    ("c-c", "entering.reset_search_buffer", "search_buffer_focused"),
    ("c-z", "entering.suspend_to_bg", "supports_suspend"),
    ("tab", "entering.indent_buffer", f"{_INSERT} & cursor_in_leading_ws"),
    (
        "c-o",
        "entering.newline_autoindent",
        "default_buffer_focused & emacs_insert_mode",
    ),
    ("f2", "entering.open_input_in_editor", "default_buffer_focused"),
    (
        "c-x c-e",
        "entering.open_input_in_editor",
        "default_buffer_focused & extra_editor & emacs_insert_mode",
    ),
    (
        "v",
        "entering.open_input_in_editor",
        "default_buffer_focused & extra_editor & vi_mode & ~insert_mode"
        " & ~has_selection",
    ),
    ("f4", "entering.unfold_traceback", "default_buffer_focused"),
    ("c-r", "entering.search_history", "default_buffer_focused & insert_mode"),
    (
        "s-tab",
        "entering.dedent_buffer",
        f"{_INSERT} & cursor_in_leading_ws & ~has_completions",
    ),
    (":", "entering.colon", "focused_insert & autoindent"),
    # Brackets and quotes in pairs.
    ("(", "auto_match.parenthesis", _OPENS),
    ("[", "auto_match.brackets", _OPENS),
    ("{", "auto_match.braces", _OPENS),
    ("(", "auto_match.raw_string_parenthesis", _RAW),
    ("[", "auto_match.raw_string_bracket", _RAW),
    ("{", "auto_match.raw_string_braces", _RAW),
    (
        '"',
        "auto_match.double_quote",
        f"{_QUOTE} & preceded_by_paired_double_quotes",
    ),
    (
        "'",
        "auto_match.single_quote",
        f"{_QUOTE} & preceded_by_paired_single_quotes",
    ),
    (
        '"',
        "auto_match.docstring_double_quotes",
        f"{_MATCH} & not_inside_unclosed_string & preceded_by_two_double_quotes",
    ),
    (
        "'",
        "auto_match.docstring_single_quotes",
        f"{_MATCH} & not_inside_unclosed_string & preceded_by_two_single_quotes",
    ),
    (")", "auto_match.skip_over", f"{_MATCH} & followed_by_closing_round_paren"),
    ("]", "auto_match.skip_over", f"{_MATCH} & followed_by_closing_bracket"),
    ("}", "auto_match.skip_over", f"{_MATCH} & followed_by_closing_brace"),
    ('"', "auto_match.skip_over", f"{_MATCH} & followed_by_double_quote"),
    ("'", "auto_match.skip_over", f"{_MATCH} & followed_by_single_quote"),
    # What was typed before, in grey.
    ("end", "auto_suggest.accept_or_jump_to_end", _HINT),
    ("c-e", "auto_suggest.accept_or_jump_to_end", _HINT),
    ("c-f", "auto_suggest.accept", _HINT),
    ("right", "auto_suggest.accept", f"{_HINT} & is_cursor_at_the_end_of_line"),
    ("escape f", "auto_suggest.accept_word", _HINT),
    ("c-right", "auto_suggest.accept_token", _HINT),
    ("escape", "auto_suggest.discard", _EMACS_HINT),
    ("delete", "auto_suggest.discard", _EMACS_HINT),
    (
        "c-up",
        "auto_suggest.swap_autosuggestion_up",
        "navigable_suggestions & ~has_line_above & has_suggestion"
        " & default_buffer_focused",
    ),
    (
        "c-down",
        "auto_suggest.swap_autosuggestion_down",
        "navigable_suggestions & ~has_line_below & has_suggestion"
        " & default_buffer_focused",
    ),
    (
        "c-up",
        "auto_suggest.up_and_update_hint",
        "has_line_above & navigable_suggestions & default_buffer_focused",
    ),
    (
        "c-down",
        "auto_suggest.down_and_update_hint",
        "has_line_below & navigable_suggestions & default_buffer_focused",
    ),
    ("escape right", "auto_suggest.accept_character", _HINT),
    ("c-left", "auto_suggest.accept_and_move_cursor_left", _HINT),
    ("escape down", "auto_suggest.accept_and_keep_cursor", _EMACS_HINT),
    (
        "backspace",
        "auto_suggest.backspace_and_resume_hint",
        "default_buffer_focused & emacs_like_insert_mode",
    ),
    (
        "right",
        "auto_suggest.resume_hinting",
        "is_cursor_at_the_end_of_line & ~has_suggestion & default_buffer_focused"
        " & emacs_like_insert_mode & pass_through",
    ),
    # Behind the plain Backspace above, for the last that matches counts.
    ("backspace", "entering.smart_backspace", f"{_INSERT} & behind_indentation"),
    (
        "backspace",
        "auto_match.delete_pair",
        f"{_MATCH} & preceded_by_opening_round_paren & followed_by_closing_round_paren",
    ),
    (
        "backspace",
        "auto_match.delete_pair",
        f"{_MATCH} & preceded_by_opening_bracket & followed_by_closing_bracket",
    ),
    (
        "backspace",
        "auto_match.delete_pair",
        f"{_MATCH} & preceded_by_opening_brace & followed_by_closing_brace",
    ),
    (
        "backspace",
        "auto_match.delete_pair",
        f"{_MATCH} & preceded_by_double_quote & followed_by_double_quote",
    ),
    (
        "backspace",
        "auto_match.delete_pair",
        f"{_MATCH} & preceded_by_single_quote & followed_by_single_quote",
    ),
    (
        "c-i",
        "prompt_toolkit:completion.display_completions_like_readline",
        f"readline_like_completions & {_INSERT} & ~cursor_in_leading_ws",
    ),
    ("c-v", "entering.win_paste", "default_buffer_focused & ~vi_mode & is_windows_os"),
    # Keys of emacs in the insert mode of vi.
    ("c-a", f"{_LIBRARY}beginning_of_line", _EBIVIM),
    ("c-b", f"{_LIBRARY}backward_char", _EBIVIM),
    ("c-k", f"{_LIBRARY}kill_line", _EBIVIM),
    ("c-w", f"{_LIBRARY}backward_kill_word", _EBIVIM),
    ("c-y", f"{_LIBRARY}yank", _EBIVIM),
    ("c-_", f"{_LIBRARY}undo", _EBIVIM),
    ("c-x c-e", f"{_LIBRARY}edit_and_execute", _EBIVIM),
    ("c-x e", f"{_LIBRARY}edit_and_execute", _EBIVIM),
    ("escape b", f"{_LIBRARY}backward_word", _EBIVIM),
    ("escape c", f"{_LIBRARY}capitalize_word", _EBIVIM),
    ("escape d", f"{_LIBRARY}kill_word", _EBIVIM),
    ("escape h", f"{_LIBRARY}backward_kill_word", _EBIVIM),
    ("escape l", f"{_LIBRARY}downcase_word", _EBIVIM),
    ("escape u", f"{_LIBRARY}uppercase_word", _EBIVIM),
    ("escape y", f"{_LIBRARY}yank_pop", _EBIVIM),
    ("escape .", f"{_LIBRARY}yank_last_arg", _EBIVIM),
)

_PLACE = "ipcluster.shell.terminal.keys"


class Binding:
    """A row of the table, which a config may have changed."""

    def __init__(self, keys: list[str], command: str, when: str) -> None:
        self.keys = keys
        self.command = command
        self.when = when

    def __repr__(self) -> str:
        return f"<{' '.join(self.keys)}: {self.command} when {self.when or 'always'}>"


def rows() -> list[Binding]:
    """The table as it comes."""
    return [Binding(keys.split(), command, when) for keys, command, when in ROWS]


def find_command(name: str) -> Callable[..., Any]:
    """The function that a command's name means.

    Raises:
        ValueError: there is none.
    """
    origin, _, rest = name.rpartition(":")
    if origin == "prompt_toolkit":
        module, _, function = rest.rpartition(".")
        return _library_command(module, function, name)
    module, _, function = rest.rpartition(".")
    # IPython has these in `shortcuts`, or names its modules in full.
    module = module.rpartition(".")[2]
    if module in ("", "shortcuts"):
        module = "entering"
    if module in ("entering", "auto_match", "auto_suggest") and function.isidentifier():
        from importlib import import_module

        found = getattr(import_module(f"{_PLACE}.{module}"), function, None)
        if callable(found) and not function.startswith("_"):
            return found  # type: ignore[no-any-return]  # a handler of keys
    raise ValueError(f"no command is named {name!r}")


def _library_command(module: str, function: str, name: str) -> Callable[..., Any]:
    """A function of the library's modules of key bindings."""
    from importlib import import_module

    place = module.rpartition(".")[2] or "named_commands"
    try:
        found = getattr(
            import_module(f"prompt_toolkit.key_binding.bindings.{place}"), function
        )
    except (ImportError, AttributeError):
        raise ValueError(f"no command is named {name!r}") from None
    return found  # type: ignore[no-any-return]  # a handler of keys


def make_bindings(shell: TerminalInteractiveShell) -> KeyBindings:
    """The keys of a shell, after what its config changes about them."""
    from prompt_toolkit.key_binding import KeyBindings

    from ipcluster.shell.terminal.keys.filters import evaluate, make_filters
    from ipcluster.shell.terminal.keys.shortcuts import changed

    filters: dict[str, Filter] = make_filters(shell)
    bindings = KeyBindings()
    for row in changed(rows(), shell.shortcuts, filters):
        function = find_command(row.command)
        bindings.add(*row.keys, filter=evaluate(row.when, filters))(
            _with_shell(function, shell)
        )
    if shell.handle_return is not None:
        bindings.add("enter", filter=evaluate(_INSERT, filters))(
            shell.handle_return(shell)
        )
    return bindings


def _with_shell(
    function: Callable[..., Any], shell: TerminalInteractiveShell
) -> Callable[..., Any]:
    """A handler of a key: some of ours want the shell as well."""
    if getattr(function, "wants_shell", False):
        return lambda event: function(event, shell)
    return function
