"""The wire: all that one process of a cluster says to another, and how it stays safe.

messages.py   every message, once, as a typed struct; the conversation as a grammar
codec.py      messages to frames and back, checked at the edge
streams.py    frames on a Unix socket between client and controller
serialize.py  users' objects to bytes and back, with functions.py, classes.py,
              reducers.py, importable.py, by_value.py; culprit.py names what cannot be
              pickled, snapshots.py knows whether a function changed
prepickled.py objects that users pickle themselves, to send them often
segments.py   large buffers in shared memory; chunks.py: their way between hosts
errors.py     the one tree of errors, and how an error travels
tickets.py    the file that lets a peer in; grants.py: what it may do
curve.py      the door: encryption, and whose keys open it
places.py     the folders and files of a cluster
lines.py      a message as one line of a log
recent.py     which functions the other side still has
spin.py       how one waits for what will come at once

Read messages.py first. No process lives here: nothing in this folder knows who is a
controller, an engine or a client, and nothing in it imports them.
"""
