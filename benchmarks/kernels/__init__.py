"""The measured kernels, and the client that all of them get.

client.py  speaks Jupyter's protocol over bare sockets: no more than it has to
kernel.py  a kernel in a process of its own, as Jupyter's programs start it

As with `benchmarks/systems`, each is used in a process which may be of another
interpreter; nothing of the kernels themselves is imported here.
"""

from benchmarks.kernels.kernel import IPyKernel, Kernel, Ours

OPTIONAL: tuple[type[Kernel], ...] = (IPyKernel,)
KERNELS: tuple[type[Kernel], ...] = (Ours, *OPTIONAL)
PEERS = tuple(kind.name for kind in OPTIONAL)
"""Those to compare with."""
