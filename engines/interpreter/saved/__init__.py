"""Sessions in a file: `%session save` and `%session restore`.

names.py     which values can be kept, and their bytes, with what they share
archive.py   the file: a zip of a manifest, inputs, outputs and values
saving.py    a running session to a file
restoring.py a file to a running session

Values are kept name by name, so one that cannot be is no reason to lose the others.
Read saving.py first. Nothing here prints or asks: the magic does.
"""
