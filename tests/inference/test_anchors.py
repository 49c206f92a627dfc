"""Raw heads of SSD and RetinaNet become findings, and overlapping boxes one, with answers worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import MedviewError
from medview.inference.anchors import anchor_sides
from medview.inference.candidates import Candidates
from medview.inference.manifest import BoxesOutput, parse_manifest
from medview.inference.manifest_detectors import AnchorLevel
from medview.inference.suppression import soft_suppressed, suppress, weighted_boxes
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, volume_of

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(5)
LABELS = [{"index": 0, "name": "nodule"}, {"index": 1, "name": "cyst"}]
LEVEL = {"sizes": [8], "ratios": [1.0], "stride": [16, 16]}


def slices(count: int = 1, shape: tuple[int, int] = (32, 48)) -> Any:
    stored = RNG.integers(-1000, 1000, (count, *shape)).astype(np.int16)
    return volume_of(stored, axial_geometry((count, *shape), (2.0, 1.0, 1.0)))


def package(folder: Path, network: bytes, more: dict[str, Any], axes: Any = ("P", "L"), **given: Any) -> Any:
    output = {"kind": "anchors", "scores_output": "s", "boxes_output": "b", "labels": LABELS, "levels": [LEVEL], **more}
    layout = "NCHW" if len(axes) == 2 else "NCDHW"
    manifest = about(
        "anchors", task="detection", input={"unit": "HU", "axes": list(axes), "layout": layout, **given}, output=output
    )
    return made_package(folder, manifest, network)


def table(places: int, classes: int = 2, axes: int = 2) -> tuple[Array, Array]:
    """Scores far below any threshold, and boxes that are the anchors."""
    return np.full((1, places, classes), -9, np.float32), np.zeros((1, places, 2 * axes), np.float32)


def box_of(finding: Any) -> list[float]:
    """x, y, x, y with borders at whole numbers."""
    (_, j0, i0), (_, j1, i1) = finding.box_voxel
    return [i0 + 0.5, j0 + 0.5, i1 + 0.5, j1 + 0.5]


def test_sides_are_torchvisions() -> None:
    """Of torchvision's own test of the generator: 32 with the ratios 1/2, 1 and 2."""
    level = AnchorLevel(sizes=(32.0,), ratios=(0.5, 1.0, 2.0))
    np.testing.assert_array_equal(anchor_sides(level, 2, True, False), [[46, 22], [32, 32], [22, 46]])
    # y first, as the tensor's axes run
    np.testing.assert_array_equal(anchor_sides(level, 2, True, True), [[22, 46], [32, 32], [46, 22]])
    # ratios are slower than sizes
    level = AnchorLevel(sizes=(8.0, 16.0), ratios=(1.0, 4.0))
    np.testing.assert_array_equal(anchor_sides(level, 2, True, False), [[8, 8], [16, 16], [4, 16], [8, 32]])


def test_sides_in_three_dimensions_are_monais() -> None:
    """w : h : d = 1 : r0 : r1, the volume that of a cube."""
    level = AnchorLevel(sizes=(8.0,), ratios=((2.0, 4.0),))
    sides = anchor_sides(level, 3, False, False)[0]
    np.testing.assert_allclose(sides, [4, 8, 16])
    np.testing.assert_allclose(np.prod(sides), 512)


@pytest.mark.parametrize("x_axis", ["last", "first"])
def test_a_box_is_moved_and_grown_from_its_anchor(x_axis: str, tmp_path: Path) -> None:
    """2 × 3 places of stride 16; the fifth (row 1, column 1) is centred at y = 16, x = 16 with sides of 8."""
    scores, moves = table(6)
    scores[0, 4, 1] = math.log(4)  # sigmoid 0.8
    moves[0, 4] = [
        10.0,
        -5.0,
        5 * math.log(2),
        0.0,
    ]  # by the weights 10 10 5 5: a side right, half a side up, twice as wide
    if x_axis == "first":
        moves[0, 4] = moves[0, 4][[1, 0, 3, 2]]
    network = networks.fixed_outputs(2, s=scores, b=moves)
    made = package(tmp_path, network, {"weights": [10, 10, 5, 5], "x_axis": x_axis})
    volume = slices()
    (finding,) = run(made, volume).findings
    assert (finding.label, finding.score) == ("cyst", pytest.approx(0.8))
    assert box_of(finding) == pytest.approx([24 - 8, 12 - 4, 24 + 8, 12 + 4])
    np.testing.assert_allclose(finding.center_lps, volume.geometry.voxel_to_patient([0, 11.5, 23.5]), atol=1e-4)


def test_anchors_in_the_middle_of_their_places_and_growth_has_an_end(tmp_path: Path) -> None:
    scores, moves = table(6)
    scores[0, 4, 0] = 5
    moves[0, 4, 2:] = 99
    more = {"offset": 0.5, "largest_growth": 2}
    (finding,) = run(package(tmp_path, networks.fixed_outputs(2, s=scores, b=moves), more), slices()).findings
    assert box_of(finding) == pytest.approx([24 - 8, 24 - 8, 24 + 8, 24 + 8])


def test_each_class_of_an_anchor_is_a_box_and_boxes_end_at_the_border(tmp_path: Path) -> None:
    scores, moves = table(6)
    scores[0, 0] = [math.log(4), 0]
    (one, other) = run(package(tmp_path, networks.fixed_outputs(2, s=scores, b=moves), {}), slices()).findings
    assert [(f.label, round(f.score, 3)) for f in (one, other)] == [("nodule", 0.8), ("cyst", 0.5)]
    assert box_of(one) == [0, 0, 4, 4]


def test_softmax_with_a_background_that_is_not_listed(tmp_path: Path) -> None:
    scores = np.zeros((1, 6, 3), np.float32)
    scores[..., 0] = 9
    scores[0, 2] = [0, math.log(6), 0]  # 1/8, 6/8, 1/8
    labels = [{"index": 1, "name": "mass"}, {"index": 2, "name": "calcification"}]
    network = networks.fixed_outputs(2, s=scores, b=table(6)[1])
    more = {"activation": "softmax", "labels": labels, "score_threshold": 0.2}
    (finding,) = run(package(tmp_path, network, more), slices()).findings
    assert (finding.label, finding.score) == ("mass", pytest.approx(0.75))
    assert box_of(finding) == [28, 0, 36, 4]


def test_maps_of_levels_are_the_table_of_all_levels(tmp_path: Path) -> None:
    """Two levels with two anchors each, as MONAI's and torchvision's heads give them before they are put together."""
    levels = [
        {"sizes": [8], "ratios": [0.5, 1.0], "stride": [8, 8]},
        {"shapes": [[20, 10], [10, 20]], "stride": [16, 16]},
    ]
    grids = [(4, 6), (2, 3)]
    maps = [(RNG.normal(size=(1, 2 * 2, *g)), RNG.normal(size=(1, 2 * 4, *g)) * 0.3) for g in grids]
    outputs = {
        f"{kind}{n}": part.astype(np.float32)
        for n, pair in enumerate(maps)
        for kind, part in zip("sb", pair, strict=True)
    }
    given = {"levels": levels, "nms_iou": 0.5, "score_threshold": 0.5}
    of_maps = package(
        tmp_path / "maps",
        networks.fixed_outputs(2, **outputs),
        {**given, "scores_output": ["s0", "s1"], "boxes_output": ["b0", "b1"]},
    )
    rows = [
        [
            np.moveaxis(part.reshape(2, -1, *part.shape[2:]), (0, 1), (2, 3)).reshape(-1, part.shape[1] // 2)
            for part in pair
        ]
        for pair in maps
    ]
    scores, moves = (np.concatenate(parts)[None].astype(np.float32) for parts in zip(*rows, strict=True))
    of_table = package(tmp_path / "table", networks.fixed_outputs(2, s=scores, b=moves), given)
    volume = slices()
    one, other = run(of_maps, volume).findings, run(of_table, volume).findings
    assert len(one) > 5
    assert [(f.label, f.score, f.box_voxel) for f in one] == [(f.label, f.score, f.box_voxel) for f in other]


def test_three_dimensions_as_monai(tmp_path: Path) -> None:
    """Maps on half and a quarter of the grid; boxes count from the centre of the first voxel, the first axis is x."""
    volume = volume_of(
        RNG.integers(0, 99, (16, 16, 24)).astype(np.int16), axial_geometry((16, 16, 24), (2.0, 1.0, 1.0))
    )
    scores, moves = np.full((1, 2, 8, 8, 12), -9, np.float32), np.zeros((1, 12, 8, 8, 12), np.float32)
    scores[0, 1, 3, 4, 5] = 3  # the second anchor of place 3, 4, 5: centred at 6, 8, 10
    moves[0, 6:, 3, 4, 5] = [0.5, 0, 0, 0, 0, math.log(2)]
    more = {
        "scores_output": ["s"], "boxes_output": ["b"], "labels": LABELS[:1], "origin": "centre", "x_axis": "first",
        "levels": [{"shapes": [[2, 2, 2], [4, 6, 8]]}],
    }  # fmt: skip
    network = networks.fixed_outputs(3, s=scores, b=moves)
    (finding,) = run(package(tmp_path, network, more, ("S", "P", "L")), volume).findings
    np.testing.assert_allclose(finding.box_voxel, [[8 - 2, 8 - 3, 10 - 8], [8 + 2, 8 + 3, 10 + 8]])


def test_a_table_of_other_anchors_is_a_failed_run(tmp_path: Path) -> None:
    made = package(tmp_path, networks.fixed_outputs(2, s=table(7)[0], b=table(7)[1]), {})
    with pytest.raises(MedviewError, match="6 anchors of 1 levels were due"):
        run(made, slices())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"levels": [{"sizes": [8], "ratios": [1.0]}]}, r"output: levels\[0\].stride: a table needs it"),
        (
            {"levels": [{"sizes": [8], "stride": [8, 8]}]},
            r"output\.levels\[0\]: give either sizes and ratios, or shapes",
        ),
        ({"levels": [{**LEVEL, "stride": [8]}]}, r"output\.levels\[0\]\.stride: 1 numbers for 2 axes"),
        ({"levels": [{**LEVEL, "ratios": [[1, 1]]}]}, r"output\.levels\[0\]\.ratios: single numbers for 2 axes"),
        ({"weights": [1, 1]}, r"output\.weights: 4 numbers for 2 axes"),
        ({"scores_output": ["s"]}, "boxes_output: one table or a map of each level"),
        ({"suppression": "weighted"}, "suppression: weighted needs nms_iou"),
        ({"suppression": "soft_nms", "nms_iou": 0.5}, "soft_nms has soft_sigma"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    output = {
        "kind": "anchors",
        "scores_output": "s",
        "boxes_output": "b",
        "labels": LABELS,
        "levels": [LEVEL],
        **change,
    }
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW"}
    import json

    with pytest.raises(MedviewError, match=field):
        parse_manifest(json.dumps(about("anchors", task="detection", input=given, output=output)))


# Boxes that overlap --------------------------------------------------------------------------------------------------


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    """x, y, x, y, score, class."""
    table = np.asarray(rows, dtype=np.float64)
    low = np.stack([np.full(len(rows), -0.5), table[:, 1], table[:, 0]], axis=1)
    high = np.stack([np.full(len(rows), 0.5), table[:, 3], table[:, 2]], axis=1)
    corners = np.stack([low, high], axis=1)
    return Candidates(corners, table[:, 4], table[:, 5].astype(np.intp), np.full(len(rows), np.nan))


def test_weighted_boxes_are_the_mean_by_score() -> None:
    found = boxes((0, 0, 10, 10, 0.9, 0), (2, 0, 12, 10, 0.3, 0), (0, 0, 10, 10, 0.6, 1), (50, 50, 60, 60, 0.4, 0))
    one = weighted_boxes(found, 0.5, 1)
    np.testing.assert_allclose(one.boxes[0, :, 1:], [[0, 0.5], [10, 10.5]])  # (0·0.9 + 2·0.3) / 1.2
    np.testing.assert_allclose(one.scores, [0.6, 0.6, 0.4])
    np.testing.assert_array_equal(one.classes, [0, 1, 0])
    # Of four views two show the first, one each of the others.
    np.testing.assert_allclose(weighted_boxes(found, 0.5, 4).scores, [0.3, 0.15, 0.1])


def test_soft_suppression_makes_overlapping_boxes_worth_less() -> None:
    found = boxes((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 5, 0.8, 0), (0, 0, 10, 5, 0.7, 1), (0, 0, 10, 10, 0.1, 0))
    left = soft_suppressed(found, 0.5, 0.05)
    np.testing.assert_allclose(left.scores, [0.9, 0.7, 0.8 * math.exp(-(0.5**2) / 0.5)])
    np.testing.assert_array_equal(left.classes, [0, 1, 0])


def test_mirrored_views_make_one_box(tmp_path: Path) -> None:
    """A network whose box lies where it lies in each view: turned back it is somewhere else, so both views stay apart."""
    volume = slices(1, (32, 48))
    network = networks.fixed_outputs(2, s=np.array([[0.8]], np.float32), b=np.array([[[4, 6, 20, 16]]], np.float32))
    output = {
        "kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": LABELS[:1], "nms_iou": 0.3,
        "suppression": "weighted",
    }  # fmt: skip
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "mirror": [1]}
    manifest = about("mirrored", task="detection", input=given, output=output)
    found = run(made_package(tmp_path, manifest, network), volume).findings
    assert [f.score for f in found] == pytest.approx([0.4, 0.4])  # each seen by one view of two
    assert sorted(box_of(f) for f in found) == [[4, 6, 20, 16], [28, 6, 44, 16]]


def test_boxes_of_tiles_lie_where_their_tiles_lie(tmp_path: Path) -> None:
    """Tiles of 32 over 32 × 48: at columns 0 and 16; the box of each tile is the same, in the image it moves."""
    network = networks.fixed_outputs(2, s=np.array([[0.8]], np.float32), b=np.array([[[2, 3, 8, 9]]], np.float32))
    output = {"kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": LABELS[:1], "nms_iou": 0.3}
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "tiling": {"size": [32, 32], "overlap": 0.5}}
    manifest = about("tiled", task="detection", input=given, output=output)
    found = run(made_package(tmp_path, manifest, network), slices(1, (32, 48))).findings
    assert sorted(box_of(f) for f in found) == [[2, 3, 8, 9], [18, 3, 24, 9]]
    # Smaller than a tile: filled on both sides, by 6 rows above.
    (finding,) = run(made_package(tmp_path / "small", manifest, network), slices(1, (20, 32))).findings
    assert box_of(finding) == [2, 0, 8, 3]


def test_boxes_of_views_need_something_that_joins_them() -> None:
    import json

    output = {"kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": LABELS[:1]}
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "mirror": [1]}
    with pytest.raises(MedviewError, match=r"input\.mirror: boxes are found several times and need output\.nms_iou"):
        parse_manifest(json.dumps(about("mirrored", task="detection", input=given, output=output)))


def test_the_best_place_of_each_landmark(tmp_path: Path) -> None:
    """Heat maps of landmarks: each label one place, however many maxima its map has."""
    maps = np.zeros((1, 2, 32, 48), np.float32)
    maps[0, 0, 5, 6], maps[0, 0, 20, 30] = 0.7, 0.9
    maps[0, 1, 8, 40] = 0.6
    network = networks.fixed_outputs(2, y=maps)
    output = {"kind": "center_heatmap", "labels": LABELS, "diameter_mm": 4, "best_of_each_label": True}
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW"}
    manifest = about("landmarks", task="detection", input=given, output=output)
    found = run(made_package(tmp_path, manifest, network), slices()).findings
    assert [(f.label, f.center_voxel) for f in found] == [("nodule", (0, 20, 30)), ("cyst", (0, 8, 40))]


def test_nms_within_a_class_only() -> None:
    output = BoxesOutput(
        kind="boxes", boxes_output="b", scores_output="s", labels=tuple({"index": n, "name": str(n)} for n in range(2)), nms_iou=0.5
    )  # fmt: skip
    found = suppress(boxes((0, 0, 9, 9, 0.9, 0), (0, 0, 9, 8, 0.8, 0), (0, 0, 9, 9, 0.7, 1)), output, None)
    np.testing.assert_allclose(found.scores, [0.9, 0.7])
