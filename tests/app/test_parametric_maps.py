"""Parametric maps lie over images with the values, unit and quantity that their Real World Value Mapping says."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from medview.app.headless import choose_stack
from medview.app.object_inspection import overlay_on
from medview.app.overlay_layers import wash_value
from medview.core.overlay import ColourWash
from medview.core.problem import MedviewError
from medview.core.study import Stack
from tests.phantoms.dicom_series import make_series, marker_values, positions_along, save_series, uid
from tests.phantoms.study_objects import save, with_type_two

MARKER = marker_values() > 600


def made(
    tmp_path: Path, values: np.ndarray, slope: float, intercept: float, order: list[int] | None = None
) -> ColourWash:
    import highdicom as hd

    sources = make_series()
    folder = save_series(sources, tmp_path / "images")
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="ADC",
        lut_explanation="apparent diffusion",
        unit=hd.sr.CodedConcept("um2/s", "UCUM", "square micrometre per second"),
        value_range=(0.0, 4000.0) if values.dtype.kind == "f" else (0, 4000),
        slope=slope,
        intercept=intercept,
        quantity_definition=codes.DCM.ApparentDiffusionCoefficient,
    )
    at = order or list(range(len(values)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = hd.pm.ParametricMap(
            source_images=with_type_two([sources[k] for k in at]),
            pixel_array=values[at],
            series_instance_uid=uid("series", "map"),
            series_number=60,
            sop_instance_uid=uid("map"),
            instance_number=1,
            manufacturer="tests",
            manufacturer_model_name="tests",
            software_versions="1",
            device_serial_number="1",
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            window_center=1000,
            window_width=2000,
        )
    path = save(data, tmp_path / "map.dcm")
    _, _, stack = choose_stack([str(folder)], None)
    wash = overlay_on(str(path), stack).wash
    assert wash is not None
    return wash


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint16])
def test_values_unit_and_place(tmp_path: Path, kind: type) -> None:
    values = np.where(MARKER, 1500, 100).astype(kind)
    slope, intercept = (0.5, 10.0) if kind is np.uint16 else (1.0, 0.0)
    wash = made(tmp_path, values, slope, intercept)
    assert (wash.unit, wash.quantity) == ("µm²/s", "Apparent Diffusion Coefficient")
    k, j, i = np.argwhere(MARKER)[0]
    point = positions_along()[k] + (i * 0.75, j * 1.5, 0)
    assert wash_value(wash, point) == pytest.approx(1500 * slope + intercept)
    assert wash_value(wash, positions_along()[0]) == pytest.approx(100 * slope + intercept)
    assert wash_value(wash, np.array([500.0, 0, 0])) is None
    assert (wash.lower, wash.upper) == pytest.approx((100 * slope + intercept, 1500 * slope + intercept))


def test_frames_in_another_order_lie_where_they_say(tmp_path: Path) -> None:
    values = np.broadcast_to(np.arange(12, dtype=np.float32)[:, None, None], MARKER.shape).copy()
    wash = made(tmp_path, values, 1.0, 0.0, order=[7, 3, 11, 0, 1, 2, 10, 9, 8, 4, 5, 6])
    for k, position in enumerate(positions_along()):
        assert wash_value(wash, position + np.array([3.0, 3.0, 0.0])) == k


def test_what_is_no_number_is_not_drawn(tmp_path: Path) -> None:
    values = np.where(MARKER, 900.0, np.nan).astype(np.float32)
    wash = made(tmp_path, values, 1.0, 0.0)
    assert wash_value(wash, positions_along()[0]) is None
    assert wash.upper == pytest.approx(900 + 900)  # one value alone still needs a range


@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_slices_that_a_map_leaves_out_show_nothing(tmp_path: Path, kind: type) -> None:
    """Not the value of the slice beside the gap."""
    values = np.full(MARKER.shape, 7, kind)
    kept = [0, 1, 2, 6, 8]
    wash = made(tmp_path, values, 1.0, 0.0, order=kept)
    said = [wash_value(wash, position + np.array([3.0, 3.0, 0.0])) for position in positions_along()]
    assert said == [7.0 if k in kept else None for k in range(12)]


def several_maps(tmp_path: Path) -> tuple[Path, Stack]:
    """Two quantities, k and 100 + k on slice k, in one object whose frames come in another order on each slice."""
    import highdicom as hd

    sources = make_series()
    folder = save_series(sources, tmp_path / "images")
    mappings = [
        [hd.pm.RealWorldValueMapping(name, name, codes.UCUM.NoUnits, (0.0, 1.0), slope=1.0, intercept=0.0)]
        for name in ("Ktrans", "ve")
    ]
    values = np.zeros((*MARKER.shape, 2), np.float32)
    values[..., 0] = np.arange(len(values))[:, None, None]
    values[..., 1] = 100 + values[..., 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = hd.pm.ParametricMap(
            with_type_two(sources), values, uid("series", "two"), 60, uid("two"), 1,
            "tests", "tests", "1", "1", False, mappings, 1000, 2000,
        )  # fmt: skip
    groups = list(data.PerFrameFunctionalGroupsSequence)
    planes = np.frombuffer(data.FloatPixelData, "<f4").reshape(len(groups), *MARKER.shape[1:])
    order = sorted(range(len(groups)), key=lambda at: (at * 7) % len(groups))
    data.PerFrameFunctionalGroupsSequence = [groups[at] for at in order]
    data.FloatPixelData = planes[order].tobytes()
    _, _, stack = choose_stack([str(folder)], None)
    return save(data, tmp_path / "map.dcm"), stack


def test_each_of_several_maps_in_one_object_is_shown_with_its_own_values(tmp_path: Path) -> None:
    path, stack = several_maps(tmp_path)
    for chosen, name, first in ((None, "Ktrans", 0), ("ve", "ve", 100), ("2", "ve", 100), ("KTRANS", "Ktrans", 0)):
        overlay = overlay_on(str(path), stack, chosen)
        assert overlay.maps == ("Ktrans", "ve")
        assert [(note.code, note.values) for note in overlay.notes] == [("one_of_maps", ("Ktrans, ve", name))]
        wash = overlay.wash
        assert wash is not None
        assert wash.quantity == name
        said = [wash_value(wash, position + np.array([3.0, 3.0, 0.0])) for position in positions_along()]
        assert said == [first + k for k in range(len(MARKER))]
    for wrong in ("kep", "0", "3"):
        with pytest.raises(MedviewError) as refused:
            overlay_on(str(path), stack, wrong)
        assert (refused.value.code, refused.value.values[0]) == ("no_such_map", wrong)


def test_two_meanings_of_the_same_stored_values_are_two_maps(tmp_path: Path) -> None:
    made(tmp_path, np.full(MARKER.shape, 40, np.uint16), 0.5, 10.0)
    path = tmp_path / "map.dcm"
    data = pydicom.dcmread(path)
    group = data.SharedFunctionalGroupsSequence[0]
    second = copy.deepcopy(group.RealWorldValueMappingSequence[0])
    second.RealWorldValueSlope, second.RealWorldValueIntercept = 2.0, 0.0
    second.MeasurementUnitsCodeSequence[0].CodeValue = "mm2/s"
    group.RealWorldValueMappingSequence.append(second)
    data.save_as(path)
    _, _, stack = choose_stack([str(tmp_path / "images")], None)
    told = [overlay_on(str(path), stack, chosen) for chosen in ("1", "2")]
    assert told[0].maps == ("Apparent Diffusion Coefficient [µm²/s]", "Apparent Diffusion Coefficient [mm²/s]")
    washes = [one.wash for one in told if one.wash is not None]
    assert [(wash.unit, wash_value(wash, positions_along()[0])) for wash in washes] == [
        ("µm²/s", 30.0),
        ("mm²/s", 80.0),
    ]
