"""What other programs of this computer are started with."""

from __future__ import annotations

import os
import sys


def environment_of_others() -> dict[str, str]:
    """What a program of the system is started with: not the packaged program's own libraries, which it may have in another version."""
    found = dict(os.environ)
    if getattr(sys, "frozen", False):
        for name in ("LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH"):
            found.pop(name, None)
            if (before := found.pop(f"{name}_ORIG", None)) is not None:
                found[name] = before
    return found
