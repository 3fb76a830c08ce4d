"""What stands before an input and before its value.

A subclass of `Prompts` replaces them, from a config file or at any time:

    class Mine(Prompts):
        def in_prompt_tokens(self):
            return [(Token.Prompt, "> ")]

    get_ipython().prompts = Mine(get_ipython())

Each method gives pairs of a token and a text. Tokens are ours, which cost nothing, or
pygments': they are equal. The theme says what they look like (themes.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fragments = list[tuple["TokenType", str]]


class TokenType(tuple[str, ...]):
    """A kind of text: `Token.Prompt.Mode`. Equal to the token of pygments so named."""

    __slots__ = ()

    def __getattr__(self, name: str) -> TokenType:
        if not name[:1].isupper():
            raise AttributeError(name)
        return TokenType((*self, name))

    def __repr__(self) -> str:
        return ".".join(("Token", *self))


Token = TokenType()


class Prompts:
    """`In [1]:`, `   ...:` and `Out[1]:`."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def vi_mode(self) -> str:
        """`[ins] ` and its kin, where the keys are vi's and the prompt shall tell."""
        shell = self.shell
        if shell.editing_mode != "vi" or not shell.prompt_includes_vi_mode:
            return ""
        mode = "insert"
        if shell.line_editor is not None:
            mode = str(shell.line_editor.session.app.vi_state.input_mode)
            mode = mode.rpartition(".")[2].lower()
        return f"[{mode[:3]}] "

    def current_line(self) -> int:
        """The line that the cursor is on, from 0."""
        editor = self.shell.line_editor
        if editor is None:
            return 0
        row: int = editor.session.default_buffer.document.cursor_position_row
        return row

    def _line_number(self, line: int) -> str:
        form: str = self.shell.prompt_line_number_format
        if not form:
            return ""
        return form.format(line=line, rel_line=line - 1 - self.current_line())

    def in_prompt_tokens(self) -> Fragments:
        """Before the first line of an input."""
        return [
            (Token.Prompt.Mode, self.vi_mode()),
            (Token.Prompt.LineNumber, self._line_number(1)),
            (Token.Prompt, "In ["),
            (Token.PromptNum, str(self.shell.execution_count)),
            (Token.Prompt, "]: "),
        ]

    def _width(self) -> int:
        """Columns that the last line of the prompt takes."""
        text = text_of(self.in_prompt_tokens()).rpartition("\n")[2]
        if text.isascii():
            return len(text)
        from wcwidth import wcswidth

        return max(wcswidth(text), 0)

    def continuation_prompt_tokens(
        self,
        width: int | None = None,
        *,
        lineno: int | None = None,
        wrap_count: int | None = None,
    ) -> Fragments:
        """Before the other lines, and before the rest of one that is wrapped.

        `width` is the prompt's; `lineno` counts from 0.
        """
        if width is None:
            width = self._width()
        if wrap_count:
            return [(Token.Prompt.Wrap, " " * (width - 2) + "\N{VERTICAL ELLIPSIS} ")]
        line = 0 if lineno is None else lineno + 1
        prefix = " " * len(self.vi_mode()) + self._line_number(line)
        return [
            (Token.Prompt.LineNumber, prefix),
            (Token.Prompt.Continuation, "...: ".rjust(width - len(prefix))),
        ]

    def rewrite_prompt_tokens(self) -> Fragments:
        """Before what autocall has made of an input."""
        return [(Token.Prompt, "-" * (self._width() - 2) + "> ")]

    def out_prompt_tokens(self) -> Fragments:
        """Before a value."""
        return [
            (Token.OutPrompt, "Out["),
            (Token.OutPromptNum, str(self.shell.displayhook.prompt_count)),
            (Token.OutPrompt, "]: "),
        ]


class ClassicPrompts(Prompts):
    """`>>> ` and `... `, as Python's own."""

    def in_prompt_tokens(self) -> Fragments:
        return [(Token.Prompt, ">>> ")]

    def continuation_prompt_tokens(
        self,
        width: int | None = None,
        *,
        lineno: int | None = None,
        wrap_count: int | None = None,
    ) -> Fragments:
        return [(Token.Prompt, "... ")]

    def rewrite_prompt_tokens(self) -> Fragments:
        return []

    def out_prompt_tokens(self) -> Fragments:
        return []


def tokens_of(shell: Any, method: str, *args: Any, **keywords: Any) -> Any:
    """What the shell's prompts say, or the usual ones, if the user's own fail."""
    try:
        return getattr(shell.prompts, method)(*args, **keywords)
    except Exception as error:
        import sys

        kind = type(shell.prompts).__name__
        if kind == "Prompts":
            raise
        print(
            f"{kind}.{method} has failed ({type(error).__name__}: {error}); "
            "the prompts are the usual ones now",
            file=sys.stderr,
        )
        shell.prompts = Prompts(shell)
        return getattr(shell.prompts, method)(*args, **keywords)


def text_of(fragments: Any) -> str:
    """The text of a prompt, its tokens aside."""
    return "".join(text for _, text in fragments)


def make_prompts(shell: Any) -> Prompts:
    """The prompts that a shell is configured with."""
    kind: Any = shell.prompts_class
    if isinstance(kind, str):
        kind = _named(kind)
    return Prompts(shell) if kind is None else kind(shell)


def _named(name: str) -> Any:
    """A class of prompts by its full name; IPython's names mean ours."""
    module, _, attribute = name.rpartition(".")
    if module in ("", "IPython.terminal.prompts"):
        return globals().get(attribute)
    from importlib import import_module

    return getattr(import_module(module), attribute)
