"""Chest-CT phantoms: a body drawn from a seed, scanned by a simulated CT, with its truth known.

Used for the demo study and for training the two built-in networks; numpy and OpenCV only.
"""

from medview.phantom.chest import make_chest
from medview.phantom.demo import demo_chest
from medview.phantom.values import (
    LABEL_LEFT_LUNG,
    LABEL_RIGHT_LUNG,
    AnatomyChoice,
    ChestPhantom,
    NoduleTruth,
    ScanChoice,
)

__all__ = [
    "LABEL_LEFT_LUNG",
    "LABEL_RIGHT_LUNG",
    "AnatomyChoice",
    "ChestPhantom",
    "NoduleTruth",
    "ScanChoice",
    "demo_chest",
    "make_chest",
]
