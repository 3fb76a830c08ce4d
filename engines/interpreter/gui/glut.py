"""GLUT, by PyOpenGL: freeglut's loop, a step at a time."""

from __future__ import annotations

import sys
from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import need_display, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

_glut: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import it and initialize it, once.

    Raises:
        ImportError: it is not installed, it is not freeglut, or there is no display.
    """
    global _glut
    if _glut is not None:
        return name
    glut: Any = import_module("OpenGL.GLUT")
    if not bool(getattr(glut, "glutMainLoopEvent", None)):
        raise ImportError("this GLUT has no glutMainLoopEvent: freeglut has")
    need_display("GLUT")
    glut.glutInit(sys.argv)
    # Else GLUT ends the process with the last window.
    glut.glutSetOption(
        glut.GLUT_ACTION_ON_WINDOW_CLOSE, glut.GLUT_ACTION_CONTINUE_EXECUTION
    )
    _glut = glut
    return name


def hook(waiting: Waits) -> None:
    """Take steps of GLUT's loop until the wait is over."""
    poll(waiting, _glut.glutMainLoopEvent)
