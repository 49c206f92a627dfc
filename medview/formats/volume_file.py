"""A volume file (NIfTI, NRRD, MHA) as a Stack: geometry from its header, voxels read as a whole when they are wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import MedviewError, Note
from medview.core.study import FrameSource, SeriesContext, Stack, WholeSource
from medview.core.volume import ModalityTransform
from medview.formats.identity import file_identity
from medview.formats.nifti import is_nifti_name, lps_grid, read_nifti_header, read_nifti_values

ITK_ENDINGS = (".nrrd", ".nhdr", ".mha", ".mhd")
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
class ItkSource:
    """The voxels of an NRRD or MetaImage file, slices in the order of growing k."""

    path: str
    slices: int
    reverse: bool
    colour: bool = False

    def read(self) -> NDArray[Any]:
        """(t·k, j, i) stored values or (t·k, j, i, 3) RGB; raises MedviewError. Parts of vectors follow one another."""
        sitk = _itk()
        try:
            image = sitk.ReadImage(self.path)
        except RuntimeError as error:
            raise _bad(self.path, _last_line(error)) from error
        values = sitk.GetArrayFromImage(image)
        vectors = image.GetNumberOfComponentsPerPixel() > 1
        if vectors and not self.colour:
            values, vectors = np.ascontiguousarray(np.moveaxis(values, -1, 0)), False
        rows = values.shape[-3:-1] if vectors else values.shape[-2:]
        tail = (*rows, 3) if vectors else rows
        return _ordered(
            values[..., :3].reshape(-1, *tail) if vectors else values.reshape(-1, *tail),
            self.slices,
            reverse=self.reverse,
        )


def _ordered(values: NDArray[Any], slices: int, *, reverse: bool) -> NDArray[Any]:
    if not reverse:
        return values
    timed = values.reshape(-1, slices, *values.shape[1:])[:, ::-1]
    return np.ascontiguousarray(timed.reshape(values.shape))


def _itk() -> Any:
    """SimpleITK with its own chatter on standard error switched off; imported when the first such file is met."""
    import SimpleITK

    sitk: Any = SimpleITK
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    return sitk


def _bad(path: str, what: str) -> MedviewError:
    return MedviewError("bad_volume_file", f"{path} cannot be read as a volume: {what}.", path, values=(path, what))


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def is_volume_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's name says that it is a volume of one of the known formats."""
    return is_nifti_name(path) or os.fspath(path).lower().endswith(ITK_ENDINGS)


def read_volume_stack(path: str | os.PathLike[str]) -> Stack:
    """The stack of a volume file from its header alone; raises MedviewError naming the file and what is wrong."""
    name = os.fspath(path)
    return _nifti_stack(name) if is_nifti_name(name) else _itk_stack(name)


def _nifti_stack(path: str) -> Stack:
    header = read_nifti_header(path)
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


def _itk_stack(path: str) -> Stack:
    sitk = _itk()
    reader = sitk.ImageFileReader()
    reader.SetFileName(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _bad(path, _last_line(error)) from error
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    dtype = _itk_dtype(reader.GetPixelID(), path)
    colour = components in {3, 4} and dtype == "uint8" and not _is_list(path)
    parts = 1 if colour else components
    if len(size) not in {2, 3, 4}:
        raise _bad(path, f"it has {len(size)} dimensions")
    notes: list[Note] = []
    dimension = len(size)
    direction = np.array(reader.GetDirection()).reshape(dimension, dimension)
    lps = np.eye(4)
    if dimension == 2 or not _is_of_patient(reader, path):
        notes.append(
            Note("orientation_unknown", "The file does not say how it lies in the patient: sides are assumed.")
        )
    if dimension == 2:
        lps[:2, :2] = direction * np.array(reader.GetSpacing())
        lps[:2, 3] = reader.GetOrigin()
    else:
        lps[:3, :3] = direction[:3, :3] * np.array(reader.GetSpacing()[:3])
        lps[:3, 3] = reader.GetOrigin()[:3]
    k = size[2] if dimension > 2 else 1
    t = size[3] if dimension > 3 else 1
    if not np.isfinite(lps).all() or abs(np.linalg.det(lps[:3, :3])) < 1e-12:
        raise _bad(path, "its orientation is not finite or flat")
    geometry, reverse = lps_grid(_LPS_TO_RAS @ lps, (size[0], size[1], k))
    return _stack(
        path,
        geometry,
        ItkSource(path, k, reverse, colour),
        timepoints=t * parts,
        dtype=dtype,
        colour=colour,
        transform=ModalityTransform(),
        notes=tuple(notes),
        time_labels=tuple(str(n + 1) for n in range(t * parts)) if t * parts > 1 else ("",),
        reverse=reverse,
        description="",
        axis="component" if parts > 1 else "time",
    )


_LIST_KINDS = frozenset({"list", "time"})
"""Of an axis whose entries are pictures of their own; ITK calls colours ``vector`` too."""


def _nrrd_fields(path: str) -> dict[str, str]:
    """The fields of an NRRD header (its text ends at the first empty line); empty for other formats."""
    if not path.lower().endswith((".nrrd", ".nhdr")):
        return {}
    with Path(path).open("rb") as stream:
        head = stream.read(1 << 16)
    text = head.split(b"\n\n")[0].split(b"\r\n\r\n")[0].decode("latin-1")
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon and not value.startswith("=")}


def _is_list(path: str) -> bool:
    """Whether the values of a voxel are several things (segments, times), and no colour, as an NRRD header says."""
    return not _LIST_KINDS.isdisjoint(_nrrd_fields(path).get("kinds", "").lower().split())


def _is_of_patient(reader: Any, path: str) -> bool:
    """Whether the axes of a file are the patient's: those of an NRRD only where its space is one of a patient."""
    fields = _nrrd_fields(path)
    words = fields.get("space", "").lower()
    return not fields or len(reader.GetSize()) == 2 or words in _PATIENT_SPACES


_PATIENT_SPACES = frozenset(
    f"{name}{time}"
    for name in ("right-anterior-superior", "ras", "left-anterior-superior", "las", "left-posterior-superior", "lps")
    for time in ("", "-time", "t")
)


def _itk_dtype(pixel_id: int, path: str) -> str:
    sitk = _itk()
    names = {
        "Int8": "int8",
        "UInt8": "uint8",
        "Int16": "int16",
        "UInt16": "uint16",
        "Int32": "int32",
        "UInt32": "uint32",
        "Int64": "int64",
        "UInt64": "uint64",
        "Float32": "float32",
        "Float64": "float64",
    }
    for name, dtype in names.items():
        if pixel_id in {getattr(sitk, f"sitk{name}"), getattr(sitk, f"sitkVector{name}")}:
            return dtype
    raise _bad(path, "its values are complex or of an unknown type")


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
