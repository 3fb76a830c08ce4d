"""Every session's inputs.

manager.py      this session's: In, `_i`; what is asked of it. Read it first
accessor.py     questions to the file, and so to all other sessions
searching.py    what is looked for, in SQL and in memory
ranges.py       `1-5 ~2/3`
sessionfile.py  this session in the file: its number, its end
writer.py       a thread that writes; spill.py: where to, when it cannot
database.py     the file: its tables, opening it, a damaged one
trimming.py     making it smaller
outputs.py      what cells have shown
macro.py        inputs under a name
"""
