"""A parameter sweep: at which angle does a ball fly farthest through the air?

    ipcluster start -n 4 --daemonize
    python examples/sweep.py

Every combination of angle and drag is one task for whichever engine is free. In a
vacuum the best angle is 45 degrees; the more drag, the flatter one has to throw.
"""

from itertools import product
from math import cos, hypot, radians, sin

import ipcluster as ipp

ANGLES = range(20, 61)  # degrees
DRAGS = [0.0, 0.005, 0.02, 0.05]  # 1/m
SPEED = 40.0  # m/s
GRAVITY = 9.81  # m/s²
STEP = 0.002  # s


def distance(angle: float, drag: float) -> float:
    """How far from the thrower the ball comes down, in metres."""
    x = y = 0.0
    vx, vy = SPEED * cos(radians(angle)), SPEED * sin(radians(angle))
    while y >= 0:
        brake = drag * hypot(vx, vy)
        vx -= brake * vx * STEP
        vy -= (GRAVITY + brake * vy) * STEP
        x += vx * STEP
        y += vy * STEP
    return x


def main() -> None:
    grid = list(product(ANGLES, DRAGS))
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        found = rc.load_balanced_view().map_sync(distance, *zip(*grid, strict=True))

    best: dict[float, tuple[float, int]] = {}
    for (angle, drag), metres in zip(grid, found, strict=True):
        best[drag] = max(best.get(drag, (0.0, 0)), (metres, angle))
    for drag, (metres, angle) in best.items():
        print(f"drag {drag:5.3f}/m: {metres:6.1f} m at {angle} degrees")

    angles = [angle for _, angle in best.values()]
    assert angles[0] == 45
    assert abs(best[0.0][0] - SPEED**2 / GRAVITY) < 0.2
    assert angles == sorted(angles, reverse=True), "more drag, flatter throw"


if __name__ == "__main__":
    main()
