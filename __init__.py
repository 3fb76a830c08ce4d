"""An interactive shell over a cluster of Python engines.

    import ipcluster as ipp

    with ipp.Cluster(n=4) as rc:
        print(rc[:].apply_sync(os.getpid))

This module only names what is public. Each name is imported from its place the
first time somebody asks for it, so `import ipcluster` costs next to nothing and an
engine, which imports parts of `ipcluster.wire`, never loads a client.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
version_info = (0, 1, 0)

if TYPE_CHECKING:
    from concurrent.futures import ALL_COMPLETED as ALL_COMPLETED
    from concurrent.futures import FIRST_COMPLETED as FIRST_COMPLETED
    from concurrent.futures import FIRST_EXCEPTION as FIRST_EXCEPTION

    from ipcluster.client.client import Client as Client
    from ipcluster.client.dependency import Dependency as Dependency
    from ipcluster.client.dependency import depend as depend
    from ipcluster.client.dependency import dependent as dependent
    from ipcluster.client.dependency import interactive as interactive
    from ipcluster.client.dependency import require as require
    from ipcluster.client.executor import ViewExecutor as ViewExecutor
    from ipcluster.client.reference import Reference as Reference
    from ipcluster.client.remotefunction import ParallelFunction as ParallelFunction
    from ipcluster.client.remotefunction import RemoteFunction as RemoteFunction
    from ipcluster.client.remotefunction import parallel as parallel
    from ipcluster.client.remotefunction import remote as remote
    from ipcluster.client.results import AsyncHubResult as AsyncHubResult
    from ipcluster.client.results import AsyncMapResult as AsyncMapResult
    from ipcluster.client.results import AsyncResult as AsyncResult
    from ipcluster.client.views import BroadcastView as BroadcastView
    from ipcluster.client.views import DirectView as DirectView
    from ipcluster.client.views import LoadBalancedView as LoadBalancedView
    from ipcluster.client.views import View as View
    from ipcluster.launchers.cluster import Cluster as Cluster
    from ipcluster.launchers.manager import ClusterManager as ClusterManager
    from ipcluster.wire import errors as error  # noqa: F401  (public: ipp.error)
    from ipcluster.wire.errors import ClusterError as ClusterError
    from ipcluster.wire.errors import CompositeError as CompositeError
    from ipcluster.wire.errors import EngineError as EngineError
    from ipcluster.wire.errors import RemoteError as RemoteError
    from ipcluster.wire.errors import TimeoutError as TimeoutError  # noqa: A004

_NAMES_IN = {
    "concurrent.futures": "ALL_COMPLETED FIRST_COMPLETED FIRST_EXCEPTION",
    "ipcluster.client.client": "Client",
    "ipcluster.client.dependency": "Dependency depend dependent interactive require",
    "ipcluster.client.executor": "ViewExecutor",
    "ipcluster.client.reference": "Reference",
    "ipcluster.client.remotefunction": (
        "ParallelFunction RemoteFunction parallel remote"
    ),
    "ipcluster.client.results": "AsyncHubResult AsyncMapResult AsyncResult",
    "ipcluster.client.views": "BroadcastView DirectView LoadBalancedView View",
    "ipcluster.launchers.cluster": "Cluster",
    "ipcluster.launchers.manager": "ClusterManager",
    "ipcluster.wire.errors": (
        "ClusterError CompositeError EngineError RemoteError TimeoutError"
    ),
}
_HOME = {name: home for home, names in _NAMES_IN.items() for name in names.split()}

# `error` is a module under the name that ipyparallel gives it.
_HOME["error"] = "ipcluster.wire.errors"


def __getattr__(name: str) -> Any:
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(home)
    value = module if name == "error" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME} - {"TYPE_CHECKING", "Any", "importlib"})
