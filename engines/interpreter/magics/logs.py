"""Magics about the session's log."""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Option
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)


@magics_class
class LoggingMagics(Magics):
    """What is written while the session goes on."""

    quiet = Option(False, "%logstart does not say what it does.")

    @line_magic
    def logstart(self, line: str) -> None:
        """Log the session, from its beginning.

            %logstart [options] [file [mode]]

        The log is valid Python: running it repeats the session. Without a file it is
        `ipython_log.py`, and the mode `rotate`; with one it is `backup`. If there is a
        file of that name already,

            append  goes on with it
            backup  renames it to name~
            global  goes on with it, in the home folder
            over    replaces it
            rotate  renames it to name.001~, that one to name.002~, and so on

            -o  log what cells show, too, as comments: `#[Out]# 5`
            -r  log what was typed, magics and all; `%run` it as a .ipy file
            -t  write down when each input was run
            -q  do not say what is logged

        `ipshell --logappend=file` runs a log and goes on with it.
        """
        options, words = self.parse_options(line, "ortq", mode="list")
        if len(words) > 2:
            raise UsageError("%logstart wants a file and a mode, no more.")
        from ipcluster.engines.interpreter.logger import HEAD

        logger = self.shell.logger
        name = words[0] if words else "ipython_log.py"
        mode = words[1] if len(words) > 1 else ("backup" if words else "rotate")
        try:
            logger.logstart(
                name, HEAD, mode, "o" in options, "t" in options, "r" in options
            )
        except OSError as error:
            raise UsageError(f"No log in {name}: {error.strerror}") from None
        except (RuntimeError, ValueError) as error:
            raise UsageError(f"No log was started: {error}") from None
        logger.write_history()
        if not logger.log_active:  # the disk is full: it has been told
            return
        if not self.quiet and "q" not in options:
            print(
                "Activating auto-logging. "
                "Current session state plus future input saved."
            )
            logger.logstate()

    @line_magic
    def logstop(self, line: str) -> None:
        """End the log; %logstart begins another one."""
        self.shell.logger.logstop()

    @line_magic
    def logoff(self, line: str) -> None:
        """Log nothing until %logon."""
        self.shell.logger.switch_log(False)

    @line_magic
    def logon(self, line: str) -> None:
        """Go on with the log after %logoff."""
        self.shell.logger.switch_log(True)

    @line_magic
    def logstate(self, line: str) -> None:
        """Show what is logged, and where."""
        self.shell.logger.logstate()
