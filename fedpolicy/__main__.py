"""`python -m fedpolicy` and the `fedpolicy` command."""

from __future__ import annotations

import sys

from fedpolicy.cli import main

if __name__ == "__main__":
    sys.exit(main())
