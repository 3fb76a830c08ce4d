"""The Jupyter-protocol face of an engine. Empty until its own change.

The adapter between Jupyter's messages (5.x, names kept exactly as its specification
has them) and ours will live here, and nowhere else.

It may know Jupyter's sockets and an engine; it must not know a terminal, and what an
execution means is the interpreter's to say.
"""
