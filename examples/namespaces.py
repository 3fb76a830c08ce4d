"""Engines' namespaces: every engine has variables, and you can reach them.

    ipcluster start -n 4 --daemonize
    python examples/namespaces.py

Push, execute and pull work on the same variables that functions see as globals. A
`Reference` names a variable of the engine in an argument, so that its value never
travels.
"""

import ipcluster as ipp


def area() -> float:
    """Sees the engine's `radius` first, and this session's `PI` where it has none."""
    return PI * radius**2


PI = 3.0
radius = 1.0


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(2, timeout=30)
        view = rc[:]
        view.block = True

        # As one dictionary: an assignment reaches every engine, a slice some of them.
        view["radius"] = 2.0
        rc[0]["radius"] = 10.0
        assert view["radius"] == [10.0] + [2.0] * (len(view) - 1)

        # A function sees the engine's variables, then what this session's were.
        assert view.apply(area) == [300.0] + [12.0] * (len(view) - 1)

        # Code runs there; what it prints and its last expression gives comes back.
        reply = rc[0].execute("import math; print('hi'); math.hypot(3, 4)")
        assert reply.get().execute_result == "5.0"
        assert reply.stdout == "hi\n"

        # A reference is looked up there, and may be any expression.
        view.execute("points = [(x, x * radius) for x in range(4)]")
        tallest = view.apply(max, ipp.Reference("points[-1]"))
        assert tallest == [30.0] + [6.0] * (len(view) - 1)
        assert rc[0].get(["radius", "points[1][1]"]) == [10.0, 10.0]

        # What is not there is a NameError, from there.
        try:
            rc[0].get("nothing")
        except NameError as error:
            print(str(error).splitlines()[0])

        print("areas:", view.apply(area), "tallest:", tallest)
        view.clear()


if __name__ == "__main__":
    main()
