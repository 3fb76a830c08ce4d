"""The text on the system's clipboard, by whatever program gives it out."""

from __future__ import annotations

import os
import sys

# Seconds for such a program: it asks another, which may hang.
_PATIENCE = 5.0


def _programs() -> list[list[str]]:
    if sys.platform == "darwin":
        return [["pbpaste"]]
    found = []
    if os.environ.get("WAYLAND_DISPLAY"):
        found.append(["wl-paste", "--no-newline"])
    if os.environ.get("DISPLAY"):
        found.append(["xclip", "-selection", "clipboard", "-out"])
        found.append(["xsel", "--clipboard", "--output"])
    if os.environ.get("TMUX"):
        found.append(["tmux", "show-buffer"])
    if "microsoft" in os.uname().release.lower():  # Linux within Windows
        found.append(["powershell.exe", "-NoProfile", "-Command", "Get-Clipboard"])
    return found


def read_clipboard() -> str | None:
    """Its text; None where there is no clipboard that we could read."""
    import subprocess

    for words in _programs():
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    return _from_tk()


def _from_tk() -> str | None:
    """By tkinter, for those who have it and none of the programs."""
    if not os.environ.get("DISPLAY"):
        return None
    try:
        import tkinter

        root = tkinter.Tk()
        try:
            root.withdraw()
            return str(root.clipboard_get())
        finally:
            root.destroy()
    except Exception:  # no display after all, or nothing on the clipboard
        return None
