"""An engine's side of unpickling: another process, without the tests' modules."""

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ipcluster.wire.serialize import dump, dump_function, load

_ENGINE = """
import builtins, pickle, sys, traceback
from ipcluster.wire.serialize import dump, load_function, load_with_captured

def serve(requests, answers):
    while True:
        setup, function, arguments = pickle.load(requests)
        names = {"__name__": "__main__", "__builtins__": dict(vars(builtins))}
        try:
            exec(setup, names)
            loaded = load_function(*function, names)
            (args, keywords), captured, _ = load_with_captured(*arguments, names)
            if loaded.builtins is not None or captured:
                merged = dict(loaded.builtins or names["__builtins__"])
                merged.update(captured or {})
                names["__builtins__"] = merged
            answer = dump((True, loaded.call(*args, **keywords)), None)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            answer = dump((False, text), None)
        answers.write(pickle.dumps(tuple(answer)))
        answers.flush()

serve(sys.stdin.buffer, sys.stdout.buffer)
"""


class EngineSide:
    """Calls functions in a fresh namespace of another process, as an engine does."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ENGINE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any:
        """What the call gives there; `setup` runs in its namespace first."""
        _, packed = dump_function(function)
        request = setup, tuple(packed), tuple(dump((args, keywords), None))
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        requests.write(pickle.dumps(request))
        requests.flush()
        succeeded, value = load(*pickle.load(answers))
        if not succeeded:
            raise RuntimeError(value)
        return value

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def engine_side() -> Iterator[EngineSide]:
    engine = EngineSide()
    yield engine
    engine.close()


@pytest.fixture
def define() -> Callable[[str], dict[str, Any]]:
    """Runs source as a session's `__main__` would be run; its names."""

    def run(source: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(textwrap.dedent(source), names)
        return names

    return run
