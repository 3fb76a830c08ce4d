"""`%connect_info`: how others connect to this interpreter."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)


@magics_class
class ConnectionMagics(Magics):
    """What a second client of this interpreter needs."""

    @line_magic
    def connect_info(self, line: str) -> None:
        """Show how to connect to this engine of a cluster.

        That is `ipshell console --cluster ID --engine N`, and the connection files of
        kernels that are its faces (`ipshell kernel --cluster ID --engine N`). A kernel
        of its own shows its connection file instead.

            In [1]: %connect_info
            engine 3; to talk to it:
                ipshell console --cluster night --engine 3
        """
        if line.strip():
            raise UsageError("%connect_info takes no arguments")
        text = self.shell.frontend.connect_info()
        print(text or "nobody else can connect: this shell runs within its terminal")
