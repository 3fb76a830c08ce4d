"""Magics about the variables of the environment."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Names with one of these in them have values that are nobody's business.
SECRETS = ("key", "token", "secret", "passw", "credential")
HIDDEN = "<hidden>"


@magics_class
class EnvironmentMagics(Magics):
    """Variables of the environment."""

    @line_magic
    def env(self, line: str = "") -> Any:
        """Variables of the environment, to see or to set.

            %env                all of them; values of keys and tokens are not shown
            %env NAME           one value
            %env NAME VALUE     set it; %env NAME=VALUE does the same
            %env NAME=$python_variable
            %env NAME={expression}

        The programs that are started from here have them, too.
        """
        line = line.strip()
        if not line:
            return {
                name: HIDDEN if _is_secret(name) else value
                for name, value in os.environ.items()
            }
        if "=" not in line and len(line.split()) == 1:
            if line not in os.environ:
                raise UsageError(f"the environment has no variable {line}")
            return os.environ[line]
        self.set_env(line)
        return None

    @line_magic
    def set_env(self, line: str) -> None:
        """Set a variable of the environment.

            %set_env NAME VALUE
            %set_env NAME=VALUE

        In `VALUE`, `$name` and `{expression}` are Python's.
        """
        line = line.strip()
        first, _, rest = line.partition(" ")
        is_equation = "=" in first or rest.lstrip().startswith("=")
        name, found, value = line.partition("=" if is_equation else " ")
        name, value = name.strip(), value.strip()
        if not found:
            raise UsageError("%set_env NAME=VALUE, or %set_env NAME VALUE")
        if not name or " " in name or "\t" in name:
            raise UsageError(f"{name!r} is no name of a variable")
        try:
            os.environ[name] = value
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
        print(f"env: {name}={HIDDEN if _is_secret(name) else value}")


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in SECRETS)
