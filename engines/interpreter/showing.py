"""What a shell shows of errors: the part of `InteractiveShell` that renders them."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError, is_a
from ipcluster.engines.interpreter.events import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from ipcluster.engines.interpreter.catching import Catcher
    from ipcluster.engines.interpreter.events import Event
    from ipcluster.engines.interpreter.frontend import FrontEnd
    from ipcluster.engines.interpreter.shell import InteractiveShell
    from ipcluster.engines.interpreter.tracebacks.interactive import (
        SyntaxRenderer,
        TracebackRenderer,
    )

    ErrorTuple = tuple[
        type[BaseException] | None, BaseException | None, TracebackType | None
    ]


class ShowsErrors:
    """Methods of `InteractiveShell` about errors."""

    InteractiveTB: TracebackRenderer
    SyntaxTB: SyntaxRenderer
    catcher: Catcher
    call_pdb: bool
    frontend: FrontEnd
    emit: Callable[[Event], None]

    @property
    def _whole(self) -> InteractiveShell:
        """The shell that this is a part of."""
        return self  # type: ignore[return-value]  # every one of us is one

    custom_exceptions: tuple[type[BaseException], ...] = ()
    _custom_handler: Any = None

    def show_error(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
        *,
        syntax: bool = False,
    ) -> None:
        """Show an exception; with `syntax`, as an error in what was typed."""
        if is_a(evalue, UsageError):
            self.show_usage_error(evalue)
        elif syntax and is_a(evalue, SyntaxError):
            self.showsyntaxerror(exc_tuple=(etype, evalue, tb))
        else:
            self.showtraceback((etype, evalue, tb))

    def show_usage_error(self, error: BaseException) -> None:
        """Show one line: no traceback helps someone who mistyped an option."""
        print(f"UsageError: {error}", file=sys.stderr)

    def showtraceback(
        self,
        exc_tuple: ErrorTuple | None = None,
        filename: str | None = None,
        tb_offset: int | None = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
        note: str | None = None,
    ) -> None:
        """Show an exception, by default the one that is being handled.

        Never raises, whatever the exception is like.
        """
        try:
            etype, evalue, tb = self._get_exc_info(exc_tuple)
        except ValueError:
            print("No traceback available to show.", file=sys.stderr)
            return
        if is_debuggers_end(evalue):  # `q` at its prompt: that was wanted
            return
        try:
            if is_a(evalue, UsageError):
                self.show_usage_error(evalue)
                return
            if is_a(evalue, SyntaxError) and not running_compiled_code:
                self.showsyntaxerror(filename, running_compiled_code, exc_tuple)
                return
            if note is not None:
                print(f"Error {note}", file=sys.stderr)
            self.remember_error(etype, evalue, tb)
            if exception_only or not self._is_shown_by_user(etype, evalue, tb):
                lines = self.rendered(etype, evalue, tb, tb_offset, exception_only)
                self._showtraceback(etype, evalue, lines)
            if self.call_pdb:
                self.debugger(force=True)
        except KeyboardInterrupt:
            print("\nKeyboardInterrupt", file=sys.stderr)

    def _get_exc_info(self, exc_tuple: ErrorTuple | None = None) -> ErrorTuple:
        """An exception: the one given, or being handled, or the last one.

        Of the frames of ours that it came through at the top, one is left: programs
        that render tracebacks themselves skip that many.

        Raises:
            ValueError: there is none.
        """
        etype, evalue, tb = exc_tuple or sys.exc_info()
        if evalue is None and etype is None:
            etype, evalue, tb = self.last_error()
        if etype is None:
            raise ValueError("no exception")
        while tb is not None and tb.tb_next is not None:
            if not (_is_ours(tb) and _is_ours(tb.tb_next)):
                break
            tb = tb.tb_next
        return etype, evalue, tb

    def _showtraceback(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        stb: list[str],
    ) -> None:
        """Show a traceback that has been rendered. Libraries replace this."""
        self.emit(Error(*describe(etype, evalue), stb))

    def _is_shown_by_user(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        """Let a `sys.excepthook` of the user's show it, if there is one."""
        hook = self.catcher.users_hook()
        if hook is None:
            return False
        while tb is not None and _is_ours(tb):
            tb = tb.tb_next
        self.catcher.is_asking = True
        try:
            hook(etype, evalue, tb)
        except Exception:
            print("sys.excepthook has failed:", file=sys.stderr)
            self.show_as_ours(*sys.exc_info())
            return False
        finally:
            self.catcher.is_asking = False
        return True

    def show_as_ours(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Show an exception as the shell does, whatever `sys.excepthook` is."""
        self.remember_error(etype, evalue, tb)
        try:
            self._showtraceback(etype, evalue, self.rendered(etype, evalue, tb))
        except KeyboardInterrupt:
            print("\nKeyboardInterrupt", file=sys.stderr)

    def excepthook(
        self,
        etype: type[BaseException],
        value: BaseException,
        tb: TracebackType | None,
    ) -> None:
        """Show an exception: to be used as `sys.excepthook`."""
        self.showtraceback((etype, value, tb), tb_offset=0)

    def get_exception_only(self, exc_tuple: ErrorTuple | None = None) -> str:
        """The message of an exception, as it stands at the end of a traceback."""
        etype, evalue, _ = self._get_exc_info(exc_tuple)
        return "\n".join(self.InteractiveTB.get_exception_only(etype, evalue)) + "\n"

    def rendered(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
        tb_offset: int | None = None,
        exception_only: bool = False,
    ) -> list[str]:
        """The lines of an exception, by its own `_render_traceback_` if it has one."""
        if exception_only:
            return self.InteractiveTB.get_exception_only(etype, evalue)
        from ipcluster.engines.interpreter.tracebacks.values import attribute

        # Asked of the class: there are objects that have any attribute.
        own = attribute(type(evalue), "_render_traceback_")
        if own is not None:
            try:
                lines = own(evalue)
                if isinstance(lines, list) and lines:
                    return [str(line) for line in lines]
            except Exception:  # its own rendering is broken: ours is not
                pass
        try:
            return self.InteractiveTB.structured_traceback(etype, evalue, tb, tb_offset)
        except Exception as failure:
            # Ours is broken, then. What the user's error was is worth more than that.
            why = ": ".join(describe(type(failure), failure))
            message = ": ".join(describe(etype, evalue))
            return [f"(a traceback that could not be shown: {why})", message]

    def showsyntaxerror(
        self,
        filename: str | None = None,
        running_compiled_code: bool = False,
        exc_tuple: ErrorTuple | None = None,
    ) -> None:
        """Show an error in what was typed, with a caret under it."""
        etype, evalue, tb = self._get_exc_info(exc_tuple)
        self.remember_error(etype, evalue, tb)
        if filename and is_a(evalue, SyntaxError) and not evalue.filename:
            evalue.filename = filename
        try:
            if running_compiled_code:
                lines = self.rendered(etype, evalue, tb)
            else:
                lines = self.SyntaxTB.structured_traceback(etype, evalue, [])
            self._showtraceback(etype, evalue, lines)
        except KeyboardInterrupt:
            print("\nKeyboardInterrupt", file=sys.stderr)

    showindentationerror = showsyntaxerror

    def remember_error(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """What `%tb` and `%debug` look at."""
        sys.last_type, sys.last_value, sys.last_traceback = etype, evalue, tb
        if evalue is not None:
            sys.last_exc = evalue  # type: ignore[attr-defined,unused-ignore]  # since 3.12

    def last_error(self) -> ErrorTuple:
        value = getattr(sys, "last_value", None)
        return (
            getattr(sys, "last_type", None),
            value,
            getattr(sys, "last_traceback", None),
        )

    def on_system_exit(self, error: SystemExit) -> None:
        """A cell raised SystemExit: that does not end a shell."""
        etype, evalue, tb = sys.exc_info()
        self.remember_error(etype, evalue, tb)
        text = describe(etype, evalue)
        lines = self.rendered(etype, evalue, tb, None, exception_only=True)
        if self.frontend.leaving_hint:
            lines.append(self.frontend.leaving_hint)
        self.emit(Error(*text, lines))

    # --- handlers of the user's -------------------------------------------------------

    def set_custom_exc(
        self, exc_tuple: tuple[type[BaseException], ...], handler: Any
    ) -> None:
        """Let `handler(shell, etype, value, tb, tb_offset=None)` show these errors.

        What it gives, a list of lines, is shown as the traceback; None: nothing more.
        """
        if not isinstance(exc_tuple, tuple):
            raise TypeError("the exceptions have to be in a tuple")
        self.custom_exceptions = exc_tuple
        self._custom_handler = handler

    def handle_custom(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Show an error by the handler that was set for it."""
        try:
            lines = _lines_of(
                self._custom_handler(self, etype, evalue, tb, tb_offset=None)
            )
        except KeyboardInterrupt:
            print("\nKeyboardInterrupt", file=sys.stderr)
            return
        except Exception:
            print(
                "The handler of custom exceptions has failed, and is taken out:",
                file=sys.stderr,
            )
            self.custom_exceptions = ()
            self.showtraceback()
            self.showtraceback((etype, evalue, tb))
            return
        self.remember_error(etype, evalue, tb)
        if lines:
            self._showtraceback(etype, evalue, lines)

    def debugger(self, force: bool = False) -> None:
        """Look at the last error, if `call_pdb` or `force` says so."""
        if force or self.call_pdb:
            from ipcluster.engines.interpreter.debugger import post_mortem

            post_mortem(self._whole)


def describe(
    etype: type[BaseException] | None, evalue: BaseException | None
) -> tuple[str, str]:
    """An exception's class name and its message, even if `__str__` raises."""
    from ipcluster.engines.interpreter.tracebacks.values import class_name, message_of

    return class_name(etype), message_of(evalue, None)


def _lines_of(given: object) -> list[str]:
    """What a handler gave: lines, one text, or nothing."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    if isinstance(given, (list, tuple)) and all(isinstance(one, str) for one in given):
        return [*given]
    raise TypeError(f"a handler gives lines of text, or None; not {given!r}")


def _is_ours(tb: TracebackType) -> bool:
    from ipcluster.engines.interpreter.tracebacks.places import OURS, kind_of

    return kind_of(tb.tb_frame.f_code.co_filename) is OURS


def is_debuggers_end(error: BaseException | None) -> bool:
    """Whether somebody has left the debugger: no error to show."""
    module = sys.modules.get("bdb")
    return module is not None and is_a(error, module.BdbQuit)
