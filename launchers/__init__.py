"""The launchers: what starts and stops the processes of a cluster.

cluster.py         Cluster: one cluster as an object, blocking and async
app.py             the `ipcluster` command
controller_app.py  `ipcontroller`: the controller, joined to the engines of its host
engine_app.py      `ipengine`: engines on another host, from a ticket
local.py           starts them as processes of this host

Read cluster.py first. This is the one floor that knows both controller and engines:
controller_app.py joins them, the rest starts command lines and watches processes.
Nothing here knows what the tasks do.
"""
