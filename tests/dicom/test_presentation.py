"""What values mean and how they are shown: rescale, units, padding, polarity, windows, spacing, marks."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from medview.core.display import apply_voi
from medview.core.study import RegionAxis
from medview.core.window import VoiLut, Window
from tests.dicom.reading import codes, marker_centroid, modality_values, only_stack, stacks_of
from tests.phantoms.dicom_series import (
    AIR,
    BONE,
    each,
    make_series,
    marker_values,
    positions_along,
    save_series,
    set_pixels,
    true_centroid,
)
from tests.shared import shared_path


def one(folder: Path, change=None, **options):
    data = make_series(**options)[:1]
    if change is not None:
        change(data[0])
    return only_stack(save_series(data, folder))


def setter(**values):
    def change(data, *more) -> None:
        target = more[0] if more else data
        for name, value in values.items():
            if value is None:
                del target[name]
            else:
                setattr(target, name, value)

    return change


# Modality values


@pytest.mark.parametrize("what", ["slope", "intercept", "both"])
def test_rescale_is_per_slice(tmp_path: Path, what: str) -> None:
    def change(number, data) -> None:
        slope = 1 + 0.25 * (number % 3) if what != "intercept" else 1
        intercept = -1024 - 8 * number if what != "slope" else -1024
        values = marker_values()[number]
        data.RescaleSlope, data.RescaleIntercept = f"{slope}", f"{intercept}"
        set_pixels(data, np.round((values - intercept) / slope).astype(np.int16))

    stack = only_stack(save_series(each(make_series(), change), tmp_path))
    assert len(stack.transform.slopes) == 12
    values = modality_values(stack)
    assert np.abs(values - marker_values()).max() <= 0.63  # half a step of the coarsest slope
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)


def test_a_uniform_rescale_is_kept_once(tmp_path: Path) -> None:
    stack = only_stack(save_series(make_series(), tmp_path))
    assert len(stack.transform.slopes) == len(stack.vois) == 1


def test_a_modality_lut_is_applied(tmp_path: Path) -> None:
    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array([[24, 25], [2000, 2224]], dtype=np.uint16))
        lut = Dataset()
        lut.add_new(0x00283002, "US", [2201, 24, 16])
        lut.ModalityLUTType = "US"
        lut.add_new(0x00283006, "OW", (np.arange(24, 2225, dtype=np.uint16) * 2).tobytes())
        data.ModalityLUTSequence = [lut]

    stack = one(tmp_path, change)
    assert modality_values(stack)[0].tolist() == [[48, 50], [4000, 4448]]
    assert stack.unit == "stored"


def lut_item(entries: np.ndarray, first: int, bits: int, count: int | None = None, signed: bool = False) -> Dataset:
    """A Modality or VOI LUT; 8-bit entries go two to a word."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [(len(entries) if count is None else count), first, bits])
    item.ModalityLUTType = "US"
    raw = entries.astype("u1" if bits <= 8 else "<u2").tobytes()
    item.add_new(0x00283006, "OW", raw + b"\0" * (len(raw) % 2))
    return item


XA = "1.2.840.10008.5.1.4.1.1.12.1"
PROJECTION = {"Modality": "XA", "SOPClassUID": XA, "ImagePositionPatient": None, "ImageOrientationPatient": None}


@pytest.mark.parametrize("kind", ["12.1", "12.2"])
def test_x_ray_intensities_of_projections_are_not_what_is_shown(tmp_path: Path, kind: str) -> None:
    """PS3.4 N.2.1.2: in XA and XRF images the modality transform is no part of the grey values' way to the screen."""

    def change(data) -> None:
        setter(**PROJECTION, RescaleSlope="-2", RescaleIntercept="5000", RescaleType="US")(data)
        data.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kind}"

    stack = one(tmp_path / "rescale", change)
    assert np.array_equal(modality_values(stack)[0], stack.frames[0].read())
    assert stack.unit == "stored"
    assert "xray_intensities" in codes(stack)

    def with_lut(data) -> None:
        setter(**PROJECTION, RescaleSlope=None, RescaleIntercept=None)(data)
        data.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kind}"
        data.ModalityLUTSequence = [lut_item(np.arange(4000)[::-1], 0, 16)]

    stack = one(tmp_path / "lut", with_lut)
    assert np.array_equal(modality_values(stack)[0], stack.frames[0].read())
    assert "xray_intensities" in codes(stack)


def test_reconstructions_kept_as_angiograms_keep_their_rescale(tmp_path: Path) -> None:
    rescale = {"RescaleSlope": "2", "RescaleIntercept": "-1024"}
    placed = one(tmp_path / "placed", setter(Modality="XA", SOPClassUID=XA, RescaleType="US", **rescale))
    in_hu = one(tmp_path / "hu", setter(**PROJECTION, RescaleType="HU", **rescale))
    for stack in (placed, in_hu):
        assert np.array_equal(modality_values(stack)[0], stack.frames[0].read() * 2.0 - 1024)
        assert "xray_intensities" not in codes(stack)
    assert in_hu.unit == "HU"
    without = one(tmp_path / "none", setter(**PROJECTION, RescaleSlope="1", RescaleIntercept="0"))
    assert "xray_intensities" not in codes(without)


@pytest.mark.parametrize(
    ("stored", "first", "bits", "signed"),
    [
        ([[-3, -2], [-1, 0]], -3, 16, True),
        ([[-3, -2], [-1, 0]], -3, 8, True),
        ([[5, 6], [7, 8]], 5, 8, False),
        ([[40000, 40001], [40002, 40003]], 40000, 16, False),
    ],
)
def test_a_modality_lut_of_8_or_16_bit_and_either_sign(tmp_path: Path, stored, first, bits, signed) -> None:
    """The first mapped value has the sign of the pixels (PS3.3 C.11.1.1.1), whatever VR the descriptor is written with."""
    entries = np.array([10, 200, 30, 7])

    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array(stored, dtype=np.int16 if signed else np.uint16))
        data.ModalityLUTSequence = [lut_item(entries, first, bits, signed=signed)]

    assert modality_values(one(tmp_path, change))[0].ravel().tolist() == entries.tolist()


def test_a_modality_lut_that_is_cut_off_is_said(tmp_path: Path) -> None:
    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array([[100, 101]], dtype=np.uint16))
        data.ModalityLUTSequence = [lut_item(np.array([11, 12, 13, 14]), 100, 16, count=400)]

    stack = one(tmp_path, change)
    assert "bad_modality_lut" in codes(stack)
    assert (stack.unit, modality_values(stack)[0].ravel().tolist()) == ("stored", [100, 101])


def test_values_beyond_a_modality_lut_take_its_ends(tmp_path: Path) -> None:
    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array([[0, 100], [103, 60000]], dtype=np.uint16))
        data.ModalityLUTSequence = [lut_item(np.array([11, 12, 13, 14]), 100, 16)]

    assert modality_values(one(tmp_path, change))[0].ravel().tolist() == [11, 11, 14, 14]


def test_a_modality_lut_of_65536_entries_says_0(tmp_path: Path) -> None:
    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array([[0, 1], [65534, 65535]], dtype=np.uint16))
        data.ModalityLUTSequence = [lut_item(np.arange(65536)[::-1], 0, 16, count=0)]

    assert modality_values(one(tmp_path, change))[0].ravel().tolist() == [65535, 65534, 1, 0]


def test_a_voi_lut_of_65536_entries_says_0(tmp_path: Path) -> None:
    def change(data) -> None:
        data.VOILUTSequence = [lut_item(np.arange(65536), 0, 16, count=0)]

    (first, *_) = one(tmp_path, change).vois[0]
    assert isinstance(first, VoiLut)
    assert (len(first.entries), first.bits, first.first) == (65536, 16, 0)


def test_a_voi_lut_after_a_modality_lut_begins_where_its_unsigned_descriptor_says(tmp_path: Path) -> None:
    def change(data) -> None:
        del data.RescaleSlope, data.RescaleIntercept
        set_pixels(data, np.array([[-3, -2], [-1, 0]], dtype=np.int16))
        data.ModalityLUTSequence = [lut_item(np.array([40000, 40001, 40002, 40003]), -3, 16, signed=True)]
        data.VOILUTSequence = [lut_item(np.array([0, 50, 100, 255]), 40000, 8)]

    stack = one(tmp_path, change)
    assert stack.vois[0][0].first == 40000
    assert apply_voi(modality_values(stack)[0], stack.vois[0][0]).ravel().tolist() == [0, 50, 100, 255]


@given(
    st.dictionaries(
        st.sampled_from(
            [
                0x00180050,
                0x00181164,
                0x00200032,
                0x00200037,
                0x00280008,
                0x00280030,
                0x00280034,
                0x00281050,
                0x00281051,
                0x00281052,
                0x00281053,
                0x00200013,
                0x00180088,
                0x00101030,
            ]
        ),
        st.one_of(
            st.sampled_from(
                ["1.5\\", "1,5", "nan", "inf", "-inf", "1e400", "--1", "1_0", "\\\\", "0x10", "1.5.2", " ", "²"]
            ),
            st.text(max_size=12),
        ),
        min_size=1,
    )
)
@settings(max_examples=150, deadline=None)
def test_junk_in_numbers_never_becomes_a_number(values: dict[int, str]) -> None:
    """P5: no crash; what is no number is taken for absent, and every number that is kept is finite."""
    import tempfile

    from tests.phantoms.raw_dicom import element, part10, small_image

    def vr(tag: int) -> str:
        return "IS" if tag in {0x00280008, 0x00200013} else "DS"

    between = [element(tag, vr(tag), text.encode("utf-8", "replace")) for tag, text in sorted(values.items())]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.dcm"
        path.write_bytes(part10(small_image(*between)))
        for stack in stacks_of(path):
            slope, intercept = stack.transform.slope_intercept(0)
            numbers = [slope, intercept, stack.pixel_aspect, *(stack.pixel_spacing or ())]
            numbers += [
                number for voi in stack.vois[0] if isinstance(voi, Window) for number in (voi.center, voi.width)
            ]
            assert np.isfinite(numbers).all()
            assert slope != 0
            assert all(number > 0 for number in (stack.pixel_aspect, *(stack.pixel_spacing or ())))


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ({}, "HU"),
        ({"RescaleType": "HU"}, "HU"),
        ({"RescaleType": "US"}, "HU"),
        ({"RescaleType": "OD"}, "stored"),
        ({"RescaleType": "Z_EFF"}, "stored"),
        ({"RescaleIntercept": None, "RescaleSlope": None}, "stored"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "stored"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "stored"),
        ({"Modality": "MR"}, "stored"),
    ],
    ids=str,
)
def test_hounsfield_units_are_claimed_only_where_they_are(tmp_path: Path, values: dict, unit: str) -> None:
    assert one(tmp_path, setter(**values)).unit == unit


@pytest.mark.parametrize(
    ("units", "unit"), [("BQML", "Bq/ml"), ("GML", "SUV"), ("CNTS", "stored"), ("PROPCNT", "stored")]
)
def test_units_of_pet(tmp_path: Path, units: str, unit: str) -> None:
    stack = one(tmp_path, setter(Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128", Units=units))
    assert stack.unit == unit


@pytest.mark.parametrize(
    ("signed", "value", "limit", "expected"),
    [
        (True, -2000, None, (-2000, -2000)),
        (False, 63536, None, (63536, 63536)),
        (True, -2000, -1990, (-2000, -1990)),
        (True, -1990, -2000, (-2000, -1990)),
    ],
)
def test_padding_is_signed_as_the_pixels_are(tmp_path: Path, signed, value, limit, expected) -> None:
    def change(data) -> None:
        set_pixels(data, np.zeros((4, 4), dtype=np.int16 if signed else np.uint16))
        vr = "SS" if signed else "US"
        data.add_new(0x00280120, vr, value)
        if limit is not None:
            data.add_new(0x00280121, vr, limit)

    assert one(tmp_path, change).padding == expected


def test_padding_that_cannot_occur_is_left_out(tmp_path: Path) -> None:
    def change(data) -> None:
        set_pixels(data, np.zeros((4, 4), dtype=np.uint16), bits_stored=12)
        data.add_new(0x00280120, "US", 63536)

    assert one(tmp_path, change).padding is None


# Polarity


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "IDENTITY", False),
        ("MONOCHROME1", "RUBBISH", True),
    ],
)
def test_polarity_is_for_the_eye_and_values_stay(tmp_path: Path, photometric, shape, inverted) -> None:
    series = make_series()
    each(series, lambda _, data: setter(PhotometricInterpretation=photometric, PresentationLUTShape=shape or "")(data))
    stack = only_stack(save_series(series, tmp_path))
    assert stack.inverted is inverted
    values = modality_values(stack)
    assert (values.min(), values.max()) == (AIR, BONE)


# Windows


def test_windows_in_the_order_of_the_file_with_names(tmp_path: Path) -> None:
    stack = one(
        tmp_path,
        setter(WindowCenter=["40", "-600"], WindowWidth=["400", "1500"], WindowCenterWidthExplanation=["soft", "lung"]),
    )
    assert stack.vois == ((Window(40, 400, "LINEAR", "soft"), Window(-600, 1500, "LINEAR", "lung")),)


@pytest.mark.parametrize(
    ("width", "function", "expected"),
    [
        ("400", "SIGMOID", Window(40, 400, "SIGMOID")),
        ("0.5", "LINEAR_EXACT", Window(40, 0.5, "LINEAR_EXACT")),
        ("0.5", None, Window(40, 0.5, "LINEAR_EXACT")),
        ("1", None, Window(40, 1, "LINEAR")),
        ("400", "LINEAR_EXACT", Window(40, 400, "LINEAR_EXACT")),
    ],
)
def test_window_functions(tmp_path: Path, width, function, expected) -> None:
    stack = one(tmp_path, setter(WindowCenter="40", WindowWidth=width, VOILUTFunction=function or "LINEAR"))
    assert stack.vois == ((expected,),)


@pytest.mark.parametrize("width", ["0", "-5"])
def test_a_forbidden_window_is_left_out_and_said(tmp_path: Path, width: str) -> None:
    stack = one(tmp_path, setter(WindowCenter="40", WindowWidth=width))
    assert stack.vois == ((),)
    assert "bad_window" in codes(stack)


def test_windows_of_each_slice(tmp_path: Path) -> None:
    series = make_series()
    each(series, lambda n, data: setter(WindowCenter=str(n), WindowWidth="100")(data))
    stack = only_stack(save_series(series, tmp_path))
    assert [stack.voi_of(k)[0].center for k in range(12)] == list(range(12))


def test_a_voi_lut_comes_first_and_its_start_is_signed(tmp_path: Path) -> None:
    def change(data) -> None:
        lut = Dataset()
        lut.add_new(0x00283002, "SS", [4, -3, 8])
        lut.LUTExplanation = "S"
        lut.add_new(0x00283006, "OW", struct.pack("<4H", 0, 10, 200, 255))
        data.VOILUTSequence = [lut]
        data.WindowCenter, data.WindowWidth = "1", "2"

    first, second = one(tmp_path, change).vois[0]
    assert first == VoiLut(-3, (0, 10, 200, 255), 8, "S")
    assert isinstance(second, Window)


def test_a_real_voi_lut_is_found() -> None:
    root = shared_path("data/pydicom+pydicom-data/data_store/data")
    (voi,) = only_stack(root / "vlut_04.dcm").vois[0]
    assert isinstance(voi, VoiLut)


# Spacing (PS3.3 10.7)


def film(folder: Path, **values):
    given = {
        "Modality": "DX",
        "PixelSpacing": None,
        "ImagePositionPatient": None,
        "ImageOrientationPatient": None,
    } | values
    return one(folder, setter(**given))


@pytest.mark.parametrize(
    ("values", "spacing", "kind"),
    [
        ({}, None, "none"),
        ({"ImagerPixelSpacing": ["0.1", "0.2"]}, (0.1, 0.2), "detector"),
        ({"PixelSpacing": ["0.1", "0.2"], "ImagerPixelSpacing": ["0.1", "0.2"]}, (0.1, 0.2), "detector"),
        ({"PixelSpacing": ["0.1", "0.2"]}, (0.1, 0.2), "detector"),
        (
            {
                "PixelSpacing": ["0.08", "0.08"],
                "ImagerPixelSpacing": ["0.1", "0.1"],
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            (0.08, 0.08),
            "calibrated",
        ),
        ({"PixelSpacing": ["0.08", "0.08"], "ImagerPixelSpacing": ["0.1", "0.1"]}, (0.08, 0.08), "estimated"),
        (
            {"ImagerPixelSpacing": ["0.1", "0.1"], "EstimatedRadiographicMagnificationFactor": "1.25"},
            (0.08, 0.08),
            "estimated",
        ),
        (
            {
                "ImagerPixelSpacing": ["0.1", "0.1"],
                "DistanceSourceToDetector": "1000",
                "DistanceSourceToPatient": "800",
            },
            (0.08, 0.08),
            "estimated",
        ),
        ({"PixelSpacing": ["0", "0"]}, None, "none"),
        ({"Modality": "RTIMAGE", "ImagePlanePixelSpacing": ["0.4", "0.3"]}, (0.4, 0.3), "detector"),
        ({"Modality": "OT", "NominalScannedPixelSpacing": ["0.2", "0.2"]}, (0.2, 0.2), "detector"),
    ],
    ids=str,
)
def test_what_a_pixel_spacing_means(tmp_path: Path, values: dict, spacing, kind: str) -> None:
    stack = film(tmp_path, **values)
    assert stack.spacing_kind == kind
    assert stack.pixel_spacing == (pytest.approx(spacing) if spacing else None)
    assert stack.geometry is None


@pytest.mark.parametrize("junk", ["1.5\\", "1,5\\1,5", "x\\y", "nan\\nan"])
def test_junk_spacing_falls_to_px(tmp_path: Path, junk: str) -> None:
    from tests.phantoms.raw_dicom import element, part10, small_image

    path = tmp_path / "x.dcm"
    path.write_bytes(part10(small_image(element(0x00280030, "DS", junk))))
    assert only_stack(path).pixel_spacing is None


def region(delta: float, units: int = 3, x0: int = 0, kind: int = 1, delta_y: float | None = None) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = kind, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x0 + 9, 20
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta, delta if delta_y is None else delta_y
    return item


def test_ultrasound_regions(tmp_path: Path) -> None:
    def picture(name: str, *regions: Dataset):
        return film(tmp_path / name, Modality="US", SequenceOfUltrasoundRegions=list(regions))

    single = picture("a", region(0.01, delta_y=-0.02))
    assert (single.pixel_spacing, single.spacing_kind) == (pytest.approx((0.2, 0.1)), "region")
    two = picture("b", region(0.01), region(0.02, x0=15))
    assert (two.pixel_spacing, two.spacing_kind) == (None, "none")
    assert "ultrasound_regions" in codes(two)
    assert [(each.x0, each.x1, each.spacing) for each in two.regions] == [
        (0, 9, pytest.approx((0.1, 0.1))),
        (15, 24, pytest.approx((0.2, 0.2))),
    ]
    doppler = picture("c", region(0.01, units=4))
    assert doppler.pixel_spacing is None
    assert doppler.regions[0].spacing is None
    assert doppler.regions[0].axes == (RegionAxis("s", 0.01), RegionAxis("s", 0.01))


def test_the_axes_of_a_spectrum_are_counted_from_its_own_border(tmp_path: Path) -> None:
    item = region(0.004, x0=15, kind=3, delta_y=-0.5)
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = 5, 20
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = 4, 7
    item.ReferencePixelX0, item.ReferencePixelPhysicalValueX = 0, 0.0
    item.ReferencePixelY0, item.ReferencePixelPhysicalValueY = 8, 2.0
    time, speed = film(tmp_path / "a", Modality="US", SequenceOfUltrasoundRegions=[item]).regions[0].axes
    assert (time.unit, time.value(15)) == ("s", 0.0)
    assert time.value(20) == pytest.approx(0.02)
    assert speed.unit == "cm/s"
    assert speed.value(5 + 8) == pytest.approx(2.0)
    assert speed.value(5 + 8 - 4) == pytest.approx(4.0), "up is faster"
    # M-mode: time across, depth in mm down; without a value at the reference pixel no place is told.
    item.PhysicalUnitsYDirection, item.PhysicalDeltaY = 3, 0.02
    del item.ReferencePixelPhysicalValueY
    _, depth = film(tmp_path / "m", Modality="US", SequenceOfUltrasoundRegions=[item]).regions[0].axes
    assert (depth.unit, depth.step, depth.value(9)) == ("mm", pytest.approx(0.2), None)
    # Signed: a baseline above the region. Areas and unknown units are no axes.
    item.ReferencePixelY0, item.ReferencePixelPhysicalValueY = -3, 0.0
    item.PhysicalUnitsXDirection = 8
    none, depth = film(tmp_path / "s", Modality="US", SequenceOfUltrasoundRegions=[item]).regions[0].axes
    assert none is None
    assert depth.value(2) == pytest.approx(0.0)


def test_pixel_aspect_ratio(tmp_path: Path) -> None:
    assert film(tmp_path, PixelAspectRatio=["4", "3"]).pixel_aspect == pytest.approx(4 / 3)


# Marks


def test_the_lossy_mark_says_method_and_ratio(tmp_path: Path) -> None:
    stack = one(
        tmp_path / "a",
        setter(
            LossyImageCompression="01", LossyImageCompressionMethod="ISO_10918_1", LossyImageCompressionRatio="12.5"
        ),
    )
    assert stack.context.lossy == "LOSSY ISO_10918_1 12.5:1"
    assert one(tmp_path / "b").context.lossy == ""
    real = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/JPEG-lossy.dcm")
    assert only_stack(real).context.lossy.startswith("LOSSY")


def test_the_ratio_is_estimated_where_the_file_gives_none(tmp_path: Path) -> None:
    from tests.dicom.pixel_files import JPEG, encapsulated, encode, phantom, write_pixels

    values = phantom(64, 80, 0, 255).astype(np.uint8)

    def picture(name: str, syntax: str, stream: bytes, **attributes: str):
        path = write_pixels(
            tmp_path / name, encapsulated([stream]), syntax, rows=64, columns=80, allocated=8, vr="OB", **attributes
        )
        return only_stack(path).context.lossy

    jpeg = encode("jpeg", values, level=30)
    mark = picture("a.dcm", JPEG + "50", jpeg)
    assert mark.startswith("LOSSY JPEG Baseline")
    ratio = float(mark.rsplit("≈", 1)[1].removesuffix(":1"))
    assert ratio == pytest.approx(64 * 80 / len(jpeg), rel=0.1)
    assert picture("b.dcm", JPEG + "50", jpeg, LossyImageCompression="00").startswith("LOSSY")
    plain = encode("jpeg-2000", values)
    assert picture("c.dcm", JPEG + "91", plain, LossyImageCompression="00") == ""
    assert picture("d.dcm", JPEG + "91", plain).startswith("LOSSY")
    assert picture("e.dcm", JPEG + "90", plain) == ""
    assert picture("f.dcm", JPEG + "90", plain, LossyImageCompression="01").startswith("LOSSY")


def test_context(tmp_path: Path) -> None:
    stack = one(
        tmp_path,
        setter(
            BodyPartExamined="CHEST",
            SeriesDescription="Thorax",
            ContrastBolusAgent="Iomeprol",
            ConvolutionKernel="B30f",
            ImageLaterality="L",
            ViewPosition="AP",
            PatientOrientation=["L", "P"],
            KVP="120",
        ),
    )
    context = stack.context
    assert (context.body_part, context.description, context.contrast_agent) == ("CHEST", "Thorax", "Iomeprol")
    assert (context.kernel, context.laterality, context.view_position) == ("B30f", "L", "AP")
    assert (context.patient_orientation, context.slice_thickness) == (("L", "P"), 5)
    assert dict(context.extra)["kvp"] == "120.0"


def test_sides_of_mammograms_stay_apart(tmp_path: Path) -> None:
    series = make_series()[:2]
    for side, data in zip("LR", series, strict=True):
        setter(Modality="MG", ImageLaterality=side, ImagePositionPatient=None, ImageOrientationPatient=None)(data)
    assert sorted(stack.context.laterality for stack in stacks_of(save_series(series, tmp_path))) == ["L", "R"]


@pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="needs DCMTK's dcm2pnm")
@pytest.mark.parametrize(
    ("photometric", "shape"),
    [("MONOCHROME1", ""), ("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")],
)
def test_polarity_is_that_of_dcmtk(tmp_path: Path, photometric: str, shape: str) -> None:
    data = make_series()[3]
    setter(PhotometricInterpretation=photometric, PresentationLUTShape=shape, WindowCenter="100", WindowWidth="3000")(
        data
    )
    stack = only_stack(save_series([data], tmp_path))
    subprocess.run(["dcm2pnm", "+Wi", "1", "+opb", tmp_path / "slice0000.dcm", tmp_path / "x.pgm"], check=True)
    words = (tmp_path / "x.pgm").read_text().split()
    picture = np.array([int(word) for word in words if word.isdigit()][-24 * 32 :]).reshape(24, 32)
    bone = marker_values()[3] > 600
    assert (picture[bone].mean() < picture[~bone].mean()) == stack.inverted


@pytest.mark.parametrize(
    ("stored", "kind", "expected"),
    [
        (["LE", "CD"], "QUADRUPED", ("LE", "CD")),
        (["L", "R"], "QUADRUPED", ("La", "Ro")),
        (["L", "F"], "BIPED", ("L", "F")),
        (["UNKNOWN", "UNKNOWN"], None, None),
        (["L"], None, None),
    ],
)
def test_sides_of_a_picture_are_those_of_its_kind_of_body(tmp_path: Path, stored, kind, expected) -> None:
    stack = one(
        tmp_path,
        setter(
            ImagePositionPatient=None,
            PatientOrientation=stored,
            **({"AnatomicalOrientationType": kind} if kind else {}),
        ),
    )
    assert stack.context.patient_orientation == expected
