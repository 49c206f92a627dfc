"""ONNX Runtime, as it is packed with the program or, where an add-on for other devices is installed, that add-on's.

An add-on is a folder ``runtimes/NAME`` beside the packaged program's parts; of several the first by name is taken (cuda, directml,
openvino). An installation that is not packaged has exactly one, chosen when it was made.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FOLDER = "runtimes"


def onnx_runtime() -> Any:
    """The module ``onnxruntime``; raises ImportError."""
    if "onnxruntime" not in sys.modules and (folder := addon_folder()) is not None:
        # Ahead of the program's own: whoever may write here could as well write there.
        sys.path.insert(0, str(folder))
    import onnxruntime

    return onnxruntime


def addon_folder() -> Path | None:
    """Where the add-on lies that brings another ONNX Runtime; None where there is none."""
    parts = getattr(sys, "_MEIPASS", None)
    if not getattr(sys, "frozen", False) or parts is None:
        return None
    found = sorted((Path(parts).parent / FOLDER).glob("*/onnxruntime/__init__.py"))
    return found[0].parents[1] if found else None
