"""What NRRD and MetaImage headers may say besides what ITK writes, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.formats.metaimage import read_metaimage
from medview.formats.nrrd import read_nrrd
from medview.formats.raw_grid import RawGrid
from medview.formats.volume_file import read_volume_stack
from medview.formats.writing import write_volume

VALUES = np.random.default_rng(8).integers(-500, 500, (3, 4, 5)).astype("<i2")
RAW = VALUES.tobytes()
NRRD = "NRRD0004\ntype: short\ndimension: 3\nsizes: 5 4 3\nendian: little\n"
META = "ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementType = MET_SHORT\n"


def nrrd(folder: Path, fields: str, voxels: bytes) -> RawGrid:
    (folder / "x.nrrd").write_bytes(f"{NRRD}{fields}\n\n".encode() + voxels)
    return read_nrrd(str(folder / "x.nrrd"))


def meta(folder: Path, fields: str, voxels: bytes, head: str = META) -> RawGrid:
    (folder / "x.mha").write_bytes(f"{head}{fields}\n".encode() + voxels)
    return read_metaimage(str(folder / "x.mha"))


@pytest.mark.parametrize(
    ("encoding", "voxels"),
    [
        ("raw", RAW),
        ("gzip", gzip.compress(RAW[:50]) + gzip.compress(RAW[50:])),
        ("bzip2", bz2.compress(RAW)),
        ("hex", RAW.hex().encode()),
        ("ascii", " ".join(map(str, VALUES.ravel())).encode()),
    ],
)
def test_every_encoding_of_nrrd(tmp_path: Path, encoding: str, voxels: bytes) -> None:
    assert np.array_equal(nrrd(tmp_path, f"encoding: {encoding}", voxels).read()[0], VALUES)


def test_voxels_in_other_files_by_pattern_list_and_behind_something_else(tmp_path: Path) -> None:
    for k in range(3):
        (tmp_path / f"p{k:02d}.raw").write_bytes(VALUES[k].tobytes())
    (tmp_path / "behind.raw").write_bytes(b"one line\nseven.." + RAW)
    said = {
        "data file: p%02d.raw 0 2 1 2": nrrd,
        "data file: LIST 2\np00.raw\np01.raw\np02.raw": nrrd,
        "line skip: 1\nbyte skip: 7\ndata file: behind.raw": nrrd,
        "byte skip: -1\ndata file: behind.raw": nrrd,
        "ElementDataFile = p%02d.raw 0 2 1": meta,
        "ElementDataFile = LIST 2\np00.raw\np01.raw\np02.raw": meta,
        "HeaderSize = -1\nElementDataFile = behind.raw": meta,
        "HeaderSize = 16\nElementDataFile = behind.raw": meta,
    }
    for fields, read in said.items():
        front = "encoding: raw\n" if read is nrrd else ""
        assert np.array_equal(read(tmp_path, front + fields, b"").read()[0], VALUES), fields


@pytest.mark.parametrize(
    "name", ["/etc/secret.raw", "\\\\server\\share\\secret.raw", "C:\\secret.raw", "sub\\deep.raw"]
)
def test_a_header_leads_to_no_other_place_than_its_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "deep.raw").write_bytes(RAW)
    (tmp_path / "secret.raw").write_bytes(RAW)
    for grid in (
        nrrd(tmp_path, f"encoding: raw\ndata file: {name}", b""),
        meta(tmp_path, f"ElementDataFile = {name}", b""),
    ):
        assert Path(grid.files[0]).is_relative_to(tmp_path)
        assert np.array_equal(grid.read()[0], VALUES)


@pytest.mark.parametrize(
    ("fields", "steps", "first"),
    [
        ("spacings: 0.5 0.6 2", (0.5, 0.6, 2.0), (0, 0, 0)),
        ("spacings: 0.5 nan 2\naxis mins: 1 2 3", (0.5, 1.0, 2.0), (1.25, 2.5, 4.0)),
        ("axis mins: 0 0 0\naxis maxs: 10 8 6\ncenters: cell cell cell", (2.0, 2.0, 2.0), (1, 1, 1)),
        ("axis mins: 0 0 0\naxis maxs: 8 9 6\ncenters: node node node", (2.0, 3.0, 3.0), (0, 0, 0)),
    ],
)
def test_a_grid_without_a_space(
    tmp_path: Path, fields: str, steps: tuple[float, ...], first: tuple[float, ...]
) -> None:
    grid = nrrd(tmp_path, f"encoding: raw\n{fields}", RAW)
    assert np.allclose(grid.lps[:3, :3], np.diag(steps))
    assert np.allclose(grid.lps[:3, 3], first)
    assert not grid.of_patient


def test_what_is_not_there_or_makes_no_sense_is_refused_by_name(tmp_path: Path) -> None:
    packed = zlib.compress(RAW)
    for make, what in (
        (lambda: nrrd(tmp_path, "encoding: raw", RAW[:-1]).read(), "120 bytes are needed, 119 are there"),
        (lambda: nrrd(tmp_path, "encoding: gzip", gzip.compress(RAW)[:-20]).read(), "ended before"),
        (lambda: nrrd(tmp_path, "encoding: zrl", RAW), "encoding"),
        (lambda: nrrd(tmp_path, "encoding: raw\nkinds: complex domain domain", RAW), "complex"),
        (lambda: nrrd(tmp_path, "encoding: raw\nsizes: 99999999 99999999 3", b""), "terabyte"),
        (lambda: nrrd(tmp_path, "encoding: raw\nspace directions: (1,0) none", b""), "space directions"),
        (lambda: nrrd(tmp_path, "encoding: raw\ndata file: p%02d.raw 0 2 0", b""), "names of its data files"),
        (lambda: meta(tmp_path, "CompressedData = True\nElementDataFile = LOCAL", packed[:-9]).read(), "are needed"),
        (lambda: meta(tmp_path, "ElementDataFile = LOCAL", RAW[:-1]).read(), "119 are there"),
        (lambda: meta(tmp_path, "ElementDataFile = gone.raw", b"").read(), "gone.raw"),
        (lambda: meta(tmp_path, "Offset = 1 2\nElementDataFile = LOCAL", RAW), "Offset"),
        (lambda: meta(tmp_path, "", RAW), "ElementDataFile"),
    ):
        with pytest.raises(MedviewError, match=what) as caught:
            make()
        assert caught.value.code == "bad_volume_file"


def test_what_is_seen_to_be_missing_is_never_listed(tmp_path: Path) -> None:
    """The header alone is read where a folder is listed; what it points to is looked for then, not when it is clicked."""
    for make, what in (
        (lambda: nrrd(tmp_path, "encoding: raw", RAW[:-1]), "119 are there"),
        (lambda: nrrd(tmp_path, "encoding: gzip\ndata file: gone.gz", b""), "gone.gz"),
        (lambda: meta(tmp_path, "ElementDataFile = gone.raw", b""), "gone.raw"),
    ):
        with pytest.raises(MedviewError, match=what):
            read_volume_stack(make().path)
    (tmp_path / "voxels").write_bytes(b"1234" + RAW)
    for fields in ("encoding: raw\nbyte skip: 4\ndata file: voxels", "encoding: raw\nbyte skip: -1\ndata file: voxels"):
        assert read_volume_stack(nrrd(tmp_path, fields, b"").path).shape == (3, 4, 5)


def test_a_packed_file_unpacks_to_what_its_header_asks_for_and_no_more(tmp_path: Path) -> None:
    bomb = zlib.compress(RAW + bytes(20_000_000), 1)
    grid = meta(tmp_path, "CompressedData = True\nElementDataFile = LOCAL", bomb)
    assert np.array_equal(grid.read()[0], VALUES)


@pytest.mark.parametrize("name", ["x.nrrd", "x.mha"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "uint32", "float32", "rgb"])
def test_itk_reads_what_is_written(tmp_path: Path, name: str, dtype: str) -> None:
    geometry = Geometry.from_directions((3, 4, 5), (3, -7, 11), (0.6, 0.8, 0), (-0.8, 0.6, 0), (2.5, 1.5, 0.75))
    values = np.stack([VALUES] * 3, -1).astype(np.uint8) if dtype == "rgb" else VALUES.astype(dtype)
    write_volume(tmp_path / name, values, geometry)
    image = sitk.ReadImage(str(tmp_path / name))
    assert np.array_equal(sitk.GetArrayFromImage(image), values)
    assert np.allclose(image.TransformIndexToPhysicalPoint((4, 2, 1)), geometry.voxel_to_patient(np.array([1, 2, 4])))
