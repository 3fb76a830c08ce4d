"""A cluster as an object: start it, change it, connect to it, stop it.

    with Cluster(n=4) as rc:          # rc: a connected Client; all stops at the end
        rc[:].apply_sync(os.getpid)

    cluster = Cluster(n=4)
    rc = await cluster.start_and_connect()      # or start_and_connect_sync()
    await cluster.stop_cluster()

There is one core, the coroutines; each has a blocking twin `<name>_sync`. The work
itself is the launchers': one for the controller, one per set of engines.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from ipcluster.launchers import at_exit, cluster_files
from ipcluster.launchers.blocking import blocking, run_blocking
from ipcluster.launchers.cores import usable_cores
from ipcluster.launchers.engine_sets import EngineSets
from ipcluster.launchers.launcher import (
    ControllerLauncher,
    EngineSetLauncher,
    choose,
)
from ipcluster.launchers.local import (
    LocalControllerLauncher,
    LocalEngineSetLauncher,
    living_engines,
)
from ipcluster.launchers.names import describe, new_name, own_names, place_of
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.importable import user_folders


class Cluster:
    """One controller and its engines.

    Args:
        n: engines to start; default: one for each core this process may use.
        engines: how to start engines: a launcher's `kind` ("local") or its class.
        controller: how to start the controller, in the same way.
        profile: whose folder it is kept in; default "default".
        profile_dir: that folder itself, named `profile_<name>`, instead of `profile`.
        cluster_id: its name; by default a new one, so that clusters do not meet.
            "" is the profile's default cluster.
        controller_ip: address to listen on; default: this host alone.
        controller_location: address that others reach the controller by.
        controller_args: further words for the command line of `ipcontroller`.
        delay: seconds to wait between the controller and the engines; 0 starts them
            together.
        engine_timeout: seconds in which all engines must answer.
        shutdown_atexit: whether it stops when this Python ends, in whatever way.
        log_level: of the controller's log, a name or a number.
        send_engines_connection_env: whether engines know their own cluster, so that
            `Client()` in a task connects to it.
        environment: variables for all of its processes.
    """

    client_class: ClassVar[Any] = None
    """What `connect_client` makes; `ipcluster.Client` unless it is set.

    The client is the floor above: it knows launchers, they do not know it. So the class
    comes from above, from here or from the root package, which names what is public.
    """

    def __init__(
        self,
        *,
        n: int | None = None,
        engines: str | type[EngineSetLauncher] | None = None,
        controller: str | type[ControllerLauncher] | None = None,
        profile: str = "",
        profile_dir: str = "",
        cluster_id: str | None = None,
        controller_ip: str = "",
        controller_location: str = "",
        controller_args: Sequence[str] = (),
        delay: float = 0.0,
        engine_timeout: float = 60,
        shutdown_atexit: bool = True,
        log_level: int | str = logging.INFO,
        send_engines_connection_env: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.place = place_of(
            profile, profile_dir, new_name() if cluster_id is None else cluster_id
        )
        self.engine_launcher_class = choose(
            engines, EngineSetLauncher.kinds, LocalEngineSetLauncher
        )
        self.controller_launcher_class = choose(
            controller, ControllerLauncher.kinds, LocalControllerLauncher
        )
        self.n = n
        self.controller_ip = controller_ip
        self.controller_location = controller_location
        self.controller_args = list(controller_args)
        self.delay = delay
        self.engine_timeout = engine_timeout
        self.shutdown_atexit = shutdown_atexit
        self.log_level = log_level
        self.send_engines_connection_env = send_engines_connection_env
        self.environment = own_names(self.place) if send_engines_connection_env else {}
        self.environment.update(environment or {})
        self.controller: ControllerLauncher | None = None
        self.engines = EngineSets(
            self.engine_launcher_class, self.place, self.environment
        )
        self.before_stop: list[Callable[[], object]] = []
        """Called when all is about to end, for what would miss it."""
        self._client: Any = None
        self._pid = 0  # of the process that is in the `with` block

    def __repr__(self) -> str:
        parts = [f"cluster_id={self.cluster_id!r}", f"profile={self.profile!r}"]
        if self.controller is not None:
            parts.append("controller=<running>")
        if self.engines:
            parts.append(f"engine_sets={list(self.engines)}")
        return f"<{type(self).__name__}({', '.join(parts)})>"

    @property
    def cluster_id(self) -> str:
        return self.place.cluster_id

    @property
    def profile(self) -> str:
        return self.place.profile

    @property
    def profile_dir(self) -> str:
        return str(self.place.folder.parent)

    @property
    def cluster_file(self) -> str:
        """The file that says which processes and engine sets there are."""
        return str(self.place.state_file)

    @property
    def engine_set(self) -> EngineSetLauncher | None:
        """The first set of engines, if there is one."""
        return next(iter(self.engines.values()), None)

    async def start_cluster(self, n: int | None = None) -> Self:
        """Start the controller and `n` engines; returns when all answer.

        Raises:
            LaunchError: the cluster runs already, or something did not start.
        """
        n = self._count(n)
        # Engines of the controller's own host start with it, which saves half the time.
        together = self.engine_launcher_class is LocalEngineSetLauncher
        together = together and not self.delay
        await self._start_controller(n if together else 0, ())
        try:
            if together:
                self.engines.adopt(await asyncio.to_thread(living_engines, self.place))
                self.update_cluster_file()
            elif n:
                await asyncio.sleep(self.delay)
                await self.start_engines(n)
        except BaseException:
            await self.stop_cluster()
            raise
        return self

    async def start_controller(self, *, options: Sequence[str] = ()) -> None:
        """Start the controller alone, with further words for its command line."""
        await self._start_controller(0, options)

    async def _start_controller(self, n: int, options: Sequence[str]) -> None:
        if self.controller is not None:
            raise LaunchError(f"{describe(self.place)} was started already")
        launcher = self.controller_launcher_class(
            self.place, environment=self.environment
        )
        await launcher.start(
            [*self._controller_options(), *options],
            n,
            self.engine_timeout,
            tethered=self.shutdown_atexit,
        )
        self.controller = launcher
        if self.shutdown_atexit:
            at_exit.add(self, launcher)

    async def start_engines(
        self, n: int | None = None, engine_set_id: str | None = None
    ) -> str:
        """Start `n` more engines; the id of their set, new or the one that is named."""
        n = self._count(n)
        name = await self.engines.start(n, engine_set_id, self.engine_timeout)
        self.update_cluster_file()
        return name

    def _count(self, n: int | None) -> int:
        if n is None:
            n = usable_cores() if self.n is None else self.n
        if n < 0:
            raise ValueError(f"n must not be negative: {n}")
        return n

    def _controller_options(self) -> list[str]:
        level = self.log_level
        name = logging.getLevelName(level) if isinstance(level, int) else level
        options = [f"--log-level={name}", "--how=Cluster"]
        if self.controller_ip:
            options.append(f"--ip={self.controller_ip}")
        if self.controller_location:
            options.append(f"--location={self.controller_location}")
        # Modules beside the user's program, and what else this session can import.
        folders = [one for one in user_folders() if os.pathsep not in one]
        if folders:
            options.append(f"--path={os.pathsep.join(folders)}")
        return [*options, *self.controller_args]

    async def stop_cluster(self) -> None:
        """End everything; no process and no file stays. Twice is harmless."""
        while self.before_stop:
            await asyncio.to_thread(self.before_stop.pop())
        for launcher in self.engines.values():
            # The controller ends the engines of its own host faster than we could.
            if not isinstance(launcher, LocalEngineSetLauncher):
                await launcher.stop()
        await self.stop_controller()

    async def stop_controller(self) -> None:
        """End the controller, and with it the engines of its host."""
        if self.controller is not None:
            await self.controller.stop()
        self._forget()

    def _forget(self) -> None:
        self.controller = None
        self.engines.clear()
        at_exit.discard(self)

    async def stop_engines(self, engine_set_id: str | None = None) -> None:
        """End this set of engines, or all of them."""
        await self.engines.stop(engine_set_id)
        self.update_cluster_file()

    async def stop_engine(self, engine_id: int) -> None:
        """End this engine."""
        await self.engines.stop_engine(engine_id)
        self.update_cluster_file()

    async def restart_engines(self, engine_set_id: str | None = None) -> None:
        """Replace the engines of this set, or all, by new ones; they get new ids."""
        await self.engines.restart(engine_set_id, self.engine_timeout)
        self.update_cluster_file()

    async def restart_engine(self, engine_id: int) -> None:
        """Replace this engine by a new one, which gets a new id."""
        await self.engines.restart_engine(engine_id, self.engine_timeout)
        self.update_cluster_file()

    async def signal_engines(
        self, signum: int, engine_set_id: str | None = None
    ) -> None:
        """Send this signal to every engine of this set, or of all."""
        await self.engines.signal(signum, engine_set_id)

    async def signal_engine(self, signum: int, engine_id: int) -> None:
        """Send this signal to this engine."""
        await self.engines.signal_engine(signum, engine_id)

    async def connect_client(self, **client_kwargs: Any) -> Any:
        """A Client that is connected to this cluster."""
        return await asyncio.to_thread(self.connect_client_sync, **client_kwargs)

    def connect_client_sync(self, **client_kwargs: Any) -> Any:
        """A Client that is connected to this cluster."""
        make = self.client_class
        if make is None:
            import ipcluster

            make = ipcluster.Client
        ticket = str(self.place.client_ticket)
        return make(ticket, **{"cluster": self, **client_kwargs})

    async def start_and_connect(
        self, n: int | None = None, activate: bool = False
    ) -> Any:
        """Start what does not run yet; a Client that sees all `n` engines.

        A cluster that it has started is stopped again if no Client can be had.
        """
        is_new = self.controller is None
        try:
            await self._start_missing(n)
            return await asyncio.to_thread(self._connect_and_wait, n, activate)
        except BaseException:
            if is_new:
                await self.stop_cluster()
            raise

    def start_and_connect_sync(
        self, n: int | None = None, activate: bool = False
    ) -> Any:
        """`start_and_connect`, and wait until it is done."""
        is_new = self.controller is None
        try:
            run_blocking(self._start_missing(n))
            return self._connect_and_wait(n, activate)
        except BaseException:
            if is_new:
                run_blocking(self.stop_cluster())
            raise

    async def _start_missing(self, n: int | None) -> None:
        if self.controller is None:
            await self.start_cluster(n)
        elif not self.engines:
            await self.start_engines(n)

    def _connect_and_wait(self, n: int | None, activate: bool) -> Any:
        client = self.connect_client_sync()
        try:
            client.wait_for_engines(
                len(self.engines.ids) if n is None else n, timeout=self.engine_timeout
            )
            if activate:
                client.activate()
        except BaseException:
            client.close()
            raise
        return client

    def __enter__(self) -> Any:
        self._pid = os.getpid()
        self._client = self.start_and_connect_sync()
        return self._client

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_mine():
            self._close_client()
            run_blocking(self.stop_cluster())

    async def __aenter__(self) -> Any:
        self._pid = os.getpid()
        self._client = await self.start_and_connect()
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_mine():
            await asyncio.to_thread(self._close_client)
            await self.stop_cluster()

    def _is_mine(self) -> bool:
        """Not so in a forked child that leaves the `with` block by an exception."""
        return self._pid == os.getpid()

    def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    # --- from one process to another -----------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `from_dict` makes an equal object elsewhere."""
        return cluster_files.to_dict(self)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], **kwargs: Any) -> Self:
        """The cluster that `to_dict` described, running or not."""
        return cluster_files.from_dict(cls, d, kwargs)

    @classmethod
    def from_file(
        cls,
        cluster_file: str | os.PathLike[str] | None = None,
        *,
        profile: str | None = None,
        profile_dir: str | None = None,
        cluster_id: str = "",
        **kwargs: Any,
    ) -> Self:
        """The cluster that somebody started: by its file, or by profile and id.

        Raises:
            FileNotFoundError: there is none.
        """
        names = (profile or "", profile_dir or "", cluster_id)
        return cluster_files.from_file(cls, cluster_file, names, kwargs)

    def write_cluster_file(self) -> None:
        """Add what we know of engine sets to the file, for `from_file`."""
        cluster_files.write(self)

    def update_cluster_file(self) -> None:
        """Write the file if the cluster runs."""
        if self.controller is not None:
            self.write_cluster_file()

    def remove_cluster_file(self) -> None:
        """Delete the file. The cluster is then not found by its name any more."""
        self.place.state_file.unlink(missing_ok=True)

    start_cluster_sync = blocking(start_cluster)
    start_controller_sync = blocking(start_controller)
    start_engines_sync = blocking(start_engines)
    stop_cluster_sync = blocking(stop_cluster)
    stop_controller_sync = blocking(stop_controller)
    stop_engines_sync = blocking(stop_engines)
    stop_engine_sync = blocking(stop_engine)
    restart_engines_sync = blocking(restart_engines)
    restart_engine_sync = blocking(restart_engine)
    signal_engines_sync = blocking(signal_engines)
    signal_engine_sync = blocking(signal_engine)
