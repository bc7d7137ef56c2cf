"""`python -m belfry`: the command line, for where the package is not installed."""

import sys

from belfry.cli import main

if __name__ == "__main__":
    sys.exit(main())
