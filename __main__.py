"""`python -m ipcluster` is the `ipcluster` command."""

import os
import sys


def main() -> int:
    """The exit status."""
    # Python has put the folder it was called in first, with the user's own files: a
    # `queue.py` or `msgspec.py` there is not ours to import.
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]
    from ipcluster.launchers.app import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
