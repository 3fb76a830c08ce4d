"""The prompt in a terminal. Empty until its own change.

Reading lines, colours, completion menus and the paging of long output will live here,
with input and output as objects, so that tests can type at a real session.

It is a client of one engine in the same process; what an input means, and when it is
complete, is the interpreter's to say.
"""
