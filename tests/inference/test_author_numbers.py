"""Networks as their authors run them: overlapping classes, activations hidden in the graph, other libraries' preparation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from scipy import ndimage

from medview.core.problem import MedviewError
from medview.inference.importing.bare import XRV
from medview.inference.importing.graph import read_graph
from medview.inference.importing.monai_transforms import Preparation, _percentiles
from medview.inference.manifest import Input
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import run_steps
from medview.inference.resizing import shorter_side
from medview.kernels.resample_grid import resize_axes
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved, write_json
from tests.inference.test_tasks import noise, package
from tests.inference.volumes import run, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
PICTURE = {"input__axes": "picture", "input__unit": "display", "input__values": "none", "input__fit": "stretch"}


# Classes that overlap ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [[], [{"step": "resample", "spacing_mm": [1.25, 0.7, 0.8], "align": "centres"}]])
@pytest.mark.parametrize("restore", ["probabilities", "logits"])
def test_every_class_that_holds_in_a_place_is_kept(restore: str, steps: list[Any], tmp_path: Path) -> None:
    """Above 400, below 400 and above 0: what lies in two of them has a row of its own."""
    volume = noise()
    network = networks.affine_channels(3, [0.05, -0.05, 0.05], [-20, 20, 0])
    labels = [{"index": n, "name": name} for n, name in enumerate(("bright", "dark", "positive"))]
    output = {
        "kind": "segmentation", "activation": "sigmoid", "rule": "together", "background": None, "labels": labels,
        "restore": restore,
    }  # fmt: skip
    result = run(package(tmp_path, "segmentation", network, output, ["S", "P", "L"], steps=steps), volume)
    assert result.segmentation is not None
    x = volume.stored
    np.testing.assert_array_equal(result.segmentation.labels, (x > 400) + 2 * (x < 400) + 4 * (x > 0))
    named = {one.value: one.name for one in result.segmentation.meanings}
    assert named == {1: "bright", 2: "dark", 4: "positive", 5: "bright + positive", 6: "dark + positive"}
    (note,) = [note for note in result.warnings if note.code == "labels_overlap"]
    count = int(((x < 400) & (x > 0)).sum())
    assert f"dark + positive ({count})" in note.text


def three_channels(size: int = 8) -> bytes:
    """The three colours, unchanged."""
    return networks.model_bytes(
        [helper.make_node("Identity", ["x"], ["y"])],
        [("x", FLOAT, [1, 3, size, size])],
        [("y", FLOAT, [1, 3, size, size])],
    )


def test_whether_classes_exclude_one_another_is_asked_where_none_is_the_background(tmp_path: Path) -> None:
    """Softmax over classes that overlap would label every voxel, and hide all but one class."""
    path = saved(tmp_path / "m.onnx", three_channels())
    assert missing(begun(path, **PICTURE, output__labels="a,b,c")) == {"output.activation"}
    assert missing(begun(path, **PICTURE, output__labels="background,b,c")) == set()
    several = imported(path, tmp_path / "several", **PICTURE, output__labels="a,b,c", output__activation="sigmoid")
    values = np.zeros((1, 8, 8, 3), np.uint8)
    values[0, 2, 3], values[0, 4] = (9, 0, 9), (0, 7, 0)
    shown = run(several, volume_of(values, None, None)).segmentation
    assert shown is not None
    assert [shown.labels[0, 2, 3], shown.labels[0, 4, 1], shown.labels[0, 0, 0]] == [0b101, 0b10, 0]
    one = imported(path, tmp_path / "one", **PICTURE, output__labels="a,b,c", output__activation="softmax")
    only = run(one, volume_of(values, None, None)).segmentation
    assert only is not None
    assert [only.labels[0, 2, 3], only.labels[0, 4, 1]] == [1, 2]


# Activations that the graph hides behind something else --------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["resize", "quantised"])
def test_a_softmax_counts_when_it_is_resized_or_quantised_afterwards(hidden: str, tmp_path: Path) -> None:
    softmax = helper.make_node("Softmax", ["x"], ["p"], axis=1)
    constants: dict[str, Array]
    if hidden == "resize":
        nodes = [softmax, helper.make_node("Resize", ["p", "", "s"], ["y"], mode="linear")]
        constants = {"s": np.array([1, 1, 2, 2], np.float32)}
        size = 16
    else:
        nodes = [
            softmax,
            helper.make_node("QuantizeLinear", ["p", "scale", "zero"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
        ]
        constants = {"scale": np.float32(1 / 255), "zero": np.uint8(0)}
        size = 8
    model = networks.model_bytes(nodes, [("x", FLOAT, [1, 3, 8, 8])], [("y", FLOAT, [1, 3, size, size])], constants)
    path = saved(tmp_path / "m.onnx", model)
    assert read_graph(path).activation_inside == "softmax"


# Inputs beside the image ---------------------------------------------------------------------------------------------


def paddle(size: int = 8) -> bytes:
    """Rows of class, score and corners, which are those of the whole picture as ``im_shape`` over ``scale_factor`` says."""
    nodes = [
        helper.make_node("Div", ["im_shape", "scale_factor"], ["hw"]),
        helper.make_node("Gather", ["hw", "swap"], ["wh"], axis=1),
        helper.make_node("ReduceMax", ["image"], ["top"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["top", "column"], ["score"]),
        helper.make_node("Concat", ["class", "score", "corner", "wh"], ["multiclass_nms3_0.tmp_0"], axis=1),
        helper.make_node("Identity", ["one"], ["multiclass_nms3_0.tmp_2"]),
    ]
    constants = {
        "swap": np.array([1, 0]), "column": np.array([-1, 1]), "class": np.array([[1]], np.float32),
        "corner": np.array([[2, 4]], np.float32), "one": np.array([1], np.int32),
    }  # fmt: skip
    inputs = [("im_shape", FLOAT, [1, 2]), ("image", FLOAT, [1, 3, size, size]), ("scale_factor", FLOAT, [1, 2])]
    outputs = [("multiclass_nms3_0.tmp_0", FLOAT, ["n", 6]), ("multiclass_nms3_0.tmp_2", TensorProto.INT32, [1])]
    return networks.model_bytes(nodes, inputs, outputs, constants)


def test_what_a_detector_wants_to_know_of_the_size_is_fed(tmp_path: Path) -> None:
    """The tensor's own size and no scaling: boxes come out in the tensor's pixels, whatever the picture's size was."""
    path = saved(tmp_path / "m.onnx", paddle())
    answers = {**PICTURE, "input__values": "/255", "output__labels": "cyst,nodule"}
    package = imported(path, tmp_path / "package", **answers)
    assert {one.input: one.value for one in package.manifest.input.constants} == {
        "im_shape": "height_width",
        "scale_factor": "ones",
    }
    values = np.full((1, 16, 24, 3), 204, np.uint8)
    values[0, 0, 0] = 3
    (found,) = run(package, volume_of(values, None, None)).findings
    assert (found.label, found.score) == ("nodule", pytest.approx(0.8, abs=1e-6))
    # x 2, y 4 to 8, 8 of 8 × 8 pixels.
    np.testing.assert_allclose(np.asarray(found.box_voxel) + 0.5, [[0, 8, 6], [1, 16, 24]], atol=1e-5)


def test_inputs_that_nobody_explains_are_refused_and_an_answer_explains_them(tmp_path: Path) -> None:
    node = helper.make_node("Mul", ["x", "gain"], ["y"])
    ports = [("x", FLOAT, [1, 1, 8, 8]), ("gain", FLOAT, [1])]
    path = saved(tmp_path / "m.onnx", networks.model_bytes([node], ports, [("y", FLOAT, [1, 1, 8, 8])]))
    answers = {**PICTURE, "output__labels": "bright", "output__activation": "none", "output__threshold": "100"}
    with pytest.raises(MedviewError, match=r"input\.constants=IN:VALUE"):
        begun(path, **answers)
    with pytest.raises(MedviewError, match="VALUE one of ones, zeros"):
        begun(path, **answers, input__constants="gain:two")
    assert begun(path, **answers, input__constants="gain:ones").finished().input.constants[0].value == "ones"


# Hugging Face and timm -----------------------------------------------------------------------------------------------


def coarse_map(size: int = 16) -> bytes:
    """SegFormer's manner: logits of two classes at a quarter of the size; the second is the picture's own mean there."""
    nodes = [
        helper.make_node("AveragePool", ["pixel_values"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["small", "w"], ["logits"]),
    ]
    weight = np.zeros((2, 3, 1, 1), np.float32)
    weight[1, 0] = 1
    ports = [("pixel_values", FLOAT, [1, 3, size, size])]
    return networks.model_bytes(nodes, ports, [("logits", FLOAT, [1, 2, size // 4, size // 4])], {"w": weight})


def huggingface(folder: Path, model: bytes, config: dict[str, Any], **preprocessor: Any) -> Path:
    folder.mkdir()
    saved(folder / "model.onnx", model)
    write_json(folder / "config.json", config)
    if preprocessor:
        write_json(folder / "preprocessor_config.json", preprocessor)
    return folder


def test_a_coarse_map_is_enlarged_from_its_own_grid_to_the_picture(tmp_path: Path) -> None:
    """As post_process_semantic_segmentation: logits bilinear from a quarter of the tensor to the picture, then the largest."""
    config = {"model_type": "segformer", "id2label": {"0": "background", "1": "polyp"}}
    said = {"size": {"height": 16, "width": 16}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 0}
    package = imported(huggingface(tmp_path / "hf", coarse_map(), config, **said), tmp_path / "package")
    values = np.zeros((1, 32, 32, 3), np.uint8)
    values[0, 8:24, 8:24] = 255
    result = run(package, volume_of(values, None, None)).segmentation
    assert result is not None
    small = np.where(values[0, 4::8, 4::8, 0] > 0, 1.0, -1.0)
    at = np.clip((np.arange(32) + 0.5) / 8 - 0.5, 0, 3)
    low = np.minimum(at.astype(int), 2)
    weight = at - low
    rows = small[low] * (1 - weight)[:, None] + small[low + 1] * weight[:, None]
    logits = rows[:, low] * (1 - weight) + rows[:, low + 1] * weight
    np.testing.assert_array_equal(result.labels[0], logits > 0)


def test_every_class_of_a_query_counts_where_each_has_a_sigmoid(tmp_path: Path) -> None:
    """RT-DETR takes the best pairs of query and class, as many as queries, so one box may be two findings; DETR's softmax one of each."""
    boxes = np.array([[[0.5, 0.5, 0.5, 0.25], [0.1, 0.1, 0.1, 0.1]]], np.float32)
    config = {"id2label": {"0": "mass", "1": "cyst"}}
    said = {"size": {"height": 16, "width": 16}, "do_normalize": False}
    logits = np.array([[[2.0, 1.0], [0.5, -1.0]]], np.float32)
    model = networks.fixed_outputs(2, channels=3, size=(16, 16), logits=logits, pred_boxes=boxes)
    package = imported(huggingface(tmp_path / "a", model, config, **said), tmp_path / "pa")
    values = np.full((1, 32, 64, 3), 9, np.uint8)
    values[0, 0, 0] = 3
    found = run(package, volume_of(values, None, None)).findings
    assert [(one.label, round(one.score, 5)) for one in found] == [("mass", 0.8808), ("cyst", 0.73106)]
    np.testing.assert_allclose(np.asarray(found[1].box_voxel)[:, 1:] + 0.5, [[12, 16], [20, 48]], atol=1e-4)
    logits = np.array([[[2.0, 1.0, 0.0], [0.0, 0.0, 9.0]]], np.float32)
    model = networks.fixed_outputs(2, channels=3, size=(16, 16), logits=logits, pred_boxes=boxes)
    package = imported(huggingface(tmp_path / "b", model, config, **said), tmp_path / "pb")
    (only,) = run(package, volume_of(values, None, None)).findings
    assert (only.label, only.score) == ("mass", pytest.approx(np.e**2 / (np.e**2 + np.e + 1), abs=1e-6))


def test_timm_says_in_one_file_how_pictures_are_prepared(tmp_path: Path) -> None:
    model = networks.mean_classifier([1.0, -1.0], [0.0, 0.0], channels=3, size=(20, 20))
    cfg = {"input_size": [3, 20, 20], "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center"}
    cfg |= {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    config = {"architecture": "resnet18", "num_classes": 2, "label_names": ["well", "ill"], "pretrained_cfg": cfg}
    package = imported(huggingface(tmp_path / "timm", model, config), tmp_path / "package")
    resize = package.manifest.input.steps[0]
    assert (resize.kind, resize.aspect, resize.shorter, resize.size) == ("pillow-bicubic", "cover", 22, (20, 20))
    found = run(package, shown_grey(153)).classification
    logit = (153 / 255 - 0.5) / 0.25
    assert found[0].label == "well"
    assert found[0].probability == pytest.approx(1 / (1 + np.exp(-2 * logit)), abs=1e-5)
    config["pretrained_cfg"] = {**cfg, "crop_mode": "border"}
    with pytest.raises(MedviewError, match="crop_mode border"):
        begun(huggingface(tmp_path / "border", model, config))


def shown_grey(level: int) -> Any:
    """A picture of one value, but for what is cut off its sides."""
    values = np.full((1, 30, 50, 3), level, np.uint8)
    values[0, 0, 0] = 0
    return volume_of(values, None, None)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((300, 477), (252, 400)), ((512, 200), (400, 156)), ((61, 90), (256, 377)), ((256, 300), (256, 300))],
)
def test_detr_brings_the_shorter_side_to_its_size_but_no_side_too_far(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    """Sizes that Hugging Face's DetrImageProcessor gave for these pictures (shortest 256, longest 400)."""
    assert tuple(shorter_side(shape, 256, 400)) == expected


# torchxrayvision -----------------------------------------------------------------------------------------------------


def skimage_resized(values: Array, size: tuple[int, int]) -> Array:
    """What ``skimage.transform.resize(values, size, mode="constant", preserve_range=True)`` does, in SciPy's words."""
    factors = np.divide(values.shape, size)
    smooth = ndimage.gaussian_filter(values, np.maximum(0, (factors - 1) / 2), mode="constant")
    made: Array = ndimage.zoom(smooth, 1 / factors, order=1, mode="grid-constant", grid_mode=True)
    return made


@pytest.mark.parametrize(("shape", "size"), [((31, 31), (9, 9)), ((13, 13), (40, 40)), ((50, 50), (24, 61))])
def test_scikit_images_resizing_is_done_as_it_does_it(shape: tuple[int, int], size: tuple[int, int]) -> None:
    values = np.random.default_rng(2).uniform(-1024, 1024, shape).astype(np.float32)
    made = resize_axes(values[None], {1: size[0], 2: size[1]}, "skimage")[0]
    np.testing.assert_allclose(made, skimage_resized(values, size), atol=1e-3)


def calibrated(probability: bool) -> bytes:
    """18 numbers of the middle of a picture; torchxrayvision's own end: a sigmoid, moved so that a threshold is one half."""
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axes"], ["row"]),
        helper.make_node("Reshape", ["row", "flat"], ["m"]),
        helper.make_node("MatMul", ["m", "w"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["p"]),
        helper.make_node("Div", ["p", "twice"], ["below"]),
        helper.make_node("Sub", ["one", "p"], ["rest"]),
        helper.make_node("Div", ["rest", "left"], ["from_above"]),
        helper.make_node("Sub", ["one", "from_above"], ["above"]),
        helper.make_node("Greater", ["p", "threshold"], ["is_above"]),
        helper.make_node("Where", ["is_above", "above", "below"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "from": np.array([9]), "to": np.array([10]), "axes": np.array([2]), "flat": np.array([1, 18]),
        "w": np.eye(18, dtype=np.float32) / 400, "one": np.float32(1), "threshold": np.float32(0.3),
        "twice": np.float32(0.6), "left": np.float32(1.4),
    }  # fmt: skip
    name = "y" if probability else "logits"
    used = nodes if probability else nodes[:3]
    known = {node_input for node in used for node_input in node.input}
    return networks.model_bytes(
        used,
        [("x", FLOAT, [1, 1, 18, 18])],
        [(name, FLOAT, [1, 18])],
        {k: v for k, v in constants.items() if k in known},
    )


@pytest.mark.parametrize("probability", [True, False])
def test_a_chest_xray_is_prepared_as_torchxrayvision_does(probability: bool, tmp_path: Path) -> None:
    """The middle square, -1024 to 1024, scikit-image's resizing; a sigmoid before its calibration is not done again."""
    path = saved(tmp_path / "m.onnx", calibrated(probability))
    asked = begun(path, input__axes="picture", input__unit="display", output__labels=",".join(XRV))
    assert {q.field: q.suggestion for q in asked.questions} == {"input.fit": "xrv", "input.values": "xrv"}
    answers = {"input__fit": "xrv", "input__values": "xrv", "output__labels": ",".join(XRV)}
    package = imported(path, tmp_path / "package", input__axes="picture", input__unit="display", **answers)
    values = np.random.default_rng(5).integers(0, 256, (1, 40, 61), dtype=np.uint8)
    result = run(package, volume_of(np.repeat(values[..., None], 3, axis=3), None, None)).classification
    tensor = skimage_resized(values[0, :, 10:50] / np.float32(255) * 2048 - 1024, (18, 18))
    p = 1 / (1 + np.exp(-tensor[9] / 400))
    expected = np.where(p > 0.3, 1 - (1 - p) / 1.4, p / 0.6) if probability else p
    np.testing.assert_allclose([one.probability for one in result], expected, atol=1e-5)


def test_the_gate_of_a_network_is_no_activation_of_its_answer(tmp_path: Path) -> None:
    """SiLU right before the pooling that ends a headless network."""
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"]),
        helper.make_node("Mul", ["x", "s"], ["silu"]),
        helper.make_node("GlobalAveragePool", ["silu"], ["g"]),
        helper.make_node("Flatten", ["g"], ["y"]),
    ]
    model = networks.model_bytes(nodes, [("x", FLOAT, [1, 3, 8, 8])], [("y", FLOAT, [1, 3])])
    assert read_graph(saved(tmp_path / "m.onnx", model)).activation_inside is None


# Keras ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["tf", "caffe", "torch"])
def test_pictures_are_prepared_as_keras_modes_do_it(mode: str, tmp_path: Path) -> None:
    """``preprocess_input`` of rows, columns and colours last; ``load_img`` takes the nearest pixel."""
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axes"], ["middle"]),
        helper.make_node("Reshape", ["middle", "flat"], ["y"]),
    ]
    constants = {
        "from": np.array([2, 3]), "to": np.array([3, 4]), "axes": np.array([1, 2]), "flat": np.array([1, 3]),
    }  # fmt: skip
    model = networks.model_bytes(nodes, [("x", FLOAT, [1, 8, 8, 3])], [("y", FLOAT, [1, 3])], constants)
    answers = {**PICTURE, "input__values": mode, "input__resizing": "nearest", "output__labels": "a,b,c"}
    package = imported(saved(tmp_path / "m.onnx", model), tmp_path / "p", task="regression", **answers)
    values = np.random.default_rng(4).integers(0, 256, (1, 20, 30, 3), dtype=np.uint8)
    result = run(package, volume_of(values, None, None)).values
    pixel = values[0, int(2.5 * 20 / 8), int(3.5 * 30 / 8)].astype(np.float64)
    expected = {
        "tf": pixel / 127.5 - 1,
        "caffe": (pixel - [123.68, 116.779, 103.939])[::-1],
        "torch": (pixel / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
    }[mode]
    np.testing.assert_allclose([one.value for one in result], expected, atol=1e-4)
    with pytest.raises(MedviewError, match=r"input\.resizing=lanczos"):
        begun(tmp_path / "m.onnx", **{**answers, "input__resizing": "lanczos"})


# nnU-Net -------------------------------------------------------------------------------------------------------------


def plans_beside(folder: Path, model: bytes, reader: str, schemes: list[str], names: list[str], **more: Any) -> Path:
    folder.mkdir()
    saved(folder / "model.onnx", model)
    plan = {"patch_size": [8, 8], "spacing": [1.0, 1.0], "normalization_schemes": schemes}
    plan |= {"use_mask_for_norm": [False] * len(schemes), **more}
    plans = {"transpose_forward": [0, 1, 2], "image_reader_writer": reader, "configurations": {"2d": plan}}
    write_json(folder / "plans.json", plans)
    said = {"channel_names": {str(n): name for n, name in enumerate(names)}, "labels": {"background": 0, "polyp": 1}}
    write_json(folder / "dataset.json", said)
    return folder


def test_nnunet_cuts_pictures_and_scores_each_colour_by_itself(tmp_path: Path) -> None:
    """The box around what is not 0 in any colour, then a z-score of each; held beside nnU-Net 2 (0 of 76,800 pixels differ)."""
    weight = np.zeros((2, 3, 1, 1), np.float32)
    weight[1, 2] = 1
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    ports = [("x", FLOAT, [1, 3, 8, 8])], [("y", FLOAT, [1, 2, 8, 8])]
    model = networks.model_bytes([node], *ports, {"w": weight})
    schemes = ["ZScoreNormalization"] * 3
    folder = plans_beside(tmp_path / "rgb", model, "NaturalImage2DIO", schemes, ["R", "G", "B"])
    package = imported(folder, tmp_path / "package")
    values = np.zeros((1, 16, 20, 3), np.uint8)
    values[0, 3:11, 4:16] = np.random.default_rng(8).integers(1, 60, (8, 12, 3), dtype=np.uint8)
    values[0, 3:11, 4:16, 0] += 150
    result = run(package, volume_of(values, None, None)).segmentation
    assert result is not None
    blue = values[0, ..., 2].astype(np.float32)
    expected = np.zeros((16, 20), bool)
    expected[3:11, 4:16] = (blue > blue[3:11, 4:16].mean())[3:11, 4:16]
    np.testing.assert_array_equal(result.labels[0] > 0, expected)


def test_axes_that_contradict_the_plans_reader_are_pointed_out(tmp_path: Path) -> None:
    model = networks.affine_channels(2, [0, 1], [0, 0])
    folder = plans_beside(tmp_path / "mr", model, "NibabelIOWithReorient", ["ZScoreNormalization"], ["T2"])
    assert begun(folder).finished().input.axes == ("A", "R")
    assert not begun(folder, input__axes="S,A,R").notes
    draft = begun(folder, input__axes="S,P,L")
    assert draft.finished().input.axes == ("P", "L")
    assert any("turns every image to RAS" in note for note in draft.notes)
    with pytest.raises(MedviewError, match="letters"):
        begun(folder, input__axes="up")


# MONAI ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("have", "wanted", "pad", "kept"),
    [(10, 5, True, (3, 8)), (9, 4, True, (2, 6)), (10, 4, True, (3, 7)), (6, 9, False, (0, 6)), (6, 5, False, (1, 6))],
)
def test_the_middle_is_cut_out_where_monai_cuts_it(have: int, wanted: int, pad: bool, kept: tuple[int, int]) -> None:
    """CenterSpatialCrop begins at n // 2 - size // 2 and never fills up (recorded from MONAI 1.6)."""
    step = {"step": "crop_or_pad", "size": [wanted, None], "pad": pad, "middle": "monai"}
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "steps": [step]}
    values = np.arange(have, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    start = Placement.start(orient((1, have, 3), None, ("down", "right")), None)
    made = run_steps(Input.model_validate_json(json.dumps(given)), values, None, start, None, lambda *_: None)
    np.testing.assert_array_equal(made.values[0, :, 0], np.arange(*kept))
    np.testing.assert_allclose(made.placement.offset, [0, kept[0], 0])


def test_relative_percentiles_go_to_their_shares_of_the_range() -> None:
    part = Preparation(3)
    said = {"keys": "image", "lower": 5, "upper": 95, "b_min": 0.1, "b_max": 0.9, "relative": True}
    _percentiles(part, said)
    (step,) = part.steps
    assert step["to"] == pytest.approx([0.14, 0.86])
