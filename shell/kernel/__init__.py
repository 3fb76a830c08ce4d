"""The Jupyter-protocol face of an engine: one adapter, its names the protocol's own.

    sockets  <-- I/O thread (ports.py) -->  requests in order, in the main thread
                                            (kernel.py), which is the user's
                      ^  messages           events of the interpreter become
                      `-------------------  messages (frontend.py)

messages.py    the wire: signed frames to messages and back
connection.py  connection files: ports, keys, where they lie
ports.py       the sockets, and the one thread that touches them
outbox.py      what waits to leave through iopub, bounded in bytes
inbox.py       what waits for a thread, bounded as well
kernel.py      takes requests one after the other; abort, shutdown
interrupts.py  an interrupt hits the user's code once, and nothing else
requests.py    what each type of request does
parents.py     which request something belongs to, in whatever thread it happens
streams.py     what is printed, from Python, from C and from child processes
glance.py      whether something can be read, asked quickly
elsewhere.py   errors of another process
frontend.py    the interpreter's events as messages; `input()`
journal.py     what was shown, for clients that were away
subshells.py   more threads that run requests
debugging.py   DAP over control: breakpoints in cells
comms.py       objects with a twin in a client: widgets
field.py       what libraries ask of `ipykernel`
supervisor.py  the process above: it says why a kernel died
leftovers.py   files of kernels that were killed: recognised, and removed
settings.py    what it can be told; its shell, as the user's files have it
magics.py      `%connect_info`, `%replay`, `%qtconsole`, `%autosave`
programs.py    `ipshell notebook`, `lab`, `qtconsole`
app.py         `ipshell kernel`
embedding.py   a kernel within a program: `embed_kernel()`
nesting.py     cells that await, within a loop that runs already

Specification: "Messaging in Jupyter", protocol 5.4 with parts of 5.5
(jupyter-client.readthedocs.io/en/stable/messaging.html); section names are cited where
something follows from it. It may know Jupyter's sockets and an engine; it must not know
a terminal, and what an execution means is the interpreter's to say.
"""
