"""The interactive shell. Empty until its own change.

What a person touches will live here: the prompt in a terminal, the Jupyter face of an
engine, the magics that send a cell to a cluster.

terminal/  the prompt and its screens
kernel/    an engine with a Jupyter-protocol face

Both are clients of engines: one in the same process, or any of a cluster. Nothing
here will import the controller.
"""
