"""``python -m medview`` is the ``medview`` command."""

import sys

from medview.cli.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
