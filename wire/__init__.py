"""The wire: all that one process of a cluster says to another, and how it is kept safe.

messages.py   every message, once, as a typed struct; the conversation as a grammar
codec.py      messages to bytes and back, checked at the edge
serialize.py  users' objects, functions and classes to bytes and back
segments.py   large buffers handed over in shared memory
errors.py     the one tree of errors, and how a remote error becomes a local one
places.py     the folders and files that belong to a cluster
tickets.py    the file that lets a peer in; grants.py what it may do; curve.py the door

Read messages.py first. No process lives here: nothing in this folder knows who is a
controller, an engine or a client, and nothing in it imports them.
"""
