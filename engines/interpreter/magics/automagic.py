"""Magics about what may be left out: the `%`, and the parentheses of calls."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

_ON = ("on", "1", "true", "yes")
_OFF = ("off", "0", "false", "no")
_MODES = ("Off", "Smart", "Full")


@magics_class
class AutoMagics(Magics):
    """Typing less."""

    _last_autocall = 1

    @line_magic
    def automagic(self, line: str) -> None:
        """Call line magics without the leading `%`, or no longer.

            %automagic          the other of the two
            %automagic on       also: 1, True
            %automagic off      also: 0, False

        Variables go first: after `cd = 4` the line `cd` is that 4, and `%cd` is the
        magic as always; after `del cd` both are. Only an input of a single line is
        looked at, and `cd = 4`, `cd(4)`, `cd.x` are always Python.
        """
        word = line.strip().lower()
        if word in _ON:
            wanted = True
        elif word in _OFF:
            wanted = False
        elif not word:
            wanted = not self.shell.automagic
        else:
            raise UsageError(f"%automagic takes on or off; not {line.strip()!r}")
        self.shell.automagic = wanted
        self.shell.magics_manager.auto_magic = wanted
        print(
            "Automagic is ON: the % before line magics may be left out."
            if wanted
            else "Automagic is OFF: line magics need their %."
        )

    @line_magic
    def autocall(self, line: str) -> None:
        """Call functions without parentheses, or no longer.

            %autocall           on or off; on is what it was last
            %autocall 0         Off
            %autocall 1         Smart: `f a, b` is f(a, b); `f` alone is not called
            %autocall 2         Full: `f` alone is called, too

        What means something in Python is left alone: `f [1]` of a list, `f - 1`,
        `f in x`. `/f a b` calls f(a, b) without any of this, as `,f a b` calls
        f("a", "b") and `;f a b` calls f("a b").
        """
        word = line.strip()
        now = self.shell.autocall
        if not word:
            wanted = 0 if now else self._last_autocall
        elif word in ("0", "1", "2"):
            wanted = int(word)
        else:
            raise UsageError(f"%autocall takes 0, 1 or 2; not {word!r}")
        if now:
            self._last_autocall = now
        self.shell.autocall = wanted
        print(f"Automatic calling is: {_MODES[wanted]}")
