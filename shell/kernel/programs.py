"""`ipshell notebook`, `lab` and `qtconsole`: Jupyter's programs, with this kernel.

The programs are the installed ones, in this Python or on the PATH. They are told of the
kernel by a spec in a folder that lives as long as they do: nothing has to be installed
for that, and nothing stays behind. All other words are the program's own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Name: module to run with -m, command on the PATH, name for people, extra.
PROGRAMS = {
    "notebook": ("notebook", "jupyter-notebook", "Jupyter Notebook", "notebook"),
    "lab": ("jupyterlab", "jupyter-lab", "JupyterLab", "notebook"),
    "qtconsole": ("qtconsole", "jupyter-qtconsole", "The Qt console", "qtconsole"),
}
QT = ("PySide6", "PyQt6", "PyQt5", "PySide2")
KERNEL = "ipshell"
# Signals that are for the program.
PASSED = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
]


class MissingProgram(Exception):
    """It is not installed: one line that says what to install."""


def main(words: Sequence[str]) -> int:
    """Run a program until it ends; its exit status."""
    import tempfile

    from ipcluster.shell.kernel.install import install

    name, *rest = words
    try:
        command = find(name)
    except MissingProgram as error:
        print(f"ipshell {name}: {error}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="ipshell-kernel-") as folder:
        install(prefix=folder, name=KERNEL)
        places = [os.path.join(folder, "share", "jupyter")]
        if os.environ.get("JUPYTER_PATH"):
            places.append(os.environ["JUPYTER_PATH"])
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(places)}
        return _run([*command, *_told(name, rest), *rest], environment)


def find(name: str) -> list[str]:
    """The command of a program.

    Raises:
        MissingProgram: there is none.
    """
    import shutil
    from importlib.util import find_spec

    module, command, title, extra = PROGRAMS[name]
    if find_spec(module) is not None:
        if name == "qtconsole" and not any(find_spec(one) for one in QT):
            raise MissingProgram(
                f"{title} finds no Qt; pip install 'ipcluster[{extra}]'"
            )
        return [sys.executable, "-m", module]
    path = shutil.which(command)
    if path is None:
        raise MissingProgram(
            f"{title} is not installed; pip install 'ipcluster[{extra}]'"
        )
    return [path]


def start_beside(name: str, words: Sequence[str]) -> int:
    """Start a program that lives on when this one ends; its pid.

    Raises:
        MissingProgram: there is none.
    """
    process = subprocess.Popen(
        [*find(name), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of ours is not for it
    )
    process.returncode = 0  # nobody waits for it, and that is no leak
    return process.pid


def _told(name: str, words: Sequence[str]) -> list[str]:
    """What makes this kernel the one that is used, unless another is asked for."""
    if name != "qtconsole":
        return [f"--MultiKernelManager.default_kernel_name={KERNEL}"]
    if any(word.startswith(("--existing", "--kernel")) for word in words):
        return []
    return [f"--kernel={KERNEL}"]


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a program to its end; the signals that would end us are its as well."""
    early: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _frame: Any) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    # A function, not SIG_IGN, which would be the program's as well. A Ctrl-C reaches it
    # without us, and it asks whether it is meant.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    for number in PASSED:
        signal.signal(number, pass_on)
    process = subprocess.Popen(command, env=environment)
    for number in early:
        process.send_signal(number)
    status = process.wait()
    return 128 - status if status < 0 else status
