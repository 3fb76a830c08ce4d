"""What is said before the first prompt."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


def show_banner(shell: TerminalInteractiveShell, banner: str | None = None) -> None:
    """Print a banner: the one given, the configured one, or ours and a tip."""
    if banner is None:
        banner = banner_of(shell)
    if banner:
        print(banner, end="" if banner.endswith("\n") else "\n")


def banner_of(shell: TerminalInteractiveShell) -> str:
    first = shell.banner1
    if "banner1" not in shell._values:  # set to "", it is to say nothing
        first = default_banner()
        if shell.enable_tip:
            from ipcluster.shell.terminal.tips import tip

            first += f"Tip: {tip()}\n"
    second = shell.banner2
    if second and not first.endswith("\n"):
        first += "\n"
    return first + second


def default_banner() -> str:
    """Which Python, and which shell."""
    import ipcluster

    version = sys.version.replace("\n", " ")
    return (
        f"Python {version}\n"
        f"ipshell {ipcluster.__version__} -- a Python that grows into a cluster. "
        "Type '?' for help.\n"
    )
