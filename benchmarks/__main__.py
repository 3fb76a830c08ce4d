"""`python -m benchmarks`: see `command.py` and README.md."""

import sys

from benchmarks.command import main

sys.exit(main())
