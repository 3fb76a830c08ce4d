"""The field's recorded cells, over the protocol, as any front end would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jupyter_client")

ROOT = Path(__file__).resolve().parents[2]
# Beside the checkout; a worktree lies one folder deeper.
PLACES = [up / "shared/reference/corpus/run.py" for up in ROOT.parents[:2]]
RUN = next((place for place in PLACES if place.exists()), PLACES[0])
KNOWN = ROOT / "tests" / "conformance" / "known.json"


@pytest.mark.skipif(
    not RUN.exists(), reason="no recorded cells beside the checkout (shared/reference)"
)
def test_recorded_cells_come_out_as_recorded(folders: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "-j", "2", "-v"],
        env={
            **os.environ,
            "KERNEL_NAME": "ipshell-test",
            "IPCLUSTER_DIR": "~/.ipython",  # where the cases have their profile
        },
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    verdicts = {
        name: verdict
        for verdict, name in re.findall(r"(?m)^(PASS|FAIL) (\S+)", done.stdout)
    }
    known = json.loads(KNOWN.read_text())

    failed = {name for name, verdict in verdicts.items() if verdict == "FAIL"}

    assert len(verdicts) > 200, done.stdout[-2000:]
    assert failed - known.keys() == set(), done.stdout[-20_000:]
