"""`%cluster`: engines for the session that is running.

    %cluster start -n 8      eight engines; `rc` is their client, `view` all of them
    %cluster connect NAME    the same for a cluster that runs already
    %cluster status
    %cluster stop

The session goes on as it was: its own names and history stay, and what it sends to the
engines takes its helpers and imports along.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster import Client, Cluster

USAGE = """\
%cluster start [-n N] [--profile P] [--cluster-id ID] [--engines KIND]
%cluster connect [TICKET | CLUSTER-ID] [--profile P]
%cluster status
%cluster stop"""


@magics_class
class ClusterMagics(Magics):
    """One cluster at a time, for one shell."""

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self.cluster: Cluster | None = None
        self.client: Client | None = None

    @no_var_expand
    @line_magic
    def cluster(self, line: str) -> Any:
        """Start, find, look at and stop a cluster of engines.

            %cluster start -n 8            as many engines as cores without -n
            %cluster start --cluster-id a  with a name; it goes on running if the
                                           shell is killed, until `ipcluster stop`
            %cluster connect a             a cluster that runs already, by its name or
                                           ticket; without one, the most recent
            %cluster status                its engines
            %cluster stop                  stop what was started here, or leave what
                                           was connected to

        Afterwards `rc` is the cluster's client and `view` a view of all its engines:
        `view.apply_sync(f)`, `view["x"] = 5`, `rc.load_balanced_view().map(f, items)`.
        The cluster stops with the shell.
        """
        words = self.shell.var_expand(line, 1).split()
        verb, rest = (words[0], words[1:]) if words else ("status", [])
        action = {
            "start": self._start,
            "connect": self._connect,
            "status": self._status,
            "stop": self._stop,
        }.get(verb)
        if action is None:
            raise UsageError(f"no %cluster {verb}; there is\n{USAGE}")
        return action(rest)

    # --- the verbs --------------------------------------------------------------------

    def _start(self, words: list[str]) -> None:
        options, rest = _options(words, "n:", "profile=", "cluster-id=", "engines=")
        if rest:
            raise UsageError(f"%cluster start does not know {' '.join(rest)!r}")
        if self.client is not None:
            raise UsageError(
                f"{self._name()} is in use here: %cluster stop first, or add engines "
                "to it with rc.cluster.start_engines_sync(n=...)"
            )
        from ipcluster import Cluster
        from ipcluster.wire.errors import ClusterError

        cluster = Cluster(
            n=_count(options.get("n")),
            engines=options.get("engines"),
            profile=options.get("profile", ""),
            cluster_id=options.get("cluster-id"),
        )
        try:
            client = cluster.start_and_connect_sync()
        except (ClusterError, OSError) as error:
            raise UsageError(f"the cluster did not start: {error}") from error
        except KeyboardInterrupt:
            cluster.stop_cluster_sync()
            raise
        self.cluster = cluster
        self._use(client)
        print(f"{self._name()} runs with {_engines(client)}")
        self._tell_names()

    def _connect(self, words: list[str]) -> None:
        options, rest = _options(words, "", "profile=")
        if len(rest) > 1:
            raise UsageError("%cluster connect takes one ticket or cluster id")
        if self.client is not None:
            raise UsageError(f"{self._name()} is in use here: %cluster stop first")
        from ipcluster import Client
        from ipcluster.wire.errors import ClusterError

        try:
            client = Client(*rest, profile=options.get("profile"))
        except (ClusterError, OSError, ValueError) as error:
            raise UsageError(f"no connection: {error}") from error
        self._use(client)
        print(f"connected to {self._name()}: {_engines(client)}")
        self._tell_names()

    def _status(self, words: list[str]) -> None:
        if words:
            raise UsageError("%cluster status takes no arguments")
        client = self.client
        if client is None:
            print("no cluster here; %cluster start -n 4 starts one")
            return
        from ipcluster.wire.errors import ClusterError

        try:
            queue = client.queue_status()
        except ClusterError as error:
            print(f"{self._name()} does not answer: {error}")
            return
        print(f"{self._name()}: {_engines(client)}, {queue['unassigned']} waiting")
        for engine in client.ids:
            known = queue[engine]
            print(
                f"  engine {engine}: {known['tasks']} to run, "
                f"{known['completed']} completed"
            )

    def _stop(self, words: list[str]) -> None:
        if words:
            raise UsageError("%cluster stop takes no arguments")
        if self.client is None:
            print("no cluster here")
            return
        name, was_started = self._name(), self.cluster is not None
        self.close()
        print(f"{name} {'stopped' if was_started else 'left; it goes on'}")

    # --- what the session has ---------------------------------------------------------

    def _use(self, client: Client) -> None:
        self.client = client
        self.shell.push({"rc": client, "view": client[:]})

    def _tell_names(self) -> None:
        print("rc is its client, view a view of all engines")

    def _name(self) -> str:
        assert self.client is not None
        return f"cluster {self.client.connection.ticket.cluster_id or 'default'!r}"

    def close(self) -> None:
        """Stop what was started here, leave what was connected to; forget both."""
        client, self.client = self.client, None
        cluster, self.cluster = self.cluster, None
        if client is not None:
            names = self.shell.user_ns
            if names.get("rc") is client:
                del names["rc"]
                names.pop("view", None)
            client.close()
        if cluster is not None:
            cluster.stop_cluster_sync()


def _options(words: list[str], short: str, *long: str) -> tuple[dict[str, str], Any]:
    from getopt import GetoptError, gnu_getopt

    try:
        pairs, rest = gnu_getopt(words, short, [*long])
    except GetoptError as error:
        raise UsageError(f"%cluster: {error}; there is\n{USAGE}") from None
    return {name.lstrip("-"): value for name, value in pairs}, rest


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or not int(text):
        raise UsageError(f"-n takes a number of engines, at least 1; not {text!r}")
    return int(text)


def _engines(client: Client) -> str:
    count = len(client.ids)
    return f"{count} engine{'' if count == 1 else 's'}"
