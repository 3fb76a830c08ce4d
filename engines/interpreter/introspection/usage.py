"""What `?` alone shows."""

from __future__ import annotations

USAGE = """\
An interactive shell for Python, and for a cluster of Python engines
====================================================================

What you type is Python, and some more:

Help        object?        what it is: signature, docstring, type, where it is from
            object??       the same with its source, also of what you typed here
            mod.*name*?    names that match
            %magic         magics, the shell's own commands; %lsmagic lists them
            %quickref      all that is useful on one page

Completion  Tab offers names, attributes, keys of mappings and tables, arguments,
            modules, files, magics and their options. Nothing of yours is run for it.
            \\alpha Tab     symbols, by their names in LaTeX or Unicode

History     Up and Down go through what begins as you have typed, in this session and
            earlier ones; Ctrl-R searches. In[3] and _i3 are inputs, Out[3] and _3 their
            values, _ is the last one. %history shows, %recall and %rerun repeat.

System      !command runs one, lines = !command keeps what it prints; $name and
            {expression} put in values. %cd, %ls, %env and more are magics.

Magics      %timeit, %run, %debug, %who, %save, %store, %config, ...: one line each.
            %%bash, %%time, %%writefile, ...: a whole cell, on its first line.
            A line magic needs no % where no variable has its name.

Errors      %xmode sets how much is shown; %debug looks into the last one, %pdb on into
            each. Your session goes on after any error; Ctrl-C stops what runs.

Cluster     %cluster start -n 8 gives you engines; then rc is their client and view a
            view of all of them: view.map_sync(f, data).

Leaving     exit, quit or Ctrl-D.
"""
