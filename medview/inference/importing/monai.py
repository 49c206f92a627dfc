"""MONAI bundles: ``configs/metadata.json`` says what the tensors are, ``configs/inference.json`` how they come about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from medview.inference.importing.anchors import Heads, anchors_output, doubled, raw_heads
from medview.inference.importing.answers import PLANES, read_axes, read_names, split_background
from medview.inference.importing.bare import UNITS, compose_steps
from medview.inference.importing.boxes import detector_output, torchvision_ports
from medview.inference.importing.draft import Draft, Question, about, refused
from medview.inference.importing.literals import licence_name, read_json, short_text
from medview.inference.importing.monai_config import ExpressionError, MonaiConfig
from medview.inference.importing.monai_transforms import Preparation, UnknownTransformError, without_axis
from medview.inference.importing.names import ask_names
from medview.inference.importing.ports import InputFace, input_face
from medview.inference.importing.sequences import sources_of
from medview.inference.manifest_outputs import MOST_TOGETHER

METADATA, INFERENCE = "metadata.json", "inference.json"
MODALITIES = {
    "ct": ["CT"],
    "mr": ["MR"],
    "mri": ["MR"],
    "pet": ["PT"],
    "pt": ["PT"],
    "mammogram": ["MG"],
    "mg": ["MG"],
    "xray": ["CR", "DX"],
    "x-ray": ["CR", "DX"],
    "cr": ["CR", "DX"],
    "us": ["US"],
    "ultrasound": ["US"],
}
LEFT_OUT = frozenset({"FillHoles", "RemoveSmallObjects", "LabelFilter", "MeanEnsemble", "VoteEnsemble"})


def find_bundle(network: Path) -> Path | None:
    """``configs`` of the bundle that a network lies in."""
    for folder in (network.parent, network.parent.parent):
        if (folder / "configs" / METADATA).is_file():
            return folder / "configs"
        if (folder / METADATA).is_file() and "network_data_format" in short_text(folder / METADATA):
            return folder
    return None


def read_monai(draft: Draft, configs: Path) -> None:
    """Fill a draft from a bundle. Raises MedviewError that names the transform or the field."""
    metadata = read_json(configs / METADATA)
    formats = metadata.get("network_data_format")
    inputs = formats.get("inputs") if isinstance(formats, dict) else None
    outputs = formats.get("outputs") if isinstance(formats, dict) else None
    if not isinstance(inputs, dict) or not isinstance(outputs, dict) or not inputs or not outputs:
        raise refused(
            "description_incomplete", f"{METADATA}: network_data_format: inputs and outputs are needed.", configs
        )
    if len(inputs) > 1:
        names = ", ".join(inputs)
        raise refused("input_unexplained", f"{METADATA}: {len(inputs)} inputs ({names}); medview feeds one.", configs)
    given, promised = next(iter(inputs.values())), next(iter(outputs.values()))
    face = input_face(draft)
    _about(draft, metadata, configs)
    inference = configs / INFERENCE
    config = MonaiConfig(read_json(inference) if inference.is_file() else {}, draft.answers)
    across = _sliced_across(draft, config, face)
    dimensions = face.dimensions if across is None else 3
    preparation = Preparation(dimensions, next(iter(inputs)), _version(metadata))
    if inference.is_file():
        _prepare(draft, config, preparation)
    _kind_of_input(draft, given, face, preparation.joined)
    task = _task(draft, promised, face)
    draft.manifest["task"] = task
    try:
        _axes(draft, preparation, face, across)
        if across is not None:
            preparation.steps = without_axis(preparation.steps, across)
    except UnknownTransformError as error:
        raise refused("transform_refused", f"{INFERENCE}: {error.text}.", draft.graph.path) from error
    if (preparation.repeats == 3 or face.channels == 3) and "sources" not in draft.input:
        draft.input["channels"] = "rgb"
    draft.input.update({"name": face.port.name, "layout": face.layout})
    if inference.is_file():
        draft.input["steps"] = preparation.steps
        _inferer(draft, config, face, task)
    else:
        draft.notes.append(f"The bundle has no {INFERENCE}; how values are prepared was asked for.")
        compose_steps(draft, face, task)
    _output(draft, config, promised, task, face, preparation)
    draft.used |= config.asked


def _version(metadata: dict[str, Any]) -> tuple[int, int]:
    """Major and minor number of the MONAI that the bundle was made with; the newest known where it does not say."""
    found = re.match(r"(\d+)\.(\d+)", str(metadata.get("monai_version") or ""))
    return (int(found[1]), int(found[2])) if found else (1, 5)


def _about(draft: Draft, metadata: dict[str, Any], configs: Path) -> None:
    root = configs.parent
    texts = [short_text(path) for path in (root / "LICENSE", root / "docs" / "license.txt", root / "LICENSE.txt")]
    draft.licence_text = next((text for text in texts if text.strip()), "")
    references = metadata.get("references")
    name = metadata.get("name") or (root.name if root != draft.source else draft.source.stem)
    draft.manifest.update(
        about(
            str(name if draft.source.suffix.lower() != ".zip" or metadata.get("name") else draft.source.stem),
            str(metadata.get("description") or metadata.get("task") or ""),
            str(metadata.get("version") or ""),
            licence=licence_name(draft.licence_text) or str(metadata.get("license") or ""),
            authors=[part.strip() for part in str(metadata.get("authors") or "").split(",")],
            intended_use=metadata.get("intended_use"),
            references=[str(one) for one in references] if isinstance(references, list) else (),
        )
    )
    draft.origin_text = " ".join(
        str(metadata[key]) for key in ("task", "copyright", "data_source") if isinstance(metadata.get(key), str)
    )


def _kind_of_input(draft: Draft, given: dict[str, Any], face: InputFace, joined: list[str]) -> None:
    modality = str(given.get("modality") or "").strip().lower()
    kinds = MODALITIES.get(modality, [])
    if kinds:
        draft.fits["modalities"] = kinds
    channels = face.channels or int(given.get("num_channels") or 1)
    form = str(given.get("format") or "").lower()
    if form == "rgb" or (channels == 3 and face.dimensions == 2 and kinds in ([], ["MG"])):
        draft.input.update({"unit": "display", "channels": "rgb"})
        return
    if channels > 1:
        named = given.get("channel_def")
        names = [str(named[key]) for key in sorted(named, key=int)] if isinstance(named, dict) else []
        if len(joined) == channels and len(set(names)) != channels:
            names = joined
        if len(names) != channels or len(set(names)) != channels:
            text = f"{METADATA}: channel_def names {len(names)} of {channels} channels."
            raise refused("channels_unexplained", text, draft.graph.path)
        sources, modalities, unit = sources_of(draft, names)
        draft.input.update({"sources": sources, "unit": unit})
        if modalities and not kinds:
            draft.fits["modalities"] = modalities
        return
    answered = draft.answer("input.unit")
    if answered is not None:
        draft.input["unit"] = answered
    elif form == "hounsfield" or kinds == ["CT"]:
        draft.input["unit"] = "HU"
    elif kinds:
        draft.input["unit"] = "modality"
    else:
        text = "The bundle does not say what its values are. HU, SUV, stored, modality or display (0 to 255 as shown)?"
        draft.input["unit"] = draft.ask(Question("unit", "input.unit", text, UNITS, "", "HU"), str) or "modality"


# Transforms ----------------------------------------------------------------------------------------------------------


def _transforms(draft: Draft, config: MonaiConfig, name: str) -> list[dict[str, Any]]:
    try:
        found = config.value(name)
    except ExpressionError as error:
        raise _expression(draft, error) from error
    listed = found.get("transforms") if isinstance(found, dict) else found
    if isinstance(listed, ExpressionError):
        raise _expression(draft, listed)
    kept: list[dict[str, Any]] = []
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, ExpressionError):
            raise _expression(draft, one)
        if not isinstance(one, dict):
            continue
        off = one.get("_disabled_")
        if isinstance(off, ExpressionError):
            raise _expression(draft, off)
        if str(off).lower() != "true":
            if isinstance(one.get("transforms"), list):
                kept += [inner for inner in one["transforms"] if isinstance(inner, dict)]
            else:
                kept.append(one)
    return kept


def _expression(draft: Draft, error: ExpressionError) -> Exception:
    text = (
        f"{INFERENCE}: {error.place} is the expression {error.text[:80]!r}, which medview does not evaluate; "
        f"say its value with --set config.{error.place}=…"
    )
    return refused("expression_refused", text, draft.graph.path)


def _prepare(draft: Draft, config: MonaiConfig, preparation: Preparation) -> None:
    name = next(
        (one for one in ("preprocessing", "pre_transforms", "deterministic_transforms") if config.has(one)), None
    )
    if name is None:
        raise refused("description_incomplete", f"{INFERENCE}: preprocessing is missing.", draft.graph.path)
    transforms = _transforms(draft, config, name)
    preparation.look_ahead(transforms)
    keys = {key for one in transforms for key in ([one["keys"]] if isinstance(one.get("keys"), str) else [])}
    if preparation.wanted_key not in keys and len(keys) == 1:
        preparation.wanted_key = keys.pop()
    for one in transforms:
        target = one.get("_target_")
        if not isinstance(target, str):
            raise refused("transform_refused", f"{INFERENCE}: {name} holds a step without a name.", draft.graph.path)
        try:
            preparation.take(target, one)
        except ExpressionError as error:
            raise _expression(draft, error) from error
        except UnknownTransformError as error:
            raise refused("transform_refused", f"{INFERENCE}: {name}: {error.text}.", draft.graph.path) from error


def _axes(draft: Draft, preparation: Preparation, face: InputFace, across: int | None) -> None:
    whole = face.dimensions == 3 or across is not None
    if preparation.axes is not None and whole:
        letters = preparation.turned(preparation.axes)
    elif whole:
        text = (
            "The bundle does not orient its images. Toward which side of the patient do the three axes (x, y, z) of the "
            "training images grow? R,A,S for NIfTI stored as RAS, L,P,S for BraTS and for axial DICOM series."
        )
        question = Question("axes", "input.axes", text, ("R,A,S", "L,P,S", "L,A,S"), "", "R,A,S")
        letters = preparation.turned(draft.ask(question, read_axes) or ["R", "A", "S"])
    elif draft.input.get("unit") == "display" or draft.fits.get("modalities") in (["MG"], ["CR", "DX"]):
        draft.fits["needs_geometry"] = False
        letters = preparation.turned(["down", "right"] if preparation.rows_first else ["right", "down"])
        if letters == ["right", "down"]:
            draft.guess("input.axes", "right,down", "MONAI's readers give pictures with x first")
    else:
        text = (
            "The network sees slices. axial, coronal or sagittal as displayed, picture, or two letters: toward which side "
            "of the patient its two axes grow. MONAI's x first gives R,A for axial slices of an image oriented to RAS."
        )
        question = Question("axes", "input.axes", text, ("axial", "coronal", "sagittal", "picture", "R,A"), "", "R,A")
        letters = preparation.turned(draft.ask(question, read_axes) or PLANES["axial"])
    if across is not None:
        letters = [letter for n, letter in enumerate(letters) if n != across]
    draft.input["axes"] = letters


def _sliced_across(draft: Draft, config: MonaiConfig, face: InputFace) -> int | None:
    """The axis of the volume that a network of slices is moved along (SliceInferer); None for other inferers."""
    try:
        found = config.value("inferer") if config.has("inferer") else None
    except ExpressionError:
        return None
    if not isinstance(found, dict) or str(found.get("_target_")).rsplit(".", 1)[-1] != "SliceInferer":
        return None
    axis = found.get("spatial_dim", 0)
    if isinstance(axis, ExpressionError):
        raise _expression(draft, axis)
    if face.dimensions != 2 or not isinstance(axis, int) or axis not in range(3):
        text = f"{INFERENCE}: inferer: SliceInferer with spatial_dim={axis!r} for {face.dimensions} axes."
        raise refused("transform_refused", text, draft.graph.path)
    return axis


# Inferer and output --------------------------------------------------------------------------------------------------


def _inferer(draft: Draft, config: MonaiConfig, face: InputFace, task: str) -> None:
    try:
        found = config.value("inferer") if config.has("inferer") else {"_target_": "SimpleInferer"}
    except ExpressionError as error:
        raise _expression(draft, error) from error
    name = str(found.get("_target_", "")).rsplit(".", 1)[-1] if isinstance(found, dict) else ""
    if name in {"SimpleInferer", "SaliencyInferer"} or (name == "RetinaNetInferer" and task == "detection"):
        return
    if name not in {"SlidingWindowInferer", "SlidingWindowInfererAdapt", "SliceInferer"}:
        raise refused(
            "transform_refused", f"{INFERENCE}: the inferer {name or found!r} is not known.", draft.graph.path
        )
    for key in ("roi_size", "overlap", "mode", "sigma_scale", "sw_batch_size", "padding_mode", "cval"):
        value = found.get(key)
        if isinstance(value, ExpressionError):
            raise _expression(draft, value)
    roi = found.get("roi_size")
    sizes = roi if isinstance(roi, list) else [roi] * face.dimensions
    sizes = [one if isinstance(one, int) and one > 0 else fixed for one, fixed in zip(sizes, face.sizes, strict=False)]
    if len(sizes) != face.dimensions or not all(isinstance(one, int) for one in sizes):
        raise refused("description_incomplete", f"{INFERENCE}: inferer: roi_size={roi!r} is no size.", draft.graph.path)
    overlap = found.get("overlap", 0.25)
    overlap = overlap[0] if isinstance(overlap, list) and len(set(overlap)) == 1 else overlap
    mode = str(found.get("mode", "constant")).rsplit(".", 1)[-1].lower()
    if mode not in {"constant", "gaussian"} or not isinstance(overlap, int | float):
        text = f"{INFERENCE}: inferer: mode={mode!r}, overlap={overlap!r} are not known."
        raise refused("transform_refused", text, draft.graph.path)
    tiling: dict[str, Any] = {"size": sizes, "overlap": float(overlap), "placement": "monai", "weights": mode}
    if isinstance(found.get("sigma_scale"), int | float):
        tiling["sigma"] = float(found["sigma_scale"])
    if isinstance(found.get("cval"), int | float):
        tiling["fill"] = float(found["cval"])
    filling = str(found.get("padding_mode", "constant")).rsplit(".", 1)[-1].lower()
    if filling in {"replicate", "edge", "border"}:
        tiling["fill"] = "edge"
    elif filling != "constant":
        draft.notes.append(f"Images smaller than a tile are filled with a constant, not as padding_mode={filling!r}.")
    draft.input["tiling"] = tiling


def _task(draft: Draft, promised: dict[str, Any], face: InputFace) -> str:
    form, kind = str(promised.get("format") or "").lower(), str(promised.get("type") or "").lower()
    shape = promised.get("spatial_shape")
    if kind == "object" or form == "dict" or torchvision_ports(draft.graph.outputs):
        return "detection"
    if form in {"classification", "classes"} or kind in {"probability", "probabilities"} or not shape:
        return "classification"
    if form in {"segmentation", "labels", "raw", ""} or promised.get("channel_def"):
        rank = draft.graph.outputs[0].shape
        if rank is None or len(rank) > face.dimensions:
            return "segmentation"
        return "classification"
    text = f"{METADATA}: outputs of the format {form!r} are not known."
    raise refused("task_unsupported", text, draft.graph.path)


def _names(draft: Draft, promised: dict[str, Any]) -> dict[int, str]:
    given = draft.answer("output.labels")
    if given is not None:
        return read_names(given)
    named = promised.get("channel_def")
    try:
        names = {int(index): str(name) for index, name in named.items()} if isinstance(named, dict) else {}
    except ValueError:
        names = {}
    if names:
        return names
    text = "The bundle does not name its classes. What are they called, in their order?"
    question = Question("labels", "output.labels", text, (), "", "background,lesion")
    return draft.ask(question, read_names) or {0: "background", 1: "class 1"}


def _output(
    draft: Draft, config: MonaiConfig, promised: dict[str, Any], task: str, face: InputFace, preparation: Preparation
) -> None:
    after: list[tuple[str, dict[str, Any]]] = []
    if config.has("postprocessing"):
        for one in _transforms(draft, config, "postprocessing"):
            name = str(one.get("_target_", "")).rsplit(".", 1)[-1]
            after.append((name.removesuffix("d"), one))
    if task == "detection":
        _detect(draft, config, face, preparation.version)
        return
    names = _names(draft, promised)
    inside = draft.graph.activation_inside
    said = next((one for name, one in after if name == "Activations"), {})
    wished = "softmax" if said.get("softmax") is True else "sigmoid" if said.get("sigmoid") is True else None
    decided = next((one for name, one in after if name == "AsDiscrete"), {})
    port = draft.graph.outputs[0]
    draft.output["name"] = port.name
    if task == "classification":
        draft.output["kind"] = "classification"
        draft.output["labels"] = [{"index": index, "name": name} for index, name in sorted(names.items())]
        draft.output["activation"] = "none" if inside else wished or "softmax"
        return
    draft.output["kind"] = "segmentation"
    classes = None
    if port.shape is not None and len(port.shape) == len(face.layout) and "C" in face.layout:
        classes = port.shape[face.layout.index("C")]
    classes = classes or promised.get("num_channels") or len(names)
    exclusive = wished == "softmax" or decided.get("argmax") is True or inside == "softmax"
    background, entries = split_background(names, classes if exclusive else None)
    draft.output.update({"labels": entries, "background": background})
    if exclusive:
        draft.output.update({"rule": "argmax", "activation": "none" if inside else "softmax"})
    else:
        level = decided.get("threshold", decided.get("logit_thresh", 0.5))
        level = float(level) if isinstance(level, int | float) and not isinstance(level, bool) else 0.5
        several = len(entries) > 1
        draft.output.update({"rule": "regions" if several else "threshold", "threshold": level})
        draft.output["activation"] = "none" if inside else "sigmoid"
        draft.output["background"] = None if several or classes == 1 else background
        if several:
            _overlapping(draft, entries)
    _after(draft, after, len(entries), preparation)


NESTED = {"whole tumor": 0, "wt": 0, "tumor core": 1, "tc": 1, "enhancing tumor": 2, "et": 2}
"""Regions that lie in one another, the whole first (BraTS)."""


def _overlapping(draft: Draft, entries: list[dict[str, Any]]) -> None:
    """Channels that may overlap: known regions are drawn the whole before its parts, of others all that hold are kept."""
    known = [NESTED.get(str(entry["name"]).lower()) for entry in entries]
    if None in known and len(entries) <= MOST_TOGETHER:
        draft.output.update(
            {"rule": "together", "labels": [{k: v for k, v in one.items() if k != "value"} for one in entries]}
        )
        draft.guess(
            "output.rule", "together", "channels may overlap; where several hold the voxel has a label of its own"
        )
        return
    names = ", ".join(str(entry["name"]) for entry in entries)
    draft.guess("output.labels", names, "channels that may overlap are drawn one over the other in this order")
    if None not in known:
        entries = [entry for _, entry in sorted(zip(known, entries, strict=True), key=lambda pair: pair[0] or 0)]
    draft.output["labels"] = entries


def _way_back(draft: Draft, after: list[tuple[str, dict[str, Any]]], preparation: Preparation) -> None:
    """How the answer goes back onto the series, as Invertd would bring it."""
    names = [name for name, _ in after]
    inverse = next((one for name, one in after if name == "Invert"), {})
    said = inverse.get("nearest_interp", True) if inverse else False
    by_nearest = bool(said[0] if isinstance(said, list) and said else said)
    decided_before = bool(inverse) and "AsDiscrete" in names and names.index("AsDiscrete") < names.index("Invert")
    ways = preparation.ways_back
    if "nearest" in ways or by_nearest or decided_before:
        # The nearest of the probabilities decides as the nearest of the labels.
        draft.output["restore"] = "labels"
        if preparation.resized_by is not None and (by_nearest or preparation.resized_by == "lower"):
            draft.output["back"] = "lower"
        if decided_before and not by_nearest and ways != {"nearest"} and (ways or preparation.resized_by):
            draft.notes.append(
                "Labels are brought back by the nearest neighbour; the bundle interpolates their numbers, which makes "
                "numbers between two labels at borders."
            )
        return
    first = names[: names.index("Invert")] if inverse else []
    if inverse and "Activations" not in first and draft.output.get("activation") in {"softmax", "sigmoid"}:
        draft.output["restore"] = "logits"
    if preparation.resized_by == "adaptive":
        draft.output["back"] = "adaptive"
    unlike = ways - {"linear"}
    if preparation.resized_by == "adaptive" and any(step["step"] == "resample" for step in preparation.steps):
        unlike = unlike | {"area"}
    if unlike and inverse:
        kinds = ", ".join(sorted(unlike))
        text = f"Probabilities are brought back by linear interpolation; MONAI would take {kinds}: borders may differ a little."
        draft.notes.append(text)


def _after(draft: Draft, after: list[tuple[str, dict[str, Any]]], labels: int, preparation: Preparation) -> None:
    _way_back(draft, after, preparation)
    names = [name for name, _ in after]
    for name, one in after:
        if name == "KeepLargestConnectedComponent":
            applied = one.get("applied_labels")
            count = one.get("num_components", 1)
            if applied is None or (isinstance(applied, list) and len(applied) == labels) or labels == 1:
                if draft.output.get("rule") == "together":
                    draft.notes.append("KeepLargestConnectedComponentd was left out: its labels overlap.")
                    continue
                draft.output["keep_largest"] = count if isinstance(count, int) else 1
                before = "Invert" in names and names.index(name) < names.index("Invert")
                if before and draft.output.get("restore") == "labels":
                    draft.output["largest_of"] = "tensor"
            else:
                draft.notes.append(f"KeepLargestConnectedComponentd for the labels {applied} alone was left out.")
        elif name in LEFT_OUT or name.startswith("Lambda"):
            draft.notes.append(f"{name}d after the network was left out; channels are shown as they are.")


CENTRED_ANCHORS = (1, 6)
"""The version of MONAI that moved its anchors by half a stride."""


def _detect(draft: Draft, config: MonaiConfig, face: InputFace, version: tuple[int, int]) -> None:
    heads = raw_heads(draft.graph.outputs, face.dimensions)
    if heads is not None:
        _anchors(draft, config, heads, face)
        draft.output["smallest_side"] = 1.0
        if version >= CENTRED_ANCHORS:
            draft.output["offset"] = 0.5
            draft.guess("output.offset", "0.5", "anchors stand in the middle of their places since MONAI 1.6")
        return
    ports = torchvision_ports(draft.graph.outputs)
    if ports is None:
        names = ", ".join(port.name for port in draft.graph.outputs)
        text = (
            f"{draft.graph.path.name} gives {names}: neither decoded boxes and scores nor the raw heads of RetinaNet."
        )
        raise refused("output_unexplained", text, draft.graph.path)
    draft.output.update({"score_threshold": 0.05, "shown_threshold": 0.5})
    detector_output(draft, ports, face)


def _anchors(draft: Draft, config: MonaiConfig, heads: Heads, face: InputFace) -> None:
    """RetinaNet's raw heads: the shapes of the anchors stand in the bundle, their scales mostly as an expression."""
    try:
        shapes = config.value("anchor_generator#base_anchor_shapes")
    except ExpressionError:
        shapes = None
    sides = [one for one in shapes if isinstance(one, list)] if isinstance(shapes, list) else []
    levels = None
    if sides and not heads.is_table and all(isinstance(side, int | float) for shape in sides for side in shape):
        try:
            scales = config.value("anchor_generator#feature_map_scales")
        except ExpressionError:
            scales = None
        if not isinstance(scales, list) or not all(isinstance(scale, int | float) for scale in scales):
            scales = [2**n for n in range(len(heads.scores))]
            why = "anchors are taken to be twice as large on each next level, as in MONAI's bundles"
            draft.guess("output.levels", scales, why)
        levels = doubled(sides, len(scales), [float(scale) for scale in scales])
    anchors_output(draft, heads, face, ask_names(draft, None), levels)
    selects = _arguments(config, "set_box_selector_parameters")
    for said, field in (
        ("score_thresh", "score_threshold"),
        ("nms_thresh", "nms_iou"),
        ("detections_per_img", "at_most"),
        ("topk_candidates_per_level", "candidates_per_level"),
    ):
        if said in selects:
            whole = field in {"at_most", "candidates_per_level"}
            draft.output[field] = int(selects[said]) if whole else selects[said]
            draft.guess(f"output.{field}", selects[said], f"{said} of detector_ops")
    try:
        patch = config.value("infer_patch_size")
    except ExpressionError:
        patch = None
    if isinstance(patch, list) and len(patch) == face.dimensions and all(isinstance(one, int) for one in patch):
        overlap = _arguments(config, "set_sliding_window_inferer").get("overlap", 0.25)
        draft.input["tiling"] = {"size": patch, "overlap": overlap}


def _arguments(config: MonaiConfig, function: str) -> dict[str, float]:
    """Numbers that ``detector_ops`` hands to a function by name: found in the text, which is not evaluated."""
    listed = config.raw("detector_ops")
    found: dict[str, float] = {}
    for text in listed if isinstance(listed, list) else ():
        _, called, rest = str(text).partition(f"{function}(")
        if called:
            pairs = re.findall(r"(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*(?=[,)])", rest)
            found.update({name: float(number) for name, number in pairs})
    return found
