"""Magics of a kernel: how to connect to it, what it has shown, programs for it."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.shell.kernel.kernel import Kernel


@magics_class
class KernelMagics(Magics):
    """What only a kernel has."""

    @property
    def _kernel(self) -> Kernel:
        kernel: Kernel = self.shell.kernel
        return kernel

    @line_magic
    def connect_info(self, line: str) -> None:
        """Show how other clients connect to this kernel.

            %connect_info

        What the connection file says is printed first: whoever has it, or its text,
        may run code here. A console beside this notebook shares its variables.
        """
        import json

        connection = self._kernel.connection
        path = connection.path
        print(json.dumps(connection.to_dict(), indent=2))
        print(
            "\nPaste this into a file on another machine, or connect from this one:\n"
            f"    ipshell console --existing {path}\n"
            f"    jupyter console --existing {path}\n"
            f"    ipshell qtconsole --existing {path}"
        )

    @line_magic
    def replay(self, line: str) -> None:
        """Show again what an earlier cell has shown, also while nobody looked.

            %replay
            %replay 12

        Without a number it is the cell before this one. A notebook whose tab is closed
        while a cell runs shows nothing of what comes meanwhile; the kernel keeps it.
        """
        kernel = self._kernel
        last = self.shell.cells.count - 1
        if line.strip() and not line.strip().isdigit():
            raise UsageError(f"%replay wants the number of a cell, not {line!r}")
        count = int(line) if line.strip() else last
        request = kernel.journal.request_of(count)
        if request is None:
            raise UsageError(f"nothing is kept of a cell number {count}")
        from ipcluster.shell.kernel.journal import outputs

        messages = kernel.journal.replay(msg_id=request)["messages"]
        for kind, content in outputs(messages):
            kernel.frontend.publish(kind, content)

    @line_magic
    def qtconsole(self, line: str) -> None:
        """Open a Qt console on this kernel, in a window of this machine.

            %qtconsole
            %qtconsole --style=monokai

        Words are handed to the console's program.
        """
        import shlex

        from ipcluster.shell.kernel.programs import MissingProgram, start_beside

        path = self._kernel.connection.path
        try:
            start_beside("qtconsole", ["--existing", path, *shlex.split(line)])
        except MissingProgram as error:
            raise UsageError(str(error)) from None

    @line_magic
    def autosave(self, line: str) -> None:
        """Have the notebook saved every so many seconds; 0: no more by itself.

            %autosave 60

        JupyterLab and Notebook 7 save by a clock of their own; there this is a
        setting: Settings > Autosave Documents.
        """
        try:
            seconds = int(line)
            if seconds < 0:
                raise ValueError
        except ValueError:
            raise UsageError(
                f"%autosave wants a number of seconds, as in %autosave 60; not {line!r}"
            ) from None
        from ipcluster.engines.interpreter.display.functions import display

        script = (
            "if (window.IPython && IPython.notebook) "
            f"IPython.notebook.set_autosave_interval({seconds * 1000})"
        )
        display({"application/javascript": script}, raw=True)
        what = f"every {seconds} seconds" if seconds else "only when asked to"
        print(
            f"A notebook of the classic kind is saved {what} now. JupyterLab and "
            "Notebook 7 go by their setting: Settings > Autosave Documents."
        )
