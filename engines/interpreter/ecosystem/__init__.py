"""Libraries that look for IPython by name find this shell.

Matplotlib, tqdm, pandas, ipywidgets, line_profiler and a thousand others ask for
`IPython.get_ipython()`, look whether `IPython` is in `sys.modules`, import
`IPython.display`, or derive from `IPython.core.magic.Magics`. While a shell of ours
runs, all of these lead to it, and `sys.ps1` is there. Nothing of that is known outside
this folder.

standing.py   `IPython` in `sys.modules`: it says who runs; whoever wants more of it
              gets the installed one, imported then, or the served one
serving.py    where IPython is not installed: modules without code, whose names are
              looked up in ours
names.py      what lies where: the table of those modules. Read it first
things.py     small functions and classes that are nowhere else of ours
notebook.py   the shell of a kernel, by the names that tell a notebook
cellfiles.py  the files that a notebook's cells are known by
comms.py      comms: what widgets are made of
binding.py    where it is installed (JupyterLab brings it): its own modules are
              imported as ever, and as they come this shell is bound in as the
              instance that runs

Before anybody asks it costs a module without content, a finder at the end of
`sys.meta_path`, and a few entries in a dict. When the last shell ends, all is undone.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager

from ipcluster.engines.interpreter.ecosystem import standing
from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Modules that our shell is bound into when they are imported: binding.py says how.
BOUND = (
    "IPython",
    "IPython.core.debugger",
    "IPython.core.display_functions",
    "IPython.core.error",
    "IPython.core.getipython",
    "IPython.core.interactiveshell",
    "IPython.core.page",
    "IPython.terminal.debugger",
    "IPython.terminal.embed",
    "IPython.terminal.prompts",
    "IPython.utils.capture",
    "traitlets.config.configurable",
)
# What tells matplotlib, rich, pydantic and others that somebody sits at a prompt.
PROMPTS = {"ps1": "In : ", "ps2": "...: ", "ps3": "Out: "}
# These as well, in a kernel.
BOUND_IN_KERNELS = ("ipykernel.comm", "ipykernel.connect", "ipykernel.kernelapp")


def install(shell: InteractiveShell) -> None:
    """From now on libraries that look for IPython find the current shell."""
    standing.stand_in("IPython")
    is_first = standing.finder not in sys.meta_path
    if type(shell).__name__ == "ZMQInteractiveShell":
        # What tells libraries that they draw in a notebook.
        is_first_kernel = is_first or "ipykernel" not in sys.modules
        standing.stand_in("ipykernel")
        standing.stand_in("ipykernel.zmqshell")
        if is_first_kernel:
            for name in BOUND_IN_KERNELS:
                when_imported(name, _bind)
    if is_first:
        _find_and_bind()
        for name, prompt in PROMPTS.items():
            if not hasattr(sys, name):
                setattr(sys, name, prompt)
    _tell_pyplot(shell)


@contextmanager
def before_a_shell() -> Iterator[None]:
    """In a `with`: the names lead to ours, though no shell runs yet.

    Config files import them: `from IPython.terminal.prompts import Prompts, Token`.
    """
    if standing.finder in sys.meta_path:
        yield
        return
    _find_and_bind()
    try:
        yield
    finally:
        _let_go()


def uninstall() -> None:
    """The last shell of this process has ended: all is as it was before."""
    if standing.finder not in sys.meta_path:
        return
    _let_go()
    for name, prompt in PROMPTS.items():
        if getattr(sys, name, None) is prompt:  # else Python's own, or the user's
            delattr(sys, name)
    _tell_pyplot(None)


def _find_and_bind() -> None:
    # The last: what is installed goes before.
    sys.meta_path.append(standing.finder)
    for name in BOUND:
        if not standing.is_ours(sys.modules.get(name)):
            when_imported(name, _bind)


def _let_go() -> None:
    sys.meta_path.remove(standing.finder)
    for name in (*BOUND, *BOUND_IN_KERNELS):
        forget(name, _bind)
    binding = sys.modules.get(f"{__name__}.binding")
    if binding is not None:
        binding.undo()
    standing.leave()


def _tell_pyplot(shell: InteractiveShell | None) -> None:
    """What pyplot has once registered with a shell, each shell has to have."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    state: Any = getattr(pyplot, "_REPL_DISPLAYHOOK", None)
    if getattr(state, "name", "") != "IPYTHON":
        return
    if shell is None:
        pyplot._REPL_DISPLAYHOOK = type(state).NONE
    else:
        shell.events.register("post_execute", pyplot._draw_all_if_interactive)


def _bind(module: ModuleType) -> None:
    if standing.is_ours(module) or standing.finder not in sys.meta_path:
        return
    from ipcluster.engines.interpreter.ecosystem.binding import bind

    bind(module)
