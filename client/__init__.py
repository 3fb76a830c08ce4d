"""The client: how a Python session drives a cluster.

client.py          Client: one connection to one cluster
connection.py      what was sent, what came, who waits; pump.py moves the frames through
                   transports.py (DEALER with CURVE, a Unix socket on the same host)
views.py           DirectView, LoadBalancedView, BroadcastView: calls and data
results.py         AsyncResult and its kin: what a call will have answered
remotefunction.py  the @remote and @parallel decorators
dependency.py      what a task waits for or needs: Dependency, @depend, @require
executor.py        a view as a concurrent.futures.Executor
bridges.py         ways for other libraries, joblib and Dask, to run on engines

Read client.py first. Nothing here knows a terminal, or where the processes of the
cluster run: it agrees with them through `ipcluster.wire` alone.
"""
