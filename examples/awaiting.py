"""asyncio: a call on an engine is awaited like anything else.

    ipcluster start -n 4 --daemonize
    python examples/awaiting.py

An AsyncResult can be awaited, so calls go into `gather`, `wait_for` and task groups
beside everything else that the event loop does.
"""

import asyncio
import time
from contextlib import suppress

import ipcluster as ipp


def digits(n: int) -> int:
    """The sum of the digits of 2**n."""
    return sum(map(int, str(2**n)))


async def beat(count: list[int]) -> None:
    """Counts while others wait: the loop is never blocked."""
    while True:
        count[0] += 1
        await asyncio.sleep(0.01)


async def main() -> None:
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc.load_balanced_view()
        beats = [0]
        heart = asyncio.create_task(beat(beats))

        assert await view.apply_async(digits, 15) == 26

        sums = await asyncio.gather(
            *(view.apply_async(digits, n) for n in (100, 1000, 10_000))
        )
        assert sums == [115, 1366, 13561]

        slow = view.apply_async(time.sleep, 0.2)
        await slow
        try:
            async with asyncio.timeout(0.1):
                await view.map_async(time.sleep, [0.3, 0.3])
        except TimeoutError:
            print("two naps were longer than 0.1 s")

        try:
            await view.apply_async(digits, -1)
        except ValueError as error:
            print("an error arrives as itself:", str(error).splitlines()[0])

        heart.cancel()
        with suppress(asyncio.CancelledError):
            await heart
        print(f"digit sums {sums}; the loop went on {beats[0]} times meanwhile")
        assert beats[0] > 10


if __name__ == "__main__":
    asyncio.run(main())
