"""macOS: the events of the shared NSApplication, through the Objective-C runtime.

No binding is needed: matplotlib's and Tk's windows on macOS are Cocoa's, too.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys

from ipcluster.engines.interpreter.gui.waiting import POLL_EVERY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

# NSEventMaskAny, and the name of the mode of loops in which all events come.
ANY_EVENT = (1 << 64) - 1
DEFAULT_MODE = b"kCFRunLoopDefaultMode"


class Runtime:
    """Sends messages to Objective-C objects, which are numbers here."""

    def __init__(self) -> None:
        ctypes.cdll.LoadLibrary("/System/Library/Frameworks/AppKit.framework/AppKit")
        self._objc = ctypes.cdll.LoadLibrary(ctypes.util.find_library("objc") or "objc")
        for name in ("objc_getClass", "sel_registerName"):
            function = getattr(self._objc, name)
            function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_char_p]

    def cls(self, name: bytes) -> Any:
        return self._objc.objc_getClass(name)

    def send(self, target: Any, message: bytes, *args: Any) -> Any:
        """Send a message; arguments are objects of ctypes."""
        # Objective-C's calls are not variadic: each has a type of its own.
        kinds = [type(one) for one in args]
        call = ctypes.cast(
            self._objc.objc_msgSend,
            ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, *kinds),
        )
        return call(target, self._objc.sel_registerName(message), *args)


_runtime: Any = None
_app: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Load the runtime and make the application object.

    Raises:
        ImportError: this is no macOS.
    """
    global _runtime, _app
    if _runtime is None:
        if sys.platform != "darwin":
            raise ImportError("osx is the loop of macOS, and this is another system")
        _runtime = Runtime()
    _app = _runtime.send(_runtime.cls(b"NSApplication"), b"sharedApplication")
    return name


def hook(waiting: Waits) -> None:
    """Hand out events until the wait is over."""
    send, cls = _runtime.send, _runtime.cls
    mode = send(
        cls(b"NSString"), b"stringWithUTF8String:", ctypes.c_char_p(DEFAULT_MODE)
    )
    while not waiting.input_is_ready():
        pool = send(send(cls(b"NSAutoreleasePool"), b"alloc"), b"init")
        # Until then it waits for an event; the next look is soon enough for keys.
        until = send(
            cls(b"NSDate"),
            b"dateWithTimeIntervalSinceNow:",
            ctypes.c_double(POLL_EVERY),
        )
        event = send(
            _app,
            b"nextEventMatchingMask:untilDate:inMode:dequeue:",
            ctypes.c_ulonglong(ANY_EVENT),
            ctypes.c_void_p(until),
            ctypes.c_void_p(mode),
            ctypes.c_bool(True),
        )
        if event:
            send(_app, b"sendEvent:", ctypes.c_void_p(event))
        send(_app, b"updateWindows")
        send(pool, b"drain")
