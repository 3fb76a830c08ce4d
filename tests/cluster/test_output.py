"""What tasks print: all of it, in order, while they run, and before their results."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

Flags = Callable[[str], Any]


def printed(rc: Client, f: Callable[..., Any], *args: Any) -> tuple[str, str]:
    """What is there when the result is there."""
    ar = rc[0].apply_async(f, *args)
    ar.get(timeout=20)
    return ar.stdout, ar.stderr


def print_by_c(text: str) -> None:
    library = ctypes.CDLL(None)
    library.printf(text.encode())
    library.fflush(None)


def test_text_before_an_error_is_there_with_it(rc: Client) -> None:
    def fail() -> None:
        print("so far")
        print("so good", end="")
        sys.stderr.write("oh no")
        raise ValueError("stop")

    ar = rc[0].apply_async(fail)
    with pytest.raises(ValueError, match="stop"):
        ar.get(timeout=20)

    assert (ar.stdout, ar.stderr) == ("so far\nso good", "oh no")


@pytest.mark.parametrize("write", [print, print_by_c])
def test_text_arrives_while_the_task_runs(
    rc: Client, flag: Flags, write: Any, wait_until: Any
) -> None:
    seen = flag("seen")

    def speak() -> bool:
        write("hello\n")
        return bool(seen.wait())

    ar = rc[0].apply_async(speak)
    wait_until(lambda: "hello" in ar.stdout, "the text has come")
    assert not ar.ready()
    seen.set()

    assert ar.get(timeout=20)


def test_a_progress_bar_arrives_while_the_task_runs(
    rc: Client, flag: Flags, wait_until: Any
) -> None:
    seen = flag("seen")

    def progress() -> None:
        print("\r50 %", end="", flush=True)
        seen.wait()
        print("\r100 %", end="")

    ar = rc[0].apply_async(progress)
    wait_until(lambda: ar.stdout == "\r50 %", "half is done")
    seen.set()
    ar.get(timeout=20)

    assert ar.stdout == "\r50 %\r100 %"


def test_text_of_c_arrives_while_the_main_thread_is_in_c(
    rc: Client, flag: Flags, wait_until: Any
) -> None:
    seen = flag("seen")

    def child() -> None:
        subprocess.run(
            ["sh", "-c", f"echo deep; until [ -e {seen.path} ]; do sleep 0.01; done"],
            check=True,
        )

    ar = rc[0].apply_async(child)
    wait_until(lambda: ar.stdout == "deep\n", "the child's text has come")
    seen.set()
    ar.get(timeout=20)


def test_all_sources_keep_one_order(rc: Client) -> None:
    def all_sources() -> None:
        for i in range(20):
            print("python", i)
            os.write(1, f"write {i}\n".encode())
            sys.stdout.buffer.write(f"bytes {i}\n".encode())
            print_by_c(f"c {i}\n")
            if i % 10 == 0:
                subprocess.run(["echo", f"child {i}"], check=True)

    expected = []
    for i in range(20):
        expected += [f"python {i}", f"write {i}", f"bytes {i}", f"c {i}"]
        if i % 10 == 0:
            expected.append(f"child {i}")

    assert printed(rc, all_sources)[0].splitlines() == expected


def test_both_streams_are_told_apart(rc: Client) -> None:
    def both() -> None:
        print("one")
        print("two", file=sys.stderr)
        os.write(2, b"three\n")
        os.write(1, b"four\n")

    assert printed(rc, both) == ("one\nfour\n", "two\nthree\n")


def test_lines_of_threads_stay_whole(rc: Client) -> None:
    def threads() -> None:
        def speak(name: int) -> None:
            for i in range(200):
                print(name, i)

        all_threads = [threading.Thread(target=speak, args=(n,)) for n in range(5)]
        for thread in all_threads:
            thread.start()
        for thread in all_threads:
            thread.join()

    lines = printed(rc, threads)[0].splitlines()

    assert sorted(lines) == sorted(f"{n} {i}" for n in range(5) for i in range(200))


def test_characters_are_not_cut(rc: Client) -> None:
    def odd() -> None:
        for byte in "ä€😀".encode():
            os.write(1, bytes([byte]))
            time.sleep(0.002)  # so that the keeper reads some of them alone
        sys.stdout.buffer.write("ä".encode()[:1])
        sys.stdout.buffer.write("ä".encode()[1:])
        print("\ud800")

    assert printed(rc, odd)[0] == "ä€😀ä\\ud800\n"


def test_every_line_of_many_arrives(rc: Client) -> None:
    def many(n: int) -> None:
        for i in range(n):
            print(i)

    n = 100_000
    begin = time.perf_counter()
    text = printed(rc, many, n)[0]
    print(f"{n / (time.perf_counter() - begin):,.0f} lines/s")

    assert text == "".join(f"{i}\n" for i in range(n))


def test_long_texts_arrive_whole(rc: Client) -> None:
    def long(n: int) -> None:
        print("x" * n)
        os.write(1, b"y" * 10)
        sys.stderr.write("z" * n)

    n = 3_000_000

    assert printed(rc, long, n) == ("x" * n + "\n" + "y" * 10, "z" * n)


def test_much_text_of_children_arrives_whole(rc: Client) -> None:
    def child() -> None:
        subprocess.run(["seq", "100000"], check=True)

    expected = "".join(f"{i}\n" for i in range(1, 100_001))

    assert printed(rc, child)[0] == expected


def test_text_belongs_to_its_own_task(rc: Client) -> None:
    results = [rc[0].apply_async(print, i, end="") for i in range(300)]
    by_c = [rc[0].apply_async(os.write, 1, b"%d" % i) for i in range(300)]

    for ars in (results, by_c):
        for i, ar in enumerate(ars):
            ar.get(timeout=20)
            assert ar.stdout == str(i)


def test_printing_from_a_signal_handler_is_safe(rc: Client) -> None:
    def noisy() -> int:
        import signal

        count = 0

        def alarm(*_: object) -> None:
            nonlocal count
            count += 1
            print("alarm")

        before = signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
        try:
            while count < 100:
                print("line")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return count

    ar = rc[0].apply_async(noisy)
    count = ar.get(timeout=20)

    assert ar.stdout.count("alarm") == count


def test_a_forked_child_prints_and_answers_nothing(rc: Client) -> None:
    def fork_and_return() -> int:
        print("unfinished", end=" ")
        pid = os.fork()
        if pid == 0:
            print("child")
            return 1
        _, status = os.waitpid(pid, 0)
        print("parent", status)
        return 2

    ar = rc[0].apply_async(fork_and_return)

    assert ar.get(timeout=20) == 2
    assert ar.stdout == "child\nunfinished parent 0\n"


@pytest.mark.parametrize(
    ("ending", "status"), [("1/0", 1), ("sys.exit(5)", 5), ("sys.exit('no')", 1)]
)
def test_a_forked_child_ends_like_a_program(
    rc: Client, ending: str, status: int
) -> None:
    def fork_and_end() -> int:
        pid = os.fork()
        if pid == 0:
            exec(ending, {"sys": sys})
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert rc[0].apply_async(fork_and_end).get(timeout=20) == status


POOL = """
import logging, multiprocessing, sys

log = logging.getLogger("x")
log.addHandler(logging.StreamHandler(sys.stderr))

def work(i):
    print("work", i)
    log.warning("warned %d", i)
    return i * i

def many():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(work, range(10))
"""


def test_multiprocessing_works_in_a_task(rc: Client) -> None:
    rc[0].execute(POOL, block=True)
    many: Any = ipp.Reference("many")
    ar = rc[0].apply_async(many)

    assert ar.get(timeout=20) == [i * i for i in range(10)]
    assert sorted(ar.stdout.splitlines()) == sorted(f"work {i}" for i in range(10))
    assert sorted(ar.stderr.splitlines()) == sorted(f"warned {i}" for i in range(10))


def test_closing_stdout_does_not_silence_the_engine(rc: Client) -> None:
    def close() -> None:
        sys.stdout.close()

    printed(rc, close)

    assert printed(rc, print, "still")[0] == "still\n"


def test_the_streams_of_logging_and_warnings_arrive(rc: Client) -> None:
    def warn() -> None:
        import warnings

        logging.getLogger("here").warning("logged")
        warnings.warn("warned", stacklevel=1)

    text = printed(rc, warn)[1]

    assert "logged" in text
    assert "warned" in text
