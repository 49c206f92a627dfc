"""The chest phantom of the demo study."""

from __future__ import annotations

from collections.abc import Callable

from medview.phantom.chest import make_chest
from medview.phantom.values import AnatomyChoice, ChestPhantom, ScanChoice

DEMO_SEED = 13


def demo_chest(progress: Callable[[float], None] | None = None) -> ChestPhantom:
    """A contrast-enhanced chest of an average adult with four nodules, 120 slices of 512 × 512."""
    anatomy = AnatomyChoice(
        size=0.96,
        fat_mm=11,
        arms="up",
        contrast=180,
        breasts=False,
        prone=False,
        tilt_deg=1.0,
        emphysema=0.0,
        ground_glass=0.0,
        consolidation=0.0,
        effusion=0.0,
        fibrosis=0.0,
        warp_mm=2.5,
        table=True,
        vessels=1.4,
        nodules=4,
        nodule_mm=(8.0, 24.0),
    )
    scan = ScanChoice(center=(0.0, 12.0, -30.0), noise_hu=12.0)
    return make_chest(DEMO_SEED, anatomy, scan, progress)
