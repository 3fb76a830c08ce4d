"""Code from elsewhere: from the clipboard, or pasted where the terminal cannot tell."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import TryNext, UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SENTINEL = "--"

# Where the last pasted block is kept, for -r.
_NAME = "pasted_block"


@magics_class
class PastingMagics(Magics):
    """%paste and %cpaste."""

    @line_magic
    def paste(self, line: str) -> None:
        """Run the text on the clipboard, or keep it.

            %paste            show it and run it
            %paste name       keep it as a list of lines

        Indentation that all lines share, and prompts, are taken off.

        -q  do not show it first
        -r  run again what was pasted last
        """
        options, name = self.parse_options(line, "rq")
        if "r" in options:
            self._again("paste")
            return
        block = dedented(self._clipboard())
        if not block.strip():
            raise UsageError("nothing is on the clipboard")
        if "q" not in options:
            print(block, end="" if block.endswith("\n") else "\n")
            print("## -- End pasted text --")
        self._take(block, name.strip())

    @line_magic
    def cpaste(self, line: str) -> None:
        """Run what is pasted now, up to a line `--` or Ctrl-D.

            %cpaste           ask for lines, then run them
            %cpaste name      keep them as a list

        For terminals that do not tell a paste from typing; blank lines and indentation
        do no harm here, and prompts are taken off.

        -s SENTINEL  end at this line instead
        -q           do not explain
        -r           run again what was pasted last
        """
        options, name = self.parse_options(line, "rqs:")
        if "r" in options:
            self._again("cpaste")
            return
        sentinel = options.get("s") or SENTINEL
        if "q" not in options:
            print(f"Paste code; a line {sentinel!r} alone, or Ctrl-D, ends it.")
        self._take(dedented("\n".join(self._lines(sentinel))), name.strip())

    def _lines(self, sentinel: str) -> Iterator[str]:
        while True:
            try:
                text = self.shell.frontend.read_line(":", history="none")
            except EOFError:
                print()
                return
            if text == sentinel:
                return
            yield text

    def _clipboard(self) -> str:
        chain = self.shell.hooks.chains.get("clipboard_get")
        text = None
        if chain is not None:
            try:
                text = chain()
            except TryNext:
                text = None
        if text is None:
            text = self.shell.frontend.clipboard()
        if text is None:
            raise UsageError(
                "no clipboard can be read here (wl-paste, xclip, xsel, pbpaste or "
                "tkinter would do); %cpaste takes what you paste into the terminal"
            )
        return str(text)

    def _take(self, block: str, name: str) -> None:
        """Keep a block under a name, or run it."""
        if name:
            self.shell.user_ns[name] = block.splitlines()
            print(f"Kept as {name!r}: {len(block.splitlines())} lines")
            return
        self.shell.namespace.put(_NAME, block)
        self.shell.run_cell(block, store_history=True)

    def _again(self, magic: str) -> None:
        block = self.shell.user_ns.get(_NAME)
        if not isinstance(block, str):
            raise UsageError(f"%{magic} -r: nothing has been pasted yet")
        first = block.strip().partition("\n")[0]
        print(f"Running again: {first!r} ({len(block.splitlines())} lines)")
        self.shell.run_cell(block, store_history=True)


def dedented(block: str) -> str:
    """A block without the indentation that all of its lines share."""
    import textwrap

    return textwrap.dedent(block.replace("\r\n", "\n").replace("\r", "\n"))
