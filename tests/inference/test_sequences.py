"""Sequences: recurrent networks that remember from frame to frame, and networks that see time as an axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from medview.app.infer_command import describe_result
from medview.core.problem import MedviewError
from medview.inference.match import match
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, series_of, stack_of, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
RNG = np.random.default_rng(17)


def accumulator(start_shape: list[Any]) -> bytes:
    """y = h' = h + mean of the frame: a sum over all frames so far."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["h", "m"], ["h_next"]),
        helper.make_node("Identity", ["h_next"], ["y"]),
    ]
    shape = networks.free_shape(2)
    return networks.model_bytes(
        nodes, [("h", FLOAT, start_shape), ("x", FLOAT, shape)], [("h_next", FLOAT, [1, 1]), ("y", FLOAT, ["n", 1])]
    )


def trail() -> bytes:
    """An image of the brightest value that each pixel has had so far; the state is as large as the frame."""
    nodes = [helper.make_node("Max", ["x", "h"], ["y"]), helper.make_node("Identity", ["y"], ["h_next"])]
    shape = networks.free_shape(2)
    return networks.model_bytes(
        nodes, [("x", FLOAT, shape), ("h", FLOAT, [1, 1, None, None])], [("y", FLOAT, shape), ("h_next", FLOAT, shape)]
    )


def cine(frames: int = 6, rows: int = 8, columns: int = 10) -> Any:
    """A clip without a place in the patient, in grey as displayed."""
    values = RNG.integers(0, 200, (frames, rows, columns)).astype(np.uint8)
    return volume_of(np.repeat(values[..., None], 3, axis=3), None, None)


def package(folder: Path, task: str, network: bytes, output: dict[str, Any], **given: Any) -> Any:
    manifest = about(
        "sequence", task=task, fits={"needs_geometry": False},
        input={"unit": "display", "axes": ["down", "right"], "layout": "NCHW", **given}, output=output,
    )  # fmt: skip
    return made_package(folder, manifest, network)


STATE = {"input": "h", "output": "h_next"}
SUM = {"kind": "regression", "over_slices": "last", "values": [{"index": 0, "name": "sum", "unit": "x", "scale": 2}]}


def test_what_was_seen_is_remembered_from_frame_to_frame(tmp_path: Path) -> None:
    volume = cine()
    made = package(tmp_path, "regression", accumulator([1, 1]), SUM, states=[{**STATE, "start": 5}])
    means = volume.stored[..., 0].reshape(6, -1).mean(axis=1)
    for _ in range(2):  # a second run remembers nothing of the first
        result = run(made, volume)
        assert result.values[0].value == pytest.approx(2 * (5 + means.sum()), rel=1e-5)
    told = describe_result(result)["by_slice"]
    assert told["names"] == ["sum"]
    np.testing.assert_allclose([row[0] for row in told["rows"]], 2 * (5 + np.cumsum(means)), rtol=1e-5)


def test_a_state_as_large_as_the_frame(tmp_path: Path) -> None:
    volume = cine()
    output = {"kind": "image", "title": "trail", "name": "y"}
    state = {**STATE, "shape": [1, 1, "H", "W"], "start": -1}
    image = run(package(tmp_path, "image", trail(), output, states=[state]), volume).image
    assert image is not None
    np.testing.assert_array_equal(image.values, np.maximum.accumulate(volume.stored[..., 0], axis=0))


def test_frames_are_told_in_their_own_order_where_the_tensor_runs_the_other_way(tmp_path: Path) -> None:
    stored = (np.arange(4)[:, None, None] * np.ones((4, 3, 5))).astype(np.int16)
    from medview.core.geometry import Geometry

    # Rows to the right and columns to the front: k grows to the feet, the tensor's slices to the head.
    geometry = Geometry.from_directions((4, 3, 5), (0, 0, 0), (1, 0, 0), (0, -1, 0), (2.0, 1.0, 1.0))
    manifest = about(
        "order", task="regression", input={"unit": "HU", "axes": ["P", "L"], "layout": "NCHW"},
        output={"kind": "regression", "values": [{"index": 0, "name": "mean"}]},
    )  # fmt: skip
    made = made_package(tmp_path, manifest, networks.mean_classifier([1], [0]))
    result = run(made, volume_of(stored, geometry))
    assert [row[0] for row in result.by_slice] == pytest.approx([0, 1, 2, 3])


@pytest.mark.parametrize("tiled", [False, True])
def test_time_is_an_axis(tiled: bool, tmp_path: Path) -> None:
    """The difference of each frame to the one before it."""
    volume = cine(7, 9, 11)
    kernel = np.zeros((1, 1, 3, 1, 1), np.float32)
    kernel[0, 0, 0], kernel[0, 0, 1] = -1, 1
    given: dict[str, Any] = {"axes": ["time", "down", "right"], "layout": "NCDHW"}
    if tiled:
        given["tiling"] = {"size": [7, 4, 4], "overlap": 0.5}
    made = package(tmp_path, "image", networks.convolution(kernel), {"kind": "image", "title": "change"}, **given)
    image = run(made, volume).image
    assert image is not None
    grey = volume.stored[..., 0].astype(np.float32)
    np.testing.assert_allclose(image.values, np.diff(grey, axis=0, prepend=np.zeros((1, 9, 11))), atol=1e-3)


def test_slices_of_a_volume_are_no_frames(tmp_path: Path) -> None:
    kernel = np.ones((1, 1, 3, 1, 1), np.float32)
    given: dict[str, Any] = {"axes": ["time", "down", "right"], "layout": "NCDHW"}
    made = package(tmp_path, "image", networks.convolution(kernel), {"kind": "image", "title": "change"}, **given)
    clip = stack_of(cine(), kind="frames")
    assert match(made, series_of(clip), clip).fits
    scan = stack_of(volume_of(np.zeros((5, 6, 7), np.int16), axial_geometry((5, 6, 7))))
    assert [note.code for note in match(made, series_of(scan), scan).reasons] == ["no_sequence"]


@pytest.mark.parametrize(
    ("states", "more", "text"),
    [
        ([], {}, "medview feeds one and those that are named in input.states"),
        ([{"input": "h", "output": "nothing"}], {}, r"input\.states\[0\]\.output: the network has no 'nothing'"),
        ([STATE], {"batch": 4}, "states: go with one frame at a time"),
        ([STATE, STATE], {}, "states: the same tensor twice"),
        ([{**STATE, "shape": [1, 1, 1]}], {}, r"input\.states\[0\]\.shape: 3 numbers, h has 2 axes"),
    ],
)
def test_a_wrong_field_is_named(states: list[Any], more: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(MedviewError, match=text):
        run(package(tmp_path, "regression", accumulator([1, 1]), SUM, states=states, **more), cine())


def test_a_state_of_unknown_size_is_asked_for(tmp_path: Path) -> None:
    made = package(tmp_path, "image", trail(), {"kind": "image", "title": "trail"}, states=[STATE])
    with pytest.raises(MedviewError, match="does not say how large h is"):
        run(made, cine())


def test_every_time_point_with_what_each_slice_remembers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A NIfTI of 3 time points and 4 slices: the trail of each slice is its own, and grows from time to time."""
    import json

    import nibabel

    from medview.cli.__main__ import main
    from tests.inference.packages import write_package

    values = RNG.integers(-500, 900, (6, 5, 4, 3)).astype(np.int16)  # i j k t
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 2.0, 1.0])), tmp_path / "four.nii.gz")
    manifest = about(
        "trail", task="image",
        input={
            "unit": "modality", "axes": ["P", "L"], "layout": "NCHW",
            "states": [{**STATE, "shape": [1, 1, "H", "W"], "start": -9999}],
        },
        output={"kind": "image", "title": "trail", "name": "y"},
    )  # fmt: skip
    folder = write_package(tmp_path / "trail", manifest, trail())
    words = [
        "infer",
        tmp_path / "four.nii.gz",
        "--model",
        folder,
        "--every-time",
        "--output",
        tmp_path / "out",
        "--json",
    ]
    assert main([str(word) for word in words]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(one["time"], one["folder"]) for one in answer["times"]] == [(n, f"time-00{n}") for n in range(3)]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["times"] == answer["times"]
    expected = np.maximum.accumulate(values, axis=3)
    for n in range(3):
        made = np.asarray(nibabel.load(tmp_path / "out" / f"time-00{n}" / "image.nii.gz").dataobj)
        np.testing.assert_array_equal(made, expected[..., n])
    assert main([str(word) for word in words]) == 7  # the folder holds something
    assert main([str(word) for word in [*words, "--also", "csv"]]) == 2
