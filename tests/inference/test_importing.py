"""Ultralytics exports and bare networks: from somebody's file to the number that its authors would get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from medview.core.problem import ExitCode, MedviewError
from medview.inference.library import install, remove
from medview.inference.trust import distrust, is_trusted, trust
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved, ultralytics_metadata, write_json
from tests.inference.volumes import axial_geometry, run, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
RNG = np.random.default_rng(23)


def picture(shape: tuple[int, int] = (32, 64), bright: tuple[int, int, int, int] = (8, 12, 20, 40)) -> Array:
    """(1, rows, columns) 8 bit grey with a bright box (rows from, to, columns from, to)."""
    values = np.full((1, *shape), 50, np.uint8)
    values[0, bright[0] : bright[1], bright[2] : bright[3]] = 250
    return values


def seen_as_it_is(values: Array) -> Any:
    """A volume whose window leaves 8-bit values as they are."""
    colour = np.repeat(values[..., None], 3, axis=3)
    return volume_of(colour, None, None)


def places_network(rows: Array, channels: int = 3, size: tuple[int, int] = (64, 64), name: str = "output0") -> bytes:
    """Always the same places (1, …), whatever the picture."""
    nodes = [helper.make_node("Identity", ["images"], ["unused"]), helper.make_node("Identity", ["value"], [name])]
    return networks.model_bytes(
        nodes,
        [("images", FLOAT, [1, channels, *size])],
        [(name, FLOAT, list(rows.shape))],
        {"value": rows.astype(np.float32)},
    )


def places(classes: int, *found: tuple[float, float, float, float, int, float], count: int = 84) -> Array:
    """(1, 4 + classes, count): cx, cy, w, h in pixels of the input and a score for each class."""
    table = np.zeros((1, 4 + classes, count), np.float32)
    for n, (cx, cy, w, h, number, score) in enumerate(found):
        table[0, :4, n] = cx, cy, w, h
        table[0, 4 + number, n] = score
    return table


def test_ultralytics_boxes_come_back_from_the_letterbox(tmp_path: Path) -> None:
    # 32 × 64 becomes 32 × 64 in the middle of 64 × 64: 16 rows of grey above and below.
    raw = places(2, (30, 26, 20, 4, 1, 0.9), (10, 40, 6, 6, 0, 0.6))
    path = saved(
        tmp_path / "wrist.onnx", places_network(raw), **ultralytics_metadata("detect", {0: "a", 1: "fracture"})
    )
    package = imported(path, tmp_path / "package")
    found = run(package, seen_as_it_is(picture()))
    first, second = found.findings
    assert (first.label, second.label) == ("fracture", "a")
    assert first.score == pytest.approx(0.9)
    assert first.box_voxel[0][1:] == pytest.approx((24 - 16 - 0.5, 20 - 0.5))
    assert first.box_voxel[1][1:] == pytest.approx((28 - 16 - 0.5, 40 - 0.5))
    assert package.manifest.licence.startswith("AGPL-3.0")
    assert package.manifest.version == "8.3.40"
    assert package.manifest.description == "Ultralytics YOLO11n model trained on fractures.yaml"
    assert "AGPL-3.0" in package.card
    assert "wrist.onnx" in package.card


def test_the_picture_is_letterboxed_on_grey_and_divided_by_255(tmp_path: Path) -> None:
    """Scores of the network are the tensor's own corner and middle."""
    nodes = [
        helper.make_node("Slice", ["images", "from", "to", "axes"], ["corner"]),
        helper.make_node("Slice", ["images", "from2", "to2", "axes"], ["middle"]),
        helper.make_node("Concat", ["corner", "middle"], ["both"], axis=1),
        helper.make_node("Reshape", ["both", "shape"], ["output0"]),
    ]
    model = networks.model_bytes(
        nodes,
        [("images", FLOAT, [1, 3, 64, 64])],
        [("output0", FLOAT, [1, 2])],
        {
            "from": np.array([0, 0, 0]),
            "to": np.array([1, 1, 1]),
            "from2": np.array([0, 26, 30]),
            "to2": np.array([1, 27, 31]),
            "axes": np.array([1, 2, 3]),
            "shape": np.array([1, 2]),
        },
    )
    path = saved(tmp_path / "m.onnx", model, **ultralytics_metadata("classify", {0: "corner", 1: "middle"}))
    package = imported(
        path,
        tmp_path / "package",
        output__activation="none",
        input__steps='[{"step":"resize","size":[64,64],"aspect":"keep","fill":114},{"step":"scale","factor":0.00392156862745098}]',
    )
    # Written over by the answer; what the import of a detector writes is the same list.
    detector = saved(tmp_path / "d.onnx", places_network(places(1)), **ultralytics_metadata("detect", {0: "x"}))
    written = begun(detector).manifest["input"]["steps"]
    assert written[0] == {"step": "resize", "size": [64, 64], "kind": "opencv-linear", "aspect": "keep", "fill": 114}
    assert written[1]["factor"] == pytest.approx(1 / 255)
    scores = {one.label: one.probability for one in run(package, seen_as_it_is(picture())).classification}
    assert scores["corner"] == pytest.approx(114 / 255)
    assert scores["middle"] == pytest.approx(250 / 255)


@pytest.mark.parametrize("end", ["{'nms': True}", "{'nms': False}"])
def test_finished_boxes_are_not_suppressed_again(tmp_path: Path, end: str) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = 20, 24, 40, 28, 0.8, 1
    rows[0, 1] = 21, 24, 41, 28, 0.7, 1
    path = saved(
        tmp_path / "end.onnx",
        places_network(rows),
        **ultralytics_metadata("detect", {0: "a", 1: "b"}, args=end, end2end="True"),
    )
    package = imported(path, tmp_path / "package")
    assert package.manifest.output.kind == "yolo"
    found = run(package, seen_as_it_is(picture())).findings
    assert [one.label for one in found] == ["b", "b"]
    assert found[0].box_voxel[0][1:] == pytest.approx((24 - 16 - 0.5, 20 - 0.5))


def test_yolov5_has_objectness_and_places_first(tmp_path: Path) -> None:
    rows = np.zeros((1, 252, 7), np.float32)  # 3 × (64 + 16 + 4) places, 2 classes
    rows[0, 5] = 30, 26, 20, 4, 0.5, 0.1, 0.8
    path = saved(tmp_path / "v5.onnx", places_network(rows), **ultralytics_metadata("detect", {0: "a", 1: "b"}))
    package = imported(path, tmp_path / "package")
    (one,) = run(package, seen_as_it_is(picture())).findings
    assert one.label == "b"
    assert one.score == pytest.approx(0.4)


def test_two_classes_with_places_first_are_not_taken_for_finished_boxes(tmp_path: Path) -> None:
    raw = places(2, (30, 26, 20, 4, 1, 0.9)).transpose(0, 2, 1)
    path = saved(tmp_path / "p.onnx", places_network(raw), **ultralytics_metadata("detect", {0: "a", 1: "b"}))
    output = begun(path).manifest["output"]
    assert output["kind"] == "yolo"
    assert output["arrangement"] == "places_first"
    assert output["objectness"] is False


def test_an_export_by_way_of_tensorflow_is_asked_for_its_coordinates(tmp_path: Path) -> None:
    raw = places(1, (30 / 64, 26 / 64, 20 / 64, 4 / 64, 0, 0.9))
    nodes = [helper.make_node("Identity", ["images"], ["unused"]), helper.make_node("Identity", ["value"], ["out"])]
    model = networks.model_bytes(
        nodes, [("images", FLOAT, [1, 64, 64, 3])], [("out", FLOAT, list(raw.shape))], {"value": raw}
    )
    path = saved(tmp_path / "nhwc.onnx", model, **ultralytics_metadata("detect", {0: "a"}))
    assert missing(begun(path)) == {"output.coordinates"}
    package = imported(path, tmp_path / "package", output__coordinates="normalised")
    assert package.manifest.input.layout == "NHWC"
    (one,) = run(package, seen_as_it_is(picture())).findings
    assert one.box_voxel[0][1:] == pytest.approx((24 - 16 - 0.5, 20 - 0.5), abs=1e-4)


def test_classification_cuts_the_middle_out_as_torchvision_does(tmp_path: Path) -> None:
    """The mean of what is left: 8 × 32 of which the middle 8 × 8 is brighter."""
    model = networks.mean_classifier([1.0, 0.0], [0.0, 0.25], channels=3, size=(8, 8))
    path = saved(tmp_path / "c.onnx", model, **ultralytics_metadata("classify", {0: "a", 1: "b"}, imgsz="[8, 8]"))
    values = np.zeros((1, 8, 32), np.uint8)
    values[0, :, 12:20] = 204
    package = imported(path, tmp_path / "package", output__activation="none")
    scores = {one.label: one.probability for one in run(package, seen_as_it_is(values)).classification}
    assert scores["a"] == pytest.approx(204 / 255, abs=1e-5)


def test_instance_masks_are_mixed_from_prototypes(tmp_path: Path) -> None:
    """One place with the coefficients 1 and -1: the first prototype is on in the left half, the second everywhere else."""
    raw = np.zeros((1, 4 + 1 + 2, 84), np.float32)
    raw[0, :, 3] = 32, 32, 40, 16, 0.9, 1, -1
    prototypes = np.zeros((1, 2, 16, 16), np.float32)
    prototypes[0, 0, :, :8] = 4
    prototypes[0, 1, :, 8:] = 4
    nodes = [helper.make_node("Identity", ["images"], ["unused"])]
    nodes += [helper.make_node("Identity", [f"v{n}"], [f"output{n}"]) for n in (0, 1)]
    model = networks.model_bytes(
        nodes,
        [("images", FLOAT, [1, 3, 64, 64])],
        [("output0", FLOAT, list(raw.shape)), ("output1", FLOAT, list(prototypes.shape))],
        {"v0": raw, "v1": prototypes},
    )
    path = saved(tmp_path / "seg.onnx", model, **ultralytics_metadata("segment", {0: "nodule"}))
    package = imported(path, tmp_path / "package")
    assert package.manifest.output.kind == "yolo"
    result = run(package, seen_as_it_is(picture((64, 64))))
    (found,) = result.findings
    assert found.label == "nodule"
    assert found.box_voxel[0][1:] == pytest.approx((23.5, 11.5))
    assert result.segmentation is not None
    rows, columns = np.nonzero(result.segmentation.labels[0])
    assert (rows.min(), rows.max()) == (24, 39)
    assert columns.min() == 12
    assert columns.max() in range(30, 34)


def test_points_of_a_pose_come_back_from_the_letterbox(tmp_path: Path) -> None:
    raw = np.zeros((1, 4 + 1 + 6, 84), np.float32)
    raw[0, :, 7] = 30, 26, 20, 4, 0.9, 24, 26, 0.95, 36, 27, 0.2
    path = saved(
        tmp_path / "pose.onnx", places_network(raw), **ultralytics_metadata("pose", {0: "hand"}, kpt_shape="[2, 3]")
    )
    package = imported(path, tmp_path / "package")
    (found,) = run(package, seen_as_it_is(picture())).findings
    first, second = found.keypoints
    assert first.voxel[1:] == pytest.approx((26 - 16 - 0.5, 24 - 0.5))
    assert first.score == pytest.approx(0.95)
    assert second.voxel[1:] == pytest.approx((27 - 16 - 0.5, 36 - 0.5))


def test_names_that_are_code_are_refused_and_not_run(tmp_path: Path) -> None:
    names = "{0: __import__('os').system('echo hurt')}"
    metadata = {**ultralytics_metadata("detect", {0: "a"}), "names": names}
    path = saved(tmp_path / "evil.onnx", places_network(places(1)), **metadata)
    with pytest.raises(MedviewError) as caught:
        begun(path)
    assert caught.value.code == "metadata_unreadable"


def test_a_task_that_cannot_be_shown_is_refused_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "depth.onnx", places_network(places(1)), **ultralytics_metadata("depth", {0: "a"}))
    with pytest.raises(MedviewError, match="'depth'"):
        begun(path)


# Bare networks -------------------------------------------------------------------------------------------------------


def test_a_bare_segmentation_asks_for_what_no_graph_says_and_then_finds_what_is_bright(tmp_path: Path) -> None:
    # Values are taken from -1000 … 0 HU to 0 … 1; above 0.5 is above -500 HU.
    path = saved(tmp_path / "body mask.onnx", networks.threshold_network(3, 0.5, 50.0))
    draft = begun(path)
    assert missing(draft) == {"input.axes", "input.unit", "output.labels", "input.values", "input.spacing_mm"}
    assert draft.manifest["output"]["activation"] == "none"
    values = np.full((6, 16, 20), -1000, np.int16)
    values[2:4, 3:9, 5:12] = 40
    package = imported(
        path,
        tmp_path / "package",
        input__axes="R,A,S",
        input__unit="HU",
        output__labels="body",
        input__values="range:-1000/0",
        input__spacing_mm="as_is",
        licence="CC-BY-4.0",
        fits__modalities="CT",
    )
    assert package.manifest.id == "body-mask"
    assert package.manifest.licence == "CC-BY-4.0"
    assert package.manifest.fits.modalities == ("CT",)
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, values > -500)


def test_a_bare_classifier_keeps_names_from_its_metadata(tmp_path: Path) -> None:
    model = networks.mean_classifier([0.0, 4.0], [0.0, 0.0], channels=3, size=(4, 4))
    path = saved(tmp_path / "cxr.onnx", model, class_names="['normal', 'pneumonia']")
    draft = begun(path)
    assert "output.labels" not in missing(draft)
    assert draft.manifest["output"]["activation"] == "softmax"
    package = imported(
        path,
        tmp_path / "package.zip",
        input__axes="picture",
        input__unit="display",
        input__fit="stretch",
        input__values="/255",
    )
    values = np.full((1, 8, 8), 255, np.uint8)
    values[0, 0, 0] = 254
    scores = {one.label: one.probability for one in run(package, seen_as_it_is(values)).classification}
    assert scores["pneumonia"] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-3)


def test_torchvision_detectors_are_told_by_shape_and_type_whatever_their_order(tmp_path: Path) -> None:
    outputs: dict[str, Array] = {
        "1234": np.array([0.3, 0.95], np.float32),
        "labels": np.array([1, 2], np.int64),
        "boxes": np.array([[1, 2, 5, 6], [20, 8, 40, 12]], np.float32),
    }
    path = saved(tmp_path / "rcnn.onnx", networks.fixed_outputs(2, channels=3, **outputs))
    package = imported(
        path,
        tmp_path / "package",
        input__axes="picture",
        input__unit="display",
        input__values="/255",
        output__labels="nodule,mass",
    )
    first, second = run(package, seen_as_it_is(picture())).findings
    assert (first.label, second.label) == ("mass", "nodule")
    assert first.box_voxel[0][1:] == pytest.approx((7.5, 19.5))
    assert first.box_voxel[1][1:] == pytest.approx((11.5, 39.5))


@pytest.mark.parametrize(
    ("side", "preset", "count", "classes"),
    [(64, "retinanet", 774, 2), (300, "ssd300", 8732, 3), (320, "ssdlite320", 3234, 3)],
)
def test_raw_heads_are_told_by_the_count_of_their_anchors(
    side: int, preset: str, count: int, classes: int, tmp_path: Path
) -> None:
    scores = np.full((1, count, classes), -9, np.float32)
    if classes == 3:
        scores[..., 0] = 9  # SSD's background
    scores[0, -1] = [*[-9] * (classes - 1), 9]  # the last anchor of the last level
    outputs = {"bbox_regression": np.zeros((1, count, 4), np.float32), "cls_logits": scores}
    path = saved(tmp_path / "heads.onnx", resized(networks.fixed_outputs(2, channels=3, **outputs), side))
    answers = {"input__axes": "picture", "input__unit": "display", "input__values": "/255", "input__fit": "stretch"}
    package = imported(path, tmp_path / "package", **answers, output__labels="nodule,mass")
    (finding,) = run(package, seen_as_it_is(RNG.integers(0, 255, (1, side, side)).astype(np.uint8))).findings
    assert finding.label == "mass"
    # Cut at the picture's border; the last shape of an SSD is the narrow one of the last ratio.
    right = {"retinanet": 64, "ssd300": 150 + 150 * 0.87 / 2**0.5, "ssdlite320": 160 + 160 * 0.95 / 3**0.5}[preset]
    assert finding.box_voxel[1][1:] == pytest.approx((side - 0.5, right - 0.5))
    assert any(
        guess.field == "output.anchors" and guess.value == preset
        for guess in begun(path, **answers, output__labels="nodule,mass").guesses
    )


def resized(model: bytes, side: int) -> bytes:
    """The same network with a fixed size of its input."""
    loaded = onnx.load_from_string(model)
    for axis in (2, 3):
        loaded.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = side
    return bytes(loaded.SerializeToString())


def test_heads_of_unknown_anchors_are_asked_for(tmp_path: Path) -> None:
    maps = {
        f"{kind}_{n}": np.zeros((1, width, 8 >> n, 8 >> n), np.float32)
        for n in range(2)
        for kind, width in (("cls", 4), ("box", 8))
    }
    path = saved(tmp_path / "heads.onnx", networks.fixed_outputs(2, **maps))
    answers = {
        "input__axes": "axial",
        "input__unit": "HU",
        "input__values": "none",
        "input__spacing_mm": "as_is",
        "output__labels": "a,b",
    }
    assert missing(begun(path, **answers)) == {"output.anchors"}
    output = begun(path, **answers, output__anchors="8/6,6/8").manifest["output"]
    assert output["levels"] == [{"shapes": [[8, 6], [6, 8]]}, {"shapes": [[16, 12], [12, 16]]}]
    with pytest.raises(MedviewError, match="each anchor has 2 sides"):
        begun(path, **answers, output__anchors="8/6/4")


def test_class_numbers_from_the_graph_are_labels(tmp_path: Path) -> None:
    path = saved(tmp_path / "labels.onnx", networks.labels_network(2, 0.5))
    draft = begun(
        path,
        input__axes="axial",
        input__unit="HU",
        input__values="window:50/100",
        input__spacing_mm="as_is",
        output__labels="background,bright",
    )
    assert draft.manifest["output"]["encoding"] == "labels"
    assert draft.manifest["output"]["labels"] == [{"index": 1, "name": "bright"}]
    assert not draft.questions


# What cannot be imported ---------------------------------------------------------------------------------------------


def two_inputs() -> bytes:
    shape = networks.free_shape(3)
    node = helper.make_node("Add", ["image", "prompt"], ["y"])
    return networks.model_bytes([node], [("image", FLOAT, shape), ("prompt", FLOAT, shape)], [("y", FLOAT, shape)])


def many_channels() -> bytes:
    node = helper.make_node("Identity", ["x"], ["y"])
    shape = ["n", 7, "h", "w"]
    return networks.model_bytes([node], [("x", FLOAT, shape)], [("y", FLOAT, shape)])


def text_input() -> bytes:
    node = helper.make_node("StringNormalizer", ["x"], ["y"])
    return networks.model_bytes([node], [("x", TensorProto.STRING, ["n"])], [("y", TensorProto.STRING, ["n"])])


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        (two_inputs(), "input_unexplained", "image, prompt"),
        (many_channels(), "channels_unexplained", "7 channels"),
        (text_input(), "input_unexplained", "string"),
        (networks.custom_operator_network(), "operator_refused", "Mystery"),
        (b"not a network", "model_corrupt", "complete"),
    ],
)
def test_what_nobody_explains_is_refused_with_the_reason(tmp_path: Path, model: bytes, code: str, words: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model)
    with pytest.raises(MedviewError) as caught:
        begun(path)
    assert caught.value.code == code
    assert caught.value.exit_code == ExitCode.MODEL_UNUSABLE
    assert words in caught.value.text


def external(location: str) -> bytes:
    import onnx

    model = onnx.load_from_string(networks.threshold_network(2, 0.5))
    weight = model.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.ClearField("raw_data")
    entry = weight.external_data.add()
    entry.key, entry.value = "location", location
    data: bytes = model.SerializeToString()
    return data


@pytest.mark.parametrize(
    ("location", "code"), [("weights.data", "side_file_missing"), ("../weights.data", "side_file_outside")]
)
def test_weights_that_are_missing_or_outside_are_named(tmp_path: Path, location: str, code: str) -> None:
    path = tmp_path / "deep" / "m.onnx"
    path.parent.mkdir()
    path.write_bytes(external(location))
    (tmp_path / "weights.data").write_bytes(b"\0" * 4)
    with pytest.raises(MedviewError) as caught:
        begun(path)
    assert caught.value.code == code
    assert location in caught.value.text


def test_weights_beside_the_network_come_along(tmp_path: Path) -> None:
    path = tmp_path / "from" / "m.onnx"
    path.parent.mkdir()
    path.write_bytes(external("m.onnx.data"))
    (path.parent / "m.onnx.data").write_bytes(np.float32(0.5).tobytes())
    package = imported(
        path,
        tmp_path / "package",
        input__axes="axial",
        input__unit="HU",
        input__values="range:0/100",
        input__spacing_mm="as_is",
        output__labels="bright",
    )
    assert (package.folder / "m.onnx.data").is_file()
    values = np.zeros((2, 32, 32), np.int16)
    values[:, 4:8, 4:8] = 90
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, values > 50)


def test_other_weights_are_named_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"PK")
    with pytest.raises(MedviewError) as caught:
        begun(tmp_path)
    assert caught.value.code == "not_onnx"


def test_nothing_is_written_where_something_is_missing_or_in_the_way(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", networks.threshold_network(2, 0.5))
    with pytest.raises(MedviewError) as caught:
        imported(path, tmp_path / "package")
    assert caught.value.code == "import_incomplete"
    assert "input.unit" in caught.value.values
    answers = {
        "input__axes": "axial",
        "input__unit": "HU",
        "input__values": "none",
        "input__spacing_mm": "as_is",
        "output__labels": "x",
    }
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("keep")
    with pytest.raises(MedviewError) as caught:
        imported(path, taken, **answers)
    assert caught.value.code == "output_exists"
    with pytest.raises(MedviewError) as caught:
        imported(path, tmp_path / "other", **answers, input__nonsense="1")
    assert "nonsense" in caught.value.text
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m.onnx", "taken"]


@pytest.mark.parametrize("name", ["input__unit", "input__values", "input__axes"])
def test_answers_that_make_no_sense_are_named(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / "m.onnx", networks.threshold_network(2, 0.5))
    with pytest.raises(MedviewError) as caught:
        begun(path, **{name: "window:1"})
    assert caught.value.code == "bad_answer"
    assert caught.value.exit_code == ExitCode.BAD_USE


# Trust ---------------------------------------------------------------------------------------------------------------


def test_an_imported_package_is_a_stranger_until_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    path = saved(tmp_path / "d.onnx", places_network(places(1)), **ultralytics_metadata("detect", {0: "x"}))
    package = install(imported(path, tmp_path / "package").folder)
    assert not is_trusted(package)
    trust(package)
    assert is_trusted(package)
    # The same id and version with another network is not the package that was trusted.
    other = saved(
        tmp_path / "d2.onnx", places_network(places(1, (1, 1, 1, 1, 0, 1))), **ultralytics_metadata("detect", {0: "x"})
    )
    changed = install(imported(other, tmp_path / "package2", id="d").folder)
    assert changed.manifest.id == package.manifest.id
    assert not is_trusted(changed)
    distrust(package)
    assert not is_trusted(package)
    remove("d")


# Several channels, numbers, images -----------------------------------------------------------------------------------


def test_neighbouring_slices_are_channels_where_somebody_says_so(tmp_path: Path) -> None:
    """The network answers with its last channel: the slice above."""
    nodes = [helper.make_node("Slice", ["x", "from", "to", "axes"], ["y"])]
    model = networks.model_bytes(
        nodes,
        [("x", FLOAT, ["n", 3, "h", "w"])],
        [("y", FLOAT, ["n", 1, "h", "w"])],
        {"from": np.array([2]), "to": np.array([3]), "axes": np.array([1])},
    )
    path = saved(tmp_path / "m.onnx", model)
    package = imported(
        path,
        tmp_path / "package",
        input__neighbours="1",
        input__axes="axial",
        input__unit="HU",
        input__values="range:0/100",
        input__spacing_mm="as_is",
        output__labels="bright",
        output__activation="none",
    )
    values = np.zeros((4, 32, 32), np.int16)
    values[2, 4:8, 4:8] = 90
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    assert [bool(found.labels[k].any()) for k in range(4)] == [False, True, False, False]


def test_several_series_are_named_by_the_reader(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", networks.convolution(np.zeros((2, 4, 3, 3, 3), np.float32)))
    with pytest.raises(MedviewError, match=r"input\.sources"):
        begun(path)
    with pytest.raises(MedviewError, match="names 2 series"):
        begun(path, input__sources="T1,T2")
    draft = begun(
        path,
        input__sources="T1,T1c,T2,FLAIR",
        input__axes="L,P,S",
        input__unit="modality",
        input__values="z_score_nonzero",
        input__spacing_mm="as_is",
        output__labels="background,tumour",
    )
    assert [source.name for source in draft.finished().input.sources] == ["T1", "T1c", "T2", "FLAIR"]


def test_a_regression_gives_numbers_with_units(tmp_path: Path) -> None:
    path = saved(tmp_path / "age.onnx", networks.mean_classifier([100.0], [20.0], channels=1))
    package = imported(
        path,
        tmp_path / "package",
        task="regression",
        input__layout="NCHW",
        input__axes="picture",
        input__unit="display",
        input__values="/255",
        output__labels="bone age [months]",
    )
    values = np.full((1, 8, 8), 51, np.uint8)
    values[0, 0, 0] = 52
    (number,) = run(package, seen_as_it_is(values)).values
    assert number.name == "bone age"
    assert number.unit == "months"
    assert number.value == pytest.approx(40, abs=0.1)


def test_a_classifier_of_a_hub_brings_its_names_and_its_preparation(tmp_path: Path) -> None:
    model = networks.mean_classifier([4.0, 0.0], [0.0, 0.0], channels=3, size=(8, 8))
    path = saved(tmp_path / "hub" / "onnx" / "model.onnx", model)
    write_json(
        tmp_path / "hub" / "config.json",
        {"_name_or_path": "somebody/chest-vit", "id2label": {"0": "effusion", "1": "none seen"}},
    )
    write_json(
        tmp_path / "hub" / "preprocessor_config.json",
        {
            "do_resize": True,
            "size": {"height": 8, "width": 8},
            "resample": 2,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        },
    )
    package = imported(path, tmp_path / "package")
    assert package.manifest.id == "chest-vit"
    values = np.full((1, 16, 16), 255, np.uint8)
    values[0, 0, 0] = 250
    scores = {one.label: one.probability for one in run(package, seen_as_it_is(values)).classification}
    assert scores["effusion"] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-3)


def test_a_larger_output_is_super_resolution(tmp_path: Path) -> None:
    from tests.inference.test_tasks import enlarging

    loaded = onnx.load_from_string(resized(enlarging(2, 2), 16))
    for axis in (2, 3):
        loaded.graph.output[0].type.tensor_type.shape.dim[axis].dim_value = 32
    path = saved(tmp_path / "finer.onnx", loaded.SerializeToString())
    answers = {
        "input__axes": "axial",
        "input__unit": "HU",
        "input__values": "none",
        "input__spacing_mm": "as_is",
        "input__fit": "tiles",
    }
    draft = begun(path, **answers, output__scale="1")
    assert (draft.manifest["task"], draft.manifest["output"]["factor"]) == ("image", [2, 2])
