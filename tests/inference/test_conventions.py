"""Networks as others hand them over: what their graphs show is understood, and the numbers are those of their authors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from medview.core.problem import MedviewError
from tests.inference import networks
from tests.inference.foreign import begun, imported, saved, write_json
from tests.inference.test_importing import picture, seen_as_it_is
from tests.inference.test_importing_volumes import plans
from tests.inference.volumes import run

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
PICTURE = {"input__axes": "picture", "input__unit": "display"}


def always(given: tuple[str, int, list[Any]], opset: int = 17, **outputs: Array) -> bytes:
    """A network with this input that always answers the same; ``__`` in a name is written as ``:``."""
    nodes = [helper.make_node("Identity", [given[0]], ["unused"])]
    constants, ports = {}, []
    for name, value in outputs.items():
        named = name.replace("__", ":")
        constants[f"{name}_value"] = value
        nodes.append(helper.make_node("Identity", [f"{name}_value"], [named]))
        ports.append((named, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape)))
    loaded = onnx.load_from_string(networks.model_bytes(nodes, [given], ports, constants))
    loaded.opset_import[0].version = opset
    return bytes(loaded.SerializeToString())


def test_tensorflows_detectors(tmp_path: Path) -> None:
    """NHWC, whole numbers as input, y before x from 0 to 1, classes from 1 as floats, names with ``:0``."""
    model = always(
        ("image_tensor:0", TensorProto.UINT8, [1, "h", "w", 3]),
        detection_boxes__0=np.array([[[0.25, 0.5, 0.75, 1.0], [0, 0, 0.1, 0.1]]], np.float32),
        detection_classes__0=np.array([[2, 1]], np.float32),
        detection_scores__0=np.array([[0.9, 0.01]], np.float32),
        num_detections__0=np.array([2], np.float32),
    )
    path = saved(tmp_path / "tfod.onnx", model)
    package = imported(path, tmp_path / "package", **PICTURE, input__values="none", output__labels="nodule,mass")
    (finding,) = run(package, seen_as_it_is(picture((32, 64)))).findings
    assert finding.label == "mass"
    assert finding.box_voxel[0][1:] == pytest.approx((7.5, 31.5))
    assert finding.box_voxel[1][1:] == pytest.approx((23.5, 63.5))


@pytest.mark.parametrize("with_nothing", [True, False])
def test_detection_transformers(with_nothing: bool, tmp_path: Path) -> None:
    """Centre and size from 0 to 1; DETR has a last class for no object and softmax, RT-DETR a sigmoid for each class."""
    rows = [[0.0, 5.0, 0.0], [0.0, 0.0, 9.0]] if with_nothing else [[-9.0, 2.0], [-9.0, -9.0]]
    model = always(
        ("pixel_values", FLOAT, [1, 3, 32, 64]),
        logits=np.array([rows], np.float32),
        pred_boxes=np.array([[[0.5, 0.5, 0.25, 0.5], [0.1, 0.1, 0.1, 0.1]]], np.float32),
    )
    package = imported(
        saved(tmp_path / "detr.onnx", model), tmp_path / "package", **PICTURE, input__values="imagenet",
        input__fit="stretch", output__labels="nodule,mass",
    )  # fmt: skip
    (finding,) = run(package, seen_as_it_is(picture((32, 64)))).findings
    assert finding.label == "mass"
    assert finding.score == pytest.approx(np.exp(5) / (np.exp(5) + 2) if with_nothing else 1 / (1 + np.exp(-2)))
    assert finding.box_voxel[0][1:] == pytest.approx((7.5, 23.5))


def test_the_row_of_numbers_is_taken_and_not_the_features(tmp_path: Path) -> None:
    model = always(
        ("x", FLOAT, [1, 1, 16, 16]),
        features=np.zeros((1, 8, 2, 2), np.float32),
        logits=np.array([[0, 2.0]], np.float32),
    )
    path = saved(tmp_path / "two.onnx", model)
    answers = {**PICTURE, "input__values": "/255", "input__fit": "stretch", "output__labels": "normal,abnormal"}
    package = imported(path, tmp_path / "package", **answers)
    scores = {
        one.label: one.probability
        for one in run(package, seen_as_it_is(picture((16, 16), (2, 4, 5, 9)))).classification
    }
    assert scores["abnormal"] == pytest.approx(1 / (1 + np.exp(-2)))
    assert (
        begun(path, **answers, output__name="features", task="image", output__scale="1").manifest["output"]["name"]
        == "features"
    )
    with pytest.raises(MedviewError, match=r"output\.name=nothing: there are features, logits"):
        begun(path, **answers, output__name="nothing")


def test_whole_numbers_go_in_as_they_are(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=FLOAT),
        helper.make_node("ReduceMax", ["f"], ["m"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["m", "share"], ["y"]),
    ]
    model = networks.model_bytes(
        nodes,
        [("x", TensorProto.UINT8, ["n", 3, 16, 16])],
        [("y", FLOAT, ["n", 3])],
        {"share": np.array([1 / 512, 1 / 1024, 1 / 2048], np.float32)},
    )
    draft = begun(saved(tmp_path / "bytes.onnx", model), **PICTURE)
    assert next(question for question in draft.questions if question.field == "input.values").suggestion == "none"
    package = imported(
        tmp_path / "bytes.onnx", tmp_path / "package", **PICTURE, input__values="none", input__fit="stretch",
        output__labels="r,g,b", output__activation="none",
    )  # fmt: skip
    values = np.full((1, 16, 16), 7, np.uint8)
    values[0, 3, 4] = 128
    found = run(package, seen_as_it_is(values)).classification
    assert [one.probability for one in found[:1]] == pytest.approx([0.25])


def test_torchxrayvisions_scale_and_names(tmp_path: Path) -> None:
    """Grey from -1024 to 1024, 18 pathologies that do not exclude one another."""
    weights = [(n - 3) / 7168 for n in range(18)]
    model = networks.mean_classifier(weights, [0.0] * 18, size=[16, 16])
    path = saved(tmp_path / "xrv.onnx", model)
    asked = {question.field: question.suggestion for question in begun(path, **PICTURE).questions}
    assert asked["input.values"] == "xrv"
    package = imported(
        path, tmp_path / "package", **PICTURE, input__values="xrv", input__fit="stretch",
        output__labels=asked["output.labels"],
    )  # fmt: skip
    values = np.full((1, 16, 16), 255, np.uint8)
    values[0, :8] = 0
    values[0, 0, 0] = 128
    found = {one.label: one.probability for one in run(package, seen_as_it_is(values)).classification}
    assert set(found) >= {"Cardiomegaly", "Lung Lesion"}
    mean = np.mean(values / 255 * 2048 - 1024) / 1024
    assert found["Cardiomegaly"] == pytest.approx(1 / (1 + np.exp(-mean)), abs=1e-4)  # the eleventh


def test_what_a_recurrent_network_carries_is_named(tmp_path: Path) -> None:
    from tests.inference.test_sequences import accumulator

    path = saved(tmp_path / "gru.onnx", accumulator([1, 1]))
    with pytest.raises(MedviewError, match="name what is carried from frame to frame"):
        begun(path, **PICTURE)
    package = imported(
        path, tmp_path / "package", **PICTURE, input__states="h:h_next", task="regression", output__name="y",
        output__labels="sum", output__over_slices="last", input__values="none",
    )  # fmt: skip
    volume = seen_as_it_is(np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4))
    assert run(package, volume).values[0].value == pytest.approx(7.5 + 23.5)


def test_keras_networks_with_channels_last(tmp_path: Path) -> None:
    """NHWC in and out with names as tf2onnx gives them; the last axis holds the classes."""
    nodes = [
        helper.make_node("Mul", ["input_1", "slopes"], ["m"]),
        helper.make_node("Softmax", ["m"], ["conv2d_9/Softmax:0"], axis=3),
    ]
    shape = ["unk__1", 16, 16, 1]
    model = networks.model_bytes(
        nodes, [("input_1", FLOAT, shape)], [("conv2d_9/Softmax:0", FLOAT, ["unk__2", 16, 16, 2])],
        {"slopes": np.array([0.0, 1.0], np.float32).reshape(1, 1, 1, 2)},
    )  # fmt: skip
    package = imported(
        saved(tmp_path / "keras.onnx", model), tmp_path / "package", **PICTURE, input__values="offset:-100",
        input__fit="middle", output__labels="background,bright",
    )  # fmt: skip
    values = picture((16, 16), (2, 5, 7, 11))
    segmentation = run(package, seen_as_it_is(values)).segmentation
    assert segmentation is not None
    np.testing.assert_array_equal(segmentation.labels, values > 100)


@pytest.mark.parametrize("opset", [11, 13, 15, 17, 19, 21])
def test_opsets(opset: int, tmp_path: Path) -> None:
    model = always(("x", FLOAT, ["b", 1, 16, 16]), opset, y=np.array([[0.2, 0.8]], np.float32))
    answers = {"input__values": "/255", "input__fit": "stretch", "output__labels": "a,b", "output__activation": "none"}
    package = imported(saved(tmp_path / "net.onnx", model), tmp_path / "package", **PICTURE, **answers)
    found = run(package, seen_as_it_is(picture((16, 16), (2, 4, 5, 9)))).classification
    assert [one.probability for one in found] == pytest.approx([0.2, 0.8])


def nnunet(folder: Path, labels: dict[str, Any], model: bytes, previous: bool = False) -> Path:
    folder.mkdir()
    content = plans()
    if previous:
        content["configurations"]["3d_fullres"]["previous_stage"] = "3d_lowres"
    write_json(folder / "plans.json", content)
    write_json(folder / "dataset.json", {"channel_names": {"0": "CT"}, "labels": labels, "name": "Spleen"})
    return saved(folder / "model.onnx", model)


def patched(classes: int) -> bytes:
    model = onnx.load_from_string(networks.affine_channels(3, [0.0] * (classes - 1) + [1.0], [0.0] * classes))
    for port, channels in ((model.graph.input[0], 1), (model.graph.output[0], classes)):
        for axis, size in enumerate((1, channels, 4, 8, 8)):
            port.type.tensor_type.shape.dim[axis].dim_value = size
    return bytes(model.SerializeToString())


def test_nnunets_ignore_label_is_no_class(tmp_path: Path) -> None:
    path = nnunet(tmp_path / "a", {"background": 0, "spleen": 1, "ignore": 2}, patched(2))
    draft = begun(path, input__axes="S,P,L")
    assert [entry["name"] for entry in draft.finished().model_dump()["output"]["labels"]] == ["spleen"]


def test_the_second_stage_of_nnunets_cascade_is_refused_by_its_name(tmp_path: Path) -> None:
    path = nnunet(tmp_path / "b", {"background": 0, "spleen": 1}, patched(2), previous=True)
    with pytest.raises(MedviewError, match="second stage of nnU-Net's cascade") as refused:
        begun(path, input__axes="S,P,L")
    assert refused.value.exit_code == 4


def test_masks_beside_boxes_are_told(tmp_path: Path) -> None:
    model = always(
        ("image", FLOAT, [1, 3, "h", "w"]),
        boxes=np.array([[1, 2, 5, 6]], np.float32),
        labels=np.array([1], np.int64),
        scores=np.array([0.9], np.float32),
        masks=np.zeros((1, 1, 8, 8), np.float32),
    )
    draft = begun(saved(tmp_path / "mask-rcnn.onnx", model), **PICTURE, output__labels="nodule", input__values="/255")
    assert any("masks" in note for note in draft.notes)
