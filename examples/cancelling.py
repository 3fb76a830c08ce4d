"""Taking work back: before it starts, and while it runs.

    ipcluster start -n 4 --daemonize
    python examples/cancelling.py

`abort` takes back what has not started and lets the rest finish. `cancel` interrupts
what runs as well: the function gets a KeyboardInterrupt, and may clean up. Engines go
on with the next task. (Ctrl-C while you wait for a result does the same.)
"""

import time

import ipcluster as ipp


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def watch() -> str:
    """Waits for ever, and tidies up when it is interrupted."""
    print("on watch", flush=True)
    try:
        while True:
            time.sleep(0.01)
    finally:
        print("off watch", flush=True)


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc.load_balanced_view()

        # Many more naps than engines: some run, the rest wait and can be taken back.
        naps = view.map_async(nap, [0.3] * (20 * len(rc)))
        naps.wait(0.1)
        naps.abort()
        ended = naps.get(timeout=30, return_exceptions=True)
        slept = ended.count("slept")
        aborted = sum(isinstance(one, ipp.error.TaskAborted) for one in ended)
        print(f"{slept} naps were taken, {aborted} were taken back")
        assert slept + aborted == len(naps)
        assert aborted > slept

        # One that would run for ever: it is interrupted, and still says goodbye.
        guard = view.apply_async(watch)
        while "on watch" not in guard.stdout:
            guard.wait(0.01)
        began = time.perf_counter()
        guard.cancel()
        assert guard.wait(timeout=30)
        took = time.perf_counter() - began
        print(f"the watch ended {took * 1000:.0f} ms after it was cancelled")
        try:
            guard.get()
        except ipp.RemoteError as error:
            ended_by = error.ename
        assert ended_by == "KeyboardInterrupt"
        assert guard.stdout.splitlines() == ["on watch", "off watch"]

        # The engines are as they were.
        assert rc[:].apply_sync(nap, 0) == ["slept"] * len(rc)


if __name__ == "__main__":
    main()
