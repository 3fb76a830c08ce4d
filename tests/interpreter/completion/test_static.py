"""jedi in a process of its own: it helps, and can do no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ipcluster.engines.interpreter.completion import static
from ipcluster.engines.interpreter.completion.static import StaticCompleter
from ipcluster.engines.interpreter.shell import InteractiveShell

pytest.importorskip("jedi")

# Seconds that the other process may take on a loaded machine.
PATIENCE = 60.0


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is parsed once is there for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def completer(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StaticCompleter]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    completer = StaticCompleter()
    yield completer
    completer.close()


def ask(completer: StaticCompleter, code: str, *before: str) -> list[str]:
    found = completer.ask([*before], code, len(code), PATIENCE)
    return [one.text for one in found]


def is_gone(pid: int) -> bool:
    """Whether a process has ended; waits for it."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(PATIENCE)
    return not psutil.pid_exists(pid)


def test_it_knows_what_earlier_inputs_and_the_text_define(
    completer: StaticCompleter,
) -> None:
    before = (
        "class A:\n    def __init__(self): self.zed = 1\n    def m(self): return A()"
    )

    assert ask(completer, "x = 'é'; A().m().ze", before) == ["zed"]
    assert ask(completer, "def f():\n    return 'a'\nf().upp") == ["upper"]


def test_positions_are_the_cells(completer: StaticCompleter) -> None:
    code = "a = 1\nb = [a]\nb.appe + 2"

    (found,) = completer.ask(["x = 1\ny = 2"], code, len("a = 1\nb = [a]\nb.appe"), 60)

    assert code[found.start : found.end] == "appe"


def test_it_starts_when_it_is_asked_and_ends_when_it_is_closed() -> None:
    completer = StaticCompleter()
    assert completer.pid is None

    completer.ask([], "x.", 2, 0.0)
    pid = completer.pid
    assert pid is not None
    completer.close()

    assert is_gone(pid)
    assert completer.ask([], "y.", 2, 0.0) == []
    assert completer.pid is None


def test_nobody_waits_longer_than_asked(completer: StaticCompleter) -> None:
    began = time.monotonic()
    completer.ask([], "''.", 3, 0.0)
    took = time.monotonic() - began

    assert took < 0.5
    assert "upper" in ask(completer, "''.")  # the late answer is kept


def test_one_that_dies_is_started_anew(completer: StaticCompleter) -> None:
    ask(completer, "''.up")
    first = completer.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert completer.ask([], "'a'.up", 6, PATIENCE) == []

    assert ask(completer, "'a'.up") == ["upper"]
    assert completer.pid != first


def test_one_that_always_dies_is_left_alone(
    completer: StaticCompleter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    for number in range(10):
        assert completer.ask([], f"x{number}.", 3, 5.0) == []

    assert completer.pid is None


def test_one_that_is_busy_for_too_long_is_killed(
    completer: StaticCompleter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(completer, "''.up")
    pid = completer.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(static, "BUSY_AT_MOST", 0.1)

    completer.ask([], "'a'.", 4, 0.2)
    completer.ask([], "'b'.", 4, 0.2)

    assert is_gone(pid)


def test_a_half_written_cache_is_thrown_away(
    completer: StaticCompleter, cache: Path
) -> None:
    ask(completer, "import json\njson.dumps(1).up")
    completer.close()
    files = [*cache.rglob("*.pkl")]
    assert files
    for path in files:
        path.write_bytes(b"")

    another = StaticCompleter()
    try:
        assert ask(another, "import json\njson.dumps(1).up") == ["upper"]
    finally:
        another.close()


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "from ipcluster.engines.interpreter.completion.static import StaticCompleter\n"
        "s = StaticCompleter(); s.ask([], 'x.', 2, 0); print(s.pid, flush=True)\n"
        "import os; os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )

    assert is_gone(int(done.stdout))


def test_a_shell_offers_what_jedi_finds_and_leaves_no_process(
    shell: InteractiveShell,
) -> None:
    shell.Completer.jedi_compute_type_timeout = int(PATIENCE * 1000)
    shell.run_cell(
        "class A:\n    def m(self): return self\n    zed = 3\n    _hid = 4\na = A()",
        store_history=True,
    )
    assert shell.complete_code("a.z").matches == ["zed"]
    assert shell.Completer.static.pid is None  # nobody has needed it

    assert shell.complete_code("a.m().ze").matches == ["zed"]
    assert "_hid" not in shell.complete_code("a.m().").matches
    (found,) = shell.Completer.completions("a.m().ze", 8)
    assert (found.start, found.end, found.text) == (6, 8, "zed")
    pid = shell.Completer.static.pid
    assert pid is not None
    shell.close()
    assert is_gone(pid)


def test_jedi_adds_to_what_is_known_but_nobody_waits_for_it(
    shell: InteractiveShell,
) -> None:
    shell.run_cell(
        "class A:\n    known = 3\n    def m(self) -> 'A': ...\na = A()",
        store_history=True,
    )

    began = time.monotonic()
    found = shell.complete_code("a.m().")
    took = time.monotonic() - began

    assert found.matches == ["known", "m"]
    assert took < 0.35


def test_without_jedi_there_is_no_process(shell: InteractiveShell) -> None:
    shell.Completer.use_jedi = False

    assert shell.complete_code("undefined.").matches == []
    assert list(shell.Completer.completions("undefined.", 10)) == []
    assert shell.Completer.static.pid is None
