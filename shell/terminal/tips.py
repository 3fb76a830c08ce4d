"""One thing worth knowing, each time another."""

from __future__ import annotations

TIPS = (
    "`obj?` shows what an object is, `obj??` its source as well.",
    "`name = !command` keeps what a command prints, as a list of lines.",
    "`%timeit f(x)` measures a call; `%%timeit` a whole cell.",
    "`%debug` after an error looks at the frames where it happened.",
    "Ctrl-R searches all inputs of all sessions; Up looks for those that begin alike.",
    "F2 opens the input in your editor.",
    "`_` is the last value, `Out[3]` the third, `_i3` what was typed for it.",
    "A `;` at the end of a line keeps its value from being shown.",
    "`await` works at the prompt, and tasks go on while the prompt waits.",
    "`%run script.py` runs a file and leaves its names here.",
    "`%history -g word` finds old inputs with a word in them.",
    "`%edit name` opens the source of a function in your editor.",
    "`from ipcluster import embed; embed()` opens a prompt anywhere in a program.",
    "`%config TerminalInteractiveShell.editing_mode = 'vi'` brings the keys of vi.",
    "`%xmode Verbose` shows the values of variables in tracebacks.",
    "`%load_ext autoreload`, then `%autoreload 2`: edited modules are read again.",
    "`ipshell profile create` makes a config file with all options explained.",
    "`np.*load*?` lists all names of a module that match.",
)


def tip() -> str:
    """One of the tips; which, the clock chooses."""
    import time

    return TIPS[time.time_ns() // 1000 % len(TIPS)]
