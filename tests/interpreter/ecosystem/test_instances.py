"""`InteractiveShell.instance()`, and options that are set on the class."""

from __future__ import annotations

from typing import Any

from ipcluster.engines.interpreter.ecosystem.notebook import ZMQInteractiveShell
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell, get_ipython
from ipcluster.shell.terminal.shell import TerminalInteractiveShell


def test_the_instance_is_the_shell_that_runs(shell: InteractiveShell) -> None:
    assert InteractiveShell.instance() is shell
    assert InteractiveShell.initialized()
    assert InteractiveShell._instance is shell


def test_a_class_has_the_shells_of_its_kind_only(shell: InteractiveShell) -> None:
    assert not ZMQInteractiveShell.initialized()
    assert TerminalInteractiveShell._instance is None


def test_without_one_a_new_one_is_made() -> None:
    assert not InteractiveShell.initialized()

    made = InteractiveShell.instance(RecordingFrontEnd())
    try:
        assert get_ipython() is made
    finally:
        InteractiveShell.clear_instance()
        made.close()

    assert get_ipython() is None


def test_an_option_may_be_set_on_the_class(
    shell: InteractiveShell, frontend: RecordingFrontEnd, monkeypatch: Any
) -> None:
    """What notebooks do: `InteractiveShell.ast_node_interactivity = "all"`."""
    # So that it is restored.
    option = InteractiveShell.__dict__["ast_node_interactivity"]
    monkeypatch.setattr(InteractiveShell, "ast_node_interactivity", option)

    shell.run_cell(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        'InteractiveShell.ast_node_interactivity = "all"'
    )
    frontend.events.clear()
    shell.run_cell("1\n2")
    both = [e.data["text/plain"] for e in frontend.events if hasattr(e, "data")]

    shell.set_option("ast_node_interactivity", "last")
    frontend.events.clear()
    shell.run_cell("1\n2")
    one = [e.data["text/plain"] for e in frontend.events if hasattr(e, "data")]

    assert both == ["1", "2"]
    assert one == ["2"]


def test_a_config_may_be_asked_for_what_it_does_not_say(
    shell: InteractiveShell,
) -> None:
    """How snakeviz asks whether it is in a notebook."""
    assert "IPKernelApp" not in shell.config
    assert "connection_file" not in shell.config["IPKernelApp"]
