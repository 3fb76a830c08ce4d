"""The enhanced Python of interactive sessions. Empty until its own change.

Input transforms, magics, introspection, completion, history, display, tracebacks and
the debugger will live here, free of any terminal and of any socket, so that a prompt
in this process and one on a far engine run the same code.

An engine that only serves function calls never imports this folder: it starts fast
and stays small.
"""
