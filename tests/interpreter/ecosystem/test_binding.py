"""Where IPython is installed: our shell is bound in as its running instance.

The one here is a package of the same shape; the real one is in tests/ecosystem.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import ecosystem
from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.files import read_file
from ipcluster.engines.interpreter.ecosystem import names, standing
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.shell.terminal.prompts import Prompts

# The real one: the other tests of this folder hide what is installed.
find_spec = PathFinder.find_spec

FILES = {
    "IPython/__init__.py": (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "version_info = (8, 1, 0, '')\n__version__ = '8.1.0'\n"
        "def get_ipython(): return 'theirs'\n"
        "def embed(): return 'theirs'\n"
    ),
    "IPython/core/__init__.py": "",
    "IPython/core/getipython.py": "def get_ipython(): return 'theirs'\n",
    "IPython/core/error.py": (
        "class UsageError(Exception): pass\n"
        "class TryNext(Exception): pass\n"
        "class Other(Exception): pass\n"
    ),
    "IPython/core/interactiveshell.py": (
        "from abc import ABCMeta\n"
        "class Meta(type): pass\n"
        "class InteractiveShell(metaclass=Meta):\n"
        "    ast_node_interactivity = 'last_expr'\n"
        "    @classmethod\n"
        "    def instance(cls, *args): return 'new ' + cls.__name__\n"
        "    @classmethod\n"
        "    def initialized(cls): return False\n"
        "class InteractiveShellABC(metaclass=ABCMeta): pass\n"
        "class Terminal(InteractiveShell): pass\n"
    ),
    "IPython/terminal/__init__.py": "",
    "IPython/terminal/embed.py": (
        "class InteractiveShellEmbed: pass\ndef embed(): return 'theirs'\n"
    ),
    "IPython/terminal/prompts.py": (
        "class Prompts: pass\nclass ClassicPrompts(Prompts): pass\n"
    ),
    "IPython/display.py": "from IPython.core.error import UsageError\n",
}


@pytest.fixture(autouse=True)
def installed(
    without_ipython: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of that name, in a folder of its own."""
    for name, text in FILES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def find(name: str, path: Any = None, target: Any = None) -> Any:
        if name == "IPython":
            path = [str(tmp_path / "site")]
        return find_spec(name, path, target)

    monkeypatch.setattr(PathFinder, "find_spec", find)


def test_it_is_imported_when_more_is_asked_of_it(shell: InteractiveShell) -> None:
    looked: Any = sys.modules["IPython"]
    assert looked.get_ipython() is shell
    assert looked.version_info == standing.VERSION_INFO
    assert "IPython.core" not in sys.modules

    assert looked.InteractiveShell.__module__ == "IPython.core.interactiveshell"

    assert looked.version_info == (8, 1, 0, "")
    assert looked.get_ipython() is shell
    assert import_module("IPython") is looked
    assert type(looked) is type(sys)


def test_a_module_below_it_is_imported_without_all_the_rest(
    shell: InteractiveShell,
) -> None:
    display = import_module("IPython.display")

    assert str(display.__file__).endswith("display.py")
    assert "IPython.core.interactiveshell" not in sys.modules
    assert str(sys.modules["IPython"].__file__).endswith("__init__.py")
    assert sys.modules["IPython"].display is display


def test_programs_embed_our_shell(shell: InteractiveShell) -> None:
    import ipcluster

    root, theirs = import_module("IPython"), import_module("IPython.terminal.embed")

    assert root.embed is theirs.embed is ipcluster.embed
    assert theirs.InteractiveShellEmbed is ipcluster.InteractiveShellEmbed


def test_all_that_is_bound_is_served_as_well() -> None:
    bound = {*ecosystem.BOUND, *ecosystem.BOUND_IN_KERNELS}

    assert bound - set(names.MODULES) == {"traitlets.config.configurable"}


def test_a_config_file_gets_our_prompts(tmp_path: Path) -> None:
    path = tmp_path / "ipython_config.py"
    path.write_text(
        "from IPython.terminal.prompts import Prompts\n"
        "class Mine(Prompts): pass\n"
        "c.TerminalInteractiveShell.prompts_class = Mine\n"
    )

    config = Config()
    read_file(str(path), config)

    assert config.complaints == []
    assert issubclass(config.TerminalInteractiveShell.prompts_class, Prompts)
    assert import_module("IPython.terminal.prompts").Prompts is not Prompts


def test_their_class_tells_of_our_shell(shell: InteractiveShell) -> None:
    theirs = import_module("IPython.core.interactiveshell")

    assert theirs.InteractiveShell.initialized()
    assert theirs.InteractiveShell.instance() is shell
    assert isinstance(shell, theirs.InteractiveShell)
    assert isinstance(shell, theirs.InteractiveShellABC)
    # Ours is no such one.
    assert not theirs.Terminal.initialized()
    assert theirs.Terminal.instance() == "new Terminal"
    assert isinstance(theirs.Terminal(), theirs.InteractiveShell)


def test_an_option_that_is_set_on_their_class_is_set_on_our_shell(
    shell: InteractiveShell,
) -> None:
    theirs = import_module("IPython.core.interactiveshell").InteractiveShell

    theirs.ast_node_interactivity = "all"

    assert shell.ast_node_interactivity == "all"


def test_errors_of_theirs_are_errors_of_ours(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run_cell(
        "from IPython.core.error import UsageError\nraise UsageError('not so')"
    )

    assert type(done.error).__name__ == "UsageError"
    assert capsys.readouterr().err == "UsageError: not so\n"


def test_when_our_last_shell_ends_theirs_is_as_it_was() -> None:
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    theirs = import_module("IPython.core.interactiveshell")
    root = sys.modules["IPython"]
    assert root.embed is not None
    shell.close()

    assert type(theirs.InteractiveShell).__name__ == "Meta"
    assert theirs.InteractiveShell.instance() == "new InteractiveShell"
    assert not theirs.InteractiveShell.initialized()
    assert import_module("IPython").get_ipython() == "theirs"
    assert import_module("IPython.core.getipython").get_ipython() == "theirs"


def test_one_that_was_imported_before_is_bound_at_once() -> None:
    before = import_module("IPython")
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    try:
        assert import_module("IPython") is before
        assert before.get_ipython() is shell
    finally:
        shell.close()

    assert before.get_ipython() == "theirs"


def test_a_stand_in_with_modules_below_it_outlives_the_shell() -> None:
    shell = InteractiveShell(RecordingFrontEnd())
    shell.activate()
    display = import_module("IPython.display")
    shell.close()

    # Nobody has asked for its names yet: it is run now, and whole.
    assert import_module("IPython").get_ipython() == "theirs"
    assert import_module("IPython").display is display


def test_an_error_while_it_is_imported_is_told_and_may_be_mended(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    file = tmp_path / "site" / "IPython" / "__init__.py"
    good = file.read_text()
    file.write_text("1 / 0")
    looked: Any = sys.modules["IPython"]

    with pytest.raises(ZeroDivisionError):
        _ = looked.InteractiveShell
    assert looked.get_ipython() is shell
    file.write_text(f"# {'another size' * 9}\n{good}")

    assert looked.InteractiveShell.instance() is shell
