"""The errors, under the name that users import them by.

They live in `ipcluster.wire.errors`.
"""

from ipcluster.wire.errors import *  # noqa: F403 - every public name, as it stands there
