"""The filter chain on a whole volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medview.core.volume import ModalityTransform, Volume

if TYPE_CHECKING:
    from medview.core.progress import Progress
    from medview.processing.chain import FilterChain


def filtered_volume(volume: Volume, chain: FilterChain, progress: Progress) -> Volume:
    """A float32 volume (k, j, i) of modality values after the chain; slices without pixels stay without pixels."""
    from medview.processing.chain import apply_chain_volume, keeps_unit

    spacing = volume.geometry.spacing if volume.geometry is not None else (1.0, 1.0, 1.0)
    values = apply_chain_volume(chain, volume.modality_values(np.float32), spacing, progress)
    unit = volume.unit if keeps_unit(chain) else None
    return Volume(values, ModalityTransform(), volume.geometry, unit, None, volume.inverted, volume.states)
