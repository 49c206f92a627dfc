"""Hugging Face exports: ``config.json`` (names of classes) and ``preprocessor_config.json`` beside an ONNX; timm's one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medview.inference.importing.answers import PLANES, split_background
from medview.inference.importing.boxes import transformer_output, transformer_ports
from medview.inference.importing.draft import Draft, about, refused
from medview.inference.importing.literals import licence_name, read_json, short_text
from medview.inference.importing.names import ask_names
from medview.inference.importing.ports import InputFace, input_face

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
RESAMPLING = {0: "nearest", 1: "pillow-lanczos", 2: "pillow-bilinear", 3: "pillow-bicubic"}
"""Pillow's numbers of its filters."""
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def find_preprocessor(network: Path) -> Path | None:
    """The folder with both files, or with timm's one, beside the network or above ``onnx/``."""
    for folder in (network.parent, network.parent.parent):
        if (folder / CONFIG).is_file() and ((folder / PREPROCESSOR).is_file() or is_timm(folder)):
            return folder
    return None


def is_timm(folder: Path) -> bool:
    """Whether ``config.json`` is one that timm writes, which says the preparation too."""
    return '"pretrained_cfg"' in short_text(folder / CONFIG)


def read_huggingface(draft: Draft, folder: Path) -> None:
    """Fill a draft for networks of pictures: classes, maps of classes, boxes. Raises MedviewError for other tasks."""
    config = read_json(folder / CONFIG)
    face = input_face(draft)
    said = _as_preprocessor(config, face, draft) if is_timm(folder) else read_json(folder / PREPROCESSOR)
    names = _class_names(config, draft)
    licence = next((short_text(file) for file in sorted(folder.glob("LICENSE*"))), "")
    draft.licence_text = licence
    name = str(config.get("_name_or_path") or config.get("architecture") or folder.name or draft.source.stem)
    draft.manifest.update(
        about(name.rsplit("/", 1)[-1], str(config.get("description") or ""), licence=licence_name(licence))
    )
    draft.fits["needs_geometry"] = False
    draft.input.update(
        {
            "name": face.port.name,
            "unit": "display",
            "axes": PLANES["picture"],
            "layout": face.layout,
            "channels": "grey" if face.channels == 1 else "rgb",
        }
    )
    draft.input["steps"] = _steps(said, face.sizes, draft)
    queries = transformer_ports(draft.graph.outputs)
    if queries is not None:
        draft.manifest["task"] = "detection"
        draft.output.update({"score_threshold": 0.05, "shown_threshold": 0.5, "at_most": 300})
        transformer_output(draft, *queries, names)
        return
    port = draft.graph.outputs[0]
    rank = len(port.shape or ())
    if rank == 2:
        draft.manifest["task"] = "classification"
        _classes(draft, config, names)
    elif rank == 4:
        draft.manifest["task"] = "segmentation"
        _map(draft, config, face, names)
    else:
        text = f"{draft.graph.path.name} gives neither classes nor a map of them nor boxes; import it without {CONFIG}."
        raise refused("task_unsupported", text, draft.graph.path)


def _class_names(config: dict[str, Any], draft: Draft) -> dict[int, str]:
    """``id2label``, or timm's ``label_names``; asked for where neither is there."""
    names = config.get("id2label")
    if isinstance(names, dict) and names:
        return {int(n): str(name) for n, name in sorted(names.items(), key=lambda pair: int(pair[0]))}
    listed = config.get("label_names")
    described = config.get("label_descriptions")
    if isinstance(listed, list) and listed:
        told = described if isinstance(described, dict) else {}
        return {n: str(told.get(name) or name) for n, name in enumerate(listed)}
    count = config.get("num_classes")
    return ask_names(draft, count if isinstance(count, int) else None)


def _classes(draft: Draft, config: dict[str, Any], names: dict[int, str]) -> None:
    inside = draft.graph.activation_inside
    several = config.get("problem_type") == "multi_label_classification"
    draft.output.update(
        {
            "kind": "classification",
            "name": draft.graph.outputs[0].name,
            "activation": "none" if inside else "sigmoid" if several else "softmax",
            "labels": [{"index": n, "name": name} for n, name in names.items()],
        }
    )


COARSER = {"segformer": 4}
"""Kinds of networks whose maps are so many times coarser than the picture, where the graph does not say its sizes."""


def _map(draft: Draft, config: dict[str, Any], face: InputFace, names: dict[int, str]) -> None:
    """A class for each place: the raw numbers are enlarged to the picture, then the largest counts."""
    port = draft.graph.outputs[0]
    background, entries = split_background(names, (port.shape or (None, None))[1])
    draft.output.update({"kind": "segmentation", "name": port.name, "background": background, "labels": entries})
    draft.output.update({"activation": "softmax", "rule": "argmax", "restore": "logits"})
    made = (port.shape or ())[2:]
    known = COARSER.get(str(config.get("model_type")))
    stride = [known or 1, known or 1]
    if face.fixed and None not in made:
        stride = [-(-int(size or 1) // int(one or 1)) for size, one in zip(face.sizes, made, strict=True)]
    elif known is None:
        draft.guess(
            "output.stride",
            "1",
            "the graph does not say how large its map is; give output.stride=[4,4] where it is coarser",
        )
    if stride != [1, 1]:
        draft.output["stride"] = stride
        draft.guess("output.stride", stride, "its map is so many times coarser than its input")


# How pictures are prepared -------------------------------------------------------------------------------------------


def _as_preprocessor(config: dict[str, Any], face: InputFace, draft: Draft) -> dict[str, Any]:
    """What timm's ``pretrained_cfg`` says of its evaluation, in the words of a preprocessor."""
    cfg = config["pretrained_cfg"]
    kinds = {"bilinear": 2, "bicubic": 3, "nearest": 0, "lanczos": 1}
    size = [int(one or 1) for one in (face.sizes if face.fixed else (cfg.get("input_size") or [3, 224, 224])[1:])]
    mode, share = cfg.get("crop_mode", "center"), float(cfg.get("crop_pct") or 0.875)
    if mode not in {"center", "squash"} or size[0] != size[1]:
        text = f"{CONFIG}: crop_mode {mode} for {size[0]} × {size[1]} is not what medview does as timm does."
        raise refused("transform_refused", text, draft.graph.path)
    whole = int(size[0] / share)
    said: dict[str, Any] = {
        "from_timm": True,
        "resample": kinds.get(str(cfg.get("interpolation", "bicubic")), cfg.get("interpolation")),
        "size": {"shortest_edge": whole} if mode == "center" else {"height": whole, "width": whole},
        "do_center_crop": True,
        "crop_size": {"height": size[0], "width": size[1]},
        "image_mean": list(cfg.get("mean") or IMAGENET_MEAN),
        "image_std": list(cfg.get("std") or IMAGENET_STD),
    }
    return said


def _side(given: Any) -> list[int] | int | None:
    """[rows, columns], or the shorter side alone."""
    if isinstance(given, dict):
        if "height" in given and "width" in given:
            return [int(given["height"]), int(given["width"])]
        shortest = given.get("shortest_edge")
        return int(shortest) if shortest else None
    return [given, given] if isinstance(given, int) else None


LEFT = ("Fast", "Pil", "ImageProcessor", "FeatureExtractor")
BY_SHORTER = (
    "ConvNext",
    "CLIP",
    "Bit",
    "Levit",
    "PoolFormer",
    "MobileNetV1",
    "MobileNetV2",
    "MobileViT",
    "ChineseCLIP",
)
"""Preprocessors that mean the shorter side where ``size`` is one number."""
MEANT: dict[str, tuple[Any, ...]] = {
    "size_divisor": (None,), "keep_aspect_ratio": (None, False), "ensure_multiple_of": (None, 1), "pad_size": (None,),
    "do_thumbnail": (None, False), "do_align_long_axis": (None, False), "do_crop_margin": (None, False),
    "do_color_quantize": (None, False), "do_image_splitting": (None, False), "do_grayscale": (None, False),
}  # fmt: skip
"""Settings that change the picture, and the values with which they do not."""


def _kind_of(said: dict[str, Any]) -> str:
    """``ConvNext``, ``ViT`` … of a preprocessor; empty where the file does not say."""
    name = str(said.get("image_processor_type") or said.get("feature_extractor_type") or "")
    for ending in LEFT:
        name = name.removesuffix(ending)
    return name


def _own_ways(said: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """What a preprocessor says, with what its kind does by itself written out. Raises MedviewError for what is not done."""
    kind, made = _kind_of(said), dict(said)
    for key, meaningless in MEANT.items():
        if said.get(key) not in meaningless:
            text = f"{PREPROCESSOR}: {key}={said[key]!r} of {kind or 'this preprocessor'} is not what medview does as it does."
            raise refused("transform_refused", text, draft.graph.path)
    if kind in {"Perceiver", "GLPN", "ZoeDepth", "Swin2SR", "ImageGPT", "Donut", "Nougat"}:
        text = f"{PREPROCESSOR}: the preprocessor of {kind} is not what medview does as it does."
        raise refused("transform_refused", text, draft.graph.path)
    if kind in BY_SHORTER and isinstance(said.get("size"), int):
        made["size"] = {"shortest_edge": said["size"]}
    size = made.get("size")
    shorter = size.get("shortest_edge") if isinstance(size, dict) else None
    if kind == "ConvNext" and shorter:
        made.setdefault("crop_pct", 224 / 256)
        if shorter >= 384:
            made.update({"size": {"height": shorter, "width": shorter}, "crop_pct": None})
    elif kind == "PoolFormer" and shorter:
        made["size"] = {"shortest_edge": int(shorter / (said.get("crop_pct") or 0.9))}
    elif kind == "Levit" and shorter:
        made["size"] = {"shortest_edge": int(256 / 224 * shorter)}
    elif kind == "MobileViT":
        made.setdefault("do_flip_channel_order", True)
        made["do_normalize"] = said.get("do_normalize", False)
    elif kind == "Yolos":
        made["divisible"] = 16
    if made.get("do_flip_channel_order"):
        draft.input["channels"] = "bgr"
        draft.guess("input.channels", "bgr", f"{PREPROCESSOR}: do_flip_channel_order")
    return made


def _steps(given: dict[str, Any], sizes: tuple[int | None, ...], draft: Draft) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    said = _own_ways(given, draft)
    kind = RESAMPLING.get(said.get("resample", 2))
    if kind is None:
        text = f"{PREPROCESSOR}: resample={said.get('resample')} is not known."
        raise refused("transform_refused", text, draft.graph.path)
    if said.get("do_resize", True):
        size = _side(said.get("size"))
        if size is None:
            if None in sizes:
                raise refused("description_incomplete", f"{PREPROCESSOR}: size is missing.", draft.graph.path)
            size = [int(one or 0) for one in sizes]
        steps.append({"step": "resize", "size": size, "kind": kind, "aspect": "stretch"})
        if isinstance(size, int):
            _by_shorter_side(steps[-1], size, said, sizes, draft)
    cut = _side(said.get("crop_size"))
    is_cut = steps[-1:] and steps[-1]["aspect"] == "cover"
    if said.get("do_center_crop") and isinstance(cut, list) and steps[-1:] and not is_cut:
        steps.append({"step": "crop_or_pad", "size": cut})
    if said.get("do_rescale", True):
        steps.append({"step": "scale", "factor": float(said.get("rescale_factor", 1 / 255))})
        if said.get("rescale_offset"):
            steps.append({"step": "offset", "value": -1.0})
    if said.get("do_normalize", True) and isinstance(said.get("image_mean"), list):
        steps.append({"step": "normalise", "mean": said["image_mean"], "std": said.get("image_std", [1.0])})
    if _kind_of(said) == "EfficientNet" and said.get("include_top", True):
        # Divided by the deviation once more, as the networks of TensorFlow were trained.
        deviation = said.get("image_std") or IMAGENET_STD
        steps.append({"step": "normalise", "mean": [0.0] * len(deviation), "std": list(deviation)})
    return steps


def _by_shorter_side(
    step: dict[str, Any], shorter: int, said: dict[str, Any], sizes: tuple[int | None, ...], draft: Draft
) -> None:
    """The shorter side alone is said: what is cut out afterwards, or the whole picture up to a longest side."""
    cut = _side(said.get("crop_size")) if said.get("do_center_crop") else None
    share = said.get("crop_pct")
    if cut is None and isinstance(share, int | float):
        # ConvNeXT's preprocessor.
        cut, shorter = [shorter, shorter], int(shorter / share)
    if isinstance(cut, list) and max(cut) <= shorter:
        # timm cuts as torchvision does; transformers begins before the middle where the rest is odd.
        step.update({"size": cut, "aspect": "cover", "shorter": shorter})
        if not said.get("from_timm"):
            step["rounding"] = "down"
        return
    if isinstance(cut, list):
        step.update({"size": [None, None], "aspect": "shorter", "shorter": shorter})
        return
    if None not in sizes:
        fixed = [int(one or 1) for one in sizes]
        step.update({"size": fixed, "aspect": "cover" if fixed == [shorter, shorter] else "stretch"})
        why = f"{PREPROCESSOR} names a shorter side only, the network takes {fixed[0]} × {fixed[1]}"
        draft.guess("input.steps", step["aspect"], why)
        return
    longest = said["size"].get("longest_edge") if isinstance(said.get("size"), dict) else None
    step.update({"size": [None, None], "aspect": "shorter", "shorter": shorter})
    if longest is not None:
        step["longest"] = int(longest)
    if said.get("divisible"):
        step["divisible"] = said["divisible"]
