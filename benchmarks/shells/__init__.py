"""The measured shells: one adapter a file, all to the interface in `shell.py`.

terminal.py  a program at a pseudo-terminal, and how much processor time it has had
shell.py     what is asked of every shell

As with `benchmarks/systems`, each is used in a process of its own, which may be of
another interpreter; nothing of the shells themselves is imported here.
"""

from benchmarks.shells.ipython import IPython
from benchmarks.shells.ours import Ours
from benchmarks.shells.plain import Plain
from benchmarks.shells.ptpython import PtPython
from benchmarks.shells.shell import Shell
from benchmarks.shells.xonsh import Xonsh

OPTIONAL: tuple[type[Shell], ...] = (IPython, PtPython, Xonsh)
SHELLS: tuple[type[Shell], ...] = (Ours, Plain, *OPTIONAL)
PEERS = tuple(kind.name for kind in (Plain, *OPTIONAL))
