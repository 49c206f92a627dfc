"""Other numbers for the same values: SUV kinds, real-world values, Philips' scale, units of the file; what is default and what by choice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medview.app.headless import inspect_paths
from medview.app.scales import choose_scale, next_scale, scaled, scaled_statistics, shown_scale
from medview.app.viewport_state import ViewportState
from medview.core.display import declared_window
from medview.core.measurement import RegionStatistics
from medview.core.value_scale import ValueScale
from tests.dicom.reading import codes, only_stack
from tests.phantoms.dicom_series import each, make_series, save_series

PET = "1.2.840.10008.5.1.4.1.1.128"


def make_pet(number, data, units="BQML", **values) -> None:
    data.SOPClassUID = PET
    data.Modality, data.Units, data.DecayCorrection = "PT", units, "START"
    data.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    data.SeriesDate, data.SeriesTime = "20201217", "104829"
    data.AcquisitionDate, data.AcquisitionTime = "20201217", "104830"
    data.PatientWeight, data.PatientSize, data.PatientSex = "67", "1.8", "M"
    dose = Dataset()
    dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = "374000000", "6586.2"
    dose.RadiopharmaceuticalStartTime = "083045"
    data.RadiopharmaceuticalInformationSequence = [dose]
    for element in ("WindowCenter", "WindowWidth"):
        if element in data:
            delattr(data, element)
    for name, value in values.items():
        setattr(data, name, value)


def pet(folder: Path, **values):
    return only_stack(save_series(each(make_series(), lambda n, data: make_pet(n, data, **values)), folder))


def state_of(stack) -> ViewportState:
    state = ViewportState()
    state.show(None, None, stack)
    return state


SIEMENS = 0.00042748316187197236


def test_suv_stands_beside_becquerel(tmp_path: Path) -> None:
    stack = pet(tmp_path)
    assert stack.unit == "Bq/ml"
    assert [scale.id for scale in stack.scales] == ["suv_bw", "suv_lbm_james", "suv_lbm_janma", "suv_bsa"]
    state = state_of(stack)
    scale = shown_scale(state.view)
    assert (scale.label, scale.unit) == ("SUVbw", "g/ml")
    told = scaled(scale, 10_000.0, 3)
    assert told.value == pytest.approx(10_000 * SIEMENS, rel=1e-6)
    assert not told.instead
    next_scale(state)
    assert shown_scale(state.view).id == "suv_lbm_james"
    choose_scale(state, "")
    assert shown_scale(state.view) is None


def test_inspect_tells_the_factors_and_the_reason(tmp_path: Path) -> None:
    pet(tmp_path / "a")
    found, _ = inspect_paths([str(tmp_path / "a")])
    (stack,) = found["studies"][0]["series"][0]["stacks"]
    assert stack["unit"] == "Bq/ml"
    assert stack["suv"]["bw"] == pytest.approx(SIEMENS, rel=1e-6)
    assert set(stack["suv"]) == {"bw", "lbm", "lbm_janmahasatian", "bsa"}
    assert all(value > 0 for value in stack["suv"].values())
    pet(tmp_path / "b", PatientWeight=None)
    found, _ = inspect_paths([str(tmp_path / "b")])
    (stack,) = found["studies"][0]["series"][0]["stacks"]
    assert stack["suv"] is None
    (note,) = (note for note in stack["notes"] if note["code"] == "no_suv")
    assert "weight" in note["text"]
    save_series(make_series(), tmp_path / "c")
    found, _ = inspect_paths([str(tmp_path / "c")])
    assert found["studies"][0]["series"][0]["stacks"][0]["suv"] is None


def test_values_that_are_suv_already(tmp_path: Path) -> None:
    stack = pet(tmp_path / "a", units="GML")
    assert (stack.unit, stack.scales[0].slopes) == ("SUV", (1.0,))
    assert scaled(stack.scales[0], 3.2, 0).instead
    lean = pet(tmp_path / "b", units="GML", SUVType="LBM")
    assert [scale.id for scale in lean.scales] == ["suv_lbm_james"]
    assert [s.id for s in pet(tmp_path / "c", units="GML", SUVType="LBMJANMA").scales] == ["suv_lbm_janma"]
    ideal = pet(tmp_path / "d", units="GML", SUVType="IBW")
    assert not ideal.scales
    assert "no_suv" in codes(ideal)


def test_several_injections_are_refused(tmp_path: Path) -> None:
    two = [Dataset(), Dataset()]
    for dose in two:
        dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = "374000000", "6586.2"
        dose.RadiopharmaceuticalStartTime = "083045"
    stack = pet(tmp_path, RadiopharmaceuticalInformationSequence=two)
    assert not stack.scales
    assert "no_suv" in codes(stack)


def test_a_pet_without_a_window_is_drawn_from_suv_0_to_7(tmp_path: Path) -> None:
    window = declared_window(pet(tmp_path), 0)
    assert window.ramp[0] == pytest.approx(0, abs=1e-9)
    assert window.ramp[1] * SIEMENS == pytest.approx(7, rel=1e-6)


def test_ge_dates_the_decay_by_its_own_attribute(tmp_path: Path) -> None:
    """A series that was reconstructed later, from the second bed on: neither its time nor the images' is the start."""

    def change(number, data) -> None:
        make_pet(number, data, SeriesTime="120000", AcquisitionTime="110000")
        data.add_new(0x00090010, "LO", "GEMS_PETD_01")
        data.add_new(0x0009100D, "DT", "20201217104829.00")

    stack = only_stack(save_series(each(make_series(), change), tmp_path))
    assert stack.scales[0].slopes[0] == pytest.approx(SIEMENS, rel=1e-6)


def mapping(label: str, slope: float, intercept: float, unit: str, low=-32768, high=32767) -> Dataset:
    item, code = Dataset(), Dataset()
    item.LUTExplanation, item.LUTLabel = label, label
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    item.add_new(0x00409216, "SS", low)
    item.add_new(0x00409211, "SS", high)
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = [code]
    return item


def test_real_world_values_are_offered_and_never_the_default(tmp_path: Path) -> None:
    """The mapping is of stored values, a scale of modality values: slope 2, intercept -1024 lie between them."""

    def change(number, data) -> None:
        data.Modality = "MR"
        data.RescaleSlope, data.RescaleIntercept = "2", "-1024"
        data.RealWorldValueMappingSequence = [mapping("ADC", 0.5, 3.0, "um2/s", -100, 1000)]

    stack = only_stack(save_series(each(make_series(), change), tmp_path))
    (scale,) = stack.scales
    assert (scale.id, scale.label, scale.unit, scale.by_default) == ("real_world:ADC", "ADC", "um2/s", False)
    for stored in (-100, 0, 7, 1000):
        assert scale.of(2.0 * stored - 1024) == pytest.approx(0.5 * stored + 3)
    assert scale.of(2.0 * 1001 - 1024) is None
    assert shown_scale(state_of(stack).view) is None


def test_real_world_values_of_each_frame(tmp_path: Path) -> None:
    from tests.phantoms.dicom_series import make_enhanced

    data = make_enhanced()
    for number, item in enumerate(data.PerFrameFunctionalGroupsSequence):
        item.RealWorldValueMappingSequence = [mapping("T1", 1.0 + number, 0.0, "ms")]
    stack = only_stack(save_series([data], tmp_path))
    (scale,) = stack.scales
    assert len(scale.slopes) == stack.frame_count
    assert len(set(scale.slopes)) == stack.frame_count


def test_philips_values_are_offered_and_said_to_be_display_values(tmp_path: Path) -> None:
    """FP = (PV · RS + RI) / (RS · SS) (row H8)."""

    def change(number, data) -> None:
        data.Modality = "MR"
        data.RescaleSlope, data.RescaleIntercept = "1.5", "-3"
        data.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        data.add_new(0x2005100E, "FL", 0.25)
        data.add_new(0x2005100D, "FL", 0.0)

    stack = only_stack(save_series(each(make_series(), change), tmp_path))
    assert "philips_scale" in codes(stack)
    (scale,) = stack.scales
    assert not scale.by_default
    for stored in (0, 10, 400):
        value = stored * 1.5 - 3
        assert scale.of(value) == pytest.approx((stored * 1.5 - 3) / (1.5 * 0.25))


def test_the_unit_of_the_file_is_told(tmp_path: Path) -> None:
    def change(number, data) -> None:
        data.Modality, data.RescaleType = "MR", "10^-6 mm2/s"

    (scale,) = only_stack(save_series(each(make_series(), change), tmp_path)).scales
    assert (scale.unit, scale.by_default, scale.of(12.0)) == ("10^-6 mm2/s", True, 12.0)
    assert only_stack(save_series(make_series(), tmp_path / "ct")).scales == ()


def test_statistics_in_a_scale() -> None:
    statistics = RegionStatistics(5, 10.0, 2.0, 4.0, 16.0)
    told = scaled_statistics(ValueScale("x", "x", "", (-2.0,), (1.0,)), statistics, 0)
    assert (told.mean, told.sd, told.minimum, told.maximum) == (-19.0, 4.0, -31.0, -7.0)
    many = ValueScale("x", "x", "", (1.0, 2.0))
    assert scaled_statistics(many, statistics, None) is None
    assert scaled_statistics(many, statistics, 1).mean == 20.0
    assert scaled_statistics(ValueScale("x", "x", "", (2.0,), low=5.0), statistics, 0) is None
    assert np.isfinite(told.mean)


def test_a_table_of_real_world_values_is_read_entry_by_entry(tmp_path: Path) -> None:
    """PS3.3 C.7.6.16.2.11: Real World Value LUT Data, one number for each stored value from the first one mapped on."""
    table = [0.0, 0.1, 0.4, 0.9, 1.6]

    def change(number, data) -> None:
        data.Modality = "MR"
        data.RescaleSlope, data.RescaleIntercept = "2", "-1024"
        one = mapping("T1", 1.0, 0.0, "ms", 10, 14)
        del one.RealWorldValueSlope, one.RealWorldValueIntercept
        one.RealWorldValueLUTData = table
        data.RealWorldValueMappingSequence = [one]

    stack = only_stack(save_series(each(make_series(), change), tmp_path))
    (scale,) = stack.scales
    assert [scale.of(2.0 * stored - 1024) for stored in range(9, 16)] == [None, *table, None]
    assert scaled_statistics(scale, RegionStatistics(4, -1000.0, 1.0, -1004.0, -998.0), 0) is None
    told = scaled(scale, 2.0 * 12 - 1024, 0)
    assert told is not None
    assert (told.label, told.value, told.unit, told.instead) == ("T1", 0.4, "ms", False)


def test_a_table_without_its_first_value_is_left_out(tmp_path: Path) -> None:
    def change(number, data) -> None:
        one = mapping("T1", 1.0, 0.0, "ms")
        del one.RealWorldValueSlope, one.RealWorldValueIntercept, one[0x00409216], one[0x00409211]
        one.RealWorldValueLUTData = [1.0, 2.0]
        data.RealWorldValueMappingSequence = [one]

    assert only_stack(save_series(each(make_series(), change), tmp_path)).scales == ()
