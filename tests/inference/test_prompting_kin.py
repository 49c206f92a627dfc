"""Segment Anything and its kin: where points are placed, which mask counts, and over what it reaches; each as its authors do.

What these settings are was settled with the libraries themselves (``docs/importing.md``); here each is held alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from medview.core.problem import MedviewError
from medview.inference.importing.draft import Draft
from medview.inference.package import ModelPackage, open_package
from medview.inference.prompting import Prompt
from tests.inference import networks
from tests.inference.foreign import begun
from tests.inference.packages import about, write_package
from tests.inference.test_prompting import decoded, embedded
from tests.inference.volumes import volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
SIZE = 32
INSIDE = Prompt("inside", ((6.0, 3.0),))
BOX = Prompt("box", ((2.0, 3.0), (8.0, 9.0)))


def encoder(name: str = "image", size: int | None = SIZE) -> bytes:
    """The embedding is the picture's first channel."""
    sides = [size or "height", size or "width"]
    return networks.model_bytes(
        [helper.make_node("Slice", [name, "zero", "one", "one"], ["image_embeddings"])],
        [(name, FLOAT, [1, 3, *sides])],
        [("image_embeddings", FLOAT, [1, 1, *sides])],
        {"zero": np.array([0]), "one": np.array([1])},
    )


def decoder(
    masks: Array,
    scores: str | list[float],
    shape: tuple[Any, ...] = (1, "n", 2),
    names: tuple[str, str, str] = ("point_coords", "point_labels", "masks"),
    more: tuple[str, ...] = (),
    *,
    joins: bool = False,
) -> bytes:
    """Always ``masks`` (1, m, h, w). ``scores`` are numbers, or what the one score tells of the prompt.

    That is the ``x`` of the first point, the sum of all ``labels``, or their ``count``. ``joins``: the graph adds a label -1.
    """
    points, labels, made = names
    told = {"x": "first", "labels": "sum", "count": "many"}.get(scores if isinstance(scores, str) else "", "numbers")
    nodes = [
        helper.make_node("Reshape", [points, "pairs"], ["xy"]),
        helper.make_node("Slice", ["xy", "zeros", "ones", "both"], ["first"]),
        helper.make_node("Concat", [labels, "minus"], ["longer"], axis=len(shape) - 2),
        helper.make_node("ReduceSum", ["longer" if joins else labels], ["total"], keepdims=0),
        helper.make_node("Reshape", ["total", "row"], ["sum"]),
        helper.make_node("Size", [labels], ["size"]),
        helper.make_node("Cast", ["size"], ["size_float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["size_float", "row"], ["many"]),
        helper.make_node("Identity", [told], ["iou_predictions"]),
        helper.make_node("ReduceMin", ["image_embeddings"], ["least"], keepdims=0),
        helper.make_node("Mul", ["least", "nothing"], ["none"]),
        helper.make_node("Add", ["always", "none"], [made]),
    ]
    if not joins:
        del nodes[2]
    constants: dict[str, Array] = {
        "pairs": np.array([-1, 2]), "zeros": np.array([0, 0]), "ones": np.array([1, 1]), "both": np.array([0, 1]),
        "row": np.array([1, 1]), "nothing": np.asarray(np.float32(0)), "always": masks.astype(np.float32),
        "minus": np.full([1] * (len(shape) - 1), -1, np.float32),
        "numbers": np.array([scores if isinstance(scores, list) else [0.0]], np.float32),
    }  # fmt: skip
    inputs: list[Any] = [("image_embeddings", FLOAT, [1, 1, "h", "w"]), (points, FLOAT, list(shape))]
    inputs.append((labels, FLOAT, list(shape[:-1])))
    for name in more:
        nodes.append(helper.make_node("Identity", [name], [f"{name}_unused"]))
        inputs.append((name, FLOAT, ["of", name]))
    outputs = [(made, FLOAT, list(masks.shape)), ("iou_predictions", FLOAT, [1, "m"])]
    return networks.model_bytes(nodes, inputs, outputs, constants)


def package(folder: Path, second: bytes, steps: list[dict[str, Any]] | None = None, **output: Any) -> ModelPackage:
    given = {"unit": "display", "axes": ["down", "right"], "layout": "NCHW", "channels": "rgb", "steps": steps or []}
    said = {
        "kind": "prompted", "decoder": "decoder.onnx", "embeddings": {"image_embeddings": "image_embeddings"},
        "scores_output": "iou_predictions", "label": {"index": 0, "value": 1, "name": "thing"}, **output,
    }  # fmt: skip
    write_package(folder, about("kin", task="prompted", input=given, output=said), encoder(size=None))
    (folder / "decoder.onnx").write_bytes(second)
    return open_package(folder)


def picture(rows: int = 12, columns: int = 16) -> Any:
    return volume_of(np.arange(rows * columns, dtype=np.uint8).reshape(1, rows, columns), None, None)


def asked(made: ModelPackage, *prompts: Prompt) -> tuple[Array, float]:
    return decoded(embedded(made, picture(), 0), *prompts)


RESIZE = [
    {"step": "resize", "size": [SIZE, SIZE], "aspect": "keep", "place": "none"},
    {"step": "pad", "size": [32, 32]},
]
ONE = np.ones((1, 1, SIZE, SIZE))


# Where points are placed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("coordinates", "x"), [("pixels", 12.5), ("scaled", 12.0), ("normalised", 13 / 32)])
def test_a_point_is_placed_as_the_authors_place_it(coordinates: str, x: float, tmp_path: Path) -> None:
    """x 6 of 16 columns that become 32: its place by middles, or 6 times 2 as Segment Anything has it."""
    made = package(tmp_path / "p", decoder(ONE, "x"), RESIZE, coordinates=coordinates)
    assert asked(made, INSIDE)[1] == pytest.approx(x)


def test_points_of_one_object_stand_on_an_axis_of_their_own_where_the_graph_has_one(tmp_path: Path) -> None:
    made = package(tmp_path / "p", decoder(ONE, "count", (1, 1, "n", 2)), RESIZE)
    assert asked(made, INSIDE, INSIDE)[1] == 3  # and one that fills up
    fixed = package(tmp_path / "q", decoder(ONE, "labels", (1, 5, 2)), RESIZE, fills_up=False)
    assert asked(fixed, INSIDE, INSIDE)[1] == 2 - 3
    with pytest.raises(MedviewError, match="takes 5 points at most"):
        asked(fixed, *[INSIDE] * 6)


def test_a_box_is_refused_by_a_network_that_knows_points_only(tmp_path: Path) -> None:
    made = package(tmp_path / "p", decoder(ONE, "labels"), RESIZE, takes_boxes=False)
    with pytest.raises(MedviewError, match="takes points, no boxes"):
        asked(made, BOX)


# Which mask counts, and where ----------------------------------------------------------------------------------------


def four() -> Array:
    """Each mask its own quarter of the columns."""
    masks = np.full((1, 4, SIZE, SIZE), -1.0)
    for n in range(4):
        masks[0, n, :, 8 * n : 8 * n + 8] = 1
    return masks


@pytest.mark.parametrize(
    ("choice", "prompts", "chosen"),
    [
        ("best", (INSIDE,), 0),
        ("by_points", (INSIDE,), 2),
        ("by_points", (BOX,), 2),
        ("by_points", (INSIDE, INSIDE), 0),
        ("by_points", (BOX, INSIDE), 0),
        ("first", (INSIDE,), 0),
    ],
)
def test_which_of_four_masks_counts(choice: str, prompts: tuple[Prompt, ...], chosen: int, tmp_path: Path) -> None:
    """Segment Anything keeps its first mask for what several points or a box with a point describe."""
    made = package(tmp_path / "p", decoder(four(), [0.9, 0.1, 0.8, 0.2]), RESIZE, choice=choice)
    mask, _ = asked(made, *prompts)
    np.testing.assert_array_equal(np.flatnonzero(mask[5]), np.arange(4 * chosen, 4 * chosen + 4))


def ramp(size: int = 8) -> Array:
    """Above 0 in the left half of what it covers."""
    return np.broadcast_to(np.linspace(1, -1, size), (1, 1, size, size))


def test_a_mask_reaches_over_what_the_network_filled_up_itself(tmp_path: Path) -> None:
    """A tensor of 24 × 32 that the graph makes 32 × 32: of a mask of the whole the first rows lie on the picture."""
    rows = ramp().transpose(0, 1, 3, 2)
    keep = RESIZE[:1]
    made = package(tmp_path / "p", decoder(rows, [1.0]), keep, covers=[32, 32])
    assert asked(made, INSIDE)[0].sum(axis=0).tolist() == [8] * 16  # half of 32 rows, of which 24 are the picture's 12
    wrong = package(tmp_path / "q", decoder(rows, [1.0]), keep)
    assert asked(wrong, INSIDE)[0].sum(axis=0).tolist() == [6] * 16


def test_a_coarse_mask_goes_straight_onto_the_slice(tmp_path: Path) -> None:
    """Linear in one step; by way of the tensor's grid in two, which is not the same."""
    coarse = np.random.default_rng(4).normal(0, 1, (8, 8))
    stretch = [{"step": "resize", "size": [20, 20]}]
    answer = decoder(coarse[None, None], [1.0])
    straight, _ = asked(package(tmp_path / "p", answer, stretch, straight=True), INSIDE)
    down, across = (np.clip((np.arange(n) + 0.5) * (8 / n) - 0.5, 0, 7)[:, None] for n in (12, 16))
    tents = [np.clip(1 - np.abs(places - np.arange(8)), 0, 1) for places in (down, across)]
    np.testing.assert_array_equal(straight, tents[0] @ coarse @ tents[1].T > 0)
    twice, _ = asked(package(tmp_path / "q", answer, stretch), INSIDE)
    assert (twice != straight).any()


# How exports are read ------------------------------------------------------------------------------------------------


def pair(folder: Path, first: bytes, second: bytes, values: str) -> Draft:
    folder.mkdir(parents=True)
    (folder / "encoder.onnx").write_bytes(first)
    (folder / "decoder.onnx").write_bytes(second)
    return begun(folder, input__axes="picture", input__unit="display", input__values=values)


def steps_of(draft: Draft) -> list[str]:
    return [step["step"] for step in draft.input["steps"]]


def test_exports_are_told_apart_by_their_ports(tmp_path: Path) -> None:
    low = decoder(ONE, [1.0], names=("point_coords", "point_labels", "low_res_masks"), more=("orig_im_size",))
    sam = pair(tmp_path / "sam", encoder(), low, "sam")
    assert steps_of(sam) == ["resize", "normalise", "pad"]
    said = sam.output
    assert (said["coordinates"], said["choice"], said["masks_output"]) == ("scaled", "by_points", "low_res_masks")
    assert said["size_input"] == "orig_im_size"
    assert "fills_up" not in said

    second = decoder(ONE, [1.0], joins=True)
    sam2 = pair(tmp_path / "sam2", encoder(), second, "sam2")
    assert steps_of(sam2) == ["scale", "normalise", "resize"]
    assert sam2.input["steps"][-1]["aspect"] == "stretch"
    assert (sam2.output["straight"], sam2.output["fills_up"]) == (True, False)

    names = ("batched_point_coords", "batched_point_labels", "output_masks")
    free = pair(tmp_path / "e", encoder("batched_images", None), decoder(ONE, [1.0], (1, 1, "n", 2), names), "/255")
    assert steps_of(free) == ["scale"]

    points = ("input_points", "input_labels", "pred_masks")
    hf = pair(tmp_path / "hf", encoder("pixel_values"), decoder(ONE, [1.0], (1, 1, "n", 2), points, joins=True), "sam")
    assert (hf.output["takes_boxes"], hf.output["fills_up"], hf.output["points_input"]) == (
        False,
        False,
        "input_points",
    )

    med = pair(tmp_path / "medsam", encoder(), low, "medsam")
    assert steps_of(med) == ["resize", "min_max"]
    assert (med.output["choice"], med.output["straight"]) == ("first", True)

    filled = pair(tmp_path / "open", encoder(size=None), low, "none")
    assert steps_of(filled) == ["resize"]
    assert filled.output["covers"] == [1024, 1024]
