"""`ipshell console`: the prompt of `ipshell`, talking to an interpreter elsewhere.

app.py         the command: what it is told, what it connects to
shell.py       `ConsoleShell`: the terminal's shell, whose cells run elsewhere
remote.py      what it asks of the other side, and what it is told
backlog.py     what has been told and is not shown yet, bounded
engine.py      an engine of a running cluster, through a conversation
jupyter.py     a kernel that speaks the Jupyter protocol
missed.py      what it has shown while the connection was broken
channels.py    its sockets, and the one thread that touches them
translating.py its messages as events of an interpreter
starting.py    a kernel of the console's own
face.py        a kernel that is the face of an engine, for Jupyter's programs
debugging.py   the engine's debugger, as its face has it
finding.py     connection files: of this machine, and of others
tunnels.py     a kernel on another machine, through `ssh`

Read remote.py first. What a person sees is `shell/terminal`'s; nothing here
draws. A plain `ipshell` imports none of it.
"""
