"""Where IPython is not installed: its names lead to ours."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.files import read_file
from ipcluster.engines.interpreter.ecosystem import names, serving, standing
from ipcluster.engines.interpreter.ecosystem.notebook import ZMQInteractiveShell
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.shell.terminal.prompts import Prompts

EVERY = [
    (module, name, *home)
    for module in names.MODULES
    for name, home in serving.names_of(module).items()
]
# What a config file of the field has.
PROMPTS = """
from IPython.terminal.prompts import Prompts, Token

class Mine(Prompts):
    def in_prompt_tokens(self):
        return [(Token.Prompt, "> ")]

c.TerminalInteractiveShell.prompts_class = Mine
"""
# These are the package comm's, and that is an extra of the user's.
COMM = ("Comm", "CommManager")


@pytest.mark.parametrize(
    ("module", "name", "place", "ours"),
    [pytest.param(*one, id=f"{one[0]}.{one[1]}") for one in EVERY],
)
def test_every_name_is_something(module: str, name: str, place: str, ours: str) -> None:
    if name in COMM:
        pytest.importorskip("comm")

    assert serving.resolve(place, ours) is not None


def test_every_module_has_its_parents() -> None:
    assert [
        name
        for name in names.MODULES
        if "." in name and name.rpartition(".")[0] not in names.MODULES
    ] == []


def test_a_shell_is_what_get_ipython_gives(shell: InteractiveShell) -> None:
    ipython = import_module("IPython")

    assert ipython.get_ipython() is shell
    assert import_module("IPython.core.getipython").get_ipython() is shell
    assert ipython.version_info >= (9,)
    assert ipython.__version__.startswith("9.")


def test_names_are_the_very_ones_of_ours(shell: InteractiveShell) -> None:
    shell.run_cell(
        "import IPython.display\n"
        "from IPython.display import *\n"
        "from IPython.core.magic import Magics, line_magic\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython import display as module\n"
    )

    ns = shell.user_ns
    from ipcluster.engines.interpreter.display.functions import display
    from ipcluster.engines.interpreter.display.objects.content import HTML
    from ipcluster.engines.interpreter.magics.registry import Magics

    assert ns["HTML"] is HTML
    assert ns["display"] is display
    assert ns["Magics"] is Magics
    assert ns["InteractiveShell"] is InteractiveShell
    assert shell.last_execution_result is not None
    assert shell.last_execution_result.success


def test_programs_embed_by_the_names_that_they_know(shell: InteractiveShell) -> None:
    import ipcluster

    done = shell.run_cell(
        "from IPython import embed, embed_kernel, start_ipython\n"
        "from IPython.terminal.embed import InteractiveShellEmbed\n"
    )

    assert done.success
    for name in ("embed", "embed_kernel", "start_ipython", "InteractiveShellEmbed"):
        assert shell.user_ns[name] is getattr(ipcluster, name)


def test_a_config_file_imports_what_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "ipython_config.py"
    path.write_text(PROMPTS)

    config = Config()
    read_file(str(path), config)

    assert config.complaints == []
    assert issubclass(config.TerminalInteractiveShell.prompts_class, Prompts)
    assert standing.finder not in sys.meta_path
    assert "IPython" not in sys.modules


def test_libraries_that_only_look_see_it(shell: InteractiveShell) -> None:
    looked: Any = sys.modules.get("IPython")

    assert looked.get_ipython() is shell
    assert importlib.util.find_spec("IPython") is not None
    assert importlib.util.find_spec("IPython.nowhere") is None


def test_before_anybody_asks_nothing_is_imported(shell: InteractiveShell) -> None:
    before = set(sys.modules)

    looked: Any = sys.modules["IPython"]
    looked.get_ipython()

    assert not [one for one in sys.modules if one.startswith("IPython.")]
    assert set(sys.modules) == before


def test_who_walks_through_all_modules_does_not_wake_it(
    shell: InteractiveShell,
) -> None:
    stand_in = sys.modules["IPython"]

    assert not hasattr(stand_in, "__file__")
    assert not hasattr(stand_in, "__warningregistry__")
    assert inspect.getmodule(test_every_module_has_its_parents) is not stand_in
    assert isinstance(stand_in, standing.StandIn)


def test_a_name_that_is_not_there_says_who_served_it(shell: InteractiveShell) -> None:
    with pytest.raises(ImportError, match="nothing_of_that_name"):
        exec("from IPython.core.magic import nothing_of_that_name", {})
    with pytest.raises(AttributeError, match="served by ipcluster"):
        _ = import_module("IPython.core.magic").nothing_of_that_name
    with pytest.raises(ModuleNotFoundError, match=r"IPython\.nowhere"):
        import_module("IPython.nowhere")


def test_children_are_attributes_of_their_parents(shell: InteractiveShell) -> None:
    ipython = import_module("IPython")

    assert ipython.core.magic.Magics is not None
    assert "magic" in dir(ipython.core) or ipython.core.magic is not None
    assert "get_ipython" in dir(ipython)


def test_when_the_last_shell_ends_all_is_as_before() -> None:
    path, modules = list(sys.meta_path), set(sys.modules)
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    try:
        import_module("IPython.core.magic_arguments")
        import_module("IPython.display")
    finally:
        shell.close()

    assert sys.meta_path == path
    assert not [
        one for one in set(sys.modules) - modules if one.partition(".")[0] == "IPython"
    ]
    with pytest.raises(ModuleNotFoundError):
        import_module("IPython")


def test_prompts_in_sys_tell_that_this_is_interactive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "ps2", "mine", raising=False)
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    try:
        assert shell.run_cell("import sys; sys.ps1, sys.ps2, sys.ps3").result == (
            "In : ",
            "mine",
            "Out: ",
        )
    finally:
        shell.close()

    assert not hasattr(sys, "ps1")
    assert sys.ps2 == "mine"


def test_a_second_shell_changes_only_who_is_current(shell: InteractiveShell) -> None:
    ipython = import_module("IPython")
    inner = InteractiveShell(RecordingFrontEnd())
    inner.activate()
    try:
        assert ipython.get_ipython() is inner
    finally:
        inner.close()

    assert ipython.get_ipython() is shell
    assert sys.modules["IPython"] is ipython


def test_a_kernel_is_known_by_the_modules_that_it_would_have_imported() -> None:
    shell = ZMQInteractiveShell(RecordingFrontEnd())
    shell.activate()
    try:
        assert "ipykernel.zmqshell" in sys.modules
        assert import_module("ipykernel").version_info >= (7,)
        zmqshell = import_module("ipykernel.zmqshell")
        assert zmqshell.ZMQInteractiveShell is ZMQInteractiveShell
        app = import_module("ipykernel.kernelapp").IPKernelApp
        assert not app.initialized()  # no kernel around this shell
    finally:
        shell.close()

    assert "ipykernel" not in sys.modules


def test_no_shell_but_a_kernels_is_one(shell: InteractiveShell) -> None:
    assert "ipykernel" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        import_module("ipykernel.zmqshell")


def test_a_shell_that_nobody_asks_costs_no_table() -> None:
    """In a process of its own, for here the table is loaded already."""
    import subprocess

    code = (
        "import sys\n"
        "from ipcluster.engines.interpreter.recording import RecordingFrontEnd\n"
        "from ipcluster.engines.interpreter.session import open_shell\n"
        "shell = open_shell(RecordingFrontEnd())\n"
        "shell.run_cell('1')\n"
        "print(sorted(m.rpartition('.')[2] for m in sys.modules if '.ecosystem' in m))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "['ecosystem', 'instances', 'standing']\n"
