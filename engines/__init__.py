"""The engines: where users' code runs, and what watches over it on each host.

engine.py  one Python process with one stream socket, its link: runs calls, streams
           output, answers. Its main thread belongs to users' code
keeper.py  the warm parent, one per host, that engines are forked from: starts,
           watches (waitpid), interrupts and signals them. Single-threaded
agent.py   relays between the engines of a host that is not the controller's and the
           controller, over one connection (DEALER)
interpreter/  the enhanced Python of interactive sessions

Read engine.py first. An engine imports no zmq and knows no network, and nothing here
knows how the controller decides.
"""
