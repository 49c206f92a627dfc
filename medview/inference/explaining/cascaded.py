"""Questions to a cascade: its last package is asked about the part of the series that the others left, and answers lie on the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from medview.core.explanation import Explanation, NotedPlace, ValueMap
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress
from medview.inference.cascade import LastStage, last_stage
from medview.inference.explaining.methods import Question
from medview.inference.package import ModelPackage
from medview.inference.run import run_inference

Triple = tuple[float, float, float]


def on_last_stage(question: Question, progress: Progress, ask: Callable[[Question], Explanation]) -> Explanation:
    """``ask`` the question; of a cascade on what its earlier packages found, laid back onto the series.

    Raises MedviewError ``place_outside_crop`` for a place that the asked package never sees, and as runs do.
    """
    (request,) = question.requests
    if request.package.manifest.input.within is None:
        return ask(question)
    opening = question.open_with(b"")
    last = last_stage(
        request,
        question.volume,
        question.stack,
        progress,
        lambda one, part, piece, told: run_inference(one, part, piece, told, open_session=opening),
    )
    low = last.box[0]
    inside = Question(
        question.method,
        (last.request,),
        last.volume,
        last.stack,
        question.open_with,
        question.superpixels,
        None if question.voxel is None else _inside(question.voxel, last, request.package),
        question.label,
        None if question.box is None else (_moved(question.box[0], low, -1), _moved(question.box[1], low, -1)),
        question.tensor,
        question.parameters,
    )
    return _laid_back(ask(inside), question, last)


def refuse_cascade(package: ModelPackage) -> None:
    """Raise MedviewError ``cascade_not_joined`` for a cascade where several packages are asked about the same voxels."""
    if package.manifest.input.within is not None:
        name = package.manifest.name
        text = (
            f"{name} sees only what another model cut out for it; it can be compared, but not be averaged with others."
        )
        raise MedviewError("cascade_not_joined", text, None, ExitCode.MODEL_DOES_NOT_FIT, (name,))


def _inside(voxel: Triple, last: LastStage, package: ModelPackage) -> Triple:
    low, high = last.box
    if any(not a - 0.5 <= at <= b - 0.5 for at, a, b in zip(voxel, low, high, strict=True)):
        name = package.manifest.name
        text = f"{name} never saw this place: the model before it cut out another part of the series."
        raise MedviewError("place_outside_crop", text, None, ExitCode.BAD_USE, (name,))
    return _moved(voxel, low, -1)


def _moved(voxel: Triple, low: tuple[int, int, int], sign: int) -> Triple:
    return (voxel[0] + sign * low[0], voxel[1] + sign * low[1], voxel[2] + sign * low[2])


def _laid_back(made: Explanation, question: Question, last: LastStage) -> Explanation:
    """Maps are nothing outside of the part; places are voxels of the series."""
    low = last.box[0]
    within = tuple(slice(a, b) for a, b in zip(*last.box, strict=True))

    def whole(one: ValueMap) -> ValueMap:
        values = np.full(question.volume.shape, np.nan, dtype=np.float32)
        values[within] = one.values
        return replace(one, values=values)

    def placed(one: NotedPlace) -> NotedPlace:
        return replace(one, center_voxel=_moved(one.center_voxel, low, 1))

    first = last.before.provenance
    text = f"Asked about the part of the series that {first.package_name} found."
    return replace(
        made,
        geometry=question.volume.geometry,
        place=None if made.place is None else _moved(made.place, low, 1),
        maps=tuple(whole(one) for one in made.maps),
        places=tuple(placed(one) for one in made.places),
        notes=(*made.notes, Note("asked_within", text, (first.package_name,))),
    )
