"""Series of several volumes, written as their makers do, against dcm2niix: the same volumes at the same places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.dicom.reading import assert_census, catalog_of, modality_values, stacks_of
from tests.dicom.test_oracles import canonical, niftis
from tests.phantoms.dicom_series import (
    AXIAL,
    make_enhanced,
    make_series,
    marker_values,
    positions_along,
    save_series,
)

SLICES = 6
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def volume(number: int) -> np.ndarray:
    """Values that tell which of several volumes it is."""
    return marker_values((SLICES, 16, 16)) + 1000 + 7 * number


def classic(count: int, change: Callable, maker: str, orientation=AXIAL, step: float = 2.5) -> list:
    """``count`` volumes of single slices in one series."""
    series = []
    positions = positions_along(SLICES, step, orientation=orientation)
    for number in range(count):
        for data in make_series(positions, orientation, volume(number), name=f"v{number}", modality="MR", intercept=0):
            data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
            data.SeriesInstanceUID = "1.2.3.4.55"
            data.InstanceNumber = len(series) + 1
            data.Manufacturer = maker
            data.ImageType = (
                ["ORIGINAL", "PRIMARY", "M", "ND"] if maker == "SIEMENS" else ["ORIGINAL", "PRIMARY", "OTHER"]
            )
            data.RepetitionTime, data.EchoTime, data.MRAcquisitionType = "2000", "30", "2D"
            data.SpacingBetweenSlices = data.SliceThickness = str(abs(step))
            data.AcquisitionNumber = number + 1
            change(number, data)
            series.append(data)
    return series


def each_volume_an_object(count: int, maker: str) -> list:
    """Enhanced objects of one volume each, as Siemens XA and Canon write them."""
    series = []
    for number in range(count):
        data = make_enhanced(positions_along(SLICES), values=volume(number) - 1000, name=f"e{number}")
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
        data.Modality, data.Manufacturer, data.SeriesInstanceUID = "MR", maker, "1.2.3.4.66"
        data.InstanceNumber = data.AcquisitionNumber = number + 1
        data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        shared = data.SharedFunctionalGroupsSequence[0]
        shared.PixelValueTransformationSequence[0].RescaleIntercept = "0"
        shared.PixelMeasuresSequence[0].SliceThickness = "2.5"
        for group in data.PerFrameFunctionalGroupsSequence:
            group.FrameContentSequence[0].FrameAcquisitionDateTime = f"202001011010{2 * number:02}.0"
        series.append(data)
    return series


def attributes(**values: Callable[[int], object]) -> Callable:
    def change(number: int, data) -> None:
        for name, value in values.items():
            setattr(data, name, value(number))

    return change


def ge_component(number: int, data) -> None:
    data.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", number)


def philips(number: int, data) -> None:
    data.TemporalPositionIdentifier = number // 2 + 1
    data.ImageType = ["ORIGINAL", "PRIMARY", ("M_FFE", "PHASE MAP")[number % 2], "MP"[number % 2], "FFE"]
    block = data.private_block(0x2001, "Philips Imaging DD 001", create=True)
    block.add_new(0x0A, "IS", str((int(data.InstanceNumber) - 1) % SLICES + 1))
    block.add_new(0x18, "SL", SLICES)
    data.AcquisitionNumber = 1


def diffusion(number: int, data) -> None:
    data.DiffusionBValue = (0.0, 1000.0, 1000.0, 1000.0)[number]
    if number:
        data.DiffusionGradientOrientation = [float(axis == number) for axis in (1, 2, 3)]


def uih(number: int, data) -> None:
    data.private_block(0x0065, "Image Private Header", create=True).add_new(0x09, "FD", 500.0 * number)


SERIES = {
    "GE, times": lambda: classic(5, attributes(), "GE MEDICAL SYSTEMS"),
    "GE, components": lambda: classic(4, ge_component, "GE MEDICAL SYSTEMS"),
    "Siemens, echoes": lambda: classic(
        3, attributes(EchoTime=lambda n: 10 * (n + 1), EchoNumbers=lambda n: n + 1), "SIEMENS"
    ),
    "Siemens, descending sagittal": lambda: classic(2, attributes(), "SIEMENS", SAGITTAL, -2.5),
    "Siemens, oblique, triggered": lambda: classic(3, attributes(TriggerTime=lambda n: 100 * n), "SIEMENS", OBLIQUE),
    "Siemens, directions": lambda: classic(4, diffusion, "SIEMENS"),
    "Philips, magnitude and phase at three times": lambda: classic(6, philips, "Philips Medical Systems"),
    "United Imaging, b-values": lambda: classic(3, uih, "UIH"),
    "XA, an object for each time": lambda: each_volume_an_object(3, "SIEMENS"),
    "Canon, two objects": lambda: each_volume_an_object(2, "CANON_MEC"),
}


@pytest.mark.parametrize("kind", SERIES)
def test_every_volume_of_dcm2niix_is_a_time_point_of_ours(tmp_path: Path, kind: str) -> None:
    series = SERIES[kind]()
    save_series(series, tmp_path / "in")
    images = niftis(tmp_path / "in", tmp_path / "out")
    assert images
    catalog = catalog_of(tmp_path / "in")
    assert_census(catalog)
    ours = []
    for stack in stacks_of(tmp_path / "in"):
        affine = np.diag([-1, -1, 1, 1.0]) @ stack.geometry.affine
        for time in range(stack.timepoints):
            values = modality_values(stack, time).transpose(2, 1, 0).astype(np.float64)
            ours.append(canonical(affine, values.shape, values))
    count = 0
    for image in images:
        planes = np.asarray(image.dataobj).astype(np.float64)
        for values in np.moveaxis(planes, 3, 0) if planes.ndim > 3 else [planes]:
            theirs = canonical(image.affine, values.shape, values)
            same = [
                one
                for one in ours
                if np.abs(one.affine - theirs.affine).max() <= 1e-3
                and np.array_equal(np.asarray(one.dataobj), np.asarray(theirs.dataobj))
            ]
            assert len(same) == 1
            count += 1
    assert count == len(ours)
