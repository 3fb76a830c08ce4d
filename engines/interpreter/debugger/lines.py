"""Lines at the debugger's prompt: reading them, and telling what they are.

What is a command and what is Python: a command's name followed by a space or nothing is
the command. `list(x)`, `c.y` and `n = 3` are Python, if that makes sense of them; so is
whatever stands behind a `!` unless only a shell could make sense of it.
"""

from __future__ import annotations

import bdb
import pdb

from ipcluster.engines.interpreter.compilation import TOP_LEVEL_AWAIT
from ipcluster.engines.interpreter.debugger.completing import complete
from ipcluster.engines.interpreter.debugger.evaluating import execute
from ipcluster.engines.interpreter.errors import StdinNotAvailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ipcluster.engines.interpreter.frontend import FrontEnd
    from ipcluster.engines.interpreter.shell import InteractiveShell

PROMPT = "ipdb> "
CONTINUED = "   ...: "

# Commands that need a program that runs.
_STEPS = ("step", "s", "next", "n", "return", "r", "until", "unt", "jump", "j")


class ReadsLines(pdb.Pdb):
    """Methods of `Debugger` that read and obey lines."""

    shell: InteractiveShell | None
    frontend: FrontEnd
    is_over: bool
    curframe: Any
    run_coroutine: Any
    _error_exc: Any
    _inspect: Any

    def read_line(self, prompt: str) -> str:
        return self.frontend.read_line(
            prompt, complete=self.complete_line, history="debugger"
        )

    def complete_line(self, text: str, cursor: int) -> tuple[int, Sequence[str]]:
        """What could stand at the cursor: where that begins, and the candidates."""
        whole: Any = self
        return complete(whole, text[:cursor])

    def cmdloop(self, intro: Any = None) -> None:
        """Read and obey until a command goes on with the program."""
        self.preloop()
        stop = None
        while not stop:
            line = self.cmdqueue.pop(0) if self.cmdqueue else self._next_line()
            line = self.precmd(line)
            stop = self.postcmd(self.onecmd(line), line)
        self.postloop()

    def _next_line(self) -> str:
        try:
            return self.read_line(self.prompt)
        except EOFError:
            return "EOF"
        except StdinNotAvailable:
            # Quitting would end the program, which nobody has asked for.
            self.message("nobody can type here: going on without the debugger")
            return "continue"

    def _cmdloop(self) -> None:
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                self.cmdqueue.clear()
                self.message("KeyboardInterrupt")

    # --- obeying them -----------------------------------------------------------------

    def onecmd(self, line: str) -> Any:
        """Obey one line; a failing command is no reason to leave."""
        try:
            for name in ("p", "pp"):  # `p(x)`: pdb's users have always written that
                if line.startswith(f"{name}(") and not self.knows(name):
                    line = f"{name} {line[len(name) :]}"
            if not self.commands_defining and self._is_python(line):
                return self.default(line)
            if self.is_over and self.parseline(line)[0] in _STEPS:
                self.error("the program is over: there is nothing to step through")
                return None
            return super().onecmd(line)
        except bdb.BdbQuit:
            raise
        except Exception:
            self._error_exc()
            return None

    def _is_python(self, line: str) -> bool:
        """Whether a line that begins with a command's name is Python all the same."""
        text = line.strip()
        length = next(
            (n for n, one in enumerate(text) if not (one.isalnum() or one == "_")),
            len(text),
        )
        name, rest = text[:length], text[length:]
        if not rest or not hasattr(self, f"do_{name}"):
            return False
        assigns = rest.lstrip()
        is_assignment = assigns[:1] == "=" and assigns[:2] != "=="
        if rest[0].isspace() and not is_assignment:
            return False
        if text.endswith("?"):
            return True
        return _compiles(text)

    def knows(self, name: str) -> bool:
        """Whether a name has a value in the current frame."""
        import builtins

        frame = self.curframe
        places = (frame.f_locals, frame.f_globals, vars(builtins))
        return any(name in place for place in places)

    def default(self, line: str) -> None:
        """A line that is no command: Python, a magic, a command of the system's."""
        self.lastcmd = ""  # an empty line repeats commands, and nothing else
        text = line.strip()
        if text.startswith("!!"):
            self._system(text[2:])
            return
        if text.startswith("!"):
            text = text[1:].strip()
            if self._is_for_system(text):
                self._system(text)
                return
        elif text.endswith("?"):
            detail = "pinfo2" if text.endswith("??") else "pinfo"
            self._inspect(detail, text.rstrip("?"))
            return
        try:
            source = self._python_of(self._all_of(text))
            if source.strip():
                execute(source, self.curframe, self.displayhook, self.run_coroutine)
        except KeyboardInterrupt:
            self.message("KeyboardInterrupt")
        except BaseException:  # `SystemExit` as well: it is the debugger's line
            self._error_exc()

    def _all_of(self, text: str) -> str:
        """The text with the lines that belong to it."""
        lines = [text]
        while self._is_open("\n".join(lines)):
            try:
                lines.append(self.read_line(CONTINUED))
            except (EOFError, StdinNotAvailable):
                break
        return "\n".join(lines)

    def _is_open(self, text: str) -> bool:
        if self.shell is not None:
            return self.shell.check_complete(text)[0] == "incomplete"
        import codeop

        try:
            return codeop.compile_command(text, symbol="exec") is None
        except (SyntaxError, ValueError, OverflowError):
            return False

    def _python_of(self, text: str) -> str:
        """Python, where the text is something that only the shell knows."""
        if self.shell is None or _compiles(text):
            return text
        return self.shell.transform_cell(text)

    def _is_for_system(self, text: str) -> bool:
        """Whether only a system's shell could make sense of a text."""
        if self.shell is None or not text:
            return False
        if not _compiles(text):
            return not self._is_open(text)
        import ast

        # `ls`, `ls -l`, `pwd`: names, signs and numbers, and none of the names known.
        plain = (ast.Name, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
        parts = [*ast.walk(ast.parse(text))]
        names = [node.id for node in parts if isinstance(node, ast.Name)]
        others = (ast.Module, ast.Expr, ast.Constant, ast.expr_context)
        return (
            all(isinstance(node, (*plain, *others)) for node in parts)
            and bool(names)
            and not any(map(self.knows, names))
        )

    def _system(self, command: str) -> None:
        if self.shell is None:
            self.error("there is no shell that could run commands")
        else:
            self.shell.system(command)


def _compiles(text: str) -> bool:
    try:
        compile(text, "<debugger>", "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True
