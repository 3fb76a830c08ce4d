"""A client that shares no files with the controller: large buffers in chunks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.controller.transfers import Transfers

pytestmark = pytest.mark.cluster
PATIENCE = 30.0
np: Any = pytest.importorskip("numpy")


@pytest.fixture
def client(shared_site: Any) -> Iterator[Client]:
    client: Client = shared_site.client("remote")
    assert not client.connection.is_local
    yield client
    client.close()


@pytest.fixture(scope="module")
def agent(shared_site: Any) -> Any:
    return shared_site.agent(2)


def segments(site: Any) -> list[Path]:
    return list(site.place.segment_folder.iterdir())


def test_tcp_on_the_same_host_shares_files(shared_site: Any) -> None:
    client = shared_site.client("tcp")

    assert client.connection.is_local
    assert client.connection.address.startswith("tcp://")
    array = np.arange(1_000_000.0)
    assert (client[0].apply_sync(lambda x: x + 1, array) == array + 1).all()
    client.close()


def test_a_forwarded_port_is_reached_under_localhost(shared_site: Any) -> None:
    ticket = shared_site.ticket
    port = ticket.addresses[0].rpartition(":")[2]
    changes = {"host": "elsewhere", "socket_file": None}
    there = msgspec.structs.replace(
        ticket, addresses=[f"tcp://localhost:{port}"], **changes
    )

    with Client(there) as rc:
        assert rc[0].apply_sync(abs, -1) == 1

    here = msgspec.structs.replace(
        ticket, addresses=[f"tcp://127.0.0.1:{port}"], **changes
    )
    with pytest.raises(ipp.TicketError, match="start it with --ip"):
        Client(here)
    with pytest.raises(ValueError, match=f"-L {port}:127.0.0.1:{port} me@x`"):
        Client(here, sshserver="me@x")


def test_large_arrays_go_both_ways_and_are_writable(client: Client) -> None:
    array = np.random.default_rng(0).random(100_000_000 // 8)
    view = client[0]

    view.push({"x": array}, block=True)
    back = view["x"]

    assert (back == array).all()
    back[0] = -1.0
    assert view.apply_sync(lambda: (x.flags.writeable, float(x[0]))) == (  # type: ignore[name-defined]  # noqa: F821
        True,
        float(array[0]),
    )


def test_several_at_once_from_threads_and_callbacks(
    client: Client, shared_site: Any, agent: Any
) -> None:
    view = client.load_balanced_view()
    arrays = [np.full(2_000_000, float(i)) for i in range(6)]
    found: dict[int, Any] = {}

    def work(i: int) -> None:
        result = view.apply_async(lambda x: [x * 2, x[:100_000].copy()], arrays[i])
        found[i] = result.get(timeout=PATIENCE)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    # A callback runs in whichever thread brings the bytes that the others wait for.
    called = view.apply_async(lambda x: x + 1, arrays[5])
    inside: list[Any] = []
    called.add_done_callback(lambda one: inside.append(one.result()))
    for thread in threads:
        thread.join(PATIENCE)

    called.get(timeout=PATIENCE)
    assert (inside[0] == arrays[5] + 1).all()
    for i in range(6):
        assert (found[i][0] == 2.0 * i).all()
        assert (found[i][1] == i).all()


def test_buffers_of_many_shapes(client: Client) -> None:
    values = {
        "fortran": np.asfortranarray(np.random.default_rng(1).random((700, 500))),
        "records": np.zeros(50_000, dtype=[("a", "f8"), ("b", "i4")]),
        "bytes": b"x" * 700_000,
        "bytearray": bytearray(b"y" * 700_000),
        "text": "z" * 700_000,
        "empty": np.empty((0, 3)),
        "scalar": np.float64(3.0),
    }

    back = client[0].apply_sync(lambda v: {"again": [v]}, values)["again"][0]

    assert back.keys() == values.keys()
    for name, value in values.items():
        assert type(back[name]) is type(value)
        assert np.array_equal(back[name], value) or back[name] == value
    assert back["fortran"].flags.f_contiguous


def test_an_array_goes_to_a_host_once(
    shared_site: Any, agent: Any, tmp_path: Path
) -> None:
    """Two engines of one agent: one transfer; nothing of another's writes is seen."""
    proxy = shared_site.proxy()
    ticket = shared_site.ticket_through(proxy, "engine")
    other = shared_site.agent(3, ticket=ticket)
    view = shared_site.rc[shared_site.far_ids(other)]
    array = np.random.default_rng(2).random(20_000_000 // 8)
    before = proxy.carried_bytes

    def change(x: Any, i: int) -> float:
        x[0] = i
        return float(x.sum())

    sums = view.apply_sync(change, array, 1)

    assert len(set(sums)) == 1
    assert 20_000_000 < proxy.carried_bytes - before < 25_000_000
    other.stop()


def test_a_result_goes_from_an_agent_to_all_kinds_of_clients(
    shared_site: Any, agent: Any, client: Client
) -> None:
    target = shared_site.far_ids(agent)[0]
    expected = np.arange(1_500_000.0)

    for one in (shared_site.rc, client):
        back = one[target].apply_sync(lambda n: __import__("numpy").arange(n), 1.5e6)
        assert (back == expected).all()
        back += 1


def test_an_interrupt_is_not_stuck_behind_much_data(
    shared_site: Any, agent: Any, client: Client, tmp_path: Path, wait_until: Any
) -> None:
    first, second = shared_site.far_ids(agent)
    flag = tmp_path / "runs"

    def linger(path: str) -> None:
        import time

        open(path, "w").close()
        time.sleep(60)

    running = client[first].apply_async(linger, str(flag))
    wait_until(flag.exists, "the task runs")
    array = np.zeros(200_000_000, dtype="u1")
    pushes = [
        shared_site.rc[second].push({f"b{i}": array}, block=False) for i in range(2)
    ]
    begun = time.monotonic()
    running.cancel()
    with pytest.raises(ipp.error.ClusterError):
        running.get(timeout=PATIENCE)
    took = time.monotonic() - begun

    assert took < 1.0
    for push in pushes:
        push.get(timeout=PATIENCE)
    shared_site.rc[second].clear(block=True)


def test_nothing_is_left_of_what_is_let_go(shared_site: Any, wait_until: Any) -> None:
    client = shared_site.client("remote")
    ours = client.session
    for i in range(5):
        result = client[0].apply_sync(lambda x: x + 1, np.full(200_000, float(i)))
        assert (result == i + 1).all()
    with pytest.raises(ipp.error.SerializationError):
        client[0].apply_async(len, [np.zeros(200_000), threading.Lock()])
    client[0].apply_sync(int)

    wait_until(
        lambda: not [path for path in segments(shared_site) if ours in path.name],
        "uploads are removed",
    )
    client.close()


def test_memory_of_the_controller_stays_flat(
    shared_site: Any, agent: Any, client: Client
) -> None:
    array = np.zeros(25_000_000, dtype="u1")
    views = [client[0], client[shared_site.far_ids(agent)[0]]]
    for view in views:
        view.apply_sync(lambda x: x, array)
    before = shared_site.controller.memory_info().rss

    for _ in range(10):
        for view in views:
            assert len(view.apply_sync(lambda x: x, array)) == len(array)

    assert shared_site.controller.memory_info().rss - before < 64 << 20


def test_no_room_at_the_controller_is_an_error_of_the_call(
    office: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office.server.transfers = office.server.segments._transfers = Transfers(
        [tmp_path / "none"]
    )
    client = office.client("submit")
    assert not client.connection.is_local

    with pytest.raises(ipp.error.SerializationError, match="cannot be brought"):
        client.load_balanced_view().apply_async(len, np.zeros(1_000_000))
    assert not client.outstanding


def small_shared_memory(*words: str) -> list[str]:
    """The command, where /dev/shm and /tmp have room for 8 MB and no more."""
    script = (
        "mount -t tmpfs -o size=8m small /dev/shm && "
        "mount -t tmpfs -o size=1m small /var/tmp && export TMPDIR=/var/tmp && "
        'exec "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, "sh", *words]


def can_mount() -> bool:
    import subprocess

    found = subprocess.run(
        small_shared_memory("true"), capture_output=True, check=False, timeout=10
    )
    return found.returncode == 0


def test_no_room_on_the_host_of_an_agent_is_the_tasks_error(
    site: Any, wait_until: Any
) -> None:
    if not can_mount():
        pytest.skip("only root can make /dev/shm small")
    agent = site.agent(2, inside=small_shared_memory)
    view = site.rc[site.far_ids(agent)]
    local = site.rc[site.rc.ids[0]]
    large = np.ones(2_000_000)

    for one in view.client[view.targets[0]], view:
        with pytest.raises(ipp.error.ClusterError, match=r"argument cannot be brought"):
            one.apply_async(lambda x: x.sum(), large).get(timeout=PATIENCE)
    with pytest.raises(ipp.error.ClusterError, match="no room"):
        view.apply_async(lambda: __import__("numpy").ones(2_000_000)).get(
            timeout=PATIENCE
        )

    assert view.apply_async(lambda x: float(x.sum()), large[:50_000]).get(
        timeout=PATIENCE
    ) == [50_000.0, 50_000.0]
    assert local.apply_async(lambda x: float(x.sum()), large).get(timeout=PATIENCE)
