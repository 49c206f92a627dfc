"""One question to a network, from the packages and the series to an explanation; a plain function, no thread."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.explanation import Explanation, NotedPlace, TableRow, ValueMap
from medview.core.finding import Provenance
from medview.core.parameter import ParameterValue
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress
from medview.inference.explaining.activation import (
    FeatureTensor,
    choose_tensor,
    class_activation,
    enlarged,
    features_of,
    list_features,
    mosaic_of,
    tail_for_listing,
)
from medview.inference.explaining.cascaded import on_last_stage, refuse_cascade
from medview.inference.explaining.comparison import compare_results, lps_of
from medview.inference.explaining.covering import check_map, occlusion, patch_steps, superpixel_weights
from medview.inference.explaining.dense_maps import HIGHEST, Spread, dense_map, entropy_bits, is_dense
from medview.inference.explaining.field import Field, field_at, middle_of, provenance, scoped
from medview.inference.explaining.methods import Question, method_of
from medview.inference.explaining.scoring import Score, label_names, place_of_label
from medview.inference.explaining.variation import (
    PartOfProgress,
    Spreads,
    changes_of,
    collect,
    refuse_other_tasks,
    shared_labels,
    steadiness,
    vary,
)
from medview.inference.feed import Feed
from medview.inference.manifest import ImageOutput
from medview.inference.retreat import run_or_retreat
from medview.inference.run import opened_feed

FloatMap = NDArray[np.float32]

PROBABILITY_FROM = 0.05
"""Probabilities below this are not drawn at first."""
SHOWN_SHARE = 0.25
"""Share of a map's largest value from which on it is drawn at first."""
MOST_PLACES = 12


def explain(question: Question, progress: Progress) -> Explanation:
    """Answer ``question``. ``progress`` is called often and ends it by raising Cancelled.

    Raises MedviewError with exit code 2 (what was asked cannot be), 3 to 6 as a run, and 6 also for a map that would be
    empty or not finite: an explanation is never an empty map.
    """
    parameters = question.complete()
    started = clock.perf_counter()
    if question.method in {"compare", "ensemble"}:
        made = _METHODS[question.method](question, parameters, progress)
    else:
        made = on_last_stage(question, progress, lambda asked: _METHODS[asked.method](asked, parameters, progress))
    units = {parameter.name: parameter.unit for parameter in method_of(question.method).parameters}
    told = tuple((name, value, units[name]) for name, value in parameters.items())
    return replace(
        made,
        parameters=(*told, *made.parameters),
        time=question.requests[0].time,
        duration_s=clock.perf_counter() - started,
    )


def _opened(question: Question, progress: Progress, tail: bytes = b"") -> Any:
    return opened_feed(question.requests[0], question.volume, question.stack, progress, question.open_with(tail))


def _opened_for_layers(question: Question, progress: Progress) -> Any:
    return _opened(question, progress, tail_for_listing(question.requests[0].package.model_path))


def _begun(question: Question, feed: Feed, **more: Any) -> Explanation:
    return Explanation(
        question.method, (provenance(feed),), (), feed.volume.geometry, notes=tuple(feed.warnings), **more
    )


def _voxel(question: Question) -> tuple[float, float, float]:
    return question.voxel if question.voxel is not None else middle_of(question.volume.shape)


def _amount(name: str, title: str, values: FloatMap, unit: str = "", upper: float | None = None) -> ValueMap:
    most = upper if upper is not None else float(np.nanmax(values))
    return ValueMap(name, title, values, 0.0, most, SHOWN_SHARE * most, unit)


def _difference(name: str, title: str, values: FloatMap, unit: str = "") -> ValueMap:
    most = float(np.nanmax(np.abs(values)))
    return ValueMap(name, title, values, -most, most, SHOWN_SHARE * most, unit, "difference")


# One network on one field --------------------------------------------------------------------------------------------


def _occlusion(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    with _opened(question, progress) as feed:
        voxel = _voxel(question)
        field = field_at(feed, voxel)
        score = Score(feed, field, question.label, question.box)
        drop = field.onto_source(occlusion(feed, field, score, parameters), feed)
        size, stride = patch_steps(field, parameters)
        used = (
            ("patch_used", "×".join(map(str, size)), "voxels of the input"),
            ("stride_used", "×".join(map(str, stride)), "voxels of the input"),
        )
        found = _difference("drop", "Fall of the score", _on_grid(drop))
        return replace(
            _begun(question, feed),
            parameters=used,
            label=score.label,
            place=voxel,
            baseline=score.baseline,
            maps=(found,),
            places=_peaks(found, question),
            runs=score.calls,
        )


def _superpixels(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    if question.superpixels is None:
        raise ValueError("the caller brings the superpixels")
    with _opened(question, progress) as feed:
        voxel = _voxel(question)
        field = field_at(feed, voxel)
        score = Score(feed, field, question.label, question.box)
        parts = superpixel_weights(feed, field, score, parameters, question.superpixels)
        weights = _on_grid(field.onto_source(parts.map, feed))
        order = np.argsort(-np.abs(parts.weights), kind="stable")[:MOST_PLACES]
        rows, places = [], []
        for rank, number in enumerate(order, start=1):
            voxels = np.argwhere(parts.numbers == number)
            middle = voxels[np.argmin(((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1))]
            tensor = np.concatenate([np.zeros(3 - len(middle)), middle])
            at = field.prepared.placement.tensor_to_source(tensor)
            at = at if not field.slicewise else _in_slice(at, field, feed)
            source = (float(at[0]), float(at[1]), float(at[2]))
            weight = float(parts.weights[number])
            rows.append(TableRow(f"part {rank}", (weight,)))
            places.append(NotedPlace(f"part {rank}", source, lps_of(feed.volume.geometry, source), None, weight))
        return replace(
            _begun(question, feed),
            parameters=(("parts_used", int(parts.numbers.max()) + 1, ""), ("fit_r2", parts.fit, "")),
            label=score.label,
            place=voxel,
            baseline=score.baseline,
            maps=(_difference("weight", "Weight of each part", weights),),
            columns=("weight",),
            table=tuple(rows),
            places=tuple(places),
            runs=score.calls,
        )


def _in_slice(at: NDArray[np.float64], field: Field, feed: Feed) -> NDArray[np.float64]:
    """A place of a one-row tensor in the series: along the slices it is that of the row."""
    axis, flip = feed.orientation.order[0], feed.orientation.flips[0]
    out = at.copy()
    out[axis] = feed.volume.shape[axis] - 1 - field.row if flip else field.row
    return out


def _tensor(question: Question, feed: Feed, field: Field) -> FeatureTensor:
    path = str(feed.request.package.model_path)
    return choose_tensor(list_features(feed, field), question.tensor, path)


def _cam(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    with _opened_for_layers(question, progress) as feed:
        voxel = _voxel(question)
        field = field_at(feed, voxel)
        tensor = _tensor(question, feed, field)
        weighed = parameters["kind"] == "score"
        score = Score(feed, field, question.label, question.box) if weighed else None
        made = class_activation(feed, field, score, tensor, question.open_with, parameters)
        found = _amount("activation", "Activation", _on_grid(field.onto_source(made, feed)), upper=1.0)
        notes = feed.warnings if weighed else [*feed.warnings, _NOT_OF_A_LABEL]
        return replace(
            _begun(question, feed),
            parameters=_layer(tensor),
            label=score.label if score is not None else "",
            place=voxel,
            baseline=score.baseline if score is not None else None,
            maps=(found,),
            places=_peaks(found, question),
            notes=tuple(notes),
            runs=2 + (score.calls if score is not None else 0),
        )


_NOT_OF_A_LABEL = Note(
    "eigen_cam_no_label", "Eigen-CAM shows what the layer responds to most, whatever label that speaks for."
)


def _layer(tensor: FeatureTensor) -> tuple[tuple[str, ParameterValue, str], ...]:
    size = "×".join(map(str, tensor.size))
    return (
        ("tensor", tensor.name, ""),
        ("operator", tensor.operator, ""),
        ("layer", f"{tensor.channels} × {size}", ""),
    )


def _features(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    with _opened_for_layers(question, progress) as feed:
        voxel = _voxel(question)
        field = field_at(feed, voxel)
        tensor = _tensor(question, feed, field)
        features = features_of(feed, field, tensor, question.open_with)
        mosaic = mosaic_of(features, tensor, int(parameters["channels"]), _depth(voxel, field, feed))
        spread = features.reshape(len(features), -1)
        maps = []
        # The strongest ones can be laid over the image; all are in the picture.
        for channel in np.argsort(-spread.std(axis=1), kind="stable")[:MAPPED_CHANNELS]:
            whole = enlarged(features[channel][None], field.shape)[0]
            if not np.all(np.isfinite(whole)) or not float(whole.max()) > float(whole.min()):
                continue
            values = field.onto_source(whole, feed)
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            maps.append(
                ValueMap(
                    f"channel_{channel}", f"Channel {channel}", values, low, high, low + SHOWN_SHARE * (high - low)
                )
            )
        if not maps:
            check_map(np.zeros(1))
        rows = tuple(
            TableRow(f"channel {n}", (float(one.mean()), float(one.std()), float(one.min()), float(one.max())))
            for n, one in enumerate(spread)
        )
        return replace(
            _begun(question, feed),
            parameters=_layer(tensor),
            place=voxel,
            maps=tuple(maps),
            columns=("mean", "deviation", "minimum", "maximum"),
            table=rows,
            mosaic=mosaic,
            runs=2,
        )


MAPPED_CHANNELS = 8


def _depth(voxel: tuple[float, float, float], field: Field, feed: Feed) -> float:
    """How far (0 to 1) a place lies along the field's first axis."""
    if field.slicewise:
        return 0.5
    matrix, offset = feed.orientation.oriented_to_source()
    oriented = np.linalg.inv(matrix) @ (np.asarray(voxel) - offset)
    tensor = np.linalg.inv(field.prepared.placement.matrix) @ (oriented - field.prepared.placement.offset)
    return float(np.clip(tensor[0] / max(1, field.shape[0] - 1), 0, 1))


# Whole series --------------------------------------------------------------------------------------------------------


def _probability(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    with _opened(question, progress) as feed:
        label = _label(question, feed)
        values = dense_map(_scope(feed, question, parameters), label)
        if isinstance(feed.manifest.output, ImageOutput):
            text = f"{feed.manifest.name} makes an image; it has no probabilities."
            raise MedviewError("not_dense", text, None, ExitCode.MODEL_DOES_NOT_FIT, (feed.manifest.name,))
        values = np.clip(values, 0, 1)  # rounding
        check_map(values[np.isfinite(values)])
        found = ValueMap("probability", "Probability", values, 0.0, 1.0, PROBABILITY_FROM)
        return replace(
            _begun(question, feed),
            label=label,
            place=_voxel(question),
            maps=(found,),
            places=_peaks(found, question),
            runs=1,
        )


def _label(question: Question, feed: Feed) -> str:
    """The manifest's own spelling of the label that is asked about, HIGHEST where none is."""
    if question.label is None:
        names = label_names(feed.manifest.output)
        return names[0] if len(names) == 1 else HIGHEST
    output = feed.manifest.output
    return label_names(output)[place_of_label(output, question.label)]


def _scope(feed: Feed, question: Question, parameters: Mapping[str, ParameterValue]) -> Feed:
    """The whole series, or the slice of the place: networks that see volumes are asked about all of it in any case."""
    if parameters.get("scope") != "slice" or not feed.manifest.input.is_slicewise:
        return feed
    return scoped(feed, field_at(feed, _voxel(question), tile=False))


def _variation(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    with _opened(question, progress) as feed:
        label = _label(question, feed)
        changes, notes = changes_of(feed.manifest, parameters)
        spreads = vary(_scope(feed, question, parameters), label, changes)
        made = _spread(_begun(question, feed), spreads, feed.manifest.output, label, question)
        return replace(
            made, parameters=(("changes", len(changes), ""),), place=_voxel(question), notes=(*made.notes, *notes)
        )


def _ensemble(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    manifests = [request.package.manifest for request in question.requests]
    refuse_other_tasks(manifests)
    common = shared_labels(manifests)
    if manifests[0].task != "regression" and manifests[0].task != "image" and not common:
        said = ", ".join(manifest.name for manifest in manifests)
        raise MedviewError(
            "tasks_differ", f"The packages have no label in common ({said}).", None, ExitCode.BAD_USE, (said,)
        )
    label = HIGHEST
    if question.label is not None or len(common) == 1:
        label = question.label if question.label is not None else common[0]
    spreads = Spreads()
    numbers: list[dict[str, float]] = []
    sources: list[Provenance] = []
    notes: list[Note] = []
    for n, request in enumerate(question.requests):
        part = PartOfProgress(progress, n, len(question.requests))
        refuse_cascade(request.package)
        with opened_feed(request, question.volume, question.stack, part, question.open_with(b"")) as feed:
            asked = label if label == HIGHEST else _label(replace(question, label=label), feed)
            collect(_scope(feed, question, parameters), asked, spreads)
            if spreads.numbers:
                numbers.append(dict(zip((name.casefold() for name in spreads.names), spreads.numbers[-1], strict=True)))
            sources.append(provenance(feed))
            notes += feed.warnings
    if numbers:
        shared = [name for name in numbers[0] if all(name in one for one in numbers)]
        if not shared:
            raise MedviewError("tasks_differ", "The packages have no number in common.", None, ExitCode.BAD_USE, ("",))
        known = {name.casefold(): name for name in spreads.names}
        spreads.names = tuple(known.get(name, name) for name in shared)
        spreads.numbers = [np.array([one[name] for name in shared]) for one in numbers]
    begun = Explanation(
        question.method, tuple(sources), (), question.volume.geometry, notes=tuple(dict.fromkeys(notes))
    )
    made = _spread(begun, spreads, manifests[0].output, label, question)
    return replace(made, parameters=(("packages", len(sources), ""),), place=_voxel(question))


def _spread(made: Explanation, spreads: Spreads, output: object, label: str, question: Question) -> Explanation:
    """Maps, figures and places of many runs."""
    maps = _spread_maps(spreads.map, isinstance(output, ImageOutput)) if is_dense(output) else ()
    columns, table = spreads.table()
    places: tuple[NotedPlace, ...] = ()
    if spreads.found:
        columns = ("mean score", "deviation", "share of runs")
        table, places = steadiness(spreads.found)
    elif maps:
        places = _peaks(maps[1], question)
    return replace(made, label=label, maps=maps, columns=columns, table=table, places=places, runs=spreads.runs)


def _spread_maps(spread: Spread, is_image: bool) -> tuple[ValueMap, ...]:
    mean = np.asarray(spread.mean, dtype=np.float32)
    deviation = np.asarray(spread.deviation, dtype=np.float32)
    if is_image:
        low, high = float(np.nanmin(mean)), float(np.nanmax(mean))
        first = ValueMap("mean", "Mean", mean, low, high, low)
        return (first, _amount("deviation", "Standard deviation", deviation, upper=float(np.nanmax(deviation)) or 1.0))
    entropy = np.asarray(entropy_bits(mean), dtype=np.float32)
    check_map(mean[np.isfinite(mean)])
    return (
        ValueMap("mean", "Mean probability", mean, 0.0, 1.0, PROBABILITY_FROM),
        _amount("deviation", "Standard deviation", deviation, upper=max(float(np.nanmax(deviation)), 1e-3)),
        ValueMap("entropy", "Entropy", entropy, 0.0, 1.0, SHOWN_SHARE, "bit"),
    )


def _compare(question: Question, parameters: Mapping[str, ParameterValue], progress: Progress) -> Explanation:
    results = []
    for n, request in enumerate(question.requests):
        part = PartOfProgress(progress, n, 2)
        results.append(run_or_retreat(request, question.volume, question.stack, part, question.open_with(b"")))
    first, second = _told_apart([request.package.manifest for request in question.requests])
    found = compare_results(results[0], results[1], (first, second), question.label, float(parameters["smallest_ml"]))
    return Explanation(
        question.method,
        tuple(result.provenance for result in results),
        (("first", first, ""), ("second", second, "")),
        question.volume.geometry,
        label=question.label or "",
        baseline=found.agreement,
        segmentation=found.overlay,
        columns=found.columns,
        table=found.table,
        places=found.places,
        notes=tuple(dict.fromkeys((*found.notes, *(note for result in results for note in result.warnings)))),
        runs=2,
    )


def _told_apart(manifests: Sequence[Any]) -> tuple[str, str]:
    """Names of two packages that differ."""
    names = [manifest.name for manifest in manifests]
    if names[0] == names[1]:
        names = [f"{manifest.name} {manifest.version}" for manifest in manifests]
    if names[0] == names[1]:
        names = [f"{name} ({letter})" for name, letter in zip(names, "AB", strict=True)]
    return names[0], names[1]


# Onto the series -----------------------------------------------------------------------------------------------------


def _on_grid(values: FloatMap) -> FloatMap:
    """``values`` (k, j, i); raises MedviewError where nothing of the map lies inside of the series."""
    check_map(values[np.isfinite(values)])
    return values


def _peaks(found: ValueMap, question: Question) -> tuple[NotedPlace, ...]:
    """Where a map is largest, of differences also where it is smallest, so that the reader can go there."""
    if not np.isfinite(found.values).any():
        return ()
    ends = [("largest value", int(np.nanargmax(found.values)))]
    if found.kind == "difference":
        ends.append(("smallest value", int(np.nanargmin(found.values))))
    places = []
    for name, flat in ends:
        k, j, i = np.unravel_index(flat, found.values.shape)
        voxel = (float(k), float(j), float(i))
        value = float(found.values[k, j, i])
        places.append(NotedPlace(name, voxel, lps_of(question.volume.geometry, voxel), None, value))
    return tuple(places)


_METHODS = {
    "probability": _probability,
    "occlusion": _occlusion,
    "superpixels": _superpixels,
    "cam": _cam,
    "features": _features,
    "variation": _variation,
    "ensemble": _ensemble,
    "compare": _compare,
}
