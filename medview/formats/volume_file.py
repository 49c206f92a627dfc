"""A volume file (NIfTI, NRRD, MHA) as a Stack: geometry from its header, voxels read as a whole when they are wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import Note
from medview.core.study import FrameSource, SeriesContext, Stack, WholeSource
from medview.core.volume import ModalityTransform
from medview.formats.identity import file_identity
from medview.formats.nifti import check_nifti_voxels, is_nifti_name, lps_grid, read_nifti_header, read_nifti_values
from medview.formats.raw_grid import RawGrid, bad_volume

RAW_ENDINGS = (".nrrd", ".nhdr", ".mha", ".mhd")
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class VolumeFileFrame:
    """One slice of a volume file; reading it reads the file, so loaders take the stack's ``whole`` instead."""

    path: str
    frame: int
    source: WholeSource
    sop_uid: str = ""
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        """(j, i) stored values or (j, i, 3) RGB; raises MedviewError."""
        return np.asarray(self.source.read()[self.frame])


@dataclass(frozen=True, slots=True)
class NiftiSource:
    """The voxels of a NIfTI file, slices in the order of growing k."""

    path: str
    slices: int
    reverse: bool

    def read(self) -> NDArray[Any]:
        """(t·k, j, i) stored values or (t·k, j, i, 3) RGB; raises MedviewError."""
        return _ordered(read_nifti_values(read_nifti_header(self.path)), self.slices, reverse=self.reverse)


@dataclass(frozen=True, slots=True)
class RawSource:
    """The voxels of an NRRD or MetaImage file, slices in the order of growing k."""

    path: str
    slices: int
    reverse: bool
    colour: bool = False

    def read(self) -> NDArray[Any]:
        """(t·k, j, i) stored values or (t·k, j, i, 3) RGB; raises MedviewError. Parts of vectors follow one another."""
        values = _read_grid(self.path).read()
        if self.colour:
            values = values[..., :3].reshape(-1, *values.shape[2:4], 3)
        elif values.ndim == 5:
            values = np.moveaxis(values, -1, 0).reshape(-1, *values.shape[2:4])
        else:
            values = values.reshape(-1, *values.shape[2:])
        return _ordered(np.ascontiguousarray(values), self.slices, reverse=self.reverse)


def _ordered(values: NDArray[Any], slices: int, *, reverse: bool) -> NDArray[Any]:
    if not reverse:
        return values
    timed = values.reshape(-1, slices, *values.shape[1:])[:, ::-1]
    return np.ascontiguousarray(timed.reshape(values.shape))


def _read_grid(path: str) -> RawGrid:
    """The header of an NRRD or MetaImage file; raises MedviewError."""
    if path.lower().endswith((".nrrd", ".nhdr")):
        from medview.formats.nrrd import read_nrrd

        return read_nrrd(path)
    from medview.formats.metaimage import read_metaimage

    return read_metaimage(path)


def is_volume_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's name says that it is a volume of one of the known formats."""
    return is_nifti_name(path) or os.fspath(path).lower().endswith(RAW_ENDINGS)


def read_volume_stack(path: str | os.PathLike[str]) -> Stack:
    """The stack of a volume file from its header alone; raises MedviewError naming the file and what is wrong."""
    name = os.fspath(path)
    return _nifti_stack(name) if is_nifti_name(name) else _raw_stack(name)


def _nifti_stack(path: str) -> Stack:
    header = read_nifti_header(path)
    check_nifti_voxels(header)
    i, j, k, t = header.size
    geometry, reverse = lps_grid(header.affine, (i, j, k))
    labels = tuple(f"{n * header.time_step_s:g} s" if header.time_step_s else str(n + 1) for n in range(t))
    return _stack(
        path,
        geometry,
        NiftiSource(path, k, reverse),
        timepoints=t,
        dtype="uint8" if header.dtype in {"rgb", "rgba"} else header.dtype,
        colour=header.dtype in {"rgb", "rgba"},
        transform=ModalityTransform(np.array([header.slope]), np.array([header.intercept])),
        notes=header.notes,
        time_labels=labels if t > 1 else ("",),
        reverse=reverse,
        description=header.description,
        axis="component" if header.parts > 1 else "time",
    )


def _raw_stack(path: str) -> Stack:
    grid = _read_grid(path)
    grid.check_there()
    i, j, k, t = grid.size
    colour = grid.parts in {3, 4} and grid.dtype == "uint8" and not grid.is_list
    parts = 1 if colour else grid.parts
    notes: list[Note] = []
    if grid.dimensions < 3 or not grid.of_patient:
        notes.append(
            Note("orientation_unknown", "The file does not say how it lies in the patient: sides are assumed.")
        )
    if not np.isfinite(grid.lps).all() or abs(np.linalg.det(grid.lps[:3, :3])) < 1e-12:
        raise bad_volume(path, "its orientation is not finite or flat")
    geometry, reverse = lps_grid(_LPS_TO_RAS @ grid.lps, (i, j, k))
    return _stack(
        path,
        geometry,
        RawSource(path, k, reverse, colour),
        timepoints=t * parts,
        dtype=grid.dtype,
        colour=colour,
        transform=ModalityTransform(),
        notes=tuple(notes),
        time_labels=tuple(str(n + 1) for n in range(t * parts)) if t * parts > 1 else ("",),
        reverse=reverse,
        description="",
        axis="component" if parts > 1 else "time",
    )


def _stack(
    path: str,
    geometry: Geometry,
    source: WholeSource,
    *,
    timepoints: int,
    dtype: str,
    colour: bool,
    transform: ModalityTransform,
    notes: tuple[Note, ...],
    time_labels: tuple[str, ...],
    reverse: bool,
    description: str,
    axis: str = "time",
) -> Stack:
    spacing = geometry.spacing
    frames: tuple[FrameSource, ...] = tuple(
        VolumeFileFrame(path, n, source) for n in range(geometry.shape[0] * timepoints)
    )
    return Stack(
        id=file_identity(path).stack_id,
        kind="sheared" if geometry.is_sheared else "volume",
        shape=geometry.shape,
        timepoints=timepoints,
        components=3 if colour else 1,
        dtype=dtype,
        frames=frames,
        transform=transform,
        geometry=geometry,
        unit="RGB" if colour else "stored",
        pixel_spacing=(spacing[1], spacing[2]),
        pixel_aspect=spacing[1] / spacing[2],
        spacing_kind="patient",
        time_labels=time_labels,
        time_axis=axis if timepoints > 1 else "",
        notes=notes,
        whole=source,
        stored_reversed=reverse,
        context=SeriesContext(description=description or Path(path).name),
    )


def affine_of(stack: Stack) -> FloatArray:
    """The stack's 4×4 affine; every volume file has one."""
    assert stack.geometry is not None
    return stack.geometry.affine
