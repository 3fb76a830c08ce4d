"""A kernel within a program: `from ipcluster import embed_kernel; embed_kernel()`.

It sees the names of the place where it was called, and clients connect to it while the
program stands there, until one of them shuts it down. In a program with a loop of its
own, asyncio's or Qt's, the kernel is the loop's guest: `embed_kernel` returns at once,
the program goes on, and cells run between its callbacks.

What the program prints goes where it went before; what cells print goes to clients.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import sys

from ipcluster.engines.interpreter.ecosystem.notebook import ZMQInteractiveShell
from ipcluster.shell.terminal.frames import EmbeddedNamespace, namespace_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.cells import ExecutionResult
    from ipcluster.shell.kernel.frontend import KernelFrontEnd
    from ipcluster.shell.kernel.kernel import Kernel

QT = ("PySide6", "PyQt6", "PyQt5", "PySide2")


class EmbeddedShell(ZMQInteractiveShell):
    """The shell of a kernel whose names are a program's."""

    def run_cell(self, raw_cell: str, *args: Any, **keywords: Any) -> ExecutionResult:
        try:
            return super().run_cell(raw_cell, *args, **keywords)
        finally:
            self.settle()

    def settle(self) -> None:
        if isinstance(self.namespace, EmbeddedNamespace):
            self.namespace.settle()


class EmbeddedKernel:
    """A kernel in a program: where it is, and its end."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._listen: Callable[[bool], None] = lambda on: None
        self.is_closed = False
        atexit.register(self.close)

    @property
    def connection_file(self) -> str:
        """What clients need to connect; it is removed at the end."""
        return self._kernel.connection.path

    @property
    def shell(self) -> Any:
        """What `get_ipython()` gives in its cells."""
        return self._kernel.shell

    def serve(self) -> None:
        """Handle requests until a client shuts it down."""
        try:
            self._kernel.serve()
        finally:
            self.close()

    def close(self) -> None:
        """Take leave of the program and of all clients."""
        if self.is_closed:
            return
        self.is_closed = True
        atexit.unregister(self.close)
        self._listen(False)
        self._kernel.stopping = True
        self._kernel.controls.put(None)
        shell = self._kernel.shell
        if isinstance(shell, EmbeddedShell):
            shell.settle()
        self._kernel.close()
        try:
            os.unlink(self.connection_file)
        except OSError:
            pass

    def __enter__(self) -> EmbeddedKernel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else self.connection_file
        return f"<EmbeddedKernel {state}>"

    # --- as a guest of a loop ---------------------------------------------------------

    def join(self, loop: Any, qt: Any) -> None:
        """Handle requests in callbacks of asyncio's loop, or of Qt's."""
        fd = self._kernel.inbox.fileno()
        if loop is None:
            notifier = qt.QSocketNotifier(fd, qt.QSocketNotifier.Type.Read)
            notifier.activated.connect(lambda *_: self._on_requests())
            self._listen = notifier.setEnabled
            return
        from ipcluster.shell.kernel.nesting import NestedRunner

        self.shell.loop_runner = NestedRunner(self.shell, loop)

        def listen(on: bool) -> None:
            if loop.is_closed():
                return
            if on:
                loop.add_reader(fd, self._on_requests)
            else:
                loop.remove_reader(fd)

        self._listen = listen
        listen(True)

    def _on_requests(self) -> None:
        # A cell that awaits, or opens a dialog, has the loop go on within this.
        self._listen(False)
        try:
            contextvars.copy_context().run(self._kernel.handle_waiting)
        finally:
            if self._kernel.stopping:
                self.close()
            else:
                self._listen(True)


def embed_kernel(
    module: ModuleType | None = None,
    local_ns: dict[str, Any] | None = None,
    *,
    connection_file: str = "",
    wait: bool | None = None,
    stack_depth: int = 1,
    config: dict[str, Any] | None = None,
    **options: Any,
) -> EmbeddedKernel:
    """Be a kernel here, with the caller's names.

    Args:
        module: whose globals to have instead of the caller's.
        local_ns: names to have instead of the caller's.
        connection_file: what clients need to connect; by default one where Jupyter's
            programs look.
        wait: stay here until a client shuts the kernel down; None: unless a loop runs
            in this thread, asyncio's or Qt's.
        stack_depth: how many frames above is the caller whose names it has.
        config: settings, as a config file has them: `{"InteractiveShell": {...}}`.
        options: of `ipshell kernel`, by name: `ip`, `transport`, `profile`, ...

    Returns:
        The kernel: closed, if it has been waited for.

    Raises:
        OSError: the file cannot be written, or a port is taken.
        TypeError: there is no such option.
        ValueError: an option is not one that a kernel can have.
    """
    frame = sys._getframe(stack_depth)
    loop, qt = (None, None) if wait else _running_loop()
    waits = loop is None and qt is None if wait is None else wait
    if waits or local_ns is not None or frame.f_locals is frame.f_globals:
        namespace = namespace_of(frame, local_ns, module)
    else:  # the function goes on, and may be gone when somebody looks
        namespace = namespace_of(frame, dict(frame.f_locals), module)
    embedded = _make(namespace, connection_file, config, options)
    print(
        f"kernel {os.getpid()} runs here; connect with\n"
        f"    ipshell console --existing {embedded.connection_file}",
        file=sys.__stderr__,
    )
    if waits:
        embedded.serve()
    elif loop is None and qt is None:
        embedded.close()
        raise ValueError("wait=False wants a loop, asyncio's or Qt's, in this thread")
    else:
        embedded.join(loop, qt)
    return embedded


def _make(
    namespace: EmbeddedNamespace,
    file: str,
    config: dict[str, Any] | None,
    options: dict[str, Any],
) -> EmbeddedKernel:
    from ipcluster.engines.interpreter.configuration.application import Settings
    from ipcluster.engines.interpreter.configuration.config import Config
    from ipcluster.shell.kernel.connection import Connection, runtime_folder
    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.leftovers import whose
    from ipcluster.shell.kernel.settings import IPKernelApp, make_shell

    told = Config(config)
    for name, value in options.items():
        if name not in IPKernelApp.options():
            raise TypeError(f"embed_kernel has no option {name!r}")
        told["IPKernelApp"][name] = value
    settings = Settings(IPKernelApp, told)
    if complaints := settings.config.take_complaints():
        raise ValueError("; ".join(complaints))
    app = settings.app
    path = file or os.path.join(runtime_folder(), f"kernel-{os.getpid()}.json")
    connection = Connection(ip=app.ip, transport=app.transport)
    if app.encrypt:
        connection.encrypt()
    connection.check()
    kernel = Kernel(connection, capture=False, is_guest=True)
    connection.more.update(whose(None))
    connection.write(path)

    def make(frontend: KernelFrontEnd) -> Any:
        return make_shell(frontend, settings, namespace, EmbeddedShell)

    embedded = EmbeddedKernel(kernel)
    kernel.open(make)
    return embedded


def _running_loop() -> tuple[Any, Any]:
    """This thread's: asyncio's loop, or the QtCore of an application; None: neither."""
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is not None:
        return loop, None
    for binding in QT:
        core = sys.modules.get(f"{binding}.QtCore")
        app = None if core is None else core.QCoreApplication.instance()
        if core is not None and app is not None:
            return None, core if app.thread() is core.QThread.currentThread() else None
    return None, None
