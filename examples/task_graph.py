r"""A task graph: tasks that wait for others, or run where others ran.

    ipcluster start -n 4 --daemonize
    python examples/task_graph.py

For each of three cities: `load` puts a year of temperatures into an engine's memory,
`hottest` and `coldest` follow it to that engine, and one `report` runs after them all.
The scheduler keeps the order; nothing here waits before the end.

          load(Oslo)             load(Rome)             load(Lima)
          /        \             /        \             /        \
     hottest     coldest    hottest     coldest    hottest     coldest
          \________\____________\_________/____________/________/
                                   report
"""

import math
from typing import Any

import ipcluster as ipp

CITIES = {"Oslo": (6.0, -11.0), "Rome": (16.0, -9.0), "Lima": (19.0, 3.5)}


def load(city: str, mean: float, swing: float) -> int:
    """Put the city's 365 temperatures into this engine's memory."""
    global weather
    weather = globals().get("weather", {})
    year = [mean + swing * math.cos(2 * math.pi * (d - 15) / 365) for d in range(365)]
    weather[city] = year
    return len(year)


def hottest(city: str) -> float:
    return round(max(weather[city]), 1)


def coldest(city: str) -> float:
    return round(min(weather[city]), 1)


weather: dict[str, list[float]]


def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc.load_balanced_view()
        loads: dict[str, Any] = {}
        extremes: dict[str, Any] = {}
        for city, (mean, swing) in CITIES.items():
            loads[city] = view.apply_async(load, city, mean, swing)
            with view.temp_flags(follow=[loads[city]]):
                extremes[city] = (
                    view.apply_async(hottest, city),
                    view.apply_async(coldest, city),
                )

        before = [result for pair in extremes.values() for result in pair]
        with view.temp_flags(after=before, timeout=30):
            report = view.apply_async(sorted, CITIES)

        assert report.get(timeout=30) == ["Lima", "Oslo", "Rome"]
        assert all(result.ready() for result in before), "the report came after them"
        for city, (hot, cold) in extremes.items():
            engine = loads[city].metadata["engine_id"]
            assert hot.metadata["engine_id"] == cold.metadata["engine_id"] == engine
            print(f"{city}: {cold.get()} to {hot.get()} °C, on engine {engine}")
        assert extremes["Oslo"][0].get() == 17.0
        rc[:].execute("globals().pop('weather', None)", block=True)


if __name__ == "__main__":
    main()
