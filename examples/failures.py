"""Errors: what arrives here when a task fails there.

    ipcluster start -n 4 --daemonize
    python examples/failures.py

An error is raised where its result is taken, as the class that it was, with the
engine's traceback. Several come as one CompositeError. A task that fails by chance
may be tried again, and in a map an error may take its item's place.
"""

import threading

import ipcluster as ipp


def invert(x: int) -> float:
    return 1 / x


def moody() -> int:
    """Fails at first on every engine, then works."""
    global calls
    calls = globals().get("calls", 0) + 1
    if calls == 1:
        raise ConnectionError("the line was busy")
    return calls


calls: int


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(2, timeout=30)
        view = rc.load_balanced_view()

        # One error: caught as what it was, and it knows where it was.
        one: Exception | None = None
        try:
            view.apply_sync(invert, 0)
        except ZeroDivisionError as error:
            one = error
        assert isinstance(one, ipp.RemoteError)
        assert "in invert" in one.traceback
        print(f"engine {one.engine_info['engine_id']}: {one.ename}, {one.evalue}")

        # One on each engine: all of them, and what was equal is said once.
        failures = 0
        try:
            rc[:].apply_sync(invert, 0)
        except ipp.CompositeError as error:
            failures = len(error.elist)
        assert failures == len(rc)
        print(f"{failures} engines failed in the same way")

        # An error in the place of its item: the rest of the work is not lost.
        values = view.map_sync(invert, [2, 0, 4], return_exceptions=True)
        assert (values[0], values[2]) == (0.5, 0.25)
        assert isinstance(values[1], ZeroDivisionError)
        print("two of three:", [v for v in values if isinstance(v, float)])

        # A retry: elsewhere if there is another engine, with what that has seen.
        rc[:].execute("calls = 0", block=True)
        rc[0].execute("calls = 1", block=True)
        with view.temp_flags(retries=len(rc)):
            assert view.apply_sync(moody) == 2
        print("a task that failed at first was tried again")

        # Something that cannot travel is an error at the call; nothing is sent.
        try:
            view.apply_async(len, {"locks": [threading.Lock()]})
        except ipp.error.SerializationError as error:
            print(f"not sent: {error}")
        assert not rc.outstanding
        rc[:].execute("del calls", block=True)


if __name__ == "__main__":
    main()
