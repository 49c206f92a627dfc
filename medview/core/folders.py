"""The one folder that belongs to medview for this user: settings, installed models, kept results."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "MEDVIEW_HOME"
"""Environment variable with a folder that replaces the user's data folder (tests, portable use)."""


def user_folder() -> Path:
    """Return the folder for what medview keeps; whoever writes into it first creates it."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("medview", appauthor=False))
