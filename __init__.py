"""An interactive shell over a cluster of Python engines.

    import ipcluster as ipp

    with ipp.Cluster(n=4) as rc:
        print(rc[:].apply_sync(os.getpid))

This module only names what is public. Each name is imported from its place the
first time somebody asks for it, so `import ipcluster` costs next to nothing and an
engine, which imports parts of `ipcluster.wire`, never loads a client.
"""

import importlib

__version__ = "0.1.0"
version_info = (0, 1, 0)

# Not from `typing`, which would cost a first prompt more than all else it imports.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import ALL_COMPLETED as ALL_COMPLETED
    from concurrent.futures import FIRST_COMPLETED as FIRST_COMPLETED
    from concurrent.futures import FIRST_EXCEPTION as FIRST_EXCEPTION
    from typing import Any as _Any

    from ipcluster.client.bridges import (
        register_joblib_backend as register_joblib_backend,
    )
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
    from ipcluster.shell.kernel.embedding import embed_kernel as embed_kernel
    from ipcluster.shell.terminal.app import start_ipython as start_ipython
    from ipcluster.shell.terminal.app import start_shell as start_shell
    from ipcluster.shell.terminal.embed import (
        InteractiveShellEmbed as InteractiveShellEmbed,
    )
    from ipcluster.shell.terminal.embed import embed as embed
    from ipcluster.wire import errors as error  # noqa: F401  (public: ipp.error)
    from ipcluster.wire.errors import AlreadyDisplayedError as AlreadyDisplayedError
    from ipcluster.wire.errors import ClusterError as ClusterError
    from ipcluster.wire.errors import CompositeError as CompositeError
    from ipcluster.wire.errors import ConnectionLost as ConnectionLost
    from ipcluster.wire.errors import DependencyTimeout as DependencyTimeout
    from ipcluster.wire.errors import EngineError as EngineError
    from ipcluster.wire.errors import ForkError as ForkError
    from ipcluster.wire.errors import ImpossibleDependency as ImpossibleDependency
    from ipcluster.wire.errors import InvalidDependency as InvalidDependency
    from ipcluster.wire.errors import IPythonError as IPythonError
    from ipcluster.wire.errors import KernelError as KernelError
    from ipcluster.wire.errors import LaunchError as LaunchError
    from ipcluster.wire.errors import NoEngines as NoEngines
    from ipcluster.wire.errors import NoEnginesRegistered as NoEnginesRegistered
    from ipcluster.wire.errors import ProtocolError as ProtocolError
    from ipcluster.wire.errors import RemoteError as RemoteError
    from ipcluster.wire.errors import SecurityError as SecurityError
    from ipcluster.wire.errors import SerializationError as SerializationError
    from ipcluster.wire.errors import TaskAborted as TaskAborted
    from ipcluster.wire.errors import TaskRejectError as TaskRejectError
    from ipcluster.wire.errors import TaskTimeout as TaskTimeout
    from ipcluster.wire.errors import TicketError as TicketError
    from ipcluster.wire.errors import TimeoutError as TimeoutError  # noqa: A004
    from ipcluster.wire.errors import UnmetDependency as UnmetDependency
    from ipcluster.wire.errors import collect_exceptions as collect_exceptions
    from ipcluster.wire.prepickled import PrePickled as PrePickled
    from ipcluster.wire.prepickled import can as can
    from ipcluster.wire.prepickled import deserialize_object as deserialize_object
    from ipcluster.wire.prepickled import serialize_object as serialize_object
    from ipcluster.wire.prepickled import uncan as uncan
    from ipcluster.wire.serialize import (
        register_pickle_by_value as register_pickle_by_value,
    )
    from ipcluster.wire.serialize import (
        unregister_pickle_by_value as unregister_pickle_by_value,
    )
    from ipcluster.wire.serialize import use_cloudpickle as use_cloudpickle
    from ipcluster.wire.serialize import use_dill as use_dill
    from ipcluster.wire.serialize import use_pickle as use_pickle

_NAMES_IN = {
    "concurrent.futures": "ALL_COMPLETED FIRST_COMPLETED FIRST_EXCEPTION",
    "ipcluster.client.bridges": "register_joblib_backend",
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
    "ipcluster.shell.kernel.embedding": "embed_kernel",
    "ipcluster.shell.terminal.app": "start_ipython start_shell",
    "ipcluster.shell.terminal.embed": "InteractiveShellEmbed embed",
    "ipcluster.wire.errors": (
        "AlreadyDisplayedError ClusterError CompositeError ConnectionLost "
        "DependencyTimeout EngineError ForkError IPythonError "
        "ImpossibleDependency InvalidDependency KernelError LaunchError NoEngines "
        "NoEnginesRegistered ProtocolError RemoteError SecurityError "
        "SerializationError TaskAborted TaskRejectError TaskTimeout TicketError "
        "TimeoutError UnmetDependency collect_exceptions"
    ),
    "ipcluster.wire.prepickled": (
        "PrePickled can deserialize_object serialize_object uncan"
    ),
    "ipcluster.wire.serialize": (
        "register_pickle_by_value unregister_pickle_by_value "
        "use_cloudpickle use_dill use_pickle"
    ),
}
_HOME = {name: home for home, names in _NAMES_IN.items() for name in names.split()}

# `error` is a module under the name that ipyparallel gives it.
_HOME["error"] = "ipcluster.wire.errors"


def __getattr__(name: str) -> "_Any":
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(home)
    value = module if name == "error" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME} - {"TYPE_CHECKING", "importlib"})
