"""From exceptions to text, whatever the exception is like.

renderer.py      an exception, its chain, its members: read it first
stack.py         which frames are shown, what stands for the others
frames.py        one frame: place, source, values
sources.py       lines of source around a place
typed.py         from the Python of a cell back to what was typed
carets.py        the marks under a line
names.py         what the names in a statement are worth
values.py        one line for any value
syntaxerrors.py  errors in source text
suggestions.py   did you mean ...?
places.py        whose code a file has: the user's, a library's, ours
look.py          the settings of one traceback
field.py         the classes that programs use by name
interactive.py   the shell's own: its options and front end are the settings
"""
