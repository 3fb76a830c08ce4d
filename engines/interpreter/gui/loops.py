"""`%gui`: which loop a shell keeps alive while it waits. One at a time."""

from __future__ import annotations

from ipcluster.engines.interpreter.gui import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.gui.waiting import Hook
    from ipcluster.engines.interpreter.shell import InteractiveShell


def enable(shell: InteractiveShell, name: str | None) -> None:
    """Keep the loop of this name alive; None: no longer any.

    Raises:
        UnknownBackend: there is no such loop.
        ImportError: its toolkit cannot be used.
    """
    if not name or name.lower() in hooks.ELSEWHERE:
        disable(shell)
        return
    found, hook = hooks.find(name, shell)
    active = shell.active_eventloop
    if active is not None and active != found:
        print(
            f"The loop of {active} is kept alive already, and a process has but one: "
            f"going on with it. %gui without a name ends that."
        )
        return
    shell.active_eventloop = found
    shell.inputhook = hook


def disable(shell: InteractiveShell) -> None:
    """Keep none alive: windows freeze while the prompt waits."""
    if shell.active_eventloop == "trio":
        from ipcluster.engines.interpreter.gui import guest

        guest.stop(shell)
    shell.active_eventloop = None
    shell.inputhook = None


def set_inputhook(shell: InteractiveShell, hook: Hook, name: str = "custom") -> None:
    """Keep a loop of the user's alive, whatever was before."""
    hooks.register(name, hook)
    disable(shell)
    enable(shell, name)
