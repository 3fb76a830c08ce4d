"""Cutting and joining sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ipcluster.client.balancedview import chunk_sizes
from ipcluster.client.partitions import Map, RoundRobinMap, as_sequences, distribution


@pytest.mark.parametrize("mapping", [Map(), RoundRobinMap()])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 16])
@pytest.mark.parametrize("q", [1, 2, 3, 8])
def test_join_undoes_part(mapping: Map, n: int, q: int) -> None:
    items = list(range(n))
    parts = [mapping.part(items, p, q) for p in range(q)]

    sizes = [len(part) for part in parts]

    assert mapping.join(parts) == items
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("mapping", [Map(), RoundRobinMap()])
@pytest.mark.parametrize("shape", [(0,), (5,), (7, 3), (4, 2, 2)])
def test_arrays_are_cut_along_axis_0_without_a_copy(
    mapping: Map, shape: tuple[int, ...]
) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape)
    parts = [mapping.part(array, p, 3) for p in range(3)]

    joined = mapping.join(parts)

    assert all(part.base is not None for part in parts)
    assert joined.dtype == array.dtype
    np.testing.assert_array_equal(joined, array)


def test_block_parts_are_runs() -> None:
    parts = [Map().part(range(10), p, 4) for p in range(4)]

    assert [list(part) for part in parts] == [[0, 1], [2, 3, 4], [5, 6], [7, 8, 9]]


def test_strings_bytes_and_tuples_keep_their_kind() -> None:
    assert Map().join(["ab", "c"]) == "abc"
    assert Map().join([b"ab", b"c"]) == b"abc"
    assert Map().join([(1,), (2, 3)]) == (1, 2, 3)


def test_values_that_are_no_sequences_make_a_list() -> None:
    assert Map().join([1, 2.5]) == [1, 2.5]
    assert RoundRobinMap().join([1, 2.5]) == [1, 2.5]


def test_unknown_distribution_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="'b'"):
        distribution("x")


@pytest.mark.parametrize("n", [0, 1, 5, 1000, 1_000_000])
@pytest.mark.parametrize("engines", [0, 1, 8])
def test_automatic_chunks_cover_all_and_shrink(n: int, engines: int) -> None:
    sizes = chunk_sizes(n, "auto", engines)

    assert sum(sizes) == n
    assert sizes == sorted(sizes, reverse=True)
    assert all(size > 0 for size in sizes)
    assert len(sizes) < 130 * max(1, engines)


def test_chunk_size_is_kept() -> None:
    assert chunk_sizes(7, 3, 2) == [3, 3, 1]
    assert chunk_sizes(3, 10, 2) == [3]


@pytest.mark.parametrize("size", [0, -1, 1.5, "many"])
def test_bad_chunk_size_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match="chunksize"):
        chunk_sizes(3, size, 1)


def test_sequences_are_as_long_as_the_shortest() -> None:
    def endless() -> Any:
        while True:
            yield 1

    sized, n = as_sequences([[1, 2, 3], endless(), "abcd"])

    assert n == 3
    assert sized[1] == [1, 1, 1]


def test_generators_dicts_and_sets_are_iterated() -> None:
    sized, n = as_sequences([{"a": 1, "b": 2}, (x for x in "xyz")])

    assert (sized, n) == ([["a", "b"], ["x", "y"]], 2)
