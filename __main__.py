"""`python -m ipcluster` is the `ipcluster` command."""

import sys

from ipcluster.launchers.app import main

if __name__ == "__main__":
    sys.exit(main())
