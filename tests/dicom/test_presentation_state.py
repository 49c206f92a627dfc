"""Presentation states draw what DCMTK draws with them, and belong to the images that they name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset
from pydicom.sequence import Sequence as Items

from medview.app.headless import choose_stack
from medview.app.rendering import RenderWish, render_stack
from medview.core.problem import MedviewError
from medview.dicom.presentation_state import read_presentation_state
from tests.dicom.reading import only_stack
from tests.phantoms.dicom_series import make_series, save_series
from tests.phantoms.presentation_states import area, item, lut, make_state, referenced, window
from tests.phantoms.study_objects import save

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="needs dcmp2pgm of DCMTK")


def ramp_image() -> FileDataset:
    """One CT slice, 40 × 56, with every value between -1024 and 1215 and an asymmetric corner."""
    values = np.arange(40 * 56, dtype=np.int32).reshape(1, 40, 56) - 1024
    values[0, :6, :9] = 1200
    return make_series(values=values, positions=np.zeros((1, 3)))[0]


def drawn(tmp_path: Path, image: FileDataset, state: FileDataset, **wish: Any) -> np.ndarray:
    from PIL import Image

    folder = save_series([image], tmp_path / "image")
    path = save(state, tmp_path / "state.dcm")
    out = tmp_path / "out.png"
    render_stack(choose_stack([str(folder)], None), RenderWish(presentation_state=str(path), frame=0, **wish), str(out))
    return np.asarray(Image.open(out)).astype(int)


def by_dcmtk(tmp_path: Path) -> np.ndarray:
    from PIL import Image

    out = tmp_path / "oracle.pgm"
    subprocess.run(
        ["dcmp2pgm", "-p", str(tmp_path / "state.dcm"), str(tmp_path / "image" / "slice0000.dcm"), str(out)],
        check=True,
        capture_output=True,
    )
    return np.asarray(Image.open(out)).astype(int)


STEP_LUT = (np.linspace(0, 1, 4096) ** 2 * 4095).round()
VOI_ENTRIES = ((np.sin(np.linspace(0, 3, 800)) + 1) * 2047).round()
STATES: dict[str, dict[str, Any]] = {
    "window": {"SoftcopyVOILUTSequence": [window(40, 400)]},
    "narrow window": {"SoftcopyVOILUTSequence": [window(100, 7)]},
    "no window": {},
    "inverse": {"SoftcopyVOILUTSequence": [window(40, 400)], "PresentationLUTShape": "INVERSE"},
    "another rescale": {"SoftcopyVOILUTSequence": [window(500, 900)], "RescaleSlope": "0.5", "RescaleIntercept": "100"},
    "no rescale": {
        "SoftcopyVOILUTSequence": [window(1000, 900)],
        "RescaleSlope": None,
        "RescaleIntercept": None,
        "RescaleType": None,
    },
    "presentation lut": {
        "SoftcopyVOILUTSequence": [window(40, 400)],
        "PresentationLUTShape": None,
        "PresentationLUTSequence": [lut(STEP_LUT, 0, 12)],
    },
    "voi lut": {"SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut(VOI_ENTRIES, -300, 12, signed=True)])]},
    "voi and presentation lut": {
        "SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut(VOI_ENTRIES, -300, 12, signed=True)])],
        "PresentationLUTShape": None,
        "PresentationLUTSequence": [lut(STEP_LUT, 0, 12)],
    },
    "modality lut": {
        "ModalityLUTSequence": [_mlut] if (_mlut := lut(np.arange(4096)[::-1], 0, 16)) is not None else [],
        "RescaleSlope": None,
        "RescaleIntercept": None,
        "RescaleType": None,
        "SoftcopyVOILUTSequence": [window(3000, 1500)],
    },
    "turned": {"SoftcopyVOILUTSequence": [window(40, 1500)], "ImageRotation": 90, "ImageHorizontalFlip": "N"},
    "turned twice": {"SoftcopyVOILUTSequence": [window(40, 1500)], "ImageRotation": 180, "ImageHorizontalFlip": "N"},
    "mirrored": {"SoftcopyVOILUTSequence": [window(40, 1500)], "ImageRotation": 0, "ImageHorizontalFlip": "Y"},
    "turned and mirrored": {
        "SoftcopyVOILUTSequence": [window(40, 1500)],
        "ImageRotation": 90,
        "ImageHorizontalFlip": "Y",
    },
}


@needs_dcmtk
@pytest.mark.parametrize("name", STATES)
def test_a_state_shows_an_image_as_dcmtk_shows_it(tmp_path: Path, name: str) -> None:
    image = ramp_image()
    state = make_state([image], **STATES[name])
    if name == "modality lut":
        state.ModalityLUTSequence[0].ModalityLUTType = "US"
    found = drawn(tmp_path, image, state)
    expected = by_dcmtk(tmp_path)
    assert found.shape == expected.shape
    far = np.abs(found - expected) > 1
    assert not far.any(), (far.sum(), np.argwhere(far)[:5], found[far][:5], expected[far][:5])


@needs_dcmtk
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
def test_a_state_alone_says_what_is_white_whatever_the_photometric_interpretation(tmp_path: Path, shape: str) -> None:
    image = ramp_image()
    image.PhotometricInterpretation = "MONOCHROME1"
    state = make_state([image], SoftcopyVOILUTSequence=[window(40, 1500)], PresentationLUTShape=shape)
    found = drawn(tmp_path, image, state)
    assert np.abs(found - by_dcmtk(tmp_path)).max() <= 1
    assert (found[20, 50] > found[10, 50]) == (shape == "IDENTITY")


def test_a_state_belongs_to_the_images_that_it_names(tmp_path: Path) -> None:
    image, other = make_series()[:2]
    state = make_state([image], SoftcopyVOILUTSequence=[window(40, 400)])
    with pytest.raises(MedviewError) as caught:
        drawn(tmp_path, other, state)
    assert caught.value.code == "state_of_other_images"


def test_each_image_has_the_window_that_names_it(tmp_path: Path) -> None:
    first, second = make_series()[:2]
    state = make_state(
        [first, second],
        SoftcopyVOILUTSequence=[
            window(40, 400, ReferencedImageSequence=[referenced(second)]),
            window(-600, 1500, ReferencedImageSequence=[referenced(first)]),
        ],
    )
    read = read_presentation_state(str(save(state, tmp_path / "state.dcm")))
    assert [read.voi_of(one.SOPInstanceUID, 0).center for one in (first, second)] == [-600, 40]
    assert read.title == "READING"
    assert read.applies_to(first.SOPInstanceUID, 0)
    assert not read.applies_to("1.2.3", 0)


def test_images_are_turned_first_and_then_mirrored(tmp_path: Path) -> None:
    image = ramp_image()
    plain = drawn(tmp_path, image, make_state([image], SoftcopyVOILUTSequence=[window(40, 1500)]))
    for degrees, turns in ((90, -1), (180, -2), (270, -3)):
        state = make_state(
            [image], SoftcopyVOILUTSequence=[window(40, 1500)], ImageRotation=degrees, ImageHorizontalFlip="Y"
        )
        np.testing.assert_array_equal(drawn(tmp_path, image, state), np.fliplr(np.rot90(plain, turns)))


def test_the_displayed_area_is_cut_out(tmp_path: Path) -> None:
    image = ramp_image()
    whole = drawn(tmp_path, image, make_state([image], SoftcopyVOILUTSequence=[window(40, 1500)]))
    part = drawn(
        tmp_path,
        image,
        make_state(
            [image],
            SoftcopyVOILUTSequence=[window(40, 1500)],
            DisplayedAreaSelectionSequence=[area((11, 6), (30, 20))],
        ),
    )
    np.testing.assert_array_equal(part, whole[5:20, 10:30])


@pytest.mark.parametrize(
    ("degrees", "flip", "corners"),
    [(0, "Y", ((30, 6), (11, 20))), (180, "N", ((30, 20), (11, 6))), (90, "N", ((11, 20), (30, 6)))],
)
def test_the_corners_of_the_displayed_area_are_those_that_are_seen_after_turning(
    tmp_path: Path, degrees: int, flip: str, corners: tuple
) -> None:
    """PS3.3 C.10.4: of a mirrored image the first corner is the last column."""
    image = ramp_image()
    turned = {"ImageRotation": degrees, "ImageHorizontalFlip": flip}
    wanted, found = (
        drawn(
            tmp_path,
            image,
            make_state(
                [image],
                SoftcopyVOILUTSequence=[window(40, 1500)],
                DisplayedAreaSelectionSequence=[area(*one)],
                **turned,
            ),
        )
        for one in (((11, 6), (30, 20)), corners)
    )
    np.testing.assert_array_equal(found, wanted)
    assert found.shape[:2] == ((15, 20) if degrees != 90 else (20, 15))


def test_annotations_lie_where_the_state_says_in_pixels_and_in_shares_of_the_display(tmp_path: Path) -> None:
    image = ramp_image()

    def annotated(units: str, data: list[float], **more: Any) -> np.ndarray:
        graphic = item(
            GraphicAnnotationUnits=units, GraphicDimensions=2, NumberOfGraphicPoints=len(data) // 2, GraphicData=data,
            GraphicType="POLYLINE", GraphicFilled="Y",
        )  # fmt: skip
        return drawn(
            tmp_path,
            image,
            make_state(
                [image],
                SoftcopyVOILUTSequence=[window(5000, 400)],  # all black
                GraphicAnnotationSequence=[item(GraphicLayer="A", GraphicObjectSequence=[graphic])],
                GraphicLayerSequence=[
                    item(GraphicLayer="A", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=65535)
                ],
                **more,
            ),
        )

    # The outer border of columns 11 to 20 and rows 21 to 30.
    square = [10.0, 20.0, 20.0, 20.0, 20.0, 30.0, 10.0, 30.0, 10.0, 20.0]
    found = annotated("PIXEL", square) > 128
    rows, columns = np.nonzero(found)
    assert (rows.mean(), columns.mean()) == pytest.approx((24.5, 14.5), abs=0.3)
    shares = [value / (56 if at % 2 == 0 else 40) for at, value in enumerate(square)]
    np.testing.assert_array_equal(annotated("DISPLAY", shares) > 128, found)
    turned = annotated("PIXEL", square, ImageRotation=90, ImageHorizontalFlip="N") > 128
    np.testing.assert_array_equal(turned, np.rot90(found, -1))
    # Shares count in the display as it is seen, after turning.
    seen = annotated("DISPLAY", shares, ImageRotation=90, ImageHorizontalFlip="N") > 128
    rows, columns = np.nonzero(seen)
    assert ((rows.mean() + 0.5) / 56, (columns.mean() + 0.5) / 40) == pytest.approx((25 / 40, 15 / 56), abs=0.02)


def test_a_bitmap_shutter_hides_what_its_plane_covers(tmp_path: Path) -> None:
    image = ramp_image()
    bits = np.zeros((10, 16), np.uint8)
    bits[:, 4:] = 1
    state = make_state(
        [image], SoftcopyVOILUTSequence=[window(40, 4000)], ShutterShape="BITMAP", ShutterOverlayGroup=0x6000
    )
    state.ShutterPresentationValue = 65535
    for element, vr, value in (
        (0x0010, "US", 10), (0x0011, "US", 16), (0x0040, "CS", "G"), (0x0050, "SS", [6, 11]), (0x0100, "US", 1),
        (0x0102, "US", 0), (0x3000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes()),
    ):  # fmt: skip
        state.add_new((0x6000, element), vr, value)
    found = drawn(tmp_path, image, state)
    assert np.all(found[5:15, 14:26] == 255)
    assert np.all(found[5:15, 10:14] < 255)


SHUTTERS: dict[str, dict[str, Any]] = {
    "rectangular": {
        "ShutterShape": "RECTANGULAR",
        "ShutterLeftVerticalEdge": "5",
        "ShutterRightVerticalEdge": "40",
        "ShutterUpperHorizontalEdge": "3",
        "ShutterLowerHorizontalEdge": "30",
        "ShutterPresentationValue": 32896,
    },
    "circular": {
        "ShutterShape": "CIRCULAR",
        "CenterOfCircularShutter": ["20", "25"],
        "RadiusOfCircularShutter": "12",
        "ShutterPresentationValue": 0,
    },
    "polygonal": {
        "ShutterShape": "POLYGONAL",
        "VerticesOfThePolygonalShutter": ["5", "8", "30", "12", "35", "50", "12", "40"],
        "ShutterPresentationValue": 0,
    },
}


@pytest.mark.parametrize("name", SHUTTERS)
def test_a_shutter_leaves_what_lies_inside_of_it(tmp_path: Path, name: str) -> None:
    """Columns and rows are counted from 1, borders belong to what is seen (PS3.3 C.7.6.11)."""
    image = ramp_image()
    plain = drawn(tmp_path, image, make_state([image], SoftcopyVOILUTSequence=[window(0, 9000)]))
    found = drawn(tmp_path, image, make_state([image], SoftcopyVOILUTSequence=[window(0, 9000)], **SHUTTERS[name]))
    y, x = np.mgrid[1:41, 1:57]
    if name == "rectangular":
        seen = (x >= 5) & (x <= 40) & (y >= 3) & (y <= 30)
    elif name == "circular":
        seen = (x - 25) ** 2 + (y - 20) ** 2 <= 12**2
    else:
        corners = [(8, 5), (12, 30), (50, 35), (40, 12)]  # (column, row), against the clock
        seen = np.ones(x.shape, dtype=bool)
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            seen &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) <= 0
    grey = SHUTTERS[name]["ShutterPresentationValue"] // 257
    wrong = (found != np.where(seen, plain, grey)).sum()
    assert wrong <= (20 if name == "polygonal" else 0)  # pixels whose centre lies on the border


@pytest.mark.parametrize("damage", ["no images", "cut", "bad lut"])
def test_damaged_states_are_refused_with_their_name(tmp_path: Path, damage: str) -> None:
    image = ramp_image()
    state = make_state([image], SoftcopyVOILUTSequence=[window(40, 400)])
    if damage == "no images":
        del state.ReferencedSeriesSequence
    if damage == "bad lut":
        state.SoftcopyVOILUTSequence = [item(VOILUTSequence=[lut(np.arange(10), 0, 16)])]
        state.SoftcopyVOILUTSequence[0].VOILUTSequence[0].LUTDescriptor = [500, 0, 16]
    path = save(state, tmp_path / "state.dcm")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(MedviewError, match=r"state\.dcm"):
        read_presentation_state(str(path))


# Overlay planes of the images (PS3.3 C.11.7)


def with_overlay(image: FileDataset, group: int, top: int) -> FileDataset:
    """The image with an overlay plane of its own: 4 rows of bits from row ``top`` on."""
    bits = np.zeros((image.Rows, image.Columns), np.uint8)
    bits[top : top + 4] = 1
    for element, vr, value in (
        (0x0010, "US", image.Rows),
        (0x0011, "US", image.Columns),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x3000, "OW", np.packbits(bits, axis=None, bitorder="little").tobytes()),
    ):
        image.add_new((group, element), vr, value)
    return image


def activating(state: FileDataset, **layers: str) -> FileDataset:
    """The state with the layers that groups (``g6000`` …) are drawn in."""
    for name, layer in layers.items():
        state.add_new((int(name[1:], 16), 0x1001), "CS", layer)
    names = sorted(set(layers.values()) - {"", "NOWHERE"})
    if names:
        state.GraphicLayerSequence = Items([item(GraphicLayer=name, GraphicLayerOrder=1) for name in names])
    return state


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ({}, []),
        ({"g6000": "ONE"}, [10]),
        ({"g6002": "ONE"}, [20]),
        ({"g6000": "ONE", "g6002": "TWO"}, [10, 20]),
        ({"g6000": "", "g6002": "TWO"}, [20]),
        ({"g6000": "NOWHERE"}, []),
    ],
)
def test_a_state_says_which_planes_of_an_image_are_drawn(
    tmp_path: Path, layers: dict[str, str], rows: list[int]
) -> None:
    image = with_overlay(with_overlay(ramp_image(), 0x6000, 10), 0x6002, 20)
    plain = drawn(
        tmp_path / "plain", ramp_image(), make_state([ramp_image()], SoftcopyVOILUTSequence=[window(40, 9000)])
    )
    state = activating(make_state([image], SoftcopyVOILUTSequence=[window(40, 9000)]), **layers)
    found = drawn(tmp_path, image, state)
    changed = np.flatnonzero((found != plain).any(axis=1)).tolist()
    assert changed == [row for top in rows for row in range(top, top + 4)]


def test_without_a_state_all_planes_are_drawn(tmp_path: Path) -> None:
    from medview.app.file_drawings import drawn_source

    image = with_overlay(with_overlay(ramp_image(), 0x6000, 10), 0x6002, 20)
    stack = only_stack(save_series([image], tmp_path / "image"))
    whole = drawn_source(stack, 0, None)
    assert whole is not None
    assert whole.read()[..., 3].any(axis=1).sum() == 8
    state = read_presentation_state(str(save(activating(make_state([image]), g6002="ONE"), tmp_path / "state.dcm")))
    kept = drawn_source(stack, 0, state)
    assert kept is not None
    assert np.flatnonzero(kept.read()[..., 3].any(axis=1)).tolist() == [20, 21, 22, 23]


# Compound graphics (PS3.3 C.10.5.2)


def test_a_compound_graphic_is_drawn_by_the_simple_ones_that_come_with_it(tmp_path: Path) -> None:
    """Whoever writes a compound graphic writes simple ones that look the same; where they are missing, that is said."""

    def state(instance: int) -> FileDataset:
        line = item(
            GraphicAnnotationUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=2,
            GraphicData=[5.0, 20.0, 50.0, 20.0],
            GraphicType="POLYLINE",
            GraphicFilled="N",
            CompoundGraphicInstanceID=1,
        )
        ruler = item(
            CompoundGraphicInstanceID=instance,
            CompoundGraphicType="RULER",
            CompoundGraphicUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=2,
            GraphicData=[5.0, 20.0, 50.0, 20.0],
        )
        annotation = item(
            GraphicLayer="ONE", GraphicObjectSequence=Items([line]), CompoundGraphicSequence=Items([ruler])
        )
        return make_state(
            [ramp_image()],
            GraphicAnnotationSequence=[annotation],
            GraphicLayerSequence=[item(GraphicLayer="ONE", GraphicLayerOrder=1)],
        )

    whole = read_presentation_state(str(save(state(1), tmp_path / "whole.dcm")))
    (annotation,) = whole.annotations
    assert [mark.kind for mark in annotation.marks] == ["polyline"]
    assert whole.notes == ()
    bare = read_presentation_state(str(save(state(2), tmp_path / "bare.dcm")))
    assert [(note.code, note.values) for note in bare.notes] == [("compound_not_drawn", ("1",))]
    broken = state(1)
    broken.GraphicAnnotationSequence[0].GraphicObjectSequence[0].GraphicType = "SPIRAL"
    broken.MaskSubtractionSequence = Items([item(MaskOperation="AVG_SUB")])
    said = read_presentation_state(str(save(broken, tmp_path / "broken.dcm"))).notes
    assert [note.code for note in said] == ["graphics_left_out", "mask_not_subtracted"]
