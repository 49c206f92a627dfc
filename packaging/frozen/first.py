"""What the packaged program does before anything else: become a worker, or hand paths to the window that is open.

PyInstaller runs this ahead of its own start-up hooks. Whatever is imported here is paid by every double-click.
"""

import os
import sys


def _first() -> None:
    words = sys.argv[1:]
    if words and words[0] == "--medview-worker":
        from medview.jobs.worker_start import became_worker

        if became_worker(words):
            sys.exit(0)
    from medview.cli.__main__ import handed_over

    if handed_over(words):
        # Nothing was opened that an orderly end would have to close.
        os._exit(0)


_first()
