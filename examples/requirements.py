"""Dependencies of a function: it runs only where it can.

    ipcluster start -n 4 --daemonize
    python examples/requirements.py

`@ipp.require` asks for modules, and `@ipp.depend` for anything that a function can
find out on the engine. An engine that says no gives the task back, and the scheduler
tries another one; when all have said no, the task is impossible, and says so.
"""

import ipcluster as ipp


@ipp.require("decimal", "fractions")
def harmonic(n: int) -> str:
    """The modules are imported on the engine, under their names."""
    total = sum(fractions.Fraction(1, k) for k in range(1, n + 1))  # type: ignore[name-defined]  # noqa: F821
    return str(total)


def has(what: str) -> bool:
    """Asked on the engine, of its own variables."""
    return what in globals().get("equipment", ())


@ipp.depend(has, "telescope")
def observe(star: str) -> str:
    return f"{star}: bright"


@ipp.depend(has, "submarine")
def dive() -> None:
    raise AssertionError("no engine can do this")


@ipp.require("a_module_that_is_nowhere")
def unheard_of() -> None:
    raise AssertionError("no engine can do this")


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(2, timeout=30)
        view = rc.load_balanced_view()
        assert view.apply_sync(harmonic, 6) == "49/20"

        # Two engines are equipped; only these will ever observe.
        equipped = rc.ids[:2]
        rc[equipped].push({"equipment": ["telescope"]}, block=True)
        stars = view.map_async(observe, ["Vega", "Deneb", "Altair", "Mira"] * 5)
        assert stars.get(timeout=30)[3] == "Mira: bright"
        used = set(stars.engine_id)
        assert used <= set(equipped)
        print(f"{len(stars)} observations, all on engines {sorted(used)}")

        for function in (dive, unheard_of):
            try:
                view.apply_sync(function)
            except ipp.error.ImpossibleDependency as error:
                print(f"{function.__name__}: {error}")
        rc[equipped].execute("del equipment", block=True)


if __name__ == "__main__":
    main()
