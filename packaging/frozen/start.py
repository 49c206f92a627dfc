"""The packaged program, once first.py has found that it has to open a window or run a command."""

import sys

from medview.cli.__main__ import main

sys.exit(main())
