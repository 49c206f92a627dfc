"""What several frames at one position are: dimensions with a name, a unit and values, and every frame reachable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medview.app.headless import inspect_paths
from tests.dicom.reading import assert_census, catalog_of, codes, modality_values, only_stack, stacks_of
from tests.phantoms.dicom_series import (
    SHAPE,
    make_enhanced,
    make_series,
    marker_values,
    positions_along,
    save_series,
    set_pixels,
)


def volumes(count: int, change: Callable, modality: str = "MR", slices: int = 4) -> list:
    """``count`` small volumes at the same positions in one series, told apart by their air's value -1000 + number."""
    series = []
    for number in range(count):
        values = marker_values((slices, 6, 8)) + number
        for data in make_series(positions_along(slices), values=values, name=f"d{number}", modality=modality):
            data.SeriesInstanceUID = "1.2.3.77"
            data.InstanceNumber = number * slices + int(data.InstanceNumber)
            change(number, data)
            series.append(data)
    return series


def setting(**attributes: Callable[[int], object]) -> Callable:
    def change(number: int, data) -> None:
        for name, value in attributes.items():
            setattr(data, name, value(number))

    return change


def named(stack) -> list[tuple[str, str, tuple]]:
    return [(each.name, each.unit, each.values) for each in stack.dimensions]


def tints(stack) -> list[int]:
    """The value of the air of each time point: which volume of :func:`volumes` it is."""
    return [int(modality_values(stack, time).min()) + 1000 for time in range(stack.timepoints)]


def acquired(seconds: float) -> str:
    return f"10{int(seconds // 60):02}{seconds % 60:05.2f}"


ONE_AXIS = {
    "echo": (setting(EchoTime=lambda n: f"{4.9 * (n + 1):.1f}"), ("echo", "ms", (4.9, 9.8, 14.7))),
    "echo number": (setting(EchoNumbers=lambda n: n + 1), ("echo", "", (1, 2, 3))),
    "inversion": (setting(InversionTime=lambda n: 100 * (n + 1)), ("inversion time", "ms", (100, 200, 300))),
    "flip": (setting(FlipAngle=lambda n: 5 + 10 * n), ("flip angle", "°", (5, 15, 25))),
    "b": (setting(DiffusionBValue=lambda n: 500.0 * n), ("b-value", "s/mm²", (0, 500, 1000))),
    "trigger": (setting(TriggerTime=lambda n: 40 * n), ("trigger time", "ms", (0, 40, 80))),
    "phase": (setting(NominalPercentageOfCardiacPhase=lambda n: 30.0 * n), ("phase", "%", (0, 30, 60))),
    "phase of Philips": (
        lambda n, data: data.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(
            0x08, "IS", str(n + 1)
        ),
        ("phase", "", (1, 2, 3)),
    ),
    "run of GE": (
        lambda n, data: (
            data.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0xA2, "DS", f"{7 + n}"),
            setattr(data, "EchoTime", "12"),
        ),
        ("acquisition", "", (7, 8, 9)),
    ),
    "pet": (setting(FrameReferenceTime=lambda n: 60000 * n), ("time", "s", (0, 60, 120))),
    "times": (setting(AcquisitionTime=lambda n: acquired(2.5 * n)), ("time", "s", (0, 2.5, 5))),
    "flow": (
        setting(SequenceName=lambda n: ("fl3d1_v150rl", "fl3d1_v150ap", "fl3d1_v150fh")[n]),
        ("sequence", "", ("fl3d1_v150rl", "fl3d1_v150ap", "fl3d1_v150fh")),
    ),
    "temporal": (setting(TemporalPositionIdentifier=lambda n: n + 1), ("time", "", (1, 2, 3))),
    "temporal, timed": (
        setting(TemporalPositionIdentifier=lambda n: n + 1, AcquisitionTime=lambda n: acquired(55 + 2.5 * n)),
        ("time", "s", (0, 2.5, 5)),
    ),
    "acquisition": (setting(AcquisitionNumber=lambda n: n + 1), ("acquisition", "", (1, 2, 3))),
    "component": (
        setting(ImageType=lambda n: ["ORIGINAL", "PRIMARY", "MPR"[n], "ND"]),
        ("component", "", ("magnitude", "phase", "real")),
    ),
    "nothing": (setting(), ("repeat", "", (None, None, None))),
}


@pytest.mark.parametrize("kind", ONE_AXIS)
def test_one_attribute_is_one_dimension_with_its_unit_and_values(tmp_path: Path, kind: str) -> None:
    change, expected = ONE_AXIS[kind]
    series = volumes(3, change)
    catalog = catalog_of(save_series(series, tmp_path, order=np.random.default_rng(1).permutation(12)))
    assert_census(catalog)
    stack = only_stack(tmp_path)
    assert named(stack) == [expected]
    assert stack.shape[0] == 4
    assert tints(stack) == [0, 1, 2]
    assert len(set(stack.dimensions[0].labels)) == 3
    assert stack.time_labels == stack.dimensions[0].labels


def test_the_clock_turns_at_midnight(tmp_path: Path) -> None:
    def change(number: int, data) -> None:
        data.AcquisitionDate = "20200131" if number < 2 else "20200201"
        data.AcquisitionTime = ("235930", "235945.5", "000010")[number]

    stack = only_stack(save_series(volumes(3, change), tmp_path))
    assert named(stack) == [("time", "s", (0, 15.5, 40))]
    assert tints(stack) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(3))
def test_echoes_at_several_times_are_two_dimensions(tmp_path: Path, seed: int) -> None:
    series = volumes(6, setting(EchoTime=lambda n: 5 + n % 2, TemporalPositionIdentifier=lambda n: n // 2 + 1))
    stack = only_stack(save_series(series, tmp_path, order=np.random.default_rng(seed).permutation(24)))
    assert named(stack) == [("echo", "ms", (5, 6)), ("time", "", (1, 2, 3))]
    assert tints(stack) == [0, 2, 4, 1, 3, 5]
    assert [stack.time_of_steps(stack.steps_of_time(time)) for time in range(6)] == list(range(6))
    assert stack.steps_of_time(4) == (1, 1)


def test_three_dimensions(tmp_path: Path) -> None:
    series = volumes(
        12,
        setting(
            ImageType=lambda n: ["ORIGINAL", "PRIMARY", "MP"[n % 2], "ND"],
            EchoTime=lambda n: (5, 9)[n // 2 % 2],
            TriggerTime=lambda n: 100 * (n // 4),
        ),
        slices=2,
    )
    stack = only_stack(save_series(series, tmp_path))
    assert named(stack) == [
        ("component", "", ("magnitude", "phase")),
        ("echo", "ms", (5, 9)),
        ("trigger time", "ms", (0, 100, 200)),
    ]
    assert tints(stack) == [0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11]


def test_directions_are_one_dimension_with_their_b_values(tmp_path: Path) -> None:
    """Without a direction for b 0, b-value and direction do not make a table; acquisition order counts."""
    directions = [None, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), None, (0.0, 0.0, 1.0)]

    def change(number: int, data) -> None:
        data.DiffusionBValue = 0.0 if directions[number] is None else 1000.0
        if directions[number] is not None:
            data.DiffusionGradientOrientation = list(directions[number])

    stack = only_stack(save_series(volumes(5, change), tmp_path))
    assert named(stack) == [("b-value", "s/mm²", (0, 1000, 1000, 0, 1000))]
    assert tints(stack) == [0, 1, 2, 3, 4]
    assert "(0.00, 1.00, 0.00)" in stack.time_labels[2]
    assert len(set(stack.time_labels)) == 5


def test_an_incomplete_table_is_one_dimension(tmp_path: Path) -> None:
    """The second echo was taken at the first time only: no product, and nothing is lost."""
    pairs = [(5, 1), (5, 2), (5, 3), (9, 1)]
    series = volumes(4, setting(EchoTime=lambda n: pairs[n][0], TemporalPositionIdentifier=lambda n: pairs[n][1]))
    stack = only_stack(save_series(series, tmp_path))
    assert stack.timepoints == 4
    assert [each.name for each in stack.dimensions] == ["echo × time"]
    assert tints(stack) == [0, 1, 2, 3]


def test_a_time_point_without_a_value_is_not_called_like_another(tmp_path: Path) -> None:
    series = volumes(2, lambda number, data: data.__setattr__("TemporalPositionIdentifier", 1) if number else None)
    stack = only_stack(save_series(series, tmp_path))
    assert named(stack) == [("time", "", (None, 1))]
    assert stack.time_labels == ("[1]", "1")


def test_inspect_tells_names_units_and_values(tmp_path: Path) -> None:
    series = volumes(6, setting(EchoTime=lambda n: 5 + n % 2, TemporalPositionIdentifier=lambda n: n // 2 + 1))
    found, error = inspect_paths([str(save_series(series, tmp_path))])
    assert error is None
    (stack,) = found["studies"][0]["series"][0]["stacks"]
    assert stack["timepoints"] == 6
    assert stack["dimensions"] == [
        {"name": "echo", "unit": "ms", "values": [5.0, 6.0], "labels": ["5 ms", "6 ms"]},
        {"name": "time", "unit": "", "values": [1, 2, 3], "labels": ["1", "2", "3"]},
    ]
    assert found["frames_on_disk"] == found["frames_shown"] == 24


def test_time_points_of_a_body_that_moved_are_volumes_of_their_own(tmp_path: Path) -> None:
    series = volumes(3, setting(TemporalPositionIdentifier=lambda n: n + 1))
    for number, data in enumerate(series):
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y, float(z) + 0.3 * (number // 4)]
    catalog = catalog_of(save_series(series, tmp_path))
    assert_census(catalog)
    stacks = stacks_of(tmp_path)
    assert [(stack.kind, stack.shape[0], stack.timepoints) for stack in stacks] == [("volume", 4, 1)] * 3
    assert sorted(round(float(stack.geometry.origins[0, 2]), 1) for stack in stacks) == [-30.0, -29.7, -29.4]


@pytest.mark.parametrize("away", [1.25, 10.0])
def test_phase_images_elsewhere_are_a_stack_of_their_own(tmp_path: Path, away: float) -> None:
    """Between the others, or going on evenly where they end."""
    series = volumes(2, setting(ImageType=lambda n: ["ORIGINAL", "PRIMARY", "MP"[n], "ND"]))
    for data in series[4:]:
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y, float(z) + away]
    stacks = stacks_of(save_series(series, tmp_path))
    assert [(stack.shape[0], stack.timepoints, stack.geometry.spacing[0]) for stack in stacks] == [(4, 1, 2.5)] * 2


def test_phase_images_behind_a_series_of_echoes_are_not_in_its_volumes(tmp_path: Path) -> None:
    """Echoes tell the magnitudes apart, and nothing but the component says that the phase images are others."""
    series = volumes(3, setting(EchoTime=lambda n: (5, 9, 5)[n]))
    for data in series:
        data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    for data in series[8:]:
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y, float(z) + 10]
        data.ImageType = ["ORIGINAL", "PRIMARY", "P", "ND"]
    stacks = stacks_of(save_series(series, tmp_path))
    assert sorted((stack.shape[0], stack.timepoints) for stack in stacks) == [(4, 1), (4, 2)]
    assert named(max(stacks, key=lambda stack: stack.timepoints)) == [("echo", "ms", (5, 9))]


def test_two_kernels_whose_slices_lie_between_one_another_are_no_volume(tmp_path: Path) -> None:
    series = make_series()
    for number, data in enumerate(series):
        data.ConvolutionKernel = ("B30f", "B70f")[number % 2]
    catalog = catalog_of(save_series(series, tmp_path / "between"))
    assert_census(catalog)
    stacks = stacks_of(tmp_path / "between")
    assert [(stack.shape[0], stack.context.kernel) for stack in stacks] == [(6, "B30f"), (6, "B70f")] or [
        stack.context.kernel for stack in stacks
    ] == ["B70f", "B30f"]
    for number, data in enumerate(series):
        data.ConvolutionKernel = "B30f" if number < 5 else "B31f"  # base of the skull, then the vertex
    assert only_stack(save_series(series, tmp_path / "behind")).shape == SHAPE


# Enhanced objects


def enhanced_with(count: int, fill: Callable[[int, Dataset], None], **values) -> object:
    """``count`` volumes in one enhanced object, frames in random order; ``fill`` gives each its functional groups."""
    stack = marker_values((4, 6, 8))
    planes = np.concatenate([stack + number for number in range(count)])
    positions = np.concatenate([positions_along(4)] * count)
    order = np.random.default_rng(3).permutation(4 * count)
    data = make_enhanced(positions, values=planes, order=order, **values)
    for at, group in zip(order, data.PerFrameFunctionalGroupsSequence, strict=True):
        fill(int(at) // 4, group)
    return data


def group_of(**attributes: object) -> Items:
    item = Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return Items([item])


ENHANCED = {
    "echo": (
        lambda n, g: g.__setattr__("MREchoSequence", group_of(EffectiveEchoTime=4.0 * (n + 1))),
        ("echo", "ms", (4, 8, 12)),
    ),
    "b": (
        lambda n, g: g.__setattr__("MRDiffusionSequence", group_of(DiffusionBValue=400.0 * n)),
        ("b-value", "s/mm²", (0, 400, 800)),
    ),
    "phase": (
        lambda n, g: g.__setattr__(
            "CardiacSynchronizationSequence", group_of(NominalPercentageOfCardiacPhase=25.0 * n)
        ),
        ("phase", "%", (0, 25, 50)),
    ),
    "trigger": (
        lambda n, g: g.__setattr__("CardiacSynchronizationSequence", group_of(NominalCardiacTriggerDelayTime=33.0 * n)),
        ("trigger time", "ms", (0, 33, 66)),
    ),
    "offset": (
        lambda n, g: g.__setattr__("TemporalPositionSequence", group_of(TemporalPositionTimeOffset=1.5 * n)),
        ("time", "s", (0, 1.5, 3)),
    ),
    "component": (
        lambda n, g: g.__setattr__(
            "MRImageFrameTypeSequence",
            group_of(
                FrameType=["ORIGINAL", "PRIMARY", "T1", "NONE"],
                ComplexImageComponent=("MAGNITUDE", "REAL", "IMAGINARY")[n],
            ),
        ),
        ("component", "", ("magnitude", "real", "imaginary")),
    ),
    "stacks at one place": (
        lambda n, g: g.FrameContentSequence[0].__setattr__("StackID", str(n + 1)),
        ("stack", "", ("1", "2", "3")),
    ),
    "label and control": (
        lambda n, g: g.__setattr__(
            "MRArterialSpinLabelingSequence", group_of(ASLContext=("CONTROL", "LABEL", "M_ZERO_SCAN")[n])
        ),
        ("ASL", "", ("control", "label", "m_zero_scan")),
    ),
}


@pytest.mark.parametrize("kind", ENHANCED)
def test_functional_groups_of_frames_are_dimensions(tmp_path: Path, kind: str) -> None:
    fill, expected = ENHANCED[kind]
    catalog = catalog_of(save_series([enhanced_with(3, fill)], tmp_path))
    assert_census(catalog)
    stack = only_stack(tmp_path)
    if kind == "b":  # in the order in which they were stored
        expected = (*expected[:2], tuple(400 * tint for tint in tints(stack)))
        assert sorted(tints(stack)) == [0, 1, 2]
    else:
        assert tints(stack) == [0, 1, 2]
    assert named(stack) == [expected]


def test_stacks_that_share_one_place_only_are_apart(tmp_path: Path) -> None:
    """Two slabs that touch: the last place of one is the first of the other."""
    positions = np.concatenate([positions_along(4), positions_along(7)[3:]])
    data = make_enhanced(positions, values=np.concatenate([marker_values((4, 6, 8))] * 2))
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].StackID = str(1 + number // 4)
    stacks = stacks_of(save_series([data], tmp_path))
    assert [(stack.kind, stack.shape[0], stack.timepoints) for stack in stacks] == [("volume", 4, 1)] * 2
    assert sorted(stack.geometry.origins[0, 2] for stack in stacks) == [-30, -22.5]


def test_a_dimension_of_unknown_kind_is_told_by_its_index(tmp_path: Path) -> None:
    """The file says that a private attribute is a dimension; its values count, even if nobody knows what it means."""

    def fill(number: int, group: Dataset) -> None:
        content = group.FrameContentSequence[0]
        content.DimensionIndexValues = [1, content.DimensionIndexValues[1] % 4 + 1, number + 1]

    data = enhanced_with(3, fill)
    pointers = []
    for pointer in (0x00209056, 0x00200032, 0x20051412):
        item = Dataset()
        item.DimensionIndexPointer = pointer
        pointers.append(item)
    data.DimensionIndexSequence = Items(pointers)
    stack = only_stack(save_series([data], tmp_path))
    assert named(stack) == [("index", "", (1, 2, 3))]
    assert tints(stack) == [0, 1, 2]


# Nuclear medicine


def nuclear(vectors: dict[int, list[int]], image_type: str, placed: bool = False):
    """A multi-frame object whose frames are told apart by vectors; frame n is filled with n."""
    data = make_series()[0]
    data.Modality = "NM"
    data.ImageType = ["ORIGINAL", "PRIMARY", image_type, "EMISSION"]
    del data.RescaleSlope, data.RescaleIntercept
    if not placed:
        del data.ImagePositionPatient, data.ImageOrientationPatient
    data.SpacingBetweenSlices = "4"
    frames = len(next(iter(vectors.values())))
    for tag, vector in vectors.items():
        data.add_new(tag, "US", vector)
    data.FrameIncrementPointer = list(vectors)
    set_pixels(data, np.repeat(np.arange(frames, dtype=np.int16), 48).reshape(frames, 6, 8))
    return data


ENERGY, DETECTOR, ANGLE, SLOT, SLICE = 0x00540010, 0x00540020, 0x00540090, 0x00540070, 0x00540080


def first_values(stack) -> list[int]:
    return [int(frame.read()[0, 0]) for frame in stack.frames]


def test_projections_of_two_windows_and_heads_are_dimensions(tmp_path: Path) -> None:
    vectors = {
        ENERGY: [1] * 6 + [2] * 6,
        DETECTOR: [1, 1, 1, 2, 2, 2] * 2,
        ANGLE: [1, 2, 3] * 4,
    }
    order = np.random.default_rng(5).permutation(12)
    shuffled = {tag: [vector[at] for at in order] for tag, vector in vectors.items()}
    catalog = catalog_of(save_series([nuclear(shuffled, "TOMO")], tmp_path))
    assert_census(catalog)
    stack = only_stack(tmp_path)
    assert (stack.kind, stack.shape[0], stack.timepoints) == ("frames", 3, 4)
    assert named(stack) == [("energy window", "", (1, 2)), ("detector", "", (1, 2))]
    assert first_values(stack) == list(np.argsort(order))


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (("Tc-99m", "Scatter"), ("Tc-99m", "Scatter")),
        (("Tc-99m", "Tc-99m"), ("1", "2")),
        (("Tc-99m", ""), ("1", "2")),
        (("Tc-99m",), ("Tc-99m", "2")),
    ],
)
def test_energy_windows_and_views_have_their_names(tmp_path: Path, names: tuple[str, ...], labels: tuple) -> None:
    """PS3.3 C.8.4.10 Energy Window Name, C.8.4.11 View Code: told where every one has a name of its own."""
    vectors = {ENERGY: [1] * 6 + [2] * 6, DETECTOR: [1, 1, 1, 2, 2, 2] * 2, ANGLE: [1, 2, 3] * 4}
    data = nuclear(vectors, "TOMO")
    windows, detectors = [], []
    for name in names:
        windows.append(Dataset())
        windows[-1].EnergyWindowName = name
    for view in ("Anterior", "Posterior"):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99TEST", view
        detectors.append(Dataset())
        detectors[-1].ViewCodeSequence = Items([code])
    data.EnergyWindowInformationSequence = Items(windows)
    data.DetectorInformationSequence = Items(detectors)
    stack = only_stack(save_series([data], tmp_path))
    energy, detector = stack.dimensions
    assert (energy.name, energy.values, energy.labels) == ("energy window", (1, 2), labels)
    assert (detector.name, detector.values, detector.labels) == ("detector", (1, 2), ("Anterior", "Posterior"))
    assert first_values(stack) == list(range(12))


def test_a_gated_reconstruction_has_a_dimension_of_time_slots(tmp_path: Path) -> None:
    vectors = {SLOT: [1, 1, 1, 1, 2, 2, 2, 2], SLICE: [1, 2, 3, 4] * 2}
    stack = only_stack(save_series([nuclear(vectors, "RECON GATED TOMO", placed=True)], tmp_path))
    assert (stack.kind, stack.shape[0], stack.geometry.spacing[0]) == ("volume", 4, 4)
    assert named(stack) == [("time slot", "", (1, 2))]
    assert first_values(stack) == list(range(8))


def test_a_reconstruction_without_orientation_keeps_slots_and_slices_apart(tmp_path: Path) -> None:
    vectors = {SLOT: [1, 2] * 4, SLICE: [1, 1, 2, 2, 3, 3, 4, 4]}
    stack = only_stack(save_series([nuclear(vectors, "RECON GATED TOMO")], tmp_path))
    assert "no_geometry" in {note.code for note in stack.notes}  # a reconstruction has a place, and the file keeps it
    assert (stack.kind, stack.shape[0]) == ("frames", 4)
    assert named(stack) == [("time slot", "", (1, 2))]
    assert first_values(stack) == [0, 2, 4, 6, 1, 3, 5, 7]


def test_vectors_that_make_no_table_leave_the_frames_in_order(tmp_path: Path) -> None:
    vectors = {DETECTOR: [1, 1, 2], SLOT: [1, 2, 1]}
    stack = only_stack(save_series([nuclear(vectors, "DYNAMIC")], tmp_path))
    assert (stack.shape[0], stack.timepoints) == (3, 1)
    assert first_values(stack) == [0, 1, 2]


def test_the_anterior_and_posterior_view_are_two_frames(tmp_path: Path) -> None:
    stack = only_stack(save_series([nuclear({DETECTOR: [1, 2]}, "WHOLE BODY")], tmp_path))
    assert (stack.kind, stack.shape[0], stack.timepoints) == ("frames", 2, 1)
    assert "unnamed_axis" not in codes(stack)


# What the makers say in their private elements


def private(creator: str, group: int, element: int, vr: str, value: Callable[[int], object]) -> Callable:
    def change(number: int, data) -> None:
        found = value(number)
        if found is not None:
            data.private_block(group, creator, create=True).add_new(element, vr, found)

    return change


@pytest.mark.parametrize("form", ["newer", "older"])
def test_b_values_of_the_csa_header_alone(tmp_path: Path, form: str) -> None:
    """Siemens software before syngo VB15 has no (0019,100C): b-value and direction stand in the CSA header."""
    from tests.dicom.test_mosaic import csa, csa1

    make = csa if form == "newer" else csa1

    def change(number: int, data) -> None:
        data.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]
        entries = {"B_value": [str(1000 * (number > 0))]}
        if number:
            entries["DiffusionGradientDirection"] = ["1.0", "0.0", "0.0"] if number == 1 else ["0.0", "-1.0", "0.0"]
        header = make(**entries)
        data.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)

    stack = only_stack(save_series(volumes(3, change), tmp_path))
    (axis,) = stack.dimensions
    assert (axis.name, axis.unit, axis.values) == ("b-value", "s/mm²", (0, 1000, 1000))
    assert axis.labels == ("0 s/mm²", "1000 s/mm² (1.00, 0.00, 0.00)", "1000 s/mm² (0.00, -1.00, 0.00)")
    assert tints(stack) == [0, 1, 2]


MAKERS_B = {
    "GE": private("GEMS_PARM_01", 0x0043, 0x39, "IS", lambda n: [1000000000 + 500 * n, 8, 0, 0]),
    "Siemens": private("SIEMENS MR HEADER", 0x0019, 0x0C, "IS", lambda n: str(500 * n)),
    "Philips": private("Philips Imaging DD 001", 0x2001, 0x03, "FL", lambda n: 500.0 * n),
    "United Imaging": private("Image Private Header", 0x0065, 0x09, "FD", lambda n: 500.0 * n),
    "Canon": setting(DiffusionBValue=lambda n: 500.0 * n),
}


@pytest.mark.parametrize("maker", MAKERS_B)
def test_b_values_of_every_maker(tmp_path: Path, maker: str) -> None:
    stack = only_stack(save_series(volumes(3, MAKERS_B[maker]), tmp_path))
    assert named(stack) == [("b-value", "s/mm²", (0, 500, 1000))]
    assert tints(stack) == [0, 1, 2]


def test_label_and_control_of_philips_are_a_dimension(tmp_path: Path) -> None:
    """(2005,xx29) of "Philips MR Imaging DD 005" says which image is label and which control."""
    label = private("Philips MR Imaging DD 005", 0x2005, 0x29, "CS", lambda n: "LABEL" if n % 2 else "CONTROL")

    def change(number: int, data) -> None:
        label(number, data)
        data.TemporalPositionIdentifier = number // 2 + 1

    stack = only_stack(save_series(volumes(6, change), tmp_path))
    assert named(stack) == [("ASL", "", ("control", "label")), ("time", "", (1, 2, 3))]
    assert tints(stack) == [0, 2, 4, 1, 3, 5]


def test_times_of_one_attribute_for_date_and_time(tmp_path: Path) -> None:
    """PS3.3 C.7.6.1: Acquisition DateTime may stand alone."""
    change = setting(AcquisitionDateTime=lambda n: f"20200102{acquired(2.5 * n)}")
    assert named(only_stack(save_series(volumes(3, change), tmp_path))) == [("time", "s", (0, 2.5, 5))]
