"""A prompt anywhere in a program: `from ipcluster import embed; embed()`.

It sees the names of the place where it was called, and what is bound there counts for
the program when it goes on. In a loop it opens again and again; `%kill_embedded` says
that this place is not to open one any more, `%exit_raise` ends the program's function
by an error.
"""

from __future__ import annotations

import sys
from types import ModuleType

from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)
from ipcluster.shell.terminal.frames import EmbeddedNamespace, namespace_of
from ipcluster.shell.terminal.shell import TerminalInteractiveShell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType
    from typing import Any

    from ipcluster.engines.interpreter.cells import ExecutionResult

    Location = tuple[str, int]


class KillEmbedded(Exception):
    """`%exit_raise` in an embedded shell: the program is not to go on here."""


# Places that `%kill_embedded` has closed: (file, line).
_closed: set[Location] = set()

# The shell of `embed`, which is used again by the next call.
_shell: InteractiveShellEmbed | None = None


@magics_class
class EmbeddedMagics(Magics):
    """Ways out of an embedded shell."""

    @line_magic
    def kill_embedded(self, line: str) -> None:
        """Do not open a shell at this place of the program again.

            %kill_embedded -x

        -i, --instance  nor anywhere else by this shell object
        -x, --exit      and leave now
        -y, --yes       without asking
        """
        options, _ = self.parse_options(line, "ixy", "instance", "exit", "yes")
        shell: InteractiveShellEmbed = self.shell
        whole = "i" in options or "instance" in options
        what = "by this shell object" if whole else "at this place"
        sure = "y" in options or "yes" in options
        if not sure and not shell.frontend.confirm(
            f"Open no shell {what} any more?", default=False
        ):
            return
        if whole:
            shell.embedded_active = False
        else:
            shell.close_place()
        print(f"No shell will be opened {what} any more.")
        if "x" in options or "exit" in options:
            shell.ask_exit()

    @line_magic
    def exit_raise(self, line: str) -> None:
        """Leave, and raise `KillEmbedded` where the shell was opened.

        That ends a program which opens one in a loop, without a change to it.
        """
        self.shell.should_raise = True
        self.shell.ask_exit()


class InteractiveShellEmbed(TerminalInteractiveShell):
    """A shell that a program calls: `shell = InteractiveShellEmbed(); ...; shell()`.

    Args:
        banner1: printed when it opens; None: a line that says where it is.
        exit_msg: printed when it is left.
        options: of the shell, by name; `config` is a whole config.
    """

    embedded_active = True
    dummy_mode = False
    should_raise = False

    def __init__(
        self,
        *,
        banner1: str | None = None,
        exit_msg: str = "",
        user_ns: dict[str, Any] | None = None,
        user_module: ModuleType | None = None,
        **options: Any,
    ) -> None:
        from ipcluster.shell.terminal.frontend import TerminalFrontEnd

        settings = _settings(options)
        module = user_module or _main_module()
        names = module.__dict__ if user_ns is None else user_ns
        self._place: Location = ("", 0)
        super().__init__(
            TerminalFrontEnd(),
            config=settings.config,
            namespace=EmbeddedNamespace(names, module),
        )
        settings.give_to(self)
        self.exit_msg = exit_msg
        self.exit_now = True
        self._own_banner = banner1
        self.register_magics(EmbeddedMagics)
        self.namespace.step_down()

    def __call__(
        self,
        header: str = "",
        local_ns: dict[str, Any] | None = None,
        module: ModuleType | None = None,
        dummy: bool | None = None,
        stack_depth: int = 1,
        compile_flags: int | None = None,
        **_keywords: Any,
    ) -> None:
        """Open the shell, with the names of the caller.

        Args:
            header: printed after the banner.
            local_ns: names to have instead of the caller's.
            module: whose globals to have.
            dummy: do nothing at all; None: as `dummy_mode` says.
            stack_depth: how many frames above is the caller whose names it has.
            compile_flags: flags of `from __future__` that are on; None: the caller's.

        Raises:
            KillEmbedded: `%exit_raise` was called.
        """
        frame = sys._getframe(stack_depth)
        place = (frame.f_code.co_filename, frame.f_lineno)
        idle = self.dummy_mode if dummy is None else dummy
        if idle or not self.embedded_active or place in _closed:
            return
        self.namespace = namespace_of(frame, local_ns, module)
        flags = frame.f_code.co_flags if compile_flags is None else compile_flags
        self.compile.reset_flags(flags)
        self._place = place
        self._open(header, frame)
        if self.should_raise:
            self.should_raise = False
            raise KillEmbedded("left by %exit_raise")

    def _open(self, header: str, frame: FrameType) -> None:
        self.exit_now = False
        self.fill_namespace()
        self.activate()
        try:
            banner = self._own_banner
            if banner is None:
                name = frame.f_code.co_name
                file = frame.f_code.co_filename
                where = (
                    f"{self.InteractiveTB.cell_label(file) or file}:{frame.f_lineno}"
                )
                banner = f"ipshell in {name}, {where}; exit or Ctrl-D goes on there"
            self.show_banner("\n".join(filter(None, (banner, header))))
            self.mainloop()
        finally:
            self.exit_now = True
            self._settle()
            self.deactivate()
        if self.exit_msg:
            print(self.exit_msg)

    def run_cell(self, raw_cell: str, *args: Any, **keywords: Any) -> ExecutionResult:
        try:
            return super().run_cell(raw_cell, *args, **keywords)
        finally:
            self._settle()

    def _settle(self) -> None:
        if isinstance(self.namespace, EmbeddedNamespace):
            self.namespace.settle()

    def close_place(self) -> None:
        """Open no shell where this one was opened."""
        _closed.add(self._place)


def embed(
    *,
    header: str = "",
    compile_flags: int | None = None,
    stack_depth: int = 1,
    **options: Any,
) -> None:
    """Open a shell here: with the caller's names, until it is left.

    Args:
        header: a line to print first.
        compile_flags: flags of `from __future__` that are on; None: the caller's.
        stack_depth: how many frames above is the one whose names it has.
        options: of `InteractiveShellEmbed`: `banner1`, `colors`, `config`, ...

    Raises:
        KillEmbedded: the person called `%exit_raise`.
    """
    global _shell
    frame = sys._getframe(stack_depth)
    if (frame.f_code.co_filename, frame.f_lineno) in _closed:
        return
    shell = _shell
    if shell is None or options or not shell.exit_now:  # not while it is open
        shell = InteractiveShellEmbed(**options)
        if _shell is None and not options:
            _shell = shell
    shell(header=header, compile_flags=compile_flags, stack_depth=stack_depth + 1)


def _main_module() -> ModuleType:
    return sys.modules["__main__"]


def _settings(options: Mapping[str, Any]) -> Any:
    """The default profile's settings, and what the program says on top."""
    from ipcluster.engines.interpreter.configuration.application import (
        Settings,
        TerminalIPythonApp,
    )
    from ipcluster.shell.terminal.app import options_config, tell

    settings = Settings(
        TerminalIPythonApp, options_config(options, InteractiveShellEmbed)
    )
    tell(settings)
    return settings
