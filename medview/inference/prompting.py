"""Segmenting what is pointed at: a slice embedded once, then a mask for each set of points and boxes, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import InferenceResult, Provenance, Segmentation
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.cascade import cropped
from medview.inference.derived import ValueCollector
from medview.inference.manifest import PromptedOutput
from medview.inference.package import ModelPackage, as_network
from medview.inference.placement import Placement
from medview.inference.request import InferenceRequest
from medview.inference.run import opened_feed, provenance_of
from medview.inference.segmentation import label_meanings
from medview.inference.session import DTYPES, Checkpoint, OpenSession, Port, Session
from medview.kernels.resample_grid import resize_axes

AnyArray = NDArray[Any]
Mask = NDArray[np.bool_]

INSIDE, OUTSIDE, CORNER_LOW, CORNER_HIGH, NOTHING = 1, 0, 2, 3, -1
LOW_RESOLUTION = 256


PromptKind = Literal["inside", "outside", "box"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A point (x, y) of a slice in pixels, centres at whole numbers, inside or outside of the object; or a box of two."""

    kind: PromptKind
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Embedding:
    """What the first network made of slice ``k``, and where its tensor lies there."""

    package: ModelPackage
    k: int
    arrays: dict[str, AnyArray]
    placement: Placement
    tensor_shape: tuple[int, int]
    provenance: Provenance
    """Of the slice: its values, not those of the series, are what the network saw."""


def prompted_output(package: ModelPackage) -> PromptedOutput:
    """How the package is prompted. Raises MedviewError where it is not."""
    output = package.manifest.output
    if not isinstance(output, PromptedOutput):
        text = f"{package.manifest.name} takes no points and boxes."
        raise MedviewError("not_prompted", text, None, ExitCode.BAD_USE, (package.manifest.name,))
    return output


def embed_slice(
    request: InferenceRequest, volume: Volume, stack: Stack, k: int, progress: Progress, open_session: OpenSession
) -> Embedding:
    """Run the first network on slice ``k``; the others need not be loaded. Raises MedviewError as runs do."""
    output = prompted_output(request.package)
    rows, columns = volume.shape[1:]
    part, piece = cropped(volume, stack, request.time, ((k, 0, 0), (k + 1, rows, columns)))
    with opened_feed(replace(request, time=0), part, piece, progress, open_session) as feed:
        if feed.orientation.order[0] != 0:
            text = f"{request.package.manifest.name} looks at slices of another direction than these were acquired in."
            raise MedviewError("plane_wrong", text, None, ExitCode.MODEL_DOES_NOT_FIT)
        ((_, prepared),) = feed.pieces()
        ((_, batch),) = feed.batches(prepared)
        wanted = list(dict.fromkeys(output.embeddings.values()))
        raw = dict(zip(wanted, feed.network.answers(batch, wanted, feed.course.again), strict=True))
        height, width = batch.shape[1:3]
        made = provenance_of(request, part, stack, feed.network.session.device, feed.course.seconds)
    arrays = {name: raw[source].copy() for name, source in output.embeddings.items()}
    return Embedding(request.package, k, arrays, prepared.placement, (height, width), made)


def decoder_package(package: ModelPackage) -> ModelPackage:
    """The package seen as its second network."""
    output = prompted_output(package)
    assert package.decoder_facts is not None, "the package was opened"
    return as_network(package, output.decoder, package.decoder_facts, "decoder")


def decode_mask(
    embedding: Embedding, prompts: Sequence[Prompt], open_session: OpenSession, device: str, checkpoint: Checkpoint
) -> tuple[Mask, float]:
    """(rows, columns) where the object is on the slice, and the network's own score (1 where it gives none).

    Raises MedviewError.
    """
    output = prompted_output(embedding.package)
    with open_session(decoder_package(embedding.package), device, None, checkpoint) as session:
        feeds = _feeds(embedding, output, prompts, session)
        names = [output.masks_output, *([output.scores_output] if output.scores_output else [])]
        raw = session.run(feeds, names, checkpoint)
    masks = np.asarray(raw[0], dtype=np.float32)
    masks = masks.reshape(-1, *masks.shape[-2:])
    scores = np.asarray(raw[1], dtype=np.float32).ravel() if len(raw) > 1 else np.ones(len(masks), np.float32)
    if len(scores) != len(masks) or not np.isfinite(masks).all() or not np.isfinite(scores).all():
        text = (
            f"{output.decoder} answered with masks {raw[0].shape} and scores that do not belong together, or with NaN."
        )
        where = str(embedding.package.folder)
        raise MedviewError("masks_unusable", text, where, ExitCode.RUN_FAILED, (output.decoder,))
    best = _chosen(output, scores, feeds[output.labels_input].shape[-1])
    place = embedding.placement
    if output.straight:
        factors = np.divide((1, *embedding.tensor_shape), (1, *masks.shape[1:]))
        place = place.scaled(factors, 0.5 * factors - 0.5, (1, *masks.shape[1:]))
        logits = masks[best]
    else:
        logits = _whole(output, masks[best], embedding)
    return _on_slice(place, logits, output.threshold), float(scores[best])


def _chosen(output: PromptedOutput, scores: NDArray[np.float32], points: int) -> int:
    """Which mask counts."""
    if output.choice == "by_points" and len(scores) == 4:
        return 0 if points > 2 else 1 + int(np.argmax(scores[1:]))
    return 0 if output.choice == "first" else int(np.argmax(scores))


def _whole(output: PromptedOutput, logits: NDArray[np.float32], embedding: Embedding) -> NDArray[np.float32]:
    """A mask on the tensor's own pixels."""
    height, width = output.covers or embedding.tensor_shape
    if logits.shape != (height, width):
        logits = resize_axes(logits, {0: height, 1: width}, "linear")
    rows, columns = embedding.tensor_shape
    return logits[:rows, :columns]


def _feeds(
    embedding: Embedding, output: PromptedOutput, prompts: Sequence[Prompt], session: Session
) -> dict[str, AnyArray]:
    ports = {port.name: port for port in session.inputs}
    places, labels = _prompt_arrays(embedding, output, prompts)
    if output.points_input in ports:
        places, labels = _as_wanted(embedding.package, places, labels, ports[output.points_input])
    given: dict[str, AnyArray] = {
        **embedding.arrays,
        output.points_input: places,
        output.labels_input: labels,
    }
    if output.mask_input is not None and output.mask_input in ports:
        shape = [
            size or n
            for size, n in zip(ports[output.mask_input].shape, (1, 1, LOW_RESOLUTION, LOW_RESOLUTION), strict=False)
        ]
        given[output.mask_input] = np.zeros(shape, np.float32)
    if output.has_mask_input is not None:
        given[output.has_mask_input] = np.zeros(1, np.float32)
    if output.size_input is not None:
        given[output.size_input] = np.asarray(embedding.tensor_shape, dtype=np.float32)
    _refuse_other_inputs(embedding.package, set(given), set(ports))
    return {name: np.ascontiguousarray(array, dtype=DTYPES[ports[name].type]) for name, array in given.items()}


def _as_wanted(package: ModelPackage, places: AnyArray, labels: AnyArray, port: Port) -> tuple[AnyArray, AnyArray]:
    """Filled up to a fixed count of points, and with an axis of objects between batch and points where the graph has one."""
    count = port.shape[-2] if len(port.shape) > 2 else None
    if count is not None and count < places.shape[1]:
        raise _not_taken(f"{package.manifest.name} takes {count} points at most, corners of a box and fillers counted")
    more = 0 if count is None else count - places.shape[1]
    if more:
        places = np.concatenate([places, np.zeros((1, more, 2), places.dtype)], axis=1)
        labels = np.concatenate([labels, np.full((1, more), NOTHING, labels.dtype)], axis=1)
    return (places[:, None], labels[:, None]) if len(port.shape) == 4 else (places, labels)


def _not_taken(text: str) -> MedviewError:
    return MedviewError("bad_prompt", f"{text}.", None, ExitCode.BAD_USE, (text,))


def check_decoder_ports(package: ModelPackage, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Whether the second network takes what the manifest feeds, and gives what it names. Raises MedviewError."""
    output = prompted_output(package)
    fed = {*output.embeddings, output.points_input, output.labels_input}
    fed |= {name for name in (output.mask_input, output.has_mask_input, output.size_input) if name is not None}
    _refuse_other_inputs(package, fed, {port.name for port in inputs})
    made = {port.name for port in outputs}
    for name in (output.masks_output, output.scores_output):
        if name is not None and name not in made:
            raise _unfit(package, f"has no output {name!r}, but {', '.join(sorted(made))}")


def _refuse_other_inputs(package: ModelPackage, given: set[str], wanted: set[str]) -> None:
    unknown, missing = sorted(given - wanted), sorted(wanted - given)
    if unknown:
        raise _unfit(package, f"has no input {unknown[0]!r}")
    if missing:
        raise _unfit(package, f"wants {missing[0]!r}, which the manifest does not feed")


def _unfit(package: ModelPackage, what: str) -> MedviewError:
    text = f"manifest.json: output: {prompted_output(package).decoder} {what}."
    return MedviewError("manifest_unfit", text, str(package.folder / "manifest.json"), ExitCode.MODEL_UNUSABLE)


def _prompt_arrays(
    embedding: Embedding, output: PromptedOutput, prompts: Sequence[Prompt]
) -> tuple[AnyArray, AnyArray]:
    """(1, n, 2) x, y in the tensor and (1, n) labels."""
    places: list[tuple[float, float]] = []
    labels: list[int] = []
    has_box = False
    for prompt in prompts:
        placed = [_in_tensor(embedding, x, y, scaled=output.coordinates == "scaled") for x, y in prompt.points]
        if prompt.kind == "box":
            if not output.takes_boxes:
                raise _not_taken(f"{embedding.package.manifest.name} takes points, no boxes")
            has_box = True
            (x0, y0), (x1, y1) = placed
            places += [(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))]
            labels += [CORNER_LOW, CORNER_HIGH]
        else:
            places += placed
            labels += [INSIDE if prompt.kind == "inside" else OUTSIDE] * len(placed)
    if not places:
        raise MedviewError("nothing_pointed_at", "Nothing is pointed at.", None, ExitCode.BAD_USE)
    coordinates = np.asarray(places, dtype=np.float32)
    if output.coordinates == "normalised":
        size = np.asarray(embedding.tensor_shape[::-1], dtype=np.float32)
        coordinates = np.asarray((coordinates + 0.5) / size, dtype=np.float32)
    if output.fills_up and not has_box:
        coordinates = np.concatenate([coordinates, np.zeros((1, 2), np.float32)])
        labels.append(NOTHING)
    return coordinates[None], np.asarray([labels], dtype=np.float32)


def _in_tensor(embedding: Embedding, x: float, y: float, *, scaled: bool = False) -> tuple[float, float]:
    matrix, offset = embedding.placement.source_to_tensor()
    place = matrix @ np.array([0.0, y, x]) + offset
    if scaled:
        # The middle of the first pixel stays the middle of the first pixel.
        place = place - 0.5 * (np.abs(matrix).max(axis=1) - 1.0)
    return (float(place[2]), float(place[1]))


def _on_slice(placement: Placement, logits: NDArray[np.float32], threshold: float) -> Mask:
    """A mask on the slice's own pixels; what the tensor does not reach is outside."""
    collector = ValueCollector(placement)
    collector.put(0, logits[None])
    values = np.empty(placement.orientation.source_shape, dtype=np.float32)
    collector.onto_slices(placement.orientation.view(values))
    with np.errstate(invalid="ignore"):
        return np.asarray(values[0] > threshold)


def prompted_result(
    made: Provenance, package: ModelPackage, volume: Volume, masks: Mapping[int, Mask], time: int
) -> InferenceResult:
    """A result of the masks of single slices (by k), on the whole series; ``volume`` may still be loading."""
    (meaning,) = label_meanings((prompted_output(package).label,))
    labels = np.zeros(volume.shape, dtype=np.uint8 if meaning.value < 256 else np.uint16)
    for k, mask in masks.items():
        labels[k][mask] = meaning.value
    segmentation = Segmentation(labels, volume.geometry, (meaning,), time)
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return InferenceResult(replace(made, finished_at=now), "prompted", segmentation=segmentation)
