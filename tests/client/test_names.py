"""ipyparallel's public names, as of 9.2: each is here and can be used in the same way.

`CLASSES` has the signatures as they are there. What is missing or different on purpose
stands in `ABSENT` and `DIFFERENT` with its reason, and nowhere else.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from inspect import Parameter, Signature
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client import lazymap, partitions
from ipcluster.client.client import Client
from ipcluster.client.directview import DirectView
from ipcluster.launchers.cluster import Cluster

TOP = """
Client Cluster ClusterManager DirectView LoadBalancedView BroadcastView ViewExecutor
AsyncResult AsyncMapResult AsyncHubResult RemoteFunction ParallelFunction remote
parallel depend require dependent Dependency interactive Reference PrePickled
bind_kernel register_joblib_backend use_dill use_cloudpickle use_pickle can uncan
can_map uncan_map serialize_object deserialize_object
pack_apply_message unpack_apply_message
collect_exceptions wrap_exception unwrap_exception version_info
FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED
cluster engine error serialize util joblib datapub shellcmd traitlets
IPythonError KernelError EngineError NoEnginesRegistered TaskAborted TaskTimeout
TaskRejectError UnmetDependency ImpossibleDependency DependencyTimeout InvalidDependency
RemoteError CompositeError AlreadyDisplayedError TimeoutError
"""

CLASSES = {
    "Client": """
        __init__(connection_info=None, *, url_file=None, profile=None, profile_dir=None,
            ipython_dir=None, context=None, debug=False, sshserver=None, sshkey=None,
            password=None, paramiko=None, timeout=10, cluster_id=None, cluster=None,
            **extra_args)
        __enter__()
        __getitem__(key)
        __iter__()
        __len__()
        abort(jobs=None, targets=None, block=None)
        activate(targets='all', suffix='')
        become_dask(targets='all', port=0, nanny=False, scheduler_args=None,
            **worker_args)
        become_distributed(targets='all', port=0, nanny=False, scheduler_args=None,
            **worker_args)
        broadcast_view(targets='all', is_coalescing=False, **kwargs)
        clear(targets=None, block=None)
        close(linger=None)
        create_message_futures(msg_id, header, async_result=False, track=False,
            label=None)
        db_query(query, keys=None)
        direct_view(targets='all', **kwargs)
        executor(targets=None)
        get_result(indices_or_msg_ids=None, block=None, owner=True)
        hub_history()
        load_balanced_view(targets=None, **kwargs)
        purge_everything()
        purge_hub_results(jobs=[], targets=[])
        purge_local_results(jobs=[], targets=[])
        purge_results(jobs=[], targets=[])
        queue_status(targets='all', verbose=False)
        resubmit(indices_or_msg_ids=None, metadata=None, block=None)
        result_status(msg_ids, status_only=True)
        send_apply_request(socket, f, args=None, kwargs=None, metadata=None,
            track=False, ident=None, message_future_hook=None)
        send_execute_request(socket, code, silent=True, metadata=None, ident=None,
            message_future_hook=None)
        send_signal(sig, targets=None, block=None)
        shutdown(targets='all', restart=False, hub=False, block=None)
        spin()
        spin_thread(interval=1)
        stop_dask(targets='all')
        stop_distributed(targets='all')
        stop_spin_thread()
        wait(jobs=None, timeout=-1)
        wait_for_engines(n=None, *, timeout=-1, block=True, interactive=None,
            widget=None)
        wait_interactive(jobs=None, interval=1.0, timeout=-1.0)
    """,
    "View": """
        __init__(client=None, socket=None, **flags)
        __len__()
        abort(jobs=None, targets=None, block=None)
        apply(f, *args, **kwargs)
        apply_async(f, *args, **kwargs)
        apply_sync(f, *args, **kwargs)
        get_result(indices_or_msg_ids=None, block=None, owner=False)
        imap(f, *sequences, **kwargs)
        map(f, *sequences, **kwargs)
        map_async(f, *sequences, **kwargs)
        map_sync(f, *sequences, **kwargs)
        parallel(dist='b', block=None, **flags)
        purge_results(jobs=[], targets=[])
        queue_status(targets=None, verbose=False)
        remote(block=None, **flags)
        set_flags(**kwargs)
        shutdown(targets=None, restart=False, hub=False, block=None)
        spin()
        temp_flags(**kwargs)
        wait(jobs=None, timeout=-1)
    """,
    "DirectView": """
        __init__(client=None, socket=None, targets=None, **flags)
        __getitem__(key)
        __setitem__(key, value)
        activate(suffix='')
        clear(targets=None, block=None)
        execute(code, silent=True, targets=None, block=None, label=None)
        gather(key, dist='b', targets=None, block=None)
        get(key_s)
        map(f, *sequences, block=None, track=False, return_exceptions=False,
            label=None)
        pull(names, targets=None, block=None)
        push(ns, targets=None, block=None, track=None)
        run(filename, targets=None, block=None, label=None)
        scatter(key, seq, dist='b', flatten=False, targets=None, block=None,
            track=None)
        sync_imports(local=True, quiet=False)
        update(ns)
        use_cloudpickle()
        use_dill()
        use_pickle()
    """,
    "BroadcastView": """
        __init__(client=None, socket=None, targets=None, **flags)
        execute(code, silent=True, targets=None, block=None)
        gather(key, dist='b', targets=None, block=None)
        map(f, *sequences, block=None, track=False, return_exceptions=False)
        scatter(key, seq, dist='b', flatten=False, targets=None, block=None,
            track=None)
    """,
    "LoadBalancedView": """
        __init__(client=None, socket=None, **flags)
        imap(f, *sequences, ordered=True, max_outstanding='auto',
            return_exceptions=False)
        map(f, *sequences, block=None, chunksize=1, ordered=True,
            return_exceptions=False, label=None)
        register_joblib_backend(name='ipyparallel', make_default=False)
        set_flags(**kwargs)
    """,
    "ViewExecutor": """
        __init__(view)
        map(func, *iterables, **kwargs)
        shutdown(wait=True)
        submit(fn, *args, **kwargs)
    """,
    "LazyMapIterator": """
        __init__(gen, signal_done)
        __iter__()
        cancel()
    """,
    "AsyncResult": """
        __init__(client, children, fname='unknown', targets=None, owner=False,
            return_exceptions=False, chunk_sizes=None)
        __getitem__(key)
        __iter__()
        __len__()
        abort()
        display_outputs(groupby='type', result_only=False)
        get(timeout=None, return_exceptions=None, return_when=None)
        get_dict(timeout=-1)
        join(*async_results)
        ready()
        split()
        stream_output()
        successful()
        timedelta(start, end, start_key=min, end_key=max)
        wait(timeout=-1, return_when=None)
        wait_for_output(timeout=-1)
        wait_for_send(timeout=-1)
        wait_interactive(interval=0.1, timeout=-1, widget=None,
            return_when='ALL_COMPLETED')
    """,
    "AsyncMapResult": """
        __init__(client, children, mapObject, fname='', ordered=True,
            return_exceptions=False, chunk_sizes=None)
        __iter__()
    """,
    "AsyncHubResult": """
        __init__(client, children, fname='unknown', targets=None, owner=False,
            return_exceptions=False, chunk_sizes=None)
        wait(timeout=-1, return_when=None)
    """,
    "RemoteFunction": """
        __init__(view, f, block=None, **flags)
        __call__(*args, **kwargs)
    """,
    "ParallelFunction": """
        __init__(view, f, dist='b', block=None, chunksize=None, ordered=True,
            return_exceptions=False, **flags)
        __call__(*sequences, **kwargs)
        map(*sequences)
    """,
    "depend": """
        __init__(_wrapped_f, *args, **kwargs)
        __call__(f)
    """,
    "dependent": """
        __init__(_wrapped_f, _wrapped_df, *dargs, **dkwargs)
        __call__(*args, **kwargs)
        check_dependency()
    """,
    "Dependency": """
        __init__(dependencies=[], all=True, success=True, failure=False)
        as_dict()
        check(completed, failed=None)
        unreachable(completed, failed=None)
    """,
    "Map": """
        __init__()
        concatenate(listOfPartitions)
        getPartition(seq, p, q, n=None)
        joinPartitions(listOfPartitions)
    """,
    "RoundRobinMap": """
        __init__()
        flatten_array(listOfPartitions)
        flatten_list(listOfPartitions)
        getPartition(seq, p, q, n=None)
        joinPartitions(listOfPartitions)
    """,
    "Cluster": """
        __init__(*, engines=None, controller=None, **kwargs)
        __aenter__()
        __enter__()
        connect_client(**client_kwargs)
        connect_client_sync(**client_kwargs)
        from_dict(d, **kwargs)
        from_file(cluster_file=None, *, profile=None, profile_dir=None, cluster_id='',
            **kwargs)
        remove_cluster_file()
        restart_engine(engine_id)
        restart_engine_sync(engine_id)
        restart_engines(engine_set_id=None)
        restart_engines_sync(engine_set_id=None)
        signal_engine(signum, engine_id)
        signal_engine_sync(signum, engine_id)
        signal_engines(signum, engine_set_id=None)
        signal_engines_sync(signum, engine_set_id=None)
        start_and_connect(n=None, activate=False)
        start_and_connect_sync(n=None, activate=False)
        start_cluster(n=None)
        start_cluster_sync(n=None)
        start_controller(**kwargs)
        start_controller_sync(**kwargs)
        start_engines(n=None, engine_set_id=None, **kwargs)
        start_engines_sync(n=None, engine_set_id=None, **kwargs)
        stop_cluster()
        stop_cluster_sync()
        stop_controller()
        stop_controller_sync()
        stop_engine(engine_id)
        stop_engine_sync(engine_id)
        stop_engines(engine_set_id=None)
        stop_engines_sync(engine_set_id=None)
        to_dict()
        update_cluster_file()
        write_cluster_file()
    """,
    "ClusterManager": """
        __init__(**kwargs)
        get_cluster(cluster_id)
        load_clusters(*, profile_dirs=None, profile_dir=None, profiles=None,
            profile=None, init_default_clusters=False, **kwargs)
        new_cluster(**kwargs)
        remove_cluster(cluster_id)
    """,
    "Reference": """
        __init__(name)
        get_object(g=None)
    """,
    "RemoteError": """
        __init__(ename, evalue, traceback=None, engine_info=None)
        print_traceback()
        render_traceback()
    """,
    "CompositeError": """
        __init__(message, elist=())
        print_traceback(excid=None)
        raise_exception(excid=0)
        render_traceback(excid=None)
    """,
}

# Properties and traits.
ATTRIBUTES = {
    "Client": """
        ids block cluster curve_publickey curve_secretkey curve_serverkey debug history
        metadata outstanding profile results
    """,
    "View": "block client history label outstanding results targets track",
    "DirectView": "importer",
    "BroadcastView": "is_coalescing",
    "LoadBalancedView": "after follow label retries timeout",
    "AsyncResult": """
        elapsed metadata progress r result_dict sent serial_time wall_time
    """,
    "Cluster": """
        cluster_file cluster_id controller controller_args controller_ip
        controller_launcher_class controller_location delay engine_launcher_class
        engine_set engine_timeout engines load_profile log_level n profile
        profile_config profile_dir send_engines_connection_env shutdown_atexit
    """,
    "ClusterManager": "clusters",
    "CompositeError": "tb_limit",
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "Client": {"block": False, "debug": False, "profile": ""},
    "View": {"block": False, "label": None, "targets": None, "track": False},
    "BroadcastView": {"is_coalescing": False},
    "LoadBalancedView": {
        **{"after": None, "follow": None, "label": None},
        **{"retries": 0, "timeout": 0.0},
    },
    "Cluster": {
        **{"controller": None, "controller_ip": "", "controller_location": ""},
        **{"delay": 1.0, "engine_timeout": 60, "log_level": 20, "n": None},
        **{"send_engines_connection_env": True, "shutdown_atexit": True},
    },
    "CompositeError": {"tb_limit": 4},
}

A_MODULE_OF_THEIRS = "its public names are the package's; the rest is internal"
KEYS_ARE_IN_THE_TICKET = "a ticket has the keys; nobody sets them one by one"
INSIDE = "what was internal there is made otherwise here"
MADE_BY_CLIENT = "a client makes them, with other arguments"
LATER = "comes with the shell"
NO_CONFIG = "there are no configuration files yet"

ABSENT = {
    "cluster": A_MODULE_OF_THEIRS,
    "engine": A_MODULE_OF_THEIRS,
    "serialize": A_MODULE_OF_THEIRS,
    "util": A_MODULE_OF_THEIRS,
    "joblib": "register_joblib_backend is in the package",
    "datapub": "engines publish no data yet, and `ar.data` is empty",
    "shellcmd": "comes with the launchers for SSH",
    "traitlets": "nothing here is configured by traits",
    "bind_kernel": LATER,
    "can_map": "copyreg.pickle of the standard library does the same",
    "uncan_map": "as can_map",
    "pack_apply_message": "docs/protocol.md says what travels",
    "unpack_apply_message": "as pack_apply_message",
    "wrap_exception": "an error travels as messages.ErrorInfo, not as a dict",
    "unwrap_exception": "as wrap_exception",
    "Client.curve_publickey": KEYS_ARE_IN_THE_TICKET,
    "Client.curve_secretkey": KEYS_ARE_IN_THE_TICKET,
    "Client.curve_serverkey": KEYS_ARE_IN_THE_TICKET,
    "Client.create_message_futures": INSIDE,
    "Client.send_apply_request": INSIDE,
    "Client.send_execute_request": INSIDE,
    "RoundRobinMap.flatten_array": INSIDE,
    "RoundRobinMap.flatten_list": INSIDE,
    "Cluster.load_profile": NO_CONFIG,
    "Cluster.profile_config": NO_CONFIG,
}

DIFFERENT = {
    "Client.__init__": "an argument that nobody knows is an error, not a trait to set",
    "View.__init__": MADE_BY_CLIENT,
    "DirectView.__init__": MADE_BY_CLIENT,
    "BroadcastView.__init__": MADE_BY_CLIENT,
    "LoadBalancedView.__init__": MADE_BY_CLIENT,
    "LazyMapIterator.__init__": MADE_BY_CLIENT,
    "AsyncResult.__init__": MADE_BY_CLIENT,
    "AsyncMapResult.__init__": MADE_BY_CLIENT,
    "AsyncHubResult.__init__": MADE_BY_CLIENT,
    "LoadBalancedView.register_joblib_backend": "the backend is called 'ipcluster'",
    "Cluster.__init__": "its arguments are named, not traits",
    "Cluster.delay": "there is nothing to wait for between controller and engines",
    "Cluster.start_controller": "`options` are words for the command line",
    "Cluster.start_controller_sync": "as start_controller",
    "Cluster.start_engines": "launchers have no traits to set",
    "Cluster.start_engines_sync": "as start_engines",
    "ClusterManager.__init__": NO_CONFIG,
}


def class_named(name: str) -> Any:
    for place in (ipp, ipp.error, partitions, lazymap):
        if hasattr(place, name):
            return getattr(place, name)
    raise AssertionError(f"no class {name}")


def methods() -> Iterator[tuple[str, str, Signature]]:
    """Class, method and how it is called in ipyparallel, without `self`."""
    for name, text in CLASSES.items():
        for line in re.split(r"\n {8}(?=\w)", text.rstrip())[1:]:
            made: dict[str, Any] = {}
            exec(f"def {line}: pass", made)
            method = line.partition("(")[0]
            yield name, method, inspect.signature(made[method])


def complaints(ours: Signature, theirs: Signature) -> Iterator[str]:
    """What a call that is right with `theirs` may not do with `ours`."""
    mine = ours.parameters
    by_place = [
        one.name
        for one in mine.values()
        if one.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    kinds = {one.kind for one in mine.values()}
    # Arguments before `*args` are given by place, whatever they are called.
    by_place_only = any(
        one.kind is Parameter.VAR_POSITIONAL for one in theirs.parameters.values()
    )
    for place, one in enumerate(theirs.parameters.values()):
        if one.kind in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL):
            if one.kind not in kinds:
                yield f"takes no {one}"
        elif one.kind is Parameter.POSITIONAL_OR_KEYWORD and by_place_only:
            if place >= len(by_place):
                yield f"takes no {one.name} by place"
        elif one.name not in mine:
            yield f"has no {one.name}"
        elif one.kind is not Parameter.KEYWORD_ONLY and (
            place >= len(by_place) or by_place[place] != one.name
        ):
            yield f"does not take {one.name} by place"
        elif _plain(mine[one.name].default) != _plain(one.default):
            yield f"{one.name} is {mine[one.name].default!r}, not {one.default!r}"
    for one in mine.values():
        if (
            one.name not in theirs.parameters
            and one.default is Parameter.empty
            and one.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
            and not by_place_only
        ):
            yield f"needs {one.name}"


def _plain(default: Any) -> Any:
    """A default as a value: an empty list is the same as an empty tuple."""
    return tuple(default) if isinstance(default, list) else default


def signature_of(cls: type, method: str) -> Signature:
    found = inspect.getattr_static(cls, method)
    bound = getattr(cls, method)
    signature = inspect.signature(bound)
    if isinstance(found, classmethod):
        return signature
    first, *rest = signature.parameters.values()
    if first.kind is Parameter.VAR_POSITIONAL:  # that of `object`
        return Signature([])
    return signature.replace(parameters=rest)


@pytest.mark.parametrize("name", TOP.split())
def test_package_has_the_name(name: str) -> None:
    assert hasattr(ipp, name) is (name not in ABSENT), ABSENT.get(name)


@pytest.mark.parametrize(
    ("name", "method", "theirs"),
    [pytest.param(*one, id=f"{one[0]}.{one[1]}") for one in methods()],
)
def test_method_takes_what_it_takes_there(
    name: str, method: str, theirs: Signature
) -> None:
    where = f"{name}.{method}"
    cls = class_named(name)
    if where in ABSENT:
        assert not hasattr(cls, method), f"{where} is here: take it out of ABSENT"
        return

    found = list(complaints(signature_of(cls, method), theirs))

    if where in DIFFERENT:
        assert found, f"{where} is the same: take it out of DIFFERENT"
    else:
        assert found == []


@pytest.mark.parametrize(
    "where",
    [f"{name}.{one}" for name, text in ATTRIBUTES.items() for one in text.split()],
)
def test_attribute_is_there(where: str, ipcluster_dir: Any) -> None:
    name, attribute = where.split(".")
    cls = class_named(name)
    obj = cls() if name == "Cluster" else cls

    annotated = any(
        attribute in vars(one).get("__annotations__", ()) for one in cls.mro()
    )

    assert (hasattr(obj, attribute) or annotated) is (where not in ABSENT)
    if attribute in (defaults := DEFAULTS.get(name, {})):
        same = getattr(obj, attribute) == defaults[attribute]
        assert same is (where not in DIFFERENT)


def test_exceptions_are_about_known_names() -> None:
    known = set(TOP.split()) | {f"{name}.{method}" for name, method, _ in methods()}
    known |= {f"{n}.{one}" for n, text in ATTRIBUTES.items() for one in text.split()}

    assert set(ABSENT) | set(DIFFERENT) <= known


def test_errors_are_a_tree_as_there() -> None:
    tree = [
        (ipp.KernelError, ipp.IPythonError),
        (ipp.EngineError, ipp.KernelError),
        (ipp.NoEnginesRegistered, ipp.KernelError),
        (ipp.TaskAborted, ipp.KernelError),
        (ipp.TaskTimeout, ipp.KernelError),
        (ipp.TaskRejectError, ipp.KernelError),
        (ipp.UnmetDependency, ipp.KernelError),
        (ipp.ImpossibleDependency, ipp.UnmetDependency),
        (ipp.DependencyTimeout, ipp.ImpossibleDependency),
        (ipp.InvalidDependency, ipp.ImpossibleDependency),
        (ipp.RemoteError, ipp.KernelError),
        (ipp.CompositeError, ipp.RemoteError),
        (ipp.AlreadyDisplayedError, ipp.RemoteError),
        (ipp.TimeoutError, OSError),
    ]

    assert [pair for pair in tree if not issubclass(*pair)] == []


# --- names that say what to do instead ------------------------------------------------


@pytest.mark.parametrize("name", ["sshserver", "sshkey", "password", "paramiko"])
def test_a_tunnel_is_refused_with_what_to_do(name: str) -> None:
    given: dict[str, Any] = {name: "me@gateway"}

    with pytest.raises(ValueError, match="no SSH tunnel") as caught:
        Client(**given)

    text = str(caught.value)
    server = "me@gateway" if name == "sshserver" else "SERVER"
    assert text.startswith(f"Client({name}=...): a Client opens no SSH tunnel.")
    assert f"ssh -N -L PORT:127.0.0.1:PORT {server}`" in text
    assert "tcp://localhost:PORT" in text


def test_an_ipython_dir_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="IPCLUSTER_DIR"):
        Client(ipython_dir="/home/me/.ipython")


def test_magics_are_said_to_be_missing() -> None:
    view = DirectView.__new__(DirectView)

    with pytest.warns(UserWarning, match=r"no %px_gpu .*view\.execute"):
        view.activate("_gpu")


@pytest.mark.cluster
def test_a_cluster_starts_without_magics_and_says_so() -> None:
    cluster = Cluster(n=1)
    with pytest.warns(UserWarning, match="no %px here to activate"):
        rc = cluster.start_and_connect_sync(activate=True)

    with rc:
        assert len(rc) == 1
    cluster.stop_cluster_sync()
