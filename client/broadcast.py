"""BroadcastView: a DirectView for many engines.

Every DirectView already sends what is the same for all engines once to each host, so
nothing is left to do differently but to keep the name and the option.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ipcluster.client.directview import DirectView

if TYPE_CHECKING:
    from ipcluster.client.client import Client


class BroadcastView(DirectView):
    """The same as a DirectView."""

    is_coalescing = False
    """Kept for users who set it: results always come many to a message."""

    _flag_names: ClassVar[tuple[str, ...]] = (
        *DirectView._flag_names,
        "is_coalescing",
    )

    def __init__(self, client: Client, targets: Any = "all", **flags: Any) -> None:
        super().__init__(client, targets, **flags)
