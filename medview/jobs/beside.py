"""A call that runs in a thread of its own while the thread that asked for it keeps listening."""

from __future__ import annotations

import threading
from collections.abc import Callable


def call_beside(call: Callable[[], None]) -> None:
    """Start ``call`` in a new thread and return at once; ``call`` must tell what became of it, and raise nothing.

    The thread has the priority of the one that starts it (Linux), and does not keep the program from ending: a network
    that does not look at its terminate flag is left behind.
    """
    threading.Thread(target=call, name="medview-beside", daemon=True).start()
