"""The built-in networks through medview's own chain: on phantoms, in other orientations, on the real CT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from medview.core.finding import InferenceResult
from medview.core.geometry import Geometry
from medview.core.progress import no_progress
from medview.core.study import SeriesContext, Stack
from medview.core.volume import ModalityTransform, Volume
from medview.inference.package import open_package
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.phantom import AnatomyChoice, ChestPhantom, ScanChoice, make_chest
from tests.phantom.lung_reference import lungs_by_threshold
from tests.shared import shared_path

pytestmark = pytest.mark.beside

HEALTHY = AnatomyChoice(
    size=1.0, fat_mm=15, arms="up", contrast=100, breasts=False, prone=False, tilt_deg=3, emphysema=0, ground_glass=0,
    consolidation=0, effusion=0, fibrosis=0, warp_mm=3.0, table=True, vessels=0.6, nodules=0,
)  # fmt: skip


def _run(package: str, hu: npt.NDArray[np.int16], affine: npt.NDArray[np.float64]) -> InferenceResult:
    k, j, i = hu.shape
    geometry = Geometry((k, j, i), affine)
    transform = ModalityTransform()
    volume = Volume(hu, transform, geometry, "HU", None)
    stack = Stack(
        "test", "volume", (k, j, i), 1, 1, "int16", (), transform, geometry, "HU", context=SeriesContext(modality="CT")
    )
    request = InferenceRequest(open_package(package), "1.2.3", device="cpu", threads=2)
    return run_inference(request, volume, stack, no_progress)


def _affine(phantom: ChestPhantom) -> npt.NDArray[np.float64]:
    affine = np.diag([*phantom.spacing[::-1], 1.0])
    affine[:3, 3] = phantom.origin
    return affine


def _dice(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


@pytest.fixture(scope="module")
def chest() -> ChestPhantom:
    scan = ScanChoice(shape=(60, 128, 128), spacing=(5.0, 2.9, 2.9), thickness=5.0, noise_hu=20.0)
    return make_chest(1_000_500, HEALTHY, scan)


def test_lungs_of_a_phantom(chest: ChestPhantom) -> None:
    result = _run("ct-lungs", chest.hu, _affine(chest))
    assert result.segmentation is not None
    labels = result.segmentation.labels
    assert _dice(labels == 1, chest.lungs == 1) > 0.94
    assert _dice(labels == 2, chest.lungs == 2) > 0.94


def test_left_stays_left_however_the_slices_are_stored(chest: ChestPhantom) -> None:
    # Stored as a coronal stack, head first, patient's left at the left: (P→, I→, R→).
    hu = chest.hu.transpose(1, 0, 2)[:, ::-1, ::-1]
    affine = np.zeros((4, 4))
    dk, dj, di = chest.spacing
    k, _, i = chest.hu.shape
    affine[0, 0] = -di
    affine[2, 1] = -dk
    affine[1, 2] = dj
    affine[:, 3] = [chest.origin[0] + (i - 1) * di, chest.origin[1], chest.origin[2] + (k - 1) * dk, 1]
    result = _run("ct-lungs", np.ascontiguousarray(hu), affine)
    assert result.segmentation is not None
    labels = result.segmentation.labels[:, ::-1, ::-1].transpose(1, 0, 2)
    assert _dice(labels == 1, chest.lungs == 1) > 0.94
    assert _dice(labels == 2, chest.lungs == 2) > 0.94


def test_nodules_of_a_phantom() -> None:
    scan = ScanChoice(shape=(60, 180, 180), spacing=(2.0, 1.6, 1.6), center=(0, 5, -20), thickness=2.0, noise_hu=15.0)
    phantom = make_chest(1_000_600, replace(HEALTHY, nodules=5, nodule_mm=(8.0, 20.0)), scan)
    solid = [n for n in phantom.nodules if n.kind == "solid"]
    assert len(solid) >= 2
    result = _run("ct-nodules", phantom.hu, _affine(phantom))
    found = [f for f in result.findings if f.score >= result.shown_threshold]
    hits = [
        n for n in solid if any(np.linalg.norm(np.subtract(f.center_lps, n.center)) < n.diameter / 2 + 2 for f in found)
    ]
    assert len(hits) >= 0.75 * len(solid)
    assert len(found) <= len(phantom.nodules) + 6


@pytest.fixture(scope="module")
def real_ct() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float64]]:
    import pydicom

    folder = shared_path("data/profmcdan+dicom-project/data/767")
    slices = sorted(
        (pydicom.dcmread(p) for p in Path(folder).rglob("*.dcm")), key=lambda s: float(s.ImagePositionPatient[2])
    )
    hu = np.stack([s.pixel_array.astype(np.int16) + np.int16(s.RescaleIntercept) for s in slices])
    first = slices[0]
    step = float(slices[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2])
    affine = np.diag([float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), step, 1.0])
    affine[:3, 3] = [float(v) for v in first.ImagePositionPatient]
    return hu, affine


def test_lungs_of_a_real_ct(real_ct: tuple[npt.NDArray[np.int16], npt.NDArray[np.float64]]) -> None:
    hu, affine = real_ct
    result = _run("ct-lungs", hu, affine)
    assert result.segmentation is not None
    # The reference at half the resolution: the same within its own doubt, and four times as fast.
    coarse = np.ascontiguousarray(hu[:, ::2, ::2])
    spacing = (affine[2, 2], 2 * affine[1, 1], 2 * affine[0, 0])
    truth = lungs_by_threshold(coarse, spacing)
    labels = result.segmentation.labels[:, ::2, ::2]
    assert _dice(labels == 1, truth == 1) >= 0.95
    assert _dice(labels == 2, truth == 2) >= 0.95


def test_the_known_nodule_of_a_real_ct(
    real_ct: tuple[npt.NDArray[np.int16], npt.NDArray[np.float64]],
) -> None:
    hu, affine = real_ct
    result = _run("ct-nodules", hu[78:108], _shifted(affine, 78))
    best = max(result.findings, key=lambda f: f.score)
    # A nodule of about 3 cm in the left lower lobe, seen by eye on slices 87 to 95.
    where = (affine @ [317, 366, 91, 1])[:3]
    assert np.linalg.norm(np.subtract(best.center_lps, where)) < 8
    assert 15 < best.size_mm < 45


def _shifted(affine: npt.NDArray[np.float64], slices: int) -> npt.NDArray[np.float64]:
    out = affine.copy()
    out[:3, 3] += slices * affine[:3, 2]
    return out
