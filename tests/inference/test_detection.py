"""Boxes of every layout, raw YOLO and heat maps become findings at the right place of the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import ExitCode, MedviewError
from medview.inference.candidates import Candidates
from medview.inference.detection import _local_maxima
from medview.inference.manifest import BoxesOutput
from medview.inference.suppression import merge_slices, overlaps, suppress
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, reorientations, run, stack_of, volume_of

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(3)
LABELS = [{"index": 1, "name": "nodule"}, {"index": 2, "name": "cyst", "colour": [1, 2, 3]}]


def detection(axes: list[str], output: dict[str, Any], steps: Any = (), **more: Any) -> dict[str, Any]:
    spatial = {2: "NCHW", 3: "NCDHW"}[len(axes)]
    given = {"unit": "HU", "axes": axes, "layout": spatial, "steps": list(steps), **more}
    return about("finder", task="detection", input=given, output={"labels": LABELS, **output})


def boxes_manifest(axes: Any = ("P", "L"), steps: Any = (), **more: Any) -> dict[str, Any]:
    output = {"kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": LABELS[:1], **more}
    return detection(list(axes), output, steps)


def heatmap_manifest(**more: Any) -> dict[str, Any]:
    output = {"kind": "center_heatmap", "labels": [{"index": 0, "name": "nodule"}], "diameter_mm": 6.0, **more}
    return detection(["S", "P", "L"], output)


def one_slice(shape: tuple[int, int] = (24, 32)) -> Any:
    stored = RNG.integers(-1000, 1000, (1, *shape)).astype(np.int16)
    return volume_of(stored, axial_geometry((1, *shape)))


# A box over rows 3…8 and columns 10…19 (voxels included), as each layout writes it; borders at whole numbers.
ROWS, COLUMNS = (3.0, 9.0), (10.0, 20.0)
LAYOUTS_2D = {
    "xyxy": [10, 3, 20, 9],
    "yxyx": [3, 10, 9, 20],
    "xywh": [10, 3, 10, 6],
    "cxcywh": [15, 6, 10, 6],
}


def only_finding(result: Any) -> Any:
    assert len(result.findings) == 1, result.findings
    return result.findings[0]


@pytest.mark.parametrize("layout", sorted(LAYOUTS_2D))
@pytest.mark.parametrize("coordinates", ["pixels", "normalised"])
@pytest.mark.parametrize("x_axis", ["last", "first"])
def test_box_layouts(layout: str, coordinates: str, x_axis: str, tmp_path: Path) -> None:
    volume = one_slice()
    box = np.array([LAYOUTS_2D[layout]], dtype=np.float32)
    if x_axis == "first":
        box = box[:, [1, 0, 3, 2]]
    if coordinates == "normalised":
        height, width = volume.shape[1:]
        x_first = layout != "yxyx"
        size = [width, height] if x_first else [height, width]
        if x_axis == "first":
            size.reverse()
        box = box / np.array([*size, *size], dtype=np.float32)
    network = networks.fixed_outputs(2, b=box.astype(np.float32), s=np.array([0.8], np.float32))
    described = boxes_manifest(layout=layout, coordinates=coordinates, x_axis=x_axis)
    found = only_finding(run(made_package(tmp_path, described, network), volume))
    (k0, j0, i0), (k1, j1, i1) = found.box_voxel
    np.testing.assert_allclose([k0, k1], [-0.5, 0.5])
    np.testing.assert_allclose([j0, j1], [2.5, 8.5], atol=1e-5)
    np.testing.assert_allclose([i0, i1], [9.5, 19.5], atol=1e-5)
    np.testing.assert_allclose(found.center_voxel, (0, 5.5, 14.5), atol=1e-5)
    np.testing.assert_allclose(found.center_lps, volume.geometry.voxel_to_patient([0, 5.5, 14.5]), atol=1e-4)
    assert found.score == pytest.approx(0.8)
    assert found.size_mm == pytest.approx(10 * 0.8, rel=1e-4)
    assert (found.label, found.k, found.sop_uid) == ("nodule", 0, "1.2.0")


def test_boxes_of_voxel_centres(tmp_path: Path) -> None:
    network = networks.fixed_outputs(2, b=np.array([[10, 3, 20, 9]], np.float32), s=np.array([0.8], np.float32))
    found = only_finding(run(made_package(tmp_path, boxes_manifest(origin="centre"), network), one_slice()))
    np.testing.assert_allclose(found.box_voxel[0][1:], (3, 10))


@pytest.mark.parametrize("layout", ["xyzxyz", "zyxzyx", "xyzwhd", "cxcyczwhd"])
def test_boxes_in_three_dimensions(layout: str, tmp_path: Path) -> None:
    low, high = np.array([4.0, 5.0, 6.0]), np.array([8.0, 15.0, 16.0])  # z y x
    lists = {
        "xyzxyz": [*low[::-1], *high[::-1]],
        "zyxzyx": [*low, *high],
        "xyzwhd": [*low[::-1], *(high - low)[::-1]],
        "cxcyczwhd": [*((low + high) / 2)[::-1], *(high - low)[::-1]],
    }
    volume = volume_of(RNG.integers(0, 99, (12, 20, 24)).astype(np.int16), axial_geometry((12, 20, 24)))
    network = networks.fixed_outputs(3, b=np.array([lists[layout]], np.float32), s=np.array([0.7], np.float32))
    described = boxes_manifest(axes=("S", "P", "L"), layout=layout)
    found = only_finding(run(made_package(tmp_path, described, network), volume))
    np.testing.assert_allclose(found.box_voxel, (low - 0.5, high - 0.5), atol=1e-5)
    np.testing.assert_allclose(found.box_lps[0], volume.geometry.voxel_to_patient(low - 0.5), atol=1e-4)
    np.testing.assert_allclose(found.box_lps[1], volume.geometry.voxel_to_patient(high - 0.5), atol=1e-4)
    assert found.k == 6  # centre 5.5, the even neighbour


def test_boxes_follow_the_steps_back(tmp_path: Path) -> None:
    """Letterboxed to 64×64: the box of the tensor lies where it lay in the slice."""
    volume = one_slice((24, 32))
    steps = [{"step": "resize", "size": [64, 64], "aspect": "keep"}]
    # 32 columns become 64, 24 rows become 48 with 8 above and below.
    box = np.array([[20, 8 + 6, 40, 8 + 18]], np.float32)
    network = networks.fixed_outputs(2, b=box, s=np.array([0.9], np.float32))
    found = only_finding(run(made_package(tmp_path, boxes_manifest(steps=steps), network), volume))
    np.testing.assert_allclose(found.box_voxel[0][1:], (2.5, 9.5), atol=1e-4)
    np.testing.assert_allclose(found.box_voxel[1][1:], (8.5, 19.5), atol=1e-4)


def test_boxes_outside_what_was_there_are_dropped(tmp_path: Path) -> None:
    steps = [{"step": "pad", "size": [64, 64], "place": "end"}]
    boxes = np.array([[40, 40, 60, 60], [2, 2, 6, 6], [30, 2, 36, 6]], np.float32)
    network = networks.fixed_outputs(2, b=boxes, s=np.array([0.9, 0.8, 0.7], np.float32))
    result = run(made_package(tmp_path, boxes_manifest(steps=steps), network), one_slice((24, 32)))
    inside, reaching = result.findings
    assert inside.score == pytest.approx(0.8)
    # What reaches in from the border that was filled up is cut there, as torchvision, MONAI and Ultralytics do.
    assert (reaching.box_voxel[0][2], reaching.box_voxel[1][2]) == (29.5, 31.5)
    assert reaching.center_voxel[2] == 30.5


def test_labels_scores_and_thresholds(tmp_path: Path) -> None:
    boxes = np.array([[0, 0, 4, 4], [8, 8, 12, 12], [16, 16, 20, 20], [20, 2, 24, 6]], np.float32)
    scores = np.array([0.3, 0.9, 0.6, 0.95], np.float32)
    labels = np.array([1, 2, 1, 7], np.int64)  # 7 is no class of the manifest
    network = networks.fixed_outputs(2, b=boxes, s=scores, l=labels)
    described = boxes_manifest(labels_output="l", labels=LABELS, score_threshold=0.5)
    result = run(made_package(tmp_path, described, network), one_slice())
    assert [(found.label, round(found.score, 2)) for found in result.findings] == [("cyst", 0.9), ("nodule", 0.6)]
    assert result.findings[0].colour == (1, 2, 3)
    assert result.shown_threshold == 0.5


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([[100, 100, 120, 120], [-50, 3, -40, 9]], {}),  # beside the image
        ([[10, 3, 20, 9], [2, 1, 9, 6]], {"coordinates": "normalised"}),  # pixels where shares are promised
        ([[0.3, 0.1, 0.6, 0.4], [0.1, 0.2, 0.5, 0.9]], {}),  # shares where pixels are promised
    ],
)
def test_boxes_of_which_none_lies_in_the_image_are_no_answer(boxes: Any, told: Any, tmp_path: Path) -> None:
    scores = np.array([0.9, 0.8], np.float32)
    network = networks.fixed_outputs(2, b=np.array(boxes, np.float32), s=scores)
    with pytest.raises(MedviewError) as caught:
        run(made_package(tmp_path, boxes_manifest(**told), network), one_slice())
    assert caught.value.code == "output_out_of_range"
    assert caught.value.exit_code == ExitCode.RUN_FAILED
    # Below the threshold nothing is meant by them, and one of several may lie beside.
    unsure = networks.fixed_outputs(2, b=np.array(boxes, np.float32), s=scores / 100)
    assert run(made_package(tmp_path / "unsure", boxes_manifest(**told), unsure), one_slice()).findings == ()
    place = np.array([0.2, 0.2, 0.9, 0.9]) * (1 if told else 20)
    mixed = networks.fixed_outputs(2, b=np.array([boxes[0], place], np.float32), s=scores)
    assert run(made_package(tmp_path / "mixed", boxes_manifest(**told), mixed), one_slice()).findings


def test_places_inside_out_alone_are_no_answer(tmp_path: Path) -> None:
    table = np.array([[[15, 6, -10, 6, 0.9], [9, 9, 4, -4, 0.8]]], np.float32)
    output = {"kind": "yolo", "arrangement": "places_first", "labels": [{"index": 0, "name": "nodule"}]}
    with pytest.raises(MedviewError, match="None of the 2 boxes"):
        run(made_package(tmp_path, detection(["P", "L"], output), networks.fixed_outputs(2, y=table)), one_slice())


def test_classes_that_nobody_named_are_told(tmp_path: Path) -> None:
    boxes = np.array([[1, 1, 4, 4], [8, 8, 12, 12], [16, 16, 20, 20]], np.float32)
    network = networks.fixed_outputs(2, b=boxes, s=np.full(3, 0.9, np.float32), l=np.array([7, 3, 7], np.int64))
    result = run(made_package(tmp_path, boxes_manifest(labels_output="l"), network), one_slice())
    assert result.findings == ()
    assert [(note.code, note.values) for note in result.warnings] == [("classes_unnamed", ("3, 7",))]


def test_boxes_of_other_sizes_than_the_graph_says_are_refused_when_it_is_opened(tmp_path: Path) -> None:
    network = networks.fixed_outputs(2, b=np.zeros((2, 6), np.float32), s=np.zeros(2, np.float32))
    with pytest.raises(MedviewError, match="boxes of 4 numbers were due") as caught:
        run(made_package(tmp_path, boxes_manifest(), network), one_slice())
    assert caught.value.exit_code == ExitCode.MODEL_UNUSABLE


def test_scores_with_a_column_for_each_class(tmp_path: Path) -> None:
    boxes = np.array([[0, 0, 4, 4], [8, 8, 12, 12]], np.float32)
    scores = np.array([[0.9, 0.1, 0.3], [0.2, 0.4, 0.6]], np.float32)  # column 0 is background and not named
    network = networks.fixed_outputs(2, b=boxes, s=scores)
    result = run(made_package(tmp_path, boxes_manifest(labels=LABELS), network), one_slice())
    assert [(found.label, round(found.score, 2)) for found in result.findings] == [("cyst", 0.6), ("cyst", 0.3)]


def test_everything_in_one_output(tmp_path: Path) -> None:
    table = np.array([[[10, 3, 20, 9, 0.8, 1], [1, 1, 3, 3, 0.01, 1]]], np.float32)
    network = networks.fixed_outputs(2, y=table)
    output = {"kind": "boxes", "boxes_output": "y", "columns": ["box", "score", "label"]}
    found = only_finding(run(made_package(tmp_path, detection(["P", "L"], output), network), one_slice()))
    np.testing.assert_allclose(found.box_voxel[1][1:], (8.5, 19.5))


def test_no_box_is_no_finding(tmp_path: Path) -> None:
    network = networks.fixed_outputs(2, b=np.zeros((0, 4), np.float32), s=np.zeros(0, np.float32))
    assert run(made_package(tmp_path, boxes_manifest(), network), one_slice()).findings == ()


@pytest.mark.parametrize("objectness", [False, True])
@pytest.mark.parametrize("arrangement", ["attributes_first", "places_first"])
def test_raw_yolo(arrangement: str, objectness: bool, tmp_path: Path) -> None:
    rows = [
        [15, 6, 10, 6, 0.9, 0.05, 0.8],
        [15.4, 6, 10, 6, 0.8, 0.05, 0.7],  # the same thing once more
        [5, 15, 4, 4, 0.9, 0.7, 0.1],
        [25, 15, 4, 4, 0.9, 0.01, 0.02],
    ]
    table = np.array([rows], np.float32)
    if not objectness:
        table = np.delete(table, 4, axis=2)
    if arrangement == "attributes_first":
        table = table.transpose(0, 2, 1)
    labels = [{"index": 0, "name": "nodule"}, {"index": 1, "name": "cyst"}]
    output = {"kind": "yolo", "arrangement": arrangement, "objectness": objectness, "nms_iou": 0.5, "labels": labels}
    network = networks.fixed_outputs(2, y=np.ascontiguousarray(table))
    result = run(made_package(tmp_path, detection(["P", "L"], output), network), one_slice())
    factor = 0.9 if objectness else 1
    assert [(found.label, round(found.score, 3)) for found in result.findings] == [
        ("cyst", round(0.8 * factor, 3)),
        ("nodule", round(0.7 * factor, 3)),
    ]
    np.testing.assert_allclose(result.findings[0].box_voxel[0][1:], (2.5, 9.5), atol=1e-5)


# Heat maps -----------------------------------------------------------------------------------------------------------


def ball_volume(centres: list[tuple[int, int, int]], shape: tuple[int, int, int] = (24, 40, 44)) -> Any:
    """Air with single hot voxels in a warm surround, so that each is one peak."""
    stored = np.full(shape, -1000, np.int16)
    stored += RNG.integers(0, 9, shape).astype(np.int16)
    for n, (k, j, i) in enumerate(centres):
        stored[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2] = 100
        stored[k, j, i] = 900 - 100 * n
    return volume_of(stored, axial_geometry(shape, (2.0, 1.0, 1.0)))


def peaks_network(level: float = 300.0) -> bytes:
    return networks.affine_channels(3, [0.02, 0.0], [-0.02 * level, np.log(7.0)])


@pytest.mark.parametrize("tiling", [None, {"size": [16, 16, 16], "overlap": 0.5}])
def test_peaks_of_a_heat_map(tiling: Any, tmp_path: Path) -> None:
    centres = [(5, 8, 9), (12, 30, 33), (20, 5, 40)]
    volume = ball_volume(centres)
    described = heatmap_manifest(activation="sigmoid", diameter_channel=1, diameter_unit="log_mm", diameter_mm=None)
    described["input"]["tiling"] = tiling
    result = run(made_package(tmp_path, described, peaks_network()), volume)
    assert [tuple(np.round(found.center_voxel).astype(int)) for found in result.findings] == centres
    first = result.findings[0]
    np.testing.assert_allclose(first.center_lps, volume.geometry.voxel_to_patient(centres[0]), atol=1e-4)
    assert first.size_mm == pytest.approx(7.0, rel=1e-4)
    np.testing.assert_allclose(first.box_lps[1] - np.array(first.box_lps[0]), 7.0, atol=1e-3)
    assert [found.k for found in result.findings] == [5, 12, 20]


def test_every_orientation_finds_the_same_places(tmp_path: Path) -> None:
    volume = ball_volume([(5, 8, 9), (12, 13, 20)], (18, 20, 26))
    described = heatmap_manifest(activation="sigmoid")
    described["input"]["axes"] = ["A", "I", "L"]
    package = made_package(tmp_path, described, peaks_network())
    truth = [found.center_lps for found in run(package, volume).findings]
    assert len(truth) == 2
    for name, turned in reorientations(volume):
        places = [found.center_lps for found in run(package, turned).findings]
        np.testing.assert_allclose(places, truth, atol=1e-3, err_msg=name)


def test_a_coarse_map_lies_between_the_voxels(tmp_path: Path) -> None:
    """Stride 2: element n stands for voxels 2n and 2n + 1, its centre between them."""
    from onnx import helper

    nodes = [
        helper.make_node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
        helper.make_node("Mul", ["p", "w"], ["m"]),
        helper.make_node("Add", ["m", "o"], ["y"]),
    ]
    network = networks.model_bytes(
        nodes,
        [("x", 1, networks.free_shape(3))],
        [("y", 1, ["n", 1, "a", "b", "c"])],
        {"w": np.float32(0.02), "o": np.float32(-12)},
    )
    volume = ball_volume([(5, 8, 9)])
    described = heatmap_manifest(activation="sigmoid", stride=[2, 2, 2])
    for tiling in (None, {"size": [16, 16, 16], "overlap": 0.5}):
        described["input"]["tiling"] = tiling
        found = only_finding(run(made_package(tmp_path, described, network), volume))
        np.testing.assert_allclose(found.center_voxel, (4.5, 8.5, 8.5))


def test_maps_after_resampling(tmp_path: Path) -> None:
    volume = ball_volume([(5, 8, 9), (12, 30, 33)])
    described = heatmap_manifest(activation="sigmoid", refine=True, minimum_distance_mm=4.0)
    described["input"]["steps"] = [
        {"step": "resample", "spacing_mm": [1.0, 0.5, 0.5]},
        {"step": "pad", "multiple": [16, 16, 16]},
    ]
    result = run(made_package(tmp_path, described, peaks_network()), volume)
    assert len(result.findings) == 2
    for found, truth in zip(result.findings, [(5, 8, 9), (12, 30, 33)], strict=True):
        away = np.array(found.center_lps) - volume.geometry.voxel_to_patient(truth)
        assert np.linalg.norm(away) < 0.5


def test_equal_neighbours_are_one_peak() -> None:
    values = np.zeros((4, 5, 6), np.float32)
    values[1, 2, 2:4] = 0.9
    values[3, 4, 5] = 0.8
    np.testing.assert_array_equal(_local_maxima(values, 0.5), [[1, 2, 2], [3, 4, 5]])


# Choosing and joining ------------------------------------------------------------------------------------------------


def table(boxes: list[list[float]], scores: list[float], classes: list[int] | None = None) -> Candidates:
    corners = np.array(boxes, dtype=float).reshape(-1, 2, 2)
    flat = np.zeros((len(corners), 2, 1))
    flat[:, 0], flat[:, 1] = -0.5, 0.5
    return Candidates(
        np.concatenate([flat, corners], axis=2),
        np.array(scores),
        np.array(classes or [0] * len(scores), dtype=np.intp),
        np.full(len(scores), np.nan),
    )


def output_of(**more: Any) -> BoxesOutput:
    given = {"kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": LABELS, **more}
    return BoxesOutput.model_validate(given, strict=False)


def test_overlap_over_union() -> None:
    one = np.array([[0.0, 0, 0], [2, 2, 2]])
    others = np.array([[[0.0, 0, 0], [2, 2, 2]], [[1, 0, 0], [3, 2, 2]], [[5, 5, 5], [6, 6, 6]]])
    np.testing.assert_allclose(overlaps(one, others), [1, 4 / 12, 0])


def test_the_best_of_a_group_stays() -> None:
    found = table(
        [[0, 0, 10, 10], [1, 0, 11, 10], [1, 1, 11, 11], [40, 40, 50, 50]], [0.6, 0.9, 0.7, 0.5], [0, 0, 1, 0]
    )
    kept = suppress(found, output_of(nms_iou=0.5), None)
    assert list(kept.scores) == [0.9, 0.7, 0.5], "another class does not suppress"
    near = suppress(found, output_of(minimum_distance_mm=5.0), (1.0, 1.0, 1.0))
    assert list(near.scores) == [0.9, 0.5]
    far = suppress(found, output_of(minimum_distance_mm=5.0), (1.0, 10.0, 10.0))
    assert list(far.scores) == [0.9, 0.7, 0.6, 0.5], "distances are in mm"
    assert len(suppress(found, output_of(at_most=2), None).scores) == 2


def test_boxes_of_neighbouring_slices_are_joined() -> None:
    slices = [
        table([[0, 0, 10, 10]], [0.5]),
        table([[1, 0, 11, 10], [30, 30, 40, 40]], [0.9, 0.4]),
        table([[2, 0, 12, 10]], [0.6]),
        table([], []),
        table([[2, 0, 12, 10]], [0.3]),
    ]
    joined = merge_slices(slices, output_of(merge={"iou": 0.3}))
    assert sorted(joined.scores) == [0.3, 0.4, 0.9]
    best = joined.boxes[np.argmax(joined.scores)]
    np.testing.assert_allclose(best, [[-0.5, 0, 0], [2.5, 12, 10]])
    gaps = merge_slices(slices, output_of(merge={"iou": 0.3, "gap": 1, "minimum_slices": 2}))
    assert list(gaps.scores) == [0.9]
    np.testing.assert_allclose(gaps.boxes[0][:, 0], [-0.5, 4.5])
    assert len(merge_slices(slices, output_of()).scores) == 5


def test_slices_of_a_volume_are_joined_in_the_patient(tmp_path: Path) -> None:
    """The same box in every slice becomes one finding through all of them, also where the slices were turned."""
    network = networks.fixed_outputs(2, b=np.array([[3, 3, 9, 8]], np.float32), s=np.array([0.9], np.float32))
    described = boxes_manifest(merge={"iou": 0.5})
    volume = volume_of(RNG.integers(0, 99, (5, 20, 24)).astype(np.int16), axial_geometry((5, 20, 24)))
    found = only_finding(run(made_package(tmp_path, described, network), volume, stack_of(volume)))
    np.testing.assert_allclose(found.box_voxel, ((-0.5, 2.5, 2.5), (4.5, 7.5, 8.5)))
    assert found.k == 2
    assert found.size_mm == pytest.approx(6 * 0.8, rel=1e-4)
