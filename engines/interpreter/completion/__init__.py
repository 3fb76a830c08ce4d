"""What could stand at the cursor. Never runs the user's code with side effects.

completer.py     the options, and how sources are asked. Read it first, then matchers.py
scanning.py      what stands around a cursor, read from unfinished text
results.py       completions, and what matchers take and give
matching.py      which names a fragment means; merging.py puts several answers together
names.py         names and attributes; keys.py, parameters.py, imports.py, files.py
commands.py      magics and the system's commands; magic_arguments.py, configurables.py
symbols.py       symbols by name, from symbol_table.py
custom.py        completers and matchers of the user's; generics.py, of a class's
naming.py        what the completer knows of its session
evaluation.py    the value of an expression, without side effects: policies.py says how
                 far it goes, attributes.py and operations.py how it goes
annotations.py   what annotations promise; docstrings.py, what docstrings do
cell_scope.py    names that the cell being typed binds; parsing.py, its tree
static.py        jedi in a process of its own, static_child.py
"""
