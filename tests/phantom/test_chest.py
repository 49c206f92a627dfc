"""The phantom says the truth: its HU, its labels and its nodules agree, and a seed gives one phantom."""

from __future__ import annotations

import numpy as np
import pytest

from medview.phantom import (
    LABEL_LEFT_LUNG,
    LABEL_RIGHT_LUNG,
    AnatomyChoice,
    ChestPhantom,
    ScanChoice,
    make_chest,
)

pytestmark = pytest.mark.beside

QUIET = ScanChoice(shape=(60, 120, 120), spacing=(5.0, 3.0, 3.0), thickness=5.0, noise_hu=0.0, sharpen=0.0)
HEALTHY = AnatomyChoice(
    size=1.0,
    fat_mm=15,
    arms="up",
    contrast=0,
    breasts=False,
    prone=False,
    tilt_deg=0,
    emphysema=0,
    ground_glass=0,
    consolidation=0,
    effusion=0,
    fibrosis=0,
    warp_mm=2.0,
    table=True,
    vessels=0.3,
    nodules=0,
)


@pytest.fixture(scope="module")
def healthy() -> ChestPhantom:
    return make_chest(3, HEALTHY, QUIET)


def test_a_seed_gives_one_phantom_and_another_seed_another() -> None:
    scan = ScanChoice(shape=(12, 80, 80), spacing=(8.0, 5.0, 5.0), thickness=8.0)
    first, again, other = make_chest(5, None, scan), make_chest(5, None, scan), make_chest(6, None, scan)
    assert np.array_equal(first.hu, again.hu)
    assert np.array_equal(first.lungs, again.lungs)
    assert first.nodules == again.nodules
    assert not np.array_equal(first.hu, other.hu)


def test_the_lungs_are_air_and_lie_on_their_sides(healthy: ChestPhantom) -> None:
    x = healthy.origin[0] + healthy.spacing[2] * np.arange(healthy.hu.shape[2])
    litres = {}
    for label, sign in ((LABEL_RIGHT_LUNG, -1), (LABEL_LEFT_LUNG, 1)):
        mask = healthy.lungs == label
        litres[label] = mask.sum() * np.prod(healthy.spacing) / 1e6
        assert np.median(healthy.hu[mask]) < -700
        # Patient's left is +x in LPS.
        assert sign * x[np.nonzero(mask)[2]].mean() > 40
    assert all(1.0 < volume < 4.5 for volume in litres.values())
    # The border of the truth is where the HU cross the middle between lung and tissue.
    inside = (healthy.hu < -400) & (healthy.lungs == 0)
    body = healthy.hu[30] > -300
    columns = np.flatnonzero(body.any(axis=0))
    central = inside[30][:, columns[0] + 10 : columns[-1] - 10]
    assert central.sum() < 0.2 * (healthy.lungs[30] > 0).sum() + 0.5 * central.size


def test_head_is_up_and_back_is_down(healthy: ChestPhantom) -> None:
    # The liver (below the right lung) is at the bottom of k; the spine is the densest thing behind the middle.
    areas = (healthy.lungs > 0).sum(axis=(1, 2))
    assert areas[:4].mean() < 0.7 * areas[25:35].mean()
    bone = healthy.hu[30] > 150
    middle = bone[:, 50:70]
    rows = np.nonzero(middle)[0]
    assert np.median(rows) > 0.5 * healthy.hu.shape[1]
    # There is a windpipe at the top: air in the middle that is no lung.
    top = (healthy.hu[50:57] < -700) & (healthy.lungs[50:57] == 0)
    assert top[:, 45:80, 50:70].any()


@pytest.mark.parametrize("kind", ["emphysema", "ground_glass", "consolidation", "effusion", "fibrosis"])
def test_each_disease_changes_the_image(kind: str, healthy: ChestPhantom) -> None:
    from dataclasses import replace

    small = replace(QUIET, shape=(30, 90, 90), spacing=(8.0, 4.0, 4.0), thickness=8.0)
    well = make_chest(3, HEALTHY, small)
    sick = make_chest(3, replace(HEALTHY, **{kind: 1.0}), small)
    changed = np.abs(sick.hu.astype(int) - well.hu) > 60
    assert changed[well.lungs > 0].mean() > 0.01
    if kind == "effusion":
        assert (sick.lungs > 0).sum() < 0.97 * (well.lungs > 0).sum()
    else:
        assert (sick.lungs > 0).sum() == (well.lungs > 0).sum()


def test_nodules_are_where_the_truth_says() -> None:
    from dataclasses import replace

    scan = replace(QUIET, shape=(90, 160, 160), spacing=(2.5, 2.0, 2.0), thickness=2.5)
    anatomy = replace(HEALTHY, nodules=8, nodule_mm=(9.0, 24.0), vessels=0.0)
    with_nodules = make_chest(8, anatomy, scan)
    without = make_chest(8, replace(anatomy, nodules=0), scan)
    assert len(with_nodules.nodules) >= 6
    change = with_nodules.hu.astype(int) - without.hu
    explained = np.zeros(change.shape, bool)
    k, j, i = np.indices(change.shape)
    for nodule in with_nodules.nodules:
        at = with_nodules.index_of(nodule.center)
        distance = np.sqrt(sum(((a - c) * s) ** 2 for a, c, s in zip((k, j, i), at, scan.spacing, strict=True)))
        core = distance < 0.3 * nodule.diameter
        assert change[core].mean() > 100, nodule
        assert (with_nodules.lungs[core] > 0).mean() > 0.5, nodule
        explained |= distance < 1.1 * nodule.diameter + 4
    # Nothing else has changed: no nodule is painted that the truth does not list.
    assert np.abs(change[~explained]).max() <= 1


def test_padding_offset_and_thickness_do_what_they_say() -> None:
    from dataclasses import replace

    scan = replace(QUIET, shape=(20, 90, 90), spacing=(8.0, 4.0, 4.0), thickness=8.0)
    plain = make_chest(3, HEALTHY, replace(scan, fov_circle=False))
    circle = make_chest(3, HEALTHY, replace(scan, fov_circle=True, padding_hu=-2000))
    assert (circle.hu[:, 0, 0] == -2000).all()
    assert plain.hu.min() >= -1024
    assert (circle.hu[:, 45, 45] == plain.hu[:, 45, 45]).all()
    shifted = make_chest(3, HEALTHY, replace(scan, fov_circle=False, hu_offset=50.0))
    tissue = plain.hu > -200
    assert np.abs((shifted.hu.astype(int) - plain.hu)[tissue] - 50).max() <= 1
