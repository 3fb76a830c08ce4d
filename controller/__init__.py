"""The controller: the one process that clients and agents connect to.

tasks.py      decides who runs what, when, and again: pure, no I/O, with ledger.py,
              queues.py, dispatch.py, policies.py, shares.py, dependencies.py, ...
server.py     the loop around it: drain what came, decide, send in batches
doors.py      its sockets: one TCP port (ROUTER, CURVE); local_door.py: a socket file
reception.py  who is let in, and what each peer may ask
watching.py   who sees what cells of others show
hub.py        which engines there are; questions.py answers what clients ask
stations.py   where engines are: links on this host, agents.py on others
records.py    finished tasks; holds.py: who still maps which segment

Read tasks.py first. Nothing here knows how an engine was launched or what runs in it,
and nothing here unpickles what users send.
"""
