"""Bridges to other libraries, each imported only when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipcluster.client.balancedview import LoadBalancedView


@contextmanager
def optional(library: str, extra: str) -> Iterator[None]:
    """In its `with` block a library is imported that need not be there.

    Raises:
        ModuleNotFoundError: it is not; says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != library:
            raise
        raise ModuleNotFoundError(
            f"{library} is not installed: pip install 'ipcluster[{extra}]'",
            name=library,
        ) from None


def register_joblib_backend(
    name: str = "ipcluster",
    make_default: bool = False,
    *,
    view: LoadBalancedView | None = None,
) -> None:
    """Let joblib run its calls on engines.

        ipp.register_joblib_backend()
        with joblib.parallel_config("ipcluster"):
            joblib.Parallel()(joblib.delayed(f)(i) for i in range(100))

    Args:
        name: what joblib calls it. With the usual name it is also known as
            "ipyparallel", unless another one is.
        make_default: whether joblib takes it where no backend is named.
        view: where to run; default: all engines of the cluster that was started last,
            or of a new one that ends with this process.

    Raises:
        ModuleNotFoundError: joblib is not installed.
    """
    with optional("joblib", "joblib"):
        from ipcluster.client.joblib_backend import register

    register(name, make_default, view)
