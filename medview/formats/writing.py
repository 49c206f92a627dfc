"""Volumes and label maps written as NIfTI, NRRD or MHA: whole or not at all, in patient space."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.files.replaced_file import replaced_file
from medview.formats.nifti import nifti_bytes

WRITABLE = (".nii.gz", ".nii", ".nrrd", ".mha")
_RGB = np.dtype([("r", "u1"), ("g", "u1"), ("b", "u1")])


def written_ending(path: str | os.PathLike[str]) -> str:
    """Which of ``WRITABLE`` the path ends with; raises MedviewError (unknown_format, bad use) otherwise."""
    name = os.fspath(path).lower()
    for ending in WRITABLE:
        if name.endswith(ending):
            return ending
    raise MedviewError(
        "unknown_format",
        f"{os.fspath(path)}: a volume is written as {', '.join(WRITABLE)}.",
        os.fspath(path),
        ExitCode.BAD_USE,
        (os.fspath(path), ", ".join(WRITABLE)),
    )


def smallest_integers(values: NDArray[Any]) -> NDArray[Any]:
    """Integer values as int16 where they fit, else uint16, else int32 (or as they are); floating point as float32."""
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    if values.dtype.itemsize <= 2 or not values.size:
        return values
    low, high = int(values.min()), int(values.max())
    for kind in (np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def write_volume(
    path: str | os.PathLike[str],
    values: NDArray[Any],
    geometry: Geometry,
    *,
    reverse_k: bool = False,
    time_step_s: float = 0.0,
) -> None:
    """Write (k, j, i), (t, k, j, i) (NIfTI only) or RGB (k, j, i, 3) uint8 on ``geometry``.

    ``reverse_k`` stores the slices against growing k, with the affine that says so: for what lies beside a file whose
    own order is that. A sheared grid keeps its shear in all formats. Raises MedviewError: irregular_spacing,
    time_points_not_supported, unknown_format, cannot_write.
    """
    ending = written_ending(path)
    rgb = values.shape[-1] == 3 and values.dtype == np.uint8 and values.shape[-4:-1] == geometry.shape
    array = np.ascontiguousarray(values).view(_RGB)[..., 0] if rgb else values
    if array.shape[-3:] != geometry.shape:
        raise ValueError(f"values {values.shape} are not on the grid {geometry.shape}")
    if geometry.kind == "irregular":
        raise MedviewError(
            "irregular_spacing",
            "The distances between slices differ, which this format cannot hold; resample to write it.",
            os.fspath(path),
        )
    affine = geometry.affine
    if reverse_k:
        affine = affine.copy()
        affine[:3, 3] += (geometry.shape[0] - 1) * affine[:3, 2]
        affine[:3, 2] *= -1
        array = array[..., ::-1, :, :]
    if array.ndim == 4 and not ending.startswith(".nii"):
        raise MedviewError(
            "time_points_not_supported",
            f"{ending[1:].upper()} holds one time point: choose one.",
            os.fspath(path),
            ExitCode.BAD_USE,
            (ending,),
        )
    with replaced_file(path) as temporary:
        if ending.startswith(".nii"):
            _write_nifti(temporary, array, affine, time_step_s, packed=ending == ".nii.gz")
        else:
            _write_raw(temporary, ending, array, affine)


def write_without_place(path: str | os.PathLike[str], values: NDArray[Any], spacing: tuple[float, float]) -> None:
    """Write (k, j, i) of a series that has no place in the patient as NIfTI that says so: codes 0, rows and columns alone.

    ``spacing`` mm between rows and columns, or 1. Raises MedviewError (unknown_format, cannot_write).
    """
    rows, columns = spacing
    # Its reader makes a grid of the spacing alone, along R, A and S.
    affine = np.diag([-columns, -rows, 1.0, 1.0])
    ending = written_ending(path)
    with replaced_file(path) as temporary:
        _write_nifti(temporary, values, affine, 0.0, packed=ending == ".nii.gz", placed=False)


def _write_nifti(
    path: Path, array: NDArray[Any], affine: NDArray[np.float64], step: float, *, packed: bool, placed: bool = True
) -> None:
    header, voxels = nifti_bytes(array, affine, step, placed=placed)
    with path.open("wb") as raw:
        if not packed:
            raw.write(header)
            voxels.tofile(raw)
            return
        # No name and no time inside: the same volume gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=raw, mtime=0) as stream:
            stream.write(header)
            slices = voxels.reshape(-1, *voxels.shape[-2:])
            for image in slices:
                stream.write(np.ascontiguousarray(image).tobytes())


def _write_raw(path: Path, ending: str, array: NDArray[Any], affine: NDArray[np.float64]) -> None:
    from medview.formats.metaimage import metaimage_header
    from medview.formats.nrrd import nrrd_header

    colour = array.dtype.names is not None
    dtype = "uint8" if colour else array.dtype.name
    sizes = (array.shape[2], array.shape[1], array.shape[0])
    kind = array.dtype if colour else array.dtype.newbyteorder("<")
    voxels = np.ascontiguousarray(array, dtype=kind).view(np.uint8).reshape(-1).data
    with path.open("wb") as stream:
        if ending == ".nrrd":
            stream.write(nrrd_header(dtype, sizes, affine, colour=colour))
            with gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=stream, mtime=0) as packed:
                packed.write(voxels)
        else:
            content = zlib.compress(voxels, 4)
            stream.write(metaimage_header(dtype, sizes, affine, len(content), colour=colour))
            stream.write(content)
