"""nnU-Net v2: ``plans.json`` and ``dataset.json`` beside an ONNX of logits.

Arrays are z, y, x as SimpleITK gives them, spacings likewise; ``transpose_forward`` exchanges the axes before anything
else. Then: crop to what is not zero, normalise each channel, resample to the plans' spacing, slide a window. The plans do
not say which side of the patient the axes grow toward: SimpleITK's reader ignores that, so it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medview.inference.importing.answers import PLANES, read_axes
from medview.inference.importing.draft import Draft, Question, about, refused
from medview.inference.importing.literals import read_json
from medview.inference.importing.ports import InputFace, input_face
from medview.inference.importing.sequences import sources_of

PLANS, DATASET = "plans.json", "dataset.json"
FARTHEST_PARENT = 4
"""fold_0 / Trainer__Plans__configuration / Dataset / nnUNet_results."""
SEPARATE_ABOVE = 3.0


def find_plans(network: Path) -> tuple[Path, Path] | None:
    """``plans.json`` and ``dataset.json`` beside the network or above it."""
    folder = network.parent
    for _ in range(FARTHEST_PARENT):
        if (folder / PLANS).is_file() and (folder / DATASET).is_file():
            return folder / PLANS, folder / DATASET
        folder = folder.parent
    return None


def read_nnunet(draft: Draft, plans_path: Path, dataset_path: Path) -> None:
    """Fill a draft from both files. Raises MedviewError for what is missing or contradicts the network."""
    plans, dataset = read_json(plans_path), read_json(dataset_path)
    face = input_face(draft)
    name, plan = _configuration(draft, plans, face)
    title = str(dataset.get("name") or plans.get("dataset_name") or draft.source.stem)
    draft.manifest.update(
        about(
            title,
            str(dataset.get("description") or f"nnU-Net {name}, {plans.get('plans_name', 'plans')}."),
            str(dataset.get("release") or ""),
            licence=str(dataset.get("licence") or dataset.get("license") or ""),
            references=[str(dataset["reference"])] if dataset.get("reference") else (),
        )
    )
    draft.manifest["task"] = "segmentation"
    draft.origin_text = f"nnU-Net v2, configuration {name} of {plans.get('plans_name', 'plans')}"
    if plan.get("previous_stage"):
        text = (
            f"{draft.graph.path.name} is the second stage of nnU-Net's cascade ({name}): it takes the labels of "
            f"{plan['previous_stage']} as further channels, which medview does not feed. Export {name.replace('cascade_', '')}."
        )
        raise refused("task_unsupported", text, draft.graph.path)
    channels = _channels(draft, dataset, face)
    draft.input.update({"name": face.port.name, "layout": face.layout})
    _place(draft, plans, plan, face)
    _values_of(draft, plans, plan, channels, face)
    _tiles(draft, plan, face)
    _labels(draft, dataset)


def _broken(draft: Draft, file: str, field: str, what: str) -> Exception:
    return refused("description_incomplete", f"{file}: {field}: {what}.", draft.graph.path.parent / file)


# Which configuration -------------------------------------------------------------------------------------------------


def _resolved(draft: Draft, configurations: dict[str, Any], name: str) -> dict[str, Any]:
    """A configuration with what it inherits."""
    chain: list[dict[str, Any]] = []
    seen: set[str] = set()
    at: str | None = name
    while at is not None:
        if at in seen or not isinstance(configurations.get(at), dict):
            raise _broken(draft, PLANS, f"configurations.{name}.inherits_from", f"{at} cannot be followed")
        seen.add(at)
        chain.append(configurations[at])
        above = configurations[at].get("inherits_from")
        at = str(above) if above else None
    merged: dict[str, Any] = {}
    for one in reversed(chain):
        merged.update(one)
    return merged


def _configuration(draft: Draft, plans: dict[str, Any], face: InputFace) -> tuple[str, dict[str, Any]]:
    """The configuration whose patch the network takes; the answer, the folder's name, or the only one left."""
    configurations = plans.get("configurations")
    if not isinstance(configurations, dict) or not configurations:
        raise _broken(draft, PLANS, "configurations", "missing")
    given = draft.answer("configuration")
    if given is not None and given not in configurations:
        raise _broken(draft, PLANS, "configurations", f"there is no {given}, but {', '.join(configurations)}")
    resolved = {name: _resolved(draft, configurations, name) for name in ([given] if given else configurations)}
    fitting = [
        name
        for name, plan in resolved.items()
        if isinstance(plan.get("patch_size"), list)
        and len(plan["patch_size"]) == face.dimensions
        and all(size is None or size == wanted for size, wanted in zip(face.sizes, plan["patch_size"], strict=True))
    ]
    if not fitting:
        sizes = " × ".join("?" if size is None else str(size) for size in face.sizes)
        text = f"no configuration has the patch {sizes} that {draft.graph.path.name} takes"
        raise _broken(draft, PLANS, "configurations", text)
    if len(fitting) > 1:
        parts = [part for folder in draft.graph.path.parents for part in folder.name.split("__")]
        named = [name for name in fitting if name in parts or name in draft.graph.path.stem]
        fitting = named if len(named) == 1 else fitting
    if len(fitting) > 1:
        text = "Which configuration of the plans was exported?"
        draft.ask(Question("configuration", "configuration", text, tuple(fitting), "", fitting[0]), str)
    return fitting[0], resolved[fitting[0]]


# Channels, axes, values ----------------------------------------------------------------------------------------------


def _channels(draft: Draft, dataset: dict[str, Any], face: InputFace) -> list[str]:
    named = dataset.get("channel_names") or dataset.get("modality")
    if not isinstance(named, dict) or not named:
        raise _broken(draft, DATASET, "channel_names", "missing")
    names = [str(named[key]) for key in sorted(named, key=int)]
    if face.channels is not None and len(names) != face.channels:
        text = f"{len(names)} are named, {draft.graph.path.name} takes {face.channels}"
        raise _broken(draft, DATASET, "channel_names", text)
    if [name.upper() for name in names] == ["R", "G", "B"]:
        draft.input.update({"channels": "rgb", "unit": "display"})
        return names
    sources, modalities, unit = sources_of(draft, names)
    draft.input["unit"] = unit
    if modalities:
        draft.fits["modalities"] = modalities
    if sources:
        draft.input["sources"] = sources
    return names


def _place(draft: Draft, plans: dict[str, Any], plan: dict[str, Any], face: InputFace) -> None:
    forward = plans.get("transpose_forward")
    order = forward if isinstance(forward, list) and sorted(forward) == [0, 1, 2] else None
    if order is None:
        raise _broken(draft, PLANS, "transpose_forward", "is not an order of three axes")
    reader = str(plan.get("image_reader_writer") or plans.get("image_reader_writer") or "")
    if draft.input.get("channels") == "rgb" or "NaturalImage" in reader or "Tiff" in reader:
        draft.input.update({"axes": PLANES["picture"], "unit": "display"})
        draft.fits["needs_geometry"] = False
        return
    question = Question(
        "axes",
        "input.axes",
        "Toward which side of the patient do the three axes (z, y, x) of the training images grow? nnU-Net reads "
        "arrays as they are stored. S,A,R for NIfTI files stored as RAS (most public data sets, TotalSegmentator), "
        "S,A,L for what dcm2niix writes (LAS), S,P,L for axial DICOM series read by ITK (LPS). Give z,y,x.",
        ("S,A,R", "S,A,L", "S,P,L"),
        "",
        "S,A,R",
    )
    letters = ["S", "A", "R"] if "Reorient" in reader else ["S", "P", "L"]
    if "Reorient" not in reader or "input.axes" in draft.answers:
        letters = draft.ask(question, read_axes) or letters
    if "Reorient" in reader:
        draft.guess("input.axes", "S,A,R", f"{reader} turns every image to RAS")
        if letters != ["S", "A", "R"]:
            draft.notes.append(
                f"The plans' reader, {reader}, turns every image to RAS, which is S,A,R; {','.join(letters)} was said and "
                "counts. Where the plans are right, the network is shown its images turned."
            )
    if len(letters) != 3:
        raise refused("bad_answer", "input.axes: nnU-Net's images have three axes, z, y, x.", draft.graph.path)
    turned = [letters[axis] for axis in order]
    draft.input["axes"] = turned if face.dimensions == 3 else turned[1:]


def _properties(draft: Draft, plans: dict[str, Any], channel: int) -> dict[str, float]:
    every = plans.get("foreground_intensity_properties_per_channel") or plans.get(
        "foreground_intensity_properties_by_modality"
    )
    found = every.get(str(channel)) if isinstance(every, dict) else None
    names = ("mean", "std", "percentile_00_5", "percentile_99_5")
    if not isinstance(found, dict) or not all(isinstance(found.get(name), int | float) for name in names):
        field = f"foreground_intensity_properties_per_channel.{channel}"
        raise _broken(draft, PLANS, field, "mean, std, percentile_00_5 and percentile_99_5 are needed")
    return {name: float(found[name]) for name in names}


def _normalised(draft: Draft, plans: dict[str, Any], scheme: str, channel: int, masked: bool) -> list[dict[str, Any]]:
    if scheme == "CTNormalization":
        said = _properties(draft, plans, channel)
        return [
            {"step": "clip", "low": said["percentile_00_5"], "high": said["percentile_99_5"]},
            {"step": "normalise", "mean": [said["mean"]], "std": [max(said["std"], 1e-8)]},
        ]
    if scheme == "ZScoreNormalization":
        return [{"step": "z_score", **({"only_foreground": True} if masked else {}), "channel_wise": True}]
    if scheme == "RescaleTo01Normalization":
        return [{"step": "min_max", "channel_wise": True}]
    if scheme == "RGBTo01Normalization":
        return [{"step": "scale", "factor": 1 / 255}]
    if scheme == "NoNormalization":
        return []
    raise _broken(draft, PLANS, "normalization_schemes", f"{scheme} is not known")


def _values_of(draft: Draft, plans: dict[str, Any], plan: dict[str, Any], channels: list[str], face: InputFace) -> None:
    schemes = plan.get("normalization_schemes")
    masks = plan.get("use_mask_for_norm") or [False] * len(channels)
    if not isinstance(schemes, list) or len(schemes) != len(channels) or len(masks) != len(channels):
        raise _broken(draft, PLANS, "normalization_schemes", f"one for each of {len(channels)} channels was due")
    steps: list[dict[str, Any]] = []
    picture = draft.input["axes"] == PLANES["picture"]
    is_ct = all(scheme == "CTNormalization" for scheme in schemes)
    if not is_ct or face.dimensions == 3:
        steps.append({"step": "crop_nonzero"})
    else:
        # All slices would be held for the box. 0 HU is water: the box around what is not 0 is the whole series unless an export was padded with zeros.
        draft.guess("input.steps", "no crop to non-zero", "CT values are hardly ever exactly 0 along a whole border")
    each = [
        _normalised(draft, plans, str(scheme), n, bool(masked))
        for n, (scheme, masked) in enumerate(zip(schemes, masks, strict=True))
    ]
    if all(one == each[0] for one in each):
        steps += each[0]
    else:
        steps += [{**step, "channels": [n]} for n, one in enumerate(each) for step in one]
    spacing = plan.get("spacing")
    if not picture:
        if not isinstance(spacing, list) or len(spacing) != face.dimensions:
            raise _broken(draft, PLANS, "spacing", f"{face.dimensions} numbers were due")
        steps.append(_resampled(draft, plan, [float(mm) for mm in spacing], face))
    draft.input["steps"] = steps


def _resampled(draft: Draft, plan: dict[str, Any], spacing: list[float], face: InputFace) -> dict[str, Any]:
    if str(plan.get("resampling_fn_data", "resample_data_or_seg_to_shape")) not in {
        "resample_data_or_seg_to_shape",
        "resample_torch_fornnunet",
        "resample_torch_simple",
    }:
        raise _broken(draft, PLANS, "resampling_fn_data", f"{plan['resampling_fn_data']} is not known")
    given = plan.get("resampling_fn_data_kwargs") or {}
    torch = "torch" in str(plan.get("resampling_fn_data", ""))
    order = given.get("order", 3)
    kind = {0: "nearest", 1: "linear", 3: "spline"}.get(1 if torch else order)
    if kind is None:
        raise _broken(draft, PLANS, "resampling_fn_data_kwargs.order", f"{order} is not 0, 1 or 3")
    step: dict[str, Any] = {"step": "resample", "spacing_mm": spacing, "kind": kind, "align": "edges"}
    if face.dimensions == 3 and given.get("force_separate_z") is not False:
        step["separate_above"] = SEPARATE_ABOVE
    return step


def _tiles(draft: Draft, plan: dict[str, Any], face: InputFace) -> None:
    patch = plan["patch_size"]
    draft.input["tiling"] = {
        "size": patch,
        "overlap": 0.5,
        "placement": "nnunet",
        "weights": "gaussian",
        "fill": 0.0,
    }
    mirrored = draft.answer("input.mirror")
    if mirrored is not None:
        text = mirrored.strip("[] ")
        axes = list(range(face.dimensions)) if text == "all" else [] if text == "none" else text.split(",")
        draft.input["mirror"] = [int(axis) for axis in axes]
    else:
        draft.guess(
            "input.mirror",
            "none",
            "which axes may be mirrored stands in the checkpoint, not in the plans; give input.mirror=all for nnU-Net's "
            "default, which is slower by 4 or 8 times",
        )


# Labels --------------------------------------------------------------------------------------------------------------


def _labels(draft: Draft, dataset: dict[str, Any]) -> None:
    labels = dataset.get("labels")
    if not isinstance(labels, dict) or not labels:
        raise _broken(draft, DATASET, "labels", "missing")
    labels = {str(name): value for name, value in labels.items() if str(name) != "ignore"}
    if all(str(name).isdigit() for name in labels):
        # The form of nnU-Net v1: number to name.
        labels = {str(name): int(number) for number, name in labels.items()}
    order = dataset.get("regions_class_order")
    draft.output.update({"kind": "segmentation", "name": draft.graph.outputs[0].name})
    inside = draft.graph.activation_inside
    if any(isinstance(value, list) for value in labels.values()) or order:
        names = [name for name, value in labels.items() if value not in (0, [0])]
        if not isinstance(order, list) or len(order) != len(names):
            raise _broken(draft, DATASET, "regions_class_order", f"one number for each of {len(names)} regions was due")
        draft.output.update(
            {
                "activation": "none" if inside else "sigmoid",
                "rule": "regions",
                "restore": "probabilities" if inside else "logits",
                "threshold": 0.5,
                "background": None,
                "labels": [
                    {"index": n, "name": name, "value": int(value)}
                    for n, (name, value) in enumerate(zip(names, order, strict=True))
                ],
            }
        )
        return
    try:
        numbers = {name: int(value) for name, value in labels.items()}
    except (TypeError, ValueError) as error:
        raise _broken(draft, DATASET, "labels", "each name needs a number") from error
    draft.output.update(
        {
            "activation": "none" if inside else "softmax",
            "rule": "argmax",
            "background": 0,
            "restore": "probabilities" if inside else "logits",
            "labels": [{"index": n, "name": name} for name, n in sorted(numbers.items(), key=lambda p: p[1]) if n],
        }
    )
