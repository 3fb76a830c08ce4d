"""The controller: the one process that clients and agents connect to.

tasks.py    decides who runs what, when, and again: pure, no I/O
policies.py which engine a ready task goes to
hub.py      registry of engines and clients; answers what they ask
mux.py      relays a call to the engines that it names
server.py   the loop around them: one TCP port (ROUTER, CURVE), its ipc twin for
            peers on the same host, and the links of this host's engines

Read tasks.py first. Nothing here knows how an engine was launched or what runs in it,
and nothing here unpickles what users send.
"""
