"""The pipes of an engine, while several threads look at them."""

from __future__ import annotations

import os
import threading

from ipcluster.engines.output import Pipes
from ipcluster.engines.page import StatePage

LOOKS = 10_000


def test_threads_look_and_read_side_by_side() -> None:
    out, error = os.pipe(), os.pipe()
    page = StatePage()
    pipes = Pipes(out[0], error[0], page)
    lock = threading.Lock()
    broken: list[BaseException] = []
    read: list[str] = []

    def look() -> None:
        try:
            for _ in range(LOOKS):
                if pipes.waiting():
                    with lock:
                        read.extend(output.text for output in pipes.drain(1))
        except BaseException as raised:
            broken.append(raised)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        os.write(out[1], b"a")
        with lock:
            read.extend(output.text for output in pipes.drain(1))
    for fd in (*out, *error):
        os.close(fd)
    page.close()

    assert not broken
    assert set("".join(read)) == {"a"}
