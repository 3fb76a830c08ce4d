"""The launchers: what starts and stops the processes of a cluster.

cluster.py             Cluster: one cluster as an object; manager.py: all of a user's
launcher.py            what a launcher is; local.py the ones for this host
controller_process.py  the controller as a child: command line, pipes, its start
claim.py, ended.py     one cluster per place, and its end: no process, no file stays
door.py                a small connection to the controller, to ask for engines
app.py                 the `ipcluster` command; start_command, commands, reports
controller_app.py      `ipcontroller`: the controller, joined to the engines of its host
engine_app.py          `ipengine`: engines on another host, from a ticket

Read cluster.py first. This is the one floor that knows both controller and engines:
controller_app.py joins them, the rest starts command lines and watches processes.
Nothing here knows what the tasks do.
"""
