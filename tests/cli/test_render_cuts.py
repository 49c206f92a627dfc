"""``medview render`` of slabs and oblique cuts, beside an independent resampler; what cannot be drawn is refused."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from tests.cli.running import Medview, medview

__all__ = ["medview"]

LEVELS = ("--window", 500, 1000)  # 0 to 1000 becomes 0 to 255


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise on a grid that is oblique itself, with oblong voxels."""
    path = tmp_path_factory.mktemp("cuts") / "noise.nii"
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1.0, 1.2, 2.5])
    affine[:3, 3] = (-12.0, 7.0, 20.0)
    values = np.random.default_rng(3).integers(0, 1000, (26, 22, 14)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def drawn(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")).astype(float)


def sampled(path: Path, origin: np.ndarray, u: np.ndarray, v: np.ndarray, step: float, size: tuple[int, int]) -> np.ndarray:  # fmt: skip
    """The grey values that SimpleITK makes of a plane, -1 outside."""
    image = SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat32)
    target = SimpleITK.Image([size[1], size[0], 1], SimpleITK.sitkFloat32)
    target.SetOrigin(origin.tolist())
    target.SetSpacing([step, step, 1.0])
    target.SetDirection(np.column_stack([u, v, np.cross(u, v)]).ravel().tolist())
    found = SimpleITK.Resample(image, target, SimpleITK.Transform(), SimpleITK.sitkLinear, -1000.0)
    return SimpleITK.GetArrayFromImage(found)[0]


def plane_of(answer: dict, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(origin, u, v) of the picture's first pixel from what was said and where the volume lies."""
    normal, up = np.array(answer["normal"]), np.array(answer["up"])
    u, v = np.cross(-up, normal), -up
    image = SimpleITK.ReadImage(str(path))
    sizes = image.GetSize()
    corners = np.array(
        [
            image.TransformContinuousIndexToPhysicalPoint([x, y, z])
            for x in (-0.5, sizes[0] - 0.5)
            for y in (-0.5, sizes[1] - 0.5)
            for z in (-0.5, sizes[2] - 0.5)
        ]
    )
    low = np.array([(corners @ u).min(), (corners @ v).min()])
    high = np.array([(corners @ u).max(), (corners @ v).max()])
    width, height = answer["size"]
    first = (low + high) / 2 - (np.array([width, height]) - 1) / 2
    return u * first[0] + v * first[1] + normal * answer["position_mm"], u, v


def test_an_oblique_cut_is_where_it_was_asked_for(medview: Medview, volume: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    asked = ("render", volume, "--normal", 0.4, 0.8, 0.3, "--center", 10.0, -18.0, 35.0, *LEVELS, "--output", out)
    answer = medview(*asked, "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["plane"] == "oblique"
    assert np.dot(told["normal"], [0.4, 0.8, 0.3]) == pytest.approx(np.linalg.norm([0.4, 0.8, 0.3]))
    assert told["position_mm"] == pytest.approx(np.dot(told["normal"], [10.0, -18.0, 35.0]), abs=1e-6)
    assert told["up"][2] > 0.8
    origin, u, v = plane_of(told, volume)
    wanted = sampled(volume, origin, u, v, 1.0, (told["size"][1], told["size"][0]))
    inner = wanted > 0
    grey = np.clip(np.floor((wanted - 0) * 255 / 999 + 0.5), 0, 255)
    found = drawn(out)
    assert inner.sum() > 200
    assert np.abs(found - grey)[inner].max() <= 1.0


def test_a_slab_of_it_is_the_maximum_of_its_layers(medview: Medview, volume: Path, tmp_path: Path) -> None:
    from medview.app.open_paths import open_all
    from medview.core.plane import Plane
    from medview.core.slab import Slab, slab_offsets

    out = tmp_path / "out.png"
    asked = ["render", volume, "--normal", 0.4, 0.8, 0.3, "--slab", 6, *LEVELS, "--output", out, "--json"]
    for projection in ("max", "min", "mean"):
        answer = medview(*asked, "--projection", projection)
        assert answer.code == 0, answer.err
        told = json.loads(answer.out)
        assert told["slab"] == {"mm": 6.0, "projection": projection}
        origin, u, v = plane_of(told, volume)
        size = (told["size"][1], told["size"][0])
        geometry = open_all([str(volume)]).studies[0].series[0].stacks[0].geometry
        assert geometry is not None
        plane = Plane(tuple(origin), tuple(u), tuple(v), (1.0, 1.0), size)
        offsets, weights = slab_offsets(geometry, plane, Slab(6.0, projection))
        normal = np.cross(u, v)
        layers = np.array([sampled(volume, origin + normal * offset, u, v, 1.0, size) for offset in offsets])
        inner = (layers > 0).all(axis=0)
        wanted = {"max": layers.max(axis=0), "min": layers.min(axis=0), "mean": np.tensordot(weights, layers, 1)}[projection]  # fmt: skip
        assert inner.sum() > 100
        assert np.abs(drawn(out) - np.clip(np.floor(wanted * 255 / 999 + 0.5), 0, 255))[inner].max() <= 1.0


def test_a_slab_of_acquired_slices(medview: Medview, volume: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    answer = medview("render", volume, "--frame", 6, "--slab", 5, *LEVELS, "--output", out, "--json")
    assert answer.code == 0, answer.err
    values = np.asarray(nibabel.load(volume).dataobj)  # (x, y, z), 2.5 mm apart: three of them
    found = drawn(out)
    # medview counts slices, rows and columns its own way round.
    ways = []
    for first in (5, 6):
        grey = np.clip(np.floor(values[:, :, first : first + 3].max(axis=2) * 255.0 / 999 + 0.5), 0, 255).T
        ways += [grey, grey[::-1], grey[:, ::-1], grey[::-1, ::-1]]
    assert min(np.abs(found - way).max() for way in ways) <= 1.0


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--projection", "max"), 2, "--slab"),
        (("--slab", 0), 2, "more than 0"),
        (("--up", 0, 0, 1), 2, "--normal"),
        (("--normal", 0, 0, 0), 2, "direction"),
        (("--normal", 0, 0, 1, "--up", 0, 0, 1), 2, "along the normal"),
        (("--normal", 0, 0, 1, "--plane", "axial"), 2, "--normal"),
        (("--normal", 0, 0, 1, "--center", 500, 0, 0), 3, "outside"),
    ],
)
def test_what_means_nothing_is_refused(
    medview: Medview, volume: Path, tmp_path: Path, options: tuple[object, ...], code: int, says: str
) -> None:
    out = tmp_path / "out.png"
    answer = medview("render", volume, *options, "--output", out)
    assert answer.code == code, answer.err
    assert says in answer.err
    assert not out.exists()


def test_a_single_slice_has_no_slab_and_no_other_angle(medview: Medview, tmp_path: Path) -> None:
    path = tmp_path / "one.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((8, 8, 1), np.int16), np.eye(4)), path)
    for options in (("--slab", 5), ("--normal", 1, 0, 0)):
        answer = medview("render", path, *options, "--output", tmp_path / "out.png")
        assert answer.code == 3, answer.err
        assert "single slice" in answer.err
