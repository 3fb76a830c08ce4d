"""What a shell offers for a text with a cursor in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

Offers = Callable[[str], list[str]]


@pytest.fixture
def offers(shell: InteractiveShell) -> Offers:
    """The whole texts that a shell makes of one with a `<>` where the cursor is.

    The cursor is at the end of a text without `<>`. jedi is not asked.
    """
    shell.Completer.use_jedi = False

    def complete(text: str) -> list[str]:
        before, _, after = text.partition("<>")
        found = shell.complete_code(before + after, len(before))
        assert found.end == len(before)
        return [before[: found.start] + match + after for match in found.matches]

    return complete
