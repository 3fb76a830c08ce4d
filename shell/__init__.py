"""The interactive shell: what a person touches.

terminal/    the prompt and its screens: `ipshell`
kernel/      an engine with a Jupyter-protocol face
clusters.py  `%cluster`: engines for the session that is running

All are clients of engines: one in the same process, or any of a cluster. Nothing here
imports the controller.
"""
