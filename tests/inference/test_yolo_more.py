"""YOLO's segment and pose exports: masks and keypoints lie where the pixels are, with numerically known answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import MedviewError
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, volume_of

Array = np.ndarray[Any, Any]
SIZE = 32
LABELS = [{"index": 0, "name": "cyst"}, {"index": 1, "name": "lesion"}]


def package(folder: Path, places: Array, more: dict[str, Any], steps: Any = (), **outputs: Array) -> Any:
    """A network whose places (n, attributes) are always the same."""
    answers: dict[str, Any] = {"output0": places.T[None].astype(np.float32), **outputs}
    network = networks.fixed_outputs(2, batch=1, **answers)
    manifest = about(
        "yolo",
        task="detection",
        input={"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "steps": list(steps)},
        output={"kind": "yolo", "name": "output0", "labels": LABELS, "nms_iou": 0.5, **more},
    )
    return made_package(folder, manifest, network)


def one_slice(shape: tuple[int, int] = (SIZE, SIZE)) -> Any:
    stored = np.random.default_rng(3).integers(-100, 100, (1, *shape)).astype(np.int16)
    return volume_of(stored, axial_geometry((1, *shape), (5.0, 0.5, 0.5)))


def two_prototypes() -> Array:
    """p0 is 1 in the left half and -1 in the right, p1 the other way round; a quarter of the tensor's size."""
    half = np.ones((SIZE // 4, SIZE // 4), dtype=np.float32)
    half[:, SIZE // 8 :] = -1
    return np.stack([half, -half])[None]


# cx, cy, w, h, two classes, two coefficients
PLACES = np.array(
    [
        [16, 10, 20, 12, 0.9, 0.1, 1.0, 0.0],
        [16, 10, 20, 11, 0.8, 0.1, 1.0, 0.0],  # goes away: the same again
        [16, 24, 20, 8, 0.2, 0.7, 0.0, 1.0],
        [5, 5, 4, 4, 0.01, 0.01, 1.0, 0.0],
    ]
)


def test_each_finding_has_its_mask(tmp_path: Path) -> None:
    made = package(tmp_path, PLACES, {"prototypes_output": "output1"}, output1=two_prototypes())
    result = run(made, one_slice())
    assert [(f.label, f.mask_value) for f in result.findings] == [("cyst", 1), ("lesion", 2)]
    assert result.segmentation is not None
    expected = np.zeros((SIZE, SIZE), dtype=np.uint8)
    expected[4:16, 6:16] = 1  # rows and columns of the box, of its columns the left half
    expected[20:28, 16:26] = 2
    np.testing.assert_array_equal(result.segmentation.labels[0], expected)
    assert [(label.value, label.name) for label in result.segmentation.meanings] == [(1, "cyst 1"), (2, "lesion 2")]


def test_masks_follow_the_steps_back(tmp_path: Path) -> None:
    """A picture of half the size, twice as large in the tensor, with a border filled below."""
    steps = [
        {"step": "resize", "size": [None, SIZE]},
        {"step": "resize", "size": [24, None]},
        {"step": "pad", "size": [SIZE, SIZE]},
    ]
    made = package(tmp_path, PLACES, {"prototypes_output": "output1"}, steps, output1=two_prototypes())
    result = run(made, one_slice((12, 16)))
    assert result.segmentation is not None
    expected = np.zeros((12, 16), dtype=np.uint8)
    expected[2:8, 3:8] = 1
    expected[10:12, 8:13] = 2
    np.testing.assert_array_equal(result.segmentation.labels[0], expected)


def test_prototypes_of_another_rank_are_a_failed_run(tmp_path: Path) -> None:
    made = package(tmp_path, PLACES, {"prototypes_output": "output1"}, output1=two_prototypes()[0])
    with pytest.raises(MedviewError, match="wrong shape"):
        run(made, one_slice())


def test_keypoints_lie_where_their_pixels_are(tmp_path: Path) -> None:
    places = np.array([[16, 10, 20, 12, 0.9, 0.1, 8.5, 6.5, 0.9, 20.5, 12.5, 0.2]])
    made = package(tmp_path, places, {"keypoints": {"names": ["head", "neck"]}})
    volume = one_slice()
    (finding,) = run(made, volume).findings
    assert [(p.name, p.shown) for p in finding.keypoints] == [("head", True), ("neck", False)]
    assert finding.keypoints[0].voxel == pytest.approx((0, 6, 8))
    assert finding.keypoints[1].voxel == pytest.approx((0, 12, 20))
    assert volume.geometry is not None
    assert finding.keypoints[0].lps == pytest.approx(volume.geometry.voxel_to_patient([0, 6, 8]))
    assert finding.keypoints[1].score == pytest.approx(0.2)


def test_keypoints_without_visibility_in_shares_of_the_picture(tmp_path: Path) -> None:
    places = np.array([[0.5, 0.3, 0.6, 0.4, 0.9, 0.1, 8.5 / SIZE, 6.5 / SIZE]])
    more = {"keypoints": {"names": ["head"], "visibility": False}, "coordinates": "normalised"}
    (finding,) = run(package(tmp_path, places, more), one_slice()).findings
    assert finding.keypoints[0].voxel == pytest.approx((0, 6, 8))
    assert finding.keypoints[0].shown


def test_points_are_in_the_result_with_their_lines_and_drawn_where_they_lie(tmp_path: Path) -> None:
    from medview.app.finding_points import bones_between, draw_points, points_described, points_on
    from medview.app.infer_command import describe_result
    from medview.app.shown_slice import acquired_shown
    from tests.inference.volumes import stack_of

    places = np.array([[16, 10, 20, 12, 0.9, 0.1, 8.5, 6.5, 0.9, 20.5, 12.5, 0.2, 25.5, 6.5, 0.8]])
    more = {"keypoints": {"names": ["head", "neck", "tail"], "skeleton": [["head", "neck"], ["tail", "head"]]}}
    volume = one_slice()
    result = run(package(tmp_path, places, more), volume)
    entry = describe_result(result)["findings"][0]
    assert entry["skeleton"] == [["head", "neck"], ["tail", "head"]]
    assert entry["keypoints"][2]["lps"] == pytest.approx(volume.geometry.voxel_to_patient([0, 6, 25]))
    points, bones = points_described(entry)
    assert (points, bones) == (result.findings[0].keypoints, ((0, 1), (2, 0)))
    shown = acquired_shown(stack_of(volume), 0)
    there = points_on(points, shown, volume.geometry)
    assert there == {0: (8, 6), 2: (25, 6)}  # the neck is hardly visible
    assert bones_between(bones, there) == [((25, 6), (8, 6))]
    picture = np.zeros((SIZE, SIZE, 4), np.uint8)
    draw_points(picture, bones, there, (0, 200, 100))
    assert picture[6, 16:18, 1].min() > 100  # the line
    assert picture[3, 8, 1] > 100  # the cross
    assert not picture[12, :, 1].any()
    assert points_described(
        {"keypoints": [{"name": "x"}, 5, {"name": "y", "voxel": [0, 1, 2]}], "skeleton": [["x", "y"]]}
    ) == (
        (type(points[0])("y", (0, 1, 2), None),),
        (),
    )


@pytest.mark.parametrize(
    ("keypoints", "text"),
    [
        ({"names": ["a", "a"]}, "names: the same point twice"),
        ({"names": ["a"], "skeleton": [["a", "b"]]}, "skeleton: there is no point 'b'"),
    ],
)
def test_a_wrong_skeleton_is_named(keypoints: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(MedviewError, match=text):
        package(tmp_path, PLACES, {"keypoints": keypoints})


def test_places_that_count_from_themselves(tmp_path: Path) -> None:
    """YOLOX as it is exported: 16 places of stride 8, 4 of 16, 1 of 32; sides are logarithms of places."""
    table = np.zeros((21, 7))
    table[:, :2] = 0.5
    table[6] = 0.5, 0.25, np.log(2), np.log(1), 0.9, 0.9, 0.1  # second row, third column of stride 8
    table[18] = 0.25, 0.5, np.log(0.5), np.log(0.25), 0.8, 0.1, 0.9  # second row, first column of stride 16
    more = {"arrangement": "places_first", "objectness": True, "coordinates": "grid"}
    answers = {"output0": table[None].astype(np.float32)}
    manifest = about(
        "yolox",
        task="detection",
        input={"unit": "HU", "axes": ["P", "L"], "layout": "NCHW"},
        output={"kind": "yolo", "name": "output0", "labels": LABELS, "nms_iou": 0.5, **more},
    )
    made = made_package(tmp_path, manifest, networks.fixed_outputs(2, batch=1, **answers))
    first, second = run(made, one_slice()).findings
    assert (first.label, round(first.score, 4)) == ("cyst", 0.81)
    assert [*first.box_voxel[0][1:], *first.box_voxel[1][1:]] == pytest.approx([5.5, 11.5, 13.5, 27.5], abs=1e-5)
    assert (second.label, round(second.score, 4)) == ("lesion", 0.72)
    assert second.center_voxel[1:] == pytest.approx([23.5, 3.5], abs=1e-5)
    fewer = networks.fixed_outputs(2, batch=1, output0=table[None, :20].astype(np.float32))
    with pytest.raises(MedviewError, match="21 places were due"):
        run(made_package(tmp_path / "fewer", manifest, fewer), one_slice())


def test_a_box_beyond_the_picture_has_no_mask_and_is_no_finding(tmp_path: Path) -> None:
    """Heads without bounds give some; Ultralytics drops what has no mask."""
    beyond = np.array([[60, 60, 6, 6, 0.95, 0.1, 1.0, 0.0], [16.6, 10, 0.3, 4, 0.93, 0.1, 1.0, 0.0]])
    places = np.concatenate([PLACES, beyond])
    result = run(package(tmp_path, places, {"prototypes_output": "output1"}, output1=two_prototypes()), one_slice())
    assert [(f.label, f.mask_value) for f in result.findings] == [("cyst", 1), ("lesion", 2)]
