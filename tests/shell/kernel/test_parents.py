"""Which request something belongs to."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ipcluster.shell.kernel.messages import Message
from ipcluster.shell.kernel.parents import Parents


def message(ident: str) -> Message:
    return Message({"msg_id": ident}, {}, {}, {})


def test_a_call_that_a_pool_runs_belongs_to_the_request_that_submits_it() -> None:
    parents = Parents()
    parents.follow_executors()
    first, second = message("1"), message("2")
    try:
        with ThreadPoolExecutor(1) as pool:
            parents.begin(first)
            pool.submit(int).result()  # the thread is made
            parents.begin(second)
            found = pool.submit(parents.current).result()
    finally:
        parents.unfollow()

    assert found is second


def test_an_error_of_a_call_is_what_it_was() -> None:
    parents = Parents()
    parents.follow_executors()
    try:
        with ThreadPoolExecutor(1) as pool:
            failed = pool.submit(int, "x", base=3)
            assert isinstance(failed.exception(5), ValueError)
    finally:
        parents.unfollow()


def test_when_all_is_over_threads_and_pools_are_as_they_were() -> None:
    submit: Any = ThreadPoolExecutor.submit
    start: Any = threading.Thread.start
    before = list(sys.meta_path)
    parents = Parents()

    parents.follow_threads()
    parents.follow_executors()
    parents.unfollow()

    assert ThreadPoolExecutor.submit is submit
    assert threading.Thread.start is start
    assert sys.meta_path == before
