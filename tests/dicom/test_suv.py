"""SUV factors: the published fixtures of cornerstonejs/calculate-suv (their values, their inputs) and the refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from medview.core.study import PatientIdentity
from medview.dicom.header import (
    FrameCommon,
    FrameHeader,
    ImageHeader,
    InstanceHeader,
    Radiopharmaceutical,
    SeriesHeader,
)
from medview.dicom.suv import NoSuv, suv_factors
from tests.dicom.reading import codes, only_stack
from tests.phantoms.dicom_series import each, make_series, save_series

CORRECTED = ("DECY", "ATTN", "SCAT")

# name: (factor, series time, acquisition time, weight, dose, half-life, start time, start date and time)
FIXTURES = {
    "SIEMENS": (
        0.00042748316187197236,
        "104829",
        "104830.351370",
        67,
        374e6,
        6586.2,
        "083045",
        "20201217083045.000000 ",
    ),
    "GE_MEDICAL_AND_BQML": (
        0.0005367387681819742,
        "095621",
        "095621",
        52,
        152022720,
        6586.2001953125,
        "084500.00",
        "20201217084500.00 ",
    ),
    "PHILIPS_BQML": (0.0007463747013889488, "110155", "110156", 64, 126e6, 6586.199707, "100058", "20201217100058"),
    "AC_DT_lessThan_S_DT": (
        0.0004069156854009332,
        "123515.000000",
        "123514.999995",
        65,
        225e6,
        6586.2,
        "114100.000000",
        "",
    ),
    "CPS": (0.00026503312764157046, "134918.000000", "130348.234000", 69, 388e6, 6586.2, "120037.000000", ""),
    "DATETIME_UNDEFINED": (
        0.0003721089202818729,
        "135431.843000",
        "141555.687000",
        102,
        412e6,
        6586.2,
        "125000.000000",
        "",
    ),
}


def header(
    series_time="100000",
    acquisition_time="100000",
    weight: float | None = 70,
    dose: float | None = 100e6,
    half_life: float | None = 6586.2,
    start_time="090000",
    start_datetime="",
    units="BQML",
    correction="START",
    corrected=CORRECTED,
    factors=None,
    sex="M",
    size: float | None = None,
    sop_class="1.2.840.10008.5.1.4.1.1.128",
) -> InstanceHeader:
    radio = Radiopharmaceutical(
        units, tuple(corrected), correction, dose, half_life, start_time, start_datetime.strip()
    )
    series = SeriesHeader(
        PatientIdentity("P", weight_kg=weight, size_m=size, sex=sex),
        sop_class=sop_class,
        series_date="20201217",
        series_time=series_time,
        modality="PT",
        radiopharmaceutical=radio,
    )
    frame = FrameHeader(FrameCommon(), acquisition_time=f"20201217{acquisition_time}")
    return InstanceHeader("x", 0, "1", 1, series, ImageHeader(suv_factors=factors), None, (frame,))


@pytest.mark.parametrize("name", FIXTURES)
def test_published_factors(name: str) -> None:
    expected, series_time, acquired, weight, dose, half_life, start, start_datetime = FIXTURES[name]
    # A Philips file in Bq/ml also carries private factors, which must not be used.
    found = suv_factors(
        [header(series_time, acquired, weight, dose, half_life, start, start_datetime, factors=(0.0035, 4.7))]
    )
    assert found.bw == pytest.approx(expected, rel=1e-6)


def test_philips_counts_use_the_private_factors() -> None:
    """PHILIPS_CNTS_AND_SUV and PHILIPS_CNTS_AND_BQML_SUV: the SUV factor alone, and before the one to activity."""
    alone = header("134551", "141336", 47, 208_230_000, 6588, "123000", units="CNTS", factors=(0.000728, None))
    assert suv_factors([alone]).bw == pytest.approx(0.000728, rel=1e-6)
    both = header("093556", "095439", 54, 238e6, 6588, "083000", units="CNTS", factors=(0.000551, 1.602563))
    assert suv_factors([both]).bw == pytest.approx(0.000551, rel=1e-6)
    plain = suv_factors([header()]).bw
    assert suv_factors([header(units="CNTS", factors=(None, 4.7))]).bw == pytest.approx(4.7 * plain)


def test_decay_is_not_applied_twice_when_corrected_to_injection() -> None:
    assert suv_factors([header(correction="ADMIN")]).bw == pytest.approx(70_000 / 100e6)


def test_injection_before_midnight() -> None:
    late = header("003000", "003000", start_time="233000")
    assert suv_factors([late]).bw == pytest.approx(70_000 / (100e6 * 2 ** (-3600 / 6586.2)))


def test_lean_mass_and_surface() -> None:
    found = suv_factors([header(correction="ADMIN", size=1.75)])
    assert found.lbm_james == pytest.approx((1.10 * 70 - 120 * (70 / 175) ** 2) * 1000 / 100e6)
    assert found.lbm_janma == pytest.approx(9270 * 70 / (6680 + 216 * 70 / 1.75**2) * 1000 / 100e6)
    assert found.bsa == pytest.approx(71.84 * 70**0.425 * 175**0.725 / 100e6)
    other = suv_factors([header(correction="ADMIN", size=1.75, sex="O")])
    assert (other.lbm_james, other.lbm_janma) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"weight": None},
        {"weight": 0},
        {"dose": None},
        {"half_life": 0},
        {"corrected": ("ATTN",)},
        {"corrected": ("DECY",)},
        {"correction": "NONE"},
        {"units": "PROPCNT"},
        {"units": "CNTS"},
        {"start_time": ""},
        {"start_datetime": "20201217110000"},
        {"start_datetime": "19901217110000"},
        {"start_datetime": "20201217090000.4¹9"},
        {"start_datetime": "00011217090000"},
        {"sop_class": "1.2.840.10008.5.1.4.1.1.130"},
        {"sop_class": "1.2.840.10008.5.1.4.1.1.128.1"},
        {"weight": -3},
        {"dose": 0},
        {"half_life": None},
        {"corrected": ()},
        {"correction": ""},
        {"units": ""},
        {"start_time": "rubbish"},
        {"series_time": "", "acquisition_time": ""},
    ],
    ids=str,
)
def test_refusals(change: dict) -> None:
    with pytest.raises(NoSuv):
        suv_factors([header(**change)])


def test_images_that_disagree_are_refused() -> None:
    with pytest.raises(NoSuv):
        suv_factors([header(), header(weight=71)])


def test_a_series_carries_its_factors_or_the_reason(tmp_path: Path) -> None:
    def make_pet(number, data) -> None:
        from pydicom.dataset import Dataset

        data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        data.Modality, data.Units, data.DecayCorrection = "PT", "BQML", "START"
        data.CorrectedImage = list(CORRECTED)
        data.SeriesDate, data.SeriesTime = "20201217", "104829"
        data.AcquisitionDate, data.AcquisitionTime = "20201217", f"10483{number % 10}"
        data.PatientWeight = "67"
        dose = Dataset()
        dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = "374000000", "6586.2"
        dose.RadiopharmaceuticalStartTime = "083045"
        data.RadiopharmaceuticalInformationSequence = [dose]

    series = each(make_series(), make_pet)
    stack = only_stack(save_series(series, tmp_path / "a"))
    assert stack.unit == "Bq/ml"
    assert float(dict(stack.context.extra)["suv_bw"]) == pytest.approx(FIXTURES["SIEMENS"][0], rel=1e-6)
    each(series, lambda _, data: data.__delattr__("PatientWeight"))
    refused = only_stack(save_series(series, tmp_path / "b"))
    assert "no_suv" in codes(refused)
    assert "suv_bw" not in dict(refused.context.extra)
