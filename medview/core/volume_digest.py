"""What tells one input of a model from another: a digest of its voxels, what they mean and where they lie."""

from __future__ import annotations

import hashlib

import numpy as np

from medview.core.volume import Volume


def volume_sha256(volume: Volume) -> str:
    """SHA-256 of the stored values, their transform and their place: a result belongs to exactly this input."""
    digest = hashlib.sha256(f"{volume.stored.dtype.str}{volume.stored.shape}{volume.unit}{volume.inverted}".encode())
    for k in range(len(volume.stored)):
        digest.update(np.ascontiguousarray(volume.stored[k]).data)
    digest.update(np.ascontiguousarray(volume.transform.slopes).data)
    digest.update(np.ascontiguousarray(volume.transform.intercepts).data)
    if volume.transform.lut is not None:
        digest.update(np.ascontiguousarray(volume.transform.lut).data)
    if volume.geometry is not None:
        digest.update(np.ascontiguousarray(volume.geometry.affine.round(6)).data)
        digest.update(np.ascontiguousarray(volume.geometry.origins.round(6)).data)
    return digest.hexdigest()
