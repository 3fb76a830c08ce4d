"""The person's own editor: for `%edit`, for F2, for what a cell asks to be edited."""

from __future__ import annotations

import os
import sys

# Editors that take the line to stand on as `+LINE`.
_PLUS = {"vi", "vim", "nvim", "view", "gvim", "nano", "pico", "emacs", "emacsclient"}
_PLUS |= {"joe", "jed", "micro", "kak", "mg", "ne", "gedit", "xemacs", "kate"}
# And those that take it as FILE:LINE, with the option that goes before.
_COLON: dict[str, list[str]] = {
    "code": ["-g"],
    "codium": ["-g"],
    "subl": [],
    "hx": [],
    "zed": [],
}
# Those that return at once, unless they are told to wait.
_WAIT = {"code": "--wait", "codium": "--wait", "subl": "--wait", "zed": "--wait"}
_WAIT |= {"gvim": "-f", "gedit": "--wait"}


def editor_words(command: str = "") -> list[str]:
    """The editor's command: as configured, $VISUAL, $EDITOR, or one that is there."""
    import shlex

    for given in (command, os.environ.get("VISUAL"), os.environ.get("EDITOR")):
        if given:
            return shlex.split(given)
    import shutil

    for name in ("vi", "vim", "nano", "emacs"):
        if shutil.which(name):
            return [name]
    return ["vi"]


def editor_command(
    command: str, filename: str, line: int | None, wait: bool
) -> list[str]:
    """Its whole command line, for a file and the line to stand on (from 1)."""
    words = editor_words(command)
    name = os.path.basename(words[0])
    if wait and name in _WAIT and _WAIT[name] not in words:
        words.append(_WAIT[name])
    if line and name in _COLON:
        return [*words, *_COLON[name], f"{filename}:{line}"]
    if line and name in _PLUS:
        words.append(f"+{line}")
    return [*words, filename]


def open_editor(command: str, filename: str, line: int | None, wait: bool) -> bool:
    """Open a file in the editor; False: it could not be started, which was said.

    An editor in this terminal is always waited for.
    """
    import subprocess

    words = editor_command(command, filename, line, wait)
    sys.stdout.flush()
    try:
        status = subprocess.call(words)
    except OSError as error:
        print(
            f"the editor {words[0]!r} does not start: {error.strerror}. "
            "Set $EDITOR, or TerminalInteractiveShell.editor.",
            file=sys.stderr,
        )
        return False
    except KeyboardInterrupt:
        return False
    if status:
        print(f"the editor {words[0]!r} ended with status {status}", file=sys.stderr)
    return status == 0


def edit_text(command: str, text: str, line: int | None = None) -> str | None:
    """The text after the person has edited it; None: the editor did not start."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ipshell-") as folder:
        path = os.path.join(folder, "cell.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if not open_editor(command, path, line, wait=True):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read().removesuffix("\n")
