"""The engines: where users' code runs, and what watches over it on each host.

engine.py  a Python process with one stream socket, its link (link.py): runs calls
           (calls.py), streams output (output.py), answers. Its main thread belongs to
           users' code. Cells, comms and the debugger are in conversing.py and
           debugging.py, which are imported when somebody asks for them; events.py is
           what they show, as bytes
keeper.py  the warm parent, one per host, that engines are forked from: starts,
           watches (waitpid), interrupts and signals them. Single-threaded
holder.py  the far end of the links, in the controller or in an agent
agent.py   holds the links of another host for the controller, over one connection
           (DEALER, CURVE)

Read engine.py first. An engine imports no zmq and knows no network, and nothing here
knows how the controller decides.
"""
