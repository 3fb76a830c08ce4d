"""Reference: the name of an engine's value, in the place of a value."""

from ipcluster.wire.references import Reference as Reference
