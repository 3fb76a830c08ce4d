import errno
import os
import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.wire import chunks, segments
from ipcluster.wire.errors import ProtocolError, SerializationError
from ipcluster.wire.messages import Segment
from ipcluster.wire.segments import SMALLEST, Hold, Mapper, SegmentPool

LIMIT = 64 << 20


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[SegmentPool]:
    pool = SegmentPool(tmp_path, None, "maker", LIMIT)
    yield pool
    pool.close()


def view(data: bytes) -> memoryview:
    return memoryview(data)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- the pool -------------------------------------------------------------------------


def test_several_buffers_lie_aligned_in_one_private_file(
    tmp_path: Path, pool: SegmentPool
) -> None:
    found = pool.write([view(b"abc"), view(b""), view(b"d" * 100)])
    assert found == (
        Segment("maker-1", 0, 3),
        Segment("maker-1", 64, 0),
        Segment("maker-1", 64, 100),
    )
    path = tmp_path / "maker-1"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[64:164] == b"d" * 100


@pytest.mark.parametrize("size", [1, SMALLEST, SMALLEST + 1, 3_000_000])
def test_freed_file_is_used_again(tmp_path: Path, pool: SegmentPool, size: int) -> None:
    for number in range(4):
        data = bytes([number]) * size
        (segment,) = pool.write([view(data)])
        assert segment == Segment("maker-1", 0, size)
        assert (tmp_path / "maker-1").read_bytes()[:size] == data
        pool.free(["maker-1", "unknown"])
    assert files(tmp_path) == ["maker-1"]


def test_file_in_use_is_not_written_to(pool: SegmentPool) -> None:
    names = {pool.write([view(b"x")])[0].name for _ in range(3)}
    assert len(names) == 3
    assert set(pool.busy_names) == names


def test_small_buffer_does_not_take_a_huge_file(pool: SegmentPool) -> None:
    (large,) = pool.write([view(bytes(10_000_000))])
    pool.free([large.name])
    assert pool.write([view(b"x")])[0].name != large.name
    assert pool.write([view(bytes(9_000_000))])[0].name == large.name


def test_idle_files_beyond_the_limit_are_removed(tmp_path: Path) -> None:
    pool = SegmentPool(tmp_path, None, "maker", 2 * SMALLEST)
    names = [pool.write([view(b"x")])[0].name for _ in range(4)]
    pool.free(names)
    assert files(tmp_path) == names[2:]
    pool.close()
    pool.close()
    assert files(tmp_path) == []


def test_discarded_files_are_gone(tmp_path: Path, pool: SegmentPool) -> None:
    busy, idle = (pool.write([view(b"x")])[0].name for _ in range(2))
    pool.free([idle])
    pool.discard([busy, idle, "unknown"])
    assert files(tmp_path) == []
    assert pool.write([view(b"x")])[0].name == "maker-3"


def test_file_that_somebody_removed_is_made_anew(
    tmp_path: Path, pool: SegmentPool
) -> None:
    (segment,) = pool.write([view(b"x")])
    pool.free([segment.name])
    (tmp_path / segment.name).unlink()
    (again,) = pool.write([view(b"y")])
    assert (tmp_path / again.name).read_bytes()[:1] == b"y"


def test_names_of_an_earlier_process_are_passed_over(
    tmp_path: Path, pool: SegmentPool
) -> None:
    (tmp_path / "maker-1").write_bytes(b"theirs")
    assert pool.write([view(b"x")])[0].name == "maker-2"
    assert (tmp_path / "maker-1").read_bytes() == b"theirs"


class Full:
    """Says of a folder that it is full, as a small /dev/shm does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, full: list[Path]) -> None:
        self._create = chunks.create_file
        self._full = full
        monkeypatch.setattr(segments, "create_file", self)

    def __call__(self, folders: list[Path], name: str, total: int) -> int:
        open_ = [folder for folder in folders if folder not in self._full]
        if not open_:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._create(open_, name, total)


def test_full_folder_falls_back_to_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, fallback = tmp_path / "full", tmp_path / "fallback"
    full.mkdir()
    fallback.mkdir()
    Full(monkeypatch, [full])
    pool = SegmentPool(full, fallback, "maker", LIMIT)
    (segment,) = pool.write([view(b"x" * 100)])
    assert bytes(Mapper([full, fallback]).map(segment)) == b"x" * 100
    assert files(fallback) == [segment.name]
    pool.close()
    assert files(fallback) == []


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    """The cluster was stopped: who wrote there again would leave it for ever."""
    folder, fallback = tmp_path / "segments", tmp_path / "fallback"
    folder.mkdir()
    pool = SegmentPool(folder, fallback, "maker", LIMIT)
    pool.write([view(b"x")])
    shutil.rmtree(folder)

    with pytest.raises(SerializationError, match="is gone: the cluster was stopped"):
        pool.write([view(b"x")])

    assert list(tmp_path.iterdir()) == []


def test_no_room_at_all_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full: list[Path] = []
    Full(monkeypatch, full)
    pool = SegmentPool(tmp_path, None, "maker", LIMIT)
    pool.free([pool.write([view(b"x")])[0].name])
    full.append(tmp_path)
    with pytest.raises(SerializationError, match=r"no room for .* No space left"):
        pool.write([view(bytes(1_000_000))])
    assert pool.busy_names == []
    assert files(tmp_path) == []  # idle files were given up first


def test_more_files_than_are_kept_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MOST_MAPPED", 2)
    pool = SegmentPool(tmp_path, None, "maker", LIMIT)
    for number in range(4):
        written = [pool.write([view(bytes([number, n]) * 50)])[0] for n in range(5)]
        for n, segment in enumerate(written):
            data = (tmp_path / segment.name).read_bytes()[:100]
            assert data == bytes([number, n]) * 50
        pool.free(segment.name for segment in written)
    assert len(files(tmp_path)) == 5
    pool.close()


def test_forked_child_leaves_the_parents_files_alone(
    tmp_path: Path, pool: SegmentPool
) -> None:
    busy, idle = (pool.write([view(b"x")])[0].name for _ in range(2))
    pool.free([idle])
    child = os.fork()
    if child == 0:
        try:
            (segment,) = pool.write([view(b"of the child")])
            ours = pool.busy_names == [segment.name] and segment.name not in (
                busy,
                idle,
            )
            pool.free([busy])
            pool.close()
        finally:
            os._exit(0 if ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert files(tmp_path) == [busy, idle]
    assert pool.write([view(b"y")])[0].name == idle


def test_threads_share_a_pool(tmp_path: Path, pool: SegmentPool) -> None:
    wrong = []

    def work(number: int) -> None:
        for n in range(50):
            data = bytes([number, n]) * 1000
            (segment,) = pool.write([view(data)])
            if (tmp_path / segment.name).read_bytes()[: len(data)] != data:
                wrong.append(segment)
            pool.free([segment.name])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert len(files(tmp_path)) <= 4


# --- the mapper -----------------------------------------------------------------------


def test_mapping_is_writable_private_and_released_once(
    tmp_path: Path, pool: SegmentPool
) -> None:
    released: list[str] = []
    mapper = Mapper([tmp_path / "other", tmp_path])
    _, segment = pool.write([view(b"a" * 5000), view(b"b" * 10_000)])

    first, second = (
        mapper.map(segment, Hold(segment.name, released.append)) for _ in range(2)
    )
    first[:3] = b"xyz"

    assert bytes(first[:4]) == b"xyzb"
    assert bytes(second) == b"b" * 10_000
    assert (tmp_path / segment.name).read_bytes()[5056:5059] == b"bbb"
    part = first[5:]
    del first
    assert released == []
    del part
    assert released == [segment.name]
    del second
    assert released == [segment.name] * 2


def test_removed_file_stays_mapped(pool: SegmentPool, tmp_path: Path) -> None:
    (segment,) = pool.write([view(b"a" * 5000)])
    mapped = Mapper([tmp_path]).map(segment)
    pool.close()
    assert bytes(mapped) == b"a" * 5000


def test_empty_segment_is_released_at_once(tmp_path: Path, pool: SegmentPool) -> None:
    released: list[str] = []
    (segment,) = pool.write([view(b"")])
    hold = Hold(segment.name, released.append)
    (mapped,) = Mapper([tmp_path]).map_all([segment], [hold])
    del hold
    assert (mapped.nbytes, mapped.readonly) == (0, False)
    assert released == [segment.name]


@pytest.mark.parametrize(
    "segment",
    [
        Segment("missing", 0, 5),
        Segment("../outside", 0, 5),
        Segment("maker-1", 0, 1 << 40),
        Segment("maker-1", -64, 5),
        Segment("maker-1", SMALLEST, 1),
        Segment("link", 0, 1),
    ],
)
def test_segment_that_is_not_there_is_refused(
    tmp_path: Path, pool: SegmentPool, segment: Segment
) -> None:
    released: list[str] = []
    (good,) = pool.write([view(b"x")])
    (tmp_path.parent / "outside").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path.parent / "outside")
    asked = [good, segment, good]
    holds = [Hold(one.name, released.append) for one in asked]
    with pytest.raises(ProtocolError):
        Mapper([tmp_path]).map_all(asked, holds)
    assert sorted(released) == sorted(one.name for one in asked)


def test_beyond_the_limit_segments_are_copied(
    tmp_path: Path, pool: SegmentPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_most_held", lambda: 3)
    released: list[str] = []
    mapper = Mapper([tmp_path])
    _, segment = pool.write([view(b"_" * 100), view(b"abc" * 1000)])

    def mapped(count: int) -> list[memoryview]:
        holds = [Hold(segment.name, released.append) for _ in range(count)]
        return mapper.map_all([segment] * count, holds)

    held = mapped(5)

    assert len(released) == 2
    assert all(bytes(one) == b"abc" * 1000 and not one.readonly for one in held)
    held.clear()
    assert len(released) == 5
    held = mapped(3)
    assert len(released) == 5


def test_many_mappings_do_not_use_up_the_descriptors(
    tmp_path: Path, pool: SegmentPool
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        mapper = Mapper([tmp_path])
        (segment,) = pool.write([view(b"a" * 5000)])
        held = [mapper.map(segment) for _ in range(600)]
        assert all(one[0] == ord("a") for one in held)
        with (tmp_path / segment.name).open("rb"):
            pass
        del held
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
