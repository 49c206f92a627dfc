"""Objects find the stacks that they belong to, are listed with the reason where there is none, and are drawn where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset

from medview.app.headless import choose_stack, inspect_paths
from medview.app.object_inspection import overlay_on
from medview.app.rendering import RenderWish, render_stack
from medview.core.problem import MedviewError
from tests.phantoms.dicom_series import make_series, marker_values, positions_along, save_series, uid
from tests.phantoms.presentation_states import make_state, window
from tests.phantoms.study_objects import make_dose, make_segmentation, make_structure_set, save
from tests.shared import shared_path

MARKER = marker_values() > 600


def objects_in(folder: Path) -> dict[str, dict[str, Any]]:
    answer, _ = inspect_paths([str(folder)])
    return {
        Path(one["path"]).name: one
        for study in answer["studies"]
        for series in study["series"]
        for one in series["objects"]
    }


def ct_id(folder: Path) -> str:
    answer, _ = inspect_paths([str(folder)])
    stacks = [
        stack["id"]
        for study in answer["studies"]
        for series in study["series"]
        for stack in series["stacks"]
        if series["modality"] == "CT"
    ]
    (only,) = stacks
    return only


def study(tmp_path: Path) -> tuple[list[FileDataset], Path]:
    sources = make_series()
    return sources, save_series(sources, tmp_path / "study")


def test_every_kind_of_object_is_listed_with_its_stack(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    save(make_segmentation(sources, MARKER.astype(np.uint8)), folder / "seg.dcm")
    outline = np.array([[-12.0, -9, -20], [-5, -9, -20], [-5, 0, -20]])
    save(make_structure_set(sources, [("a", (1, 2, 3), [("CLOSED_PLANAR", outline)])]), folder / "rt.dcm")
    save(make_dose(sources, np.full((4, 8, 8), 100, np.uint16), np.array([-20, -18, -30.0]), 0.01), folder / "dose.dcm")
    save(make_state(sources[:3], SoftcopyVOILUTSequence=[window(40, 400)]), folder / "ps.dcm")
    stack = ct_id(folder)
    found = objects_in(folder)
    kinds = {name: one["kind"] for name, one in found.items()}
    assert kinds == {
        "seg.dcm": "segmentation",
        "rt.dcm": "structure_set",
        "dose.dcm": "dose",
        "ps.dcm": "presentation_state",
    }
    assert all(one["placed_on"] == [stack] and one["reason"] is None for one in found.values())
    assert found["seg.dcm"]["referenced_series"] == [sources[0].SeriesInstanceUID]


@pytest.mark.parametrize("kind", ["segmentation", "structure set"])
def test_another_frame_of_reference_is_refused_with_the_reason_although_the_images_are_named(
    tmp_path: Path, kind: str
) -> None:
    sources, folder = study(tmp_path)
    if kind == "segmentation":
        made = make_segmentation(sources, MARKER.astype(np.uint8))
        made.FrameOfReferenceUID = uid("another")
    else:
        outline = np.array([[-12.0, -9, -20], [-5, -9, -20], [-5, 0, -20]])
        structures = [("a", (1, 2, 3), [("CLOSED_PLANAR", outline)])]
        made = make_structure_set(sources, structures, frame_of_reference=uid("another"))
    path = save(made, folder / "object.dcm")
    one = objects_in(folder)["object.dcm"]
    assert one["placed_on"] == []
    assert one["reason"]["code"] == "other_frame_of_reference"
    _, _, stack = choose_stack([str(folder)], ct_id(folder))
    with pytest.raises(MedviewError) as caught:
        overlay_on(str(path), stack)
    assert caught.value.code == "other_frame_of_reference"
    assert str(path) in caught.value.text


def test_an_object_lies_on_every_stack_of_its_frame_of_reference_the_one_it_names_first(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    other = make_series(name="other")
    save_series(other, folder, prefix="other")
    save(make_segmentation(other, MARKER.astype(np.uint8)), folder / "seg.dcm")
    answer, _ = inspect_paths([str(folder)])
    ids = {
        series["series_uid"]: series["stacks"][0]["id"] for series in answer["studies"][0]["series"] if series["stacks"]
    }
    placed = objects_in(folder)["seg.dcm"]["placed_on"]
    assert placed == [ids[other[0].SeriesInstanceUID], ids[sources[0].SeriesInstanceUID]]


def test_objects_of_another_patient_lie_on_nothing(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    made = make_segmentation(sources, MARKER.astype(np.uint8))
    made.PatientID, made.PatientName = "SOMEONE", "Else^Someone"
    save(made, folder / "seg.dcm")
    one = objects_in(folder)["seg.dcm"]
    assert one["placed_on"] == []
    assert one["reason"]["code"] == "referenced_images_absent"


def test_objects_without_their_images_and_damaged_ones_stay_in_the_list(tmp_path: Path) -> None:
    sources = make_series()
    path = save(make_segmentation(sources, MARKER.astype(np.uint8)), tmp_path / "alone" / "seg.dcm")
    one = objects_in(tmp_path / "alone")["seg.dcm"]
    assert one["reason"]["code"] == "referenced_images_absent"
    assert path.exists()


def drawn(folder: Path, tmp_path: Path, **wish: Any) -> np.ndarray:
    from PIL import Image

    out = tmp_path / "out.png"
    render_stack(choose_stack([str(folder)], ct_id(folder)), RenderWish(**wish), str(out))
    return np.asarray(Image.open(out).convert("RGB")).astype(int)


def coloured(picture: np.ndarray) -> np.ndarray:
    return np.ptp(picture, axis=-1) > 12


def test_render_lays_a_segmentation_over_a_frame_and_over_a_cut(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    path = save(make_segmentation(sources, MARKER.astype(np.uint8)), tmp_path / "seg.dcm")
    for k in range(12):
        picture = drawn(folder, tmp_path, frame=k, overlay=str(path), window=(0.0, 4000.0))
        np.testing.assert_array_equal(coloured(picture), MARKER[k])
    plain = drawn(folder, tmp_path, plane="coronal", position_mm=-4.5, window=(0.0, 4000.0))
    assert not coloured(plain).any()
    cut = coloured(drawn(folder, tmp_path, plane="coronal", position_mm=-4.5, overlay=str(path), window=(0.0, 4000.0)))
    # Head up: rows from the top downwards, 0.75 mm each; the marker is drawn bright as well.
    bright = plain[..., 0] > 128
    assert (cut & bright).sum() > 0.9 * bright.sum()


def test_render_draws_outlines_where_they_lie(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    z = positions_along()[5, 2]
    outline = np.array([[-12.5, -9, z], [-5, -9, z], [-5, 0, z], [-12.5, 0, z]])
    made = make_structure_set(sources, [("a", (0, 255, 0), [("CLOSED_PLANAR", outline)])])
    path = save(made, tmp_path / "rt.dcm")
    assert not coloured(drawn(folder, tmp_path, frame=4, overlay=str(path), size=(320, 480))).any()
    rows, columns = np.nonzero(coloured(drawn(folder, tmp_path, frame=5, overlay=str(path), size=(320, 480))))
    # Ten times 32 × 0.75 mm and 24 × 1.5 mm: 13.3 px a mm; the slice's first pixel is centred on (-20, -18).
    left, right = (-12.5 + 20 + 0.375) * 320 / 24, (-5 + 20 + 0.375) * 320 / 24
    top, bottom = (-9 + 18 + 0.75) * 480 / 36, (0 + 18 + 0.75) * 480 / 36
    assert (columns.min(), columns.max()) == pytest.approx((left, right), abs=3)
    assert (rows.min(), rows.max()) == pytest.approx((top, bottom), abs=3)


def test_a_dose_is_drawn_in_gray_where_its_grid_lies(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    stored = np.zeros((4, 8, 8), np.uint16)
    stored[:, 2:5, 3:6] = 5000
    origin = np.array([-20, -18, -30.0])
    path = save(make_dose(sources, stored, origin, 0.004), tmp_path / "dose.dcm")
    _, _, stack = choose_stack([str(folder)], None)
    overlay = overlay_on(str(path), stack)
    wash = overlay.wash
    assert wash is not None
    assert (wash.unit, wash.upper) == ("Gy", pytest.approx(20.0))
    assert wash.volume.geometry is not None
    # Every 5 mm: grid planes at -30, -25, -20, -15; pixels of 3 mm.
    np.testing.assert_allclose(wash.volume.geometry.voxel_to_patient([2, 3, 4]), [-8, -9, -20])
    picture = coloured(
        drawn(folder, tmp_path, frame=4, overlay=str(path), window=(3000.0, 100.0))
    )  # the image is black
    rows, columns = np.nonzero(picture)
    x, y = -20 + 0.75 * columns, -18 + 1.5 * rows
    assert (x.min(), x.max()) == pytest.approx((-20 + 9 - 3, -20 + 15 + 3), abs=1.6)
    assert (y.min(), y.max()) == pytest.approx((-18 + 6 - 3, -18 + 12 + 3), abs=1.6)


def test_objects_that_cannot_be_laid_over_anything_are_told_so(tmp_path: Path) -> None:
    sources, folder = study(tmp_path)
    path = save(make_state(sources[:1]), tmp_path / "state.dcm")
    _, _, stack = choose_stack([str(folder)], None)
    with pytest.raises(MedviewError) as caught:
        overlay_on(str(path), stack)
    assert caught.value.code == "no_overlay"


def test_real_objects_are_placed_or_listed_with_the_reason() -> None:
    found = objects_in(shared_path("data/qurit+rt-utils/tests/mock_data"))
    assert found["invalid_reference_rt.dcm"]["placed_on"]
    # Written with a frame of reference of its own, although it names the very images: it may not be laid over them.
    assert found["rt.dcm"]["reason"]["code"] == "other_frame_of_reference"
    found = objects_in(shared_path("data/QIICR+dcmqi/data/sr-example"))
    assert found["rwvm.dcm"]["reason"]["code"] == "value_map_not_applied"
    assert found["seg.dcm"]["reason"]["code"] == "referenced_images_absent"
