"""How many cores there are to use."""

import math
import os
from pathlib import Path

from ipcluster.launchers.cores import control_group_quota, usable_cores


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_there_is_at_least_one_core_and_no_more_than_the_mask_allows() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))


def test_no_limit_without_control_groups(tmp_path: Path) -> None:
    assert control_group_quota("", tmp_path) == math.inf
    assert control_group_quota("nonsense\n0::/x\n", tmp_path) == math.inf


def test_version_2_limit_of_the_own_group(tmp_path: Path) -> None:
    write(tmp_path / "box", cpu__max="150000 100000\n")

    assert control_group_quota("0::/box\n", tmp_path) == 1.5


def test_a_parents_limit_binds_its_children(tmp_path: Path) -> None:
    write(tmp_path / "outer", cpu__max="200000 100000")
    write(tmp_path / "outer" / "inner", cpu__max="max 100000")

    assert control_group_quota("0::/outer/inner\n", tmp_path) == 2.0


def test_version_1_limit(tmp_path: Path) -> None:
    write(
        tmp_path / "cpu" / "box",
        cpu__cfs_quota_us="300000\n",
        cpu__cfs_period_us="100000\n",
    )
    groups = "5:memory:/other\n3:cpu,cpuacct:/box\n"

    assert control_group_quota(groups, tmp_path) == 3.0


def test_version_1_without_a_limit(tmp_path: Path) -> None:
    write(tmp_path / "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")

    assert control_group_quota("1:cpu:/\n", tmp_path) == math.inf


def test_a_path_of_the_host_seen_from_a_container(tmp_path: Path) -> None:
    write(tmp_path, cpu__max="100000 100000")

    assert control_group_quota("0::/docker/abc\n", tmp_path) == 1.0
