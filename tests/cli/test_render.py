"""``medview render``: the right side up, the true proportion, the window of the viewport, in every orientation."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.cli.running import Medview, medview
from tests.phantoms.dicom_series import (
    ORIGIN,
    each,
    make_series,
    marker_values,
    positions_along,
    save_series,
    true_centroid,
)
from tests.shared import shared_path

__all__ = ["medview"]


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("render") / "ct"
    return save_series(make_series(), folder, order=np.random.default_rng(1).permutation(12))


# Where things are ------------------------------------------------------------------------------------------------------


def orientations() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [
        (order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)
    ]


CENTRE = np.array([6.0, -4.0, 5.0])
"""LPS mm of a bright ball, off the middle along every axis."""


def ball_in(order: tuple[int, ...], signs: tuple[int, ...]) -> nibabel.Nifti1Image:
    """A ball at ``CENTRE`` on a grid whose axes run along the patient's in any of 48 ways."""
    sizes, steps = (26, 22, 24), (1.0, 1.5, 1.25)
    affine = np.diag([0.0, 0, 0, 1])  # to LPS
    for axis in range(3):
        affine[order[axis], axis] = signs[axis] * steps[axis]
    middle = affine[:3, :3] @ ((np.array(sizes) - 1) / 2)
    affine[:3, 3] = np.array([1.0, 2.0, 3.0]) - middle
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in sizes), indexing="ij"), axis=-1)
    points = grid @ affine[:3, :3].T + affine[:3, 3]
    values = np.where(np.linalg.norm(points - CENTRE, axis=-1) < 3.2, 1000, 0).astype(np.int16)
    return nibabel.Nifti1Image(values, np.diag([-1.0, -1, 1, 1]) @ affine)


PLANES = {
    # which LPS axis grows (+) or falls (-) along the picture's columns and rows
    "axial": ((0, 1), (1, 1), 2),
    "coronal": ((0, 1), (2, -1), 1),
    "sagittal": ((1, 1), (2, -1), 0),
}


@pytest.mark.parametrize("plane", PLANES)
def test_left_is_right_and_head_is_up_in_48_orientations(medview: Medview, tmp_path: Path, plane: str) -> None:
    (across, across_sign), (down, down_sign), normal = PLANES[plane]
    seen = []
    for order, signs in orientations():
        image = ball_in(order, signs)
        nibabel.save(image, tmp_path / "ball.nii")
        out = tmp_path / "out.png"
        answer = medview(
            "render", tmp_path / "ball.nii", "--plane", plane, "--position", CENTRE[normal],
            "--window", 500, 1000, "--output", out, "--json",
        )  # fmt: skip
        assert answer.code == 0, answer.err
        drawn = picture(out).astype(float)
        affine = np.diag([-1.0, -1, 1, 1]) @ image.affine
        corners = np.array(list(itertools.product(*((-0.5, n - 0.5) for n in image.shape)))) @ affine[:3, :3].T
        low, high = (corners + affine[:3, 3]).min(axis=0), (corners + affine[:3, 3]).max(axis=0)
        step = 1.0  # the smallest spacing, both ways
        assert drawn.shape == tuple(int((high[axis] - low[axis]) / step + 0.5) for axis in (down, across))
        weight = drawn / drawn.sum()
        x = (weight.sum(axis=0) * (np.arange(drawn.shape[1]) + 0.5)).sum() * step
        y = (weight.sum(axis=1) * (np.arange(drawn.shape[0]) + 0.5)).sum() * step
        found_across = low[across] + x if across_sign > 0 else high[across] - x
        found_down = low[down] + y if down_sign > 0 else high[down] - y
        assert found_across == pytest.approx(CENTRE[across], abs=0.5), (order, signs)
        assert found_down == pytest.approx(CENTRE[down], abs=0.5), (order, signs)
        seen.append((order, signs))
    assert len(seen) == 48


@pytest.mark.parametrize("plane", PLANES)
def test_the_marker_of_a_dicom_series(medview: Medview, tmp_path: Path, plane: str) -> None:
    """The same from ImagePositionPatient: 24 orientations of the rows and columns."""
    (across, across_sign), (down, down_sign), normal = PLANES[plane]
    units = [tuple(int(sign * (n == axis)) for n in range(3)) for axis in range(3) for sign in (1, -1)]
    for row, column in itertools.permutations(units, 2):
        if np.dot(row, column):
            continue
        orientation = (*row, *column)
        positions = positions_along(orientation=orientation)
        folder = save_series(make_series(positions, orientation), tmp_path / "ct")
        centre = true_centroid(marker_values(), positions, orientation)
        answer = medview(
            "render", folder, "--plane", plane, "--position", centre[normal], "--window", 100, 2200,
            "--output", tmp_path / "out.png", "--json",
        )  # fmt: skip
        assert answer.code == 0, answer.err
        drawn = picture(tmp_path / "out.png").astype(float)
        drawn[drawn < 100] = 0
        corners = np.array(
            [
                positions[0] + (k * 2.5) * np.cross(row, column) + np.array(row) * i * 0.75 + np.array(column) * j * 1.5
                for k in (-0.5, 11.5)
                for j in (-0.5, 23.5)
                for i in (-0.5, 31.5)
            ]
        )
        low, high = corners.min(axis=0), corners.max(axis=0)
        y, x = (axis.mean() + 0.5 for axis in np.nonzero(drawn))
        found_across = low[across] + x * 0.75 if across_sign > 0 else high[across] - x * 0.75
        found_down = low[down] + y * 0.75 if down_sign > 0 else high[down] - y * 0.75
        assert found_across == pytest.approx(centre[across], abs=1.3), orientation
        assert found_down == pytest.approx(centre[down], abs=1.3), orientation


def test_a_frame_is_written_as_stored(medview: Medview, ct: Path, tmp_path: Path) -> None:
    for k in (0, 4, 11):
        answer = medview("render", ct, "--frame", k, "--window", 100, 2201, "--output", tmp_path / "o.png", "--json")
        assert answer.json["frame"] == k
        drawn = picture(tmp_path / "o.png")
        assert drawn.dtype == np.uint8
        assert drawn.shape == (24, 32)
        np.testing.assert_array_equal(drawn > 128, marker_values()[k] > 0)


def test_true_proportion_in_a_given_size(medview: Medview, ct: Path, tmp_path: Path) -> None:
    # 24 × 1.5 mm high, 32 × 0.75 mm wide: 36 × 24 mm
    answer = medview("render", ct, "--size", 300, 180, "--window", -1500, 100, "--output", tmp_path / "o.png", "--json")
    assert answer.json["size"] == [300, 180]
    drawn = picture(tmp_path / "o.png")
    assert drawn.shape == (180, 300)
    filled = np.nonzero(drawn.any(axis=0))[0]
    assert (filled[0], filled[-1]) == (90, 209)
    assert drawn.any(axis=1).all()
    cut = medview("render", ct, "--plane", "coronal", "--size", 100, 100, "--output", tmp_path / "c.png", "--json")
    assert cut.json["size"] == [100, 100]


def test_the_default_is_the_middle(medview: Medview, ct: Path, tmp_path: Path) -> None:
    assert medview("render", ct, "--output", tmp_path / "o.png", "--json").json["frame"] == 6
    answer = medview("render", ct, "--plane", "axial", "--output", tmp_path / "o.png", "--json").json
    assert answer["position_mm"] == pytest.approx(ORIGIN[2] + 2.5 * 5.5)


# Windows -----------------------------------------------------------------------------------------------------------------


def test_default_window_order(medview: Medview, tmp_path: Path) -> None:
    ct = save_series(make_series(), tmp_path / "ct")
    preset = medview("render", ct, "--output", tmp_path / "o.png", "--json").json["window"]
    assert (preset["center"], preset["width"]) == (40, 400)

    def say(number: int, data) -> None:  # type: ignore[no-untyped-def]
        data.WindowCenter, data.WindowWidth = [str(number), "7"], ["100", "8"]

    of_file = save_series(each(make_series(name="w"), say), tmp_path / "w")
    for frame in (2, 5):
        window = medview("render", of_file, "--frame", frame, "--output", tmp_path / "o.png", "--json").json["window"]
        assert (window["center"], window["width"]) == (frame, 100)
    mr = save_series(make_series(modality="MR", name="mr"), tmp_path / "mr")
    windows = [
        medview("render", mr, "--frame", k, "--output", tmp_path / "o.png", "--json").json["window"] for k in (0, 4)
    ]
    assert windows[0] == windows[1]
    assert windows[0]["function"] == "LINEAR_EXACT"


def test_a_narrow_window_and_a_wrong_one(medview: Medview, ct: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    assert medview("render", ct, "--frame", 4, "--window", 0, 0.5, "--output", out, "--json").code == 0
    assert set(np.unique(picture(out))) == {0, 255}
    out.unlink()
    for width in ("0", "-5", "nan"):
        answer = medview("render", ct, "--window", 0, width, "--output", out, "--json")
        assert (answer.code, answer.error["code"]) == (2, "bad_window")
    assert not out.exists()


FILES = "data/pydicom+pydicom/src/pydicom/data/test_files"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (f"{FILES}/CT_small.dcm", ["+Ww", "40", "400"]),
        (f"{FILES}/MR_small.dcm", ["+Wi", "1"]),
        (f"{FILES}/SC_rgb_rle.dcm", []),
        (f"{FILES}/examples_palette.dcm", []),
        (f"{FILES}/SC_rgb_jpeg_dcmtk.dcm", []),
        (f"{FILES}/SC_ybr_full_422_uncompressed.dcm", []),
        (f"{FILES}/MR_small_RLE.dcm", ["+Wi", "1"]),
        ("data/pydicom+pydicom-data/data_store/data/vlut_04.dcm", ["+Wl", "1"]),
    ],
)
def test_real_files_look_as_dcmtk_draws_them(medview: Medview, name: str, options: list[str], tmp_path: Path) -> None:
    tool = "dcmj2pnm" if "jpeg" in name else "dcm2pnm"
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool} of DCMTK")
    path = shared_path(name)
    arguments = ["render", path, "--output", tmp_path / "ours.png", "--json"]
    if options[:1] == ["+Ww"]:
        arguments += ["--window", *options[1:]]
    answer = medview(*arguments)
    assert answer.code == 0, answer.err
    subprocess.run([tool, *options, "+on", path, tmp_path / "theirs.png"], check=True, capture_output=True)
    ours, theirs = picture(tmp_path / "ours.png").astype(int), picture(tmp_path / "theirs.png").astype(int)
    if ours.ndim == 2 and theirs.ndim == 3:
        ours = np.repeat(ours[..., None], 3, axis=2)
    assert np.abs(ours - theirs).max() <= 1
    assert ours.std() > 5


def test_monochrome1_is_drawn_inverted(medview: Medview, tmp_path: Path) -> None:
    def turn(_number: int, data) -> None:  # type: ignore[no-untyped-def]
        data.PhotometricInterpretation = "MONOCHROME1"

    plain = save_series(make_series(), tmp_path / "a")
    turned = save_series(each(make_series(name="b"), turn), tmp_path / "b")
    window = ("--window", 100, 2201, "--frame", 4)
    medview("render", plain, *window, "--output", tmp_path / "a.png")
    medview("render", turned, *window, "--output", tmp_path / "b.png")
    np.testing.assert_array_equal(picture(tmp_path / "a.png"), 255 - picture(tmp_path / "b.png"))


def test_pictures_keep_their_values(medview: Medview, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    grey, colour = rng.integers(0, 256, (9, 11)).astype(np.uint8), rng.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    for values in (grey, colour):
        Image.fromarray(values).save(tmp_path / "in.png")
        assert medview("render", tmp_path / "in.png", "--output", tmp_path / "out.png").code == 0
        np.testing.assert_array_equal(picture(tmp_path / "out.png"), values)
    deep = (grey.astype(np.uint16) << 8) + 7
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert medview("render", tmp_path / "deep.png", "--output", tmp_path / "out.png").code == 0
    drawn = picture(tmp_path / "out.png")
    assert drawn.dtype == np.uint8
    assert np.corrcoef(drawn.ravel(), deep.ravel())[0, 1] > 0.99


# Words and results -------------------------------------------------------------------------------------------------------


def test_text_marks_the_corners(medview: Medview, ct: Path, tmp_path: Path) -> None:
    common = ("render", ct, "--plane", "coronal", "--size", 600, 500)
    medview(*common, "--output", tmp_path / "plain.png")
    medview(*common, "--text", "--output", tmp_path / "text.png")
    changed = picture(tmp_path / "plain.png") != picture(tmp_path / "text.png")
    assert changed[:60, :200].any()  # patient
    assert changed[:60, 400:].any()  # study
    assert changed[440:, :200].any()  # window
    assert changed[440:, 400:].any()  # series
    assert changed[230:270, :40].any()  # R
    assert changed[230:270, 560:].any()  # L
    assert not changed[100:200, 100:500].any()


def write_result(folder: Path, stack: str, **changes: object) -> Path:
    """A result as ``medview infer`` writes it: the marker's box as label 1 and as a finding."""
    folder.mkdir(exist_ok=True)
    labels = (marker_values() > 0).astype(np.uint8)
    affine = np.diag([-0.75, -1.5, 2.5, 1.0])
    affine[:3, 3] = (20.0, 18.0, -30.0)
    nibabel.save(nibabel.Nifti1Image(labels.T, affine), folder / "segmentation.nii.gz")
    k, j, i = np.nonzero(labels)
    low = [ORIGIN[0] + 0.75 * (i.min() - 0.5), ORIGIN[1] + 1.5 * (j.min() - 0.5), ORIGIN[2] + 2.5 * (k.min() - 0.5)]
    high = [ORIGIN[0] + 0.75 * (i.max() + 0.5), ORIGIN[1] + 1.5 * (j.max() + 0.5), ORIGIN[2] + 2.5 * (k.max() + 0.5)]
    result = {
        "status": "done",
        "model": {"id": "test", "version": "1", "sha256": ""},
        "stack": stack,
        "labels": [{"value": 1, "name": "marker", "voxels": int(labels.sum()), "volume_ml": 1.0}],
        "findings": [{"id": "f1", "label": "thing", "score": 0.9, "box_lps": [low, high], "k": 4}],
        **changes,
    }
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return folder


def test_a_models_result_lies_on_the_image(medview: Medview, ct: Path, tmp_path: Path) -> None:
    stack = medview("inspect", ct, "--json").json["studies"][0]["series"][0]["stacks"][0]["id"]
    out = tmp_path / "o.png"
    labelled = write_result(tmp_path / "seg", stack, findings=[])
    for k in (1, 4):
        assert medview("render", ct, "--frame", k, "--model-result", labelled, "--output", out).code == 0
        drawn = picture(out)
        coloured = (drawn.max(axis=-1) != drawn.min(axis=-1)) if drawn.ndim == 3 else np.zeros(drawn.shape, bool)
        np.testing.assert_array_equal(coloured, marker_values()[k] > 0)
    centre = true_centroid(marker_values(), positions_along())
    medview(
        "render", ct, "--plane", "coronal", "--position", centre[1], "--model-result", labelled, "--window", 100, 2200,
        "--output", out,
    )  # fmt: skip
    drawn = picture(out).astype(int)
    coloured = drawn.max(axis=-1) - drawn.min(axis=-1) > 20
    y, x = (axis.mean() + 0.5 for axis in np.nonzero(coloured))
    assert ORIGIN[0] - 0.375 + x * 0.75 == pytest.approx(centre[0], abs=0.8)
    assert ORIGIN[2] - 1.25 + 30 - y * 0.75 == pytest.approx(centre[2], abs=1.3)

    boxed = write_result(tmp_path / "box", stack)
    (boxed / "segmentation.nii.gz").unlink()
    medview("render", ct, "--frame", 4, "--model-result", boxed, "--size", 320, 480, "--output", out)
    drawn = picture(out).astype(int)
    assert drawn.ndim == 3
    y, x = np.nonzero(drawn.max(axis=-1) != drawn.min(axis=-1))
    j, i = np.nonzero(marker_values()[4] > 0)
    # 10 px per 0.75 mm; the box lies on the borders of its voxels
    assert (x.min(), x.max()) == pytest.approx((i.min() * 10, (i.max() + 1) * 10), abs=12)
    assert (y.min(), y.max()) == pytest.approx((j.min() * 20, (j.max() + 1) * 20), abs=2)
    medview("render", ct, "--frame", 9, "--model-result", boxed, "--output", out)
    assert picture(out).ndim == 2  # the finding is on other slices


def test_results_that_cannot_be_drawn(medview: Medview, ct: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    other = medview("render", ct, "--model-result", write_result(tmp_path / "r", "another"), "--output", out, "--json")
    assert (other.code, other.error["code"]) == (3, "result_of_other_stack")
    empty = medview("render", ct, "--model-result", tmp_path / "nothing", "--output", out, "--json")
    assert (empty.code, empty.error["code"]) == (3, "bad_result")
    broken = write_result(tmp_path / "b", "x")
    (broken / "result.json").write_text("{")
    answer = medview("render", ct, "--model-result", broken, "--output", out, "--json")
    assert (answer.code, answer.error["code"]) == (3, "bad_result")
    assert not out.exists()


# What cannot be drawn truthfully -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("--plane", "axial", "--position", "500"), 3, "outside_volume"),
        (("--plane", "sagittal", "--position", "nan"), 3, "outside_volume"),
        (("--frame", "12"), 3, "no_such_frame"),
        (("--frame", "-1"), 3, "no_such_frame"),
        (("--time", "1"), 3, "no_such_time"),
        (("--frame", "1", "--plane", "axial"), 2, "bad_use"),
        (("--position", "3"), 2, "bad_use"),
        (("--plane", "oblique"), 2, "bad_use"),
        (("--size", "0", "10"), 2, "bad_size"),
        (("--size", "100000", "100000"), 2, "bad_size"),
        (("--frame", "one"), 2, "bad_use"),
        (("--stack", "nope"), 3, "no_such_stack"),
    ],
)
def test_refusals(medview: Medview, ct: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, name: str) -> None:
    answer = medview("render", ct, *arguments, "--output", tmp_path / "o.png", "--json")
    assert (answer.code, answer.error["code"]) == (code, name)
    assert not list(tmp_path.iterdir())


def test_frames_without_geometry_cannot_be_cut(medview: Medview, tmp_path: Path) -> None:
    Image.new("L", (20, 10), 7).save(tmp_path / "p.png")
    answer = medview("render", tmp_path / "p.png", "--plane", "axial", "--output", tmp_path / "o.png", "--json")
    assert (answer.code, answer.error["code"]) == (3, "no_geometry")


def test_what_cannot_be_written(medview: Medview, ct: Path, tmp_path: Path) -> None:
    answer = medview("render", ct, "--output", tmp_path / "no" / "o.png", "--json")
    assert (answer.code, answer.error["code"]) == (7, "cannot_write")
    answer = medview("render", ct, "--output", tmp_path / "o.gif", "--json")
    assert (answer.code, answer.error["code"]) == (2, "unknown_format")
    assert not list(tmp_path.iterdir())


def test_a_truncated_slice_is_not_drawn_black(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    whole = (folder / "slice0005.dcm").read_bytes()
    (folder / "slice0005.dcm").write_bytes(whole[:-300])
    found = medview("inspect", folder, "--json").json
    for frame in range(found["frames_shown"]):
        answer = medview("render", folder, "--frame", frame, "--output", tmp_path / "o.png", "--json")
        if answer.code:
            assert answer.code == 3
            assert answer.error["path"].endswith("slice0005.dcm")
    cut = medview("render", folder, "--plane", "coronal", "--output", tmp_path / "c.png", "--json")
    assert cut.code in {0, 3}
    if cut.code == 3:
        assert cut.error["path"].endswith("slice0005.dcm")
