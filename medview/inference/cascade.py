"""Cascades: a package whose input is cropped to what another package found, and its answer laid back onto the whole series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import DerivedImage, EarlierRun, Finding, InferenceResult, Keypoint, Segmentation
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.course import STEP_LOCATE, STEP_NETWORK
from medview.inference.derived import finer
from medview.inference.manifest import Manifest, Within
from medview.inference.manifest_detectors import DetectionOutput
from medview.inference.manifest_outputs import SegmentationOutput
from medview.inference.package import ModelPackage
from medview.inference.request import InferenceRequest
from medview.inference.segmentation import parts_of

MOST_STAGES = 4
Triple = tuple[int, int, int]
Box = tuple[Triple, Triple]
"""First voxel (k, j, i) and the one after the last."""


RunOne = Callable[[InferenceRequest, Volume, Stack, Progress], InferenceResult]
"""Runs a package on a volume (:func:`medview.inference.run.run_inference` with its way to open networks)."""


def earlier_package(package: ModelPackage) -> ModelPackage | None:
    """The package whose finding crops this one's input; None where nothing does. Raises as :func:`stages_of`."""
    stages = stages_of(package)
    return stages[1] if len(stages) > 1 else None


def stages_of(package: ModelPackage) -> list[ModelPackage]:
    """A package and those that run before it, the one just before it next.

    Raises MedviewError (exit code 4): not there, not usable, finds nothing that has a place, or the chain never ends.
    """
    stages = [package]
    while (within := stages[-1].manifest.input.within) is not None:
        if len(stages) == MOST_STAGES:
            names = " ← ".join(stage.manifest.id for stage in stages)
            text = f"{package.manifest.name}: its cascade ({names} …) has more than {MOST_STAGES} stages or never ends."
            raise MedviewError("cascade_endless", text, str(package.source), ExitCode.MODEL_UNUSABLE, (names,))
        stages.append(_opened(stages[-1], within))
        _refuse_unfit(stages[-2].manifest, within, stages[-1].manifest, package)
    return stages


def _opened(package: ModelPackage, within: Within) -> ModelPackage:
    if package.inner is not None:
        return package.inner
    from medview.inference.library import find_package

    try:
        return find_package(str(within.package))
    except MedviewError as error:
        if error.code != "package_missing":
            raise
        text = f"{package.manifest.name} needs the package {within.package} before it, which is not installed."
        raise MedviewError(
            "cascade_missing", text, str(package.source), ExitCode.MODEL_UNUSABLE, (str(within.package),)
        ) from error


def _refuse_unfit(manifest: Manifest, within: Within, first: Manifest, package: ModelPackage) -> None:
    output = first.output
    if not isinstance(output, SegmentationOutput | DetectionOutput):
        why = f"{first.id} says no place, only {first.task}"
    else:
        known = [label.name for label in output.labels]
        missing = [name for name in within.labels if name not in known]
        if not missing:
            return
        why = f"{first.id} finds no {missing[0]!r}, but {', '.join(known)}"
    text = f"manifest.json of {manifest.id}: input.within: {why}."
    raise MedviewError("manifest_unfit", text, str(package.source), ExitCode.MODEL_UNUSABLE)


def run_within(
    request: InferenceRequest, volume: Volume, stack: Stack, progress: Progress, run: RunOne
) -> InferenceResult:
    """Run the earlier package on the whole, this one on what it found; the result lies on the whole series.

    Raises MedviewError ``nothing_to_crop`` (exit code 3) where the earlier package finds nothing, and as runs do.
    """
    package = request.package
    last = last_stage(request, volume, stack, progress, run)
    before, box = last.before, last.box
    found = run(last.request, last.volume, last.stack, progress)
    timing = dict(found.timing_s)
    spent = dict(before.timing_s).get("total", 0.0)
    whole = laid_back(found, before, volume, request.time, box, package.manifest)
    earlier = EarlierRun(before.provenance, (box[0], box[1]))
    return replace(
        whole,
        earlier=(*before.earlier, earlier),
        warnings=(*before.warnings, *found.warnings),
        timing_s=((STEP_LOCATE, spent), *(timing | {"total": timing.get("total", 0.0) + spent}).items()),
    )


@dataclass(frozen=True, eq=False)
class LastStage:
    """What the last package of a cascade is given: a request without ``within``, and the part of the series inside ``box``."""

    request: InferenceRequest
    volume: Volume
    stack: Stack
    box: Box
    before: InferenceResult


def last_stage(request: InferenceRequest, volume: Volume, stack: Stack, progress: Progress, run: RunOne) -> LastStage:
    """Run the earlier packages, and cut out what they found. Raises as :func:`run_within`."""
    package = request.package
    within = package.manifest.input.within
    first = earlier_package(package)
    assert within is not None, "the caller looked"
    assert first is not None, "within names it"
    before = run(replace(request, package=first, channels=()), volume, stack, as_locating(progress))
    box = found_box(before, within, volume, stack)
    if box is None:
        what = " or ".join(within.labels) or "anything"
        text = (
            f"{first.manifest.name} did not find {what}, where the input of {package.manifest.name} would be cut out."
        )
        raise MedviewError("nothing_to_crop", text, None, ExitCode.INPUT_UNUSABLE)
    alone = package.manifest.input.model_copy(update={"within": None})
    later = replace(package, manifest=package.manifest.model_copy(update={"input": alone}))
    part, piece = cropped(volume, stack, request.time, box)
    return LastStage(replace(request, package=later, time=0), part, piece, box, before)


def as_locating(progress: Progress) -> Progress:
    """All steps of the earlier package as one: how far its network is."""
    known = (0, 0)

    def told(step: str, done: int, total: int) -> None:
        nonlocal known
        if step in {STEP_NETWORK, STEP_LOCATE}:
            known = (done, total)
        progress(STEP_LOCATE, *known)

    return told


def found_box(result: InferenceResult, within: Within, volume: Volume, stack: Stack) -> Box | None:
    """The voxels around all that was found, ``margin_mm`` wider, inside the volume; None where nothing was found."""
    low, high = _extent(result, within)
    if low is None or high is None:
        return None
    margin = _margin(within.margin_mm, volume.geometry, stack)
    start = [max(0, int(a) - m) for a, m in zip(low, margin, strict=True)]
    stop = [min(size, int(b) + m) for b, m, size in zip(high, margin, volume.shape, strict=True)]
    return ((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _extent(result: InferenceResult, within: Within) -> tuple[NDArray[np.intp] | None, NDArray[np.intp] | None]:
    wanted = set(within.labels)
    if result.segmentation is not None and result.task == "segmentation":
        values = [one.value for one in result.segmentation.meanings if not wanted or wanted & parts_of(one.name)]
        where = np.isin(result.segmentation.labels, values)
        spans = [np.flatnonzero(where.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
        if not len(spans[0]):
            return None, None
        return np.array([span[0] for span in spans]), np.array([span[-1] + 1 for span in spans])
    least = result.shown_threshold if within.score is None else within.score
    boxes = [one.box_voxel for one in result.findings if one.score >= least and (not wanted or one.label in wanted)]
    if not boxes:
        return None, None
    corners = np.asarray(boxes)
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    return np.floor(low + 0.5).astype(np.intp), np.ceil(high + 0.5).astype(np.intp)


def _margin(mm: float, geometry: Geometry | None, stack: Stack) -> list[int]:
    """Voxels along k, j and i; pictures have none along k, and pixels where nothing says how large one is."""
    if geometry is not None:
        spacing = geometry.spacing
        return [int(np.ceil(mm / size - 1e-6)) for size in spacing]
    dj, di = stack.pixel_spacing or (1.0, 1.0)
    return [0, int(np.ceil(mm / dj - 1e-6)), int(np.ceil(mm / di - 1e-6))]


def cropped(volume: Volume, stack: Stack, time: int, box: Box) -> tuple[Volume, Stack]:
    """The part of one time point inside ``box``, and a stack that speaks of this part alone."""
    (k0, j0, i0), (k1, j1, i1) = box
    geometry = _part_of(volume.geometry, box) if volume.geometry is not None else None
    part = replace(
        volume,
        stored=volume.stored[k0:k1, j0:j1, i0:i1],
        transform=volume.transform.part(k0, k1),
        geometry=geometry,
        states=None if volume.states is None else volume.states[k0:k1],
    )
    first = time * stack.shape[0]
    frames = slice(first + k0, first + k1)
    piece = replace(
        stack,
        shape=(k1 - k0, j1 - j0, i1 - i0),
        timepoints=1,
        frames=stack.frames[frames],
        transform=stack.transform.part(first + k0, first + k1),
        geometry=geometry,
        vois=stack.vois[frames] if len(stack.vois) > 1 else stack.vois,
        planes=None,
        time_labels=("",),
        dimensions=(),
        whole=None,
        regions=(),
        graphics=(),
    )
    return part, piece


def _part_of(geometry: Geometry, box: Box) -> Geometry:
    (k0, j0, i0), (k1, j1, i1) = box
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.voxel_to_patient(np.array([k0, j0, i0], dtype=np.float64))
    origins = None
    if geometry.slice_origins is not None:
        origins = geometry.slice_origins[k0:k1] + geometry.affine[:3, 0] * i0 + geometry.affine[:3, 1] * j0
    return Geometry((k1 - k0, j1 - j0, i1 - i0), affine, geometry.frame_of_reference, origins)


def laid_back(
    result: InferenceResult, before: InferenceResult, volume: Volume, time: int, box: Box, manifest: Manifest
) -> InferenceResult:
    """A result on the part inside ``box`` as one on the whole volume; outside is nothing."""
    low = box[0]
    inside = tuple(slice(a, b) for a, b in zip(*box, strict=True))
    segmentation, image = result.segmentation, result.image
    if segmentation is not None:
        labels = np.zeros(volume.shape, dtype=segmentation.labels.dtype)
        labels[inside] = segmentation.labels
        segmentation = Segmentation(labels, volume.geometry, segmentation.meanings, time)
    if image is not None:
        outside = getattr(manifest.output, "outside", "minimum")
        fill = float(image.values.min()) if outside == "minimum" else float(outside)
        times = tuple(fine // (b - a) for fine, a, b in zip(image.values.shape, *box, strict=True))
        cut = (times[0], times[1], times[2])
        values = np.full([size * n for size, n in zip(volume.shape, cut, strict=True)], fill, dtype=np.float32)
        values[tuple(slice(a * n, b * n) for a, b, n in zip(*box, cut, strict=True))] = image.values
        geometry = None if volume.geometry is None else finer(volume.geometry, cut)
        image = DerivedImage(values, geometry, image.title, image.unit, time)
    return replace(
        result,
        provenance=replace(result.provenance, input_sha256=before.provenance.input_sha256, time=time),
        segmentation=segmentation,
        image=image,
        findings=tuple(_moved(finding, low) for finding in result.findings),
    )


def _moved(finding: Finding, low: Triple) -> Finding:
    def shifted(voxel: tuple[float, float, float]) -> tuple[float, float, float]:
        return (voxel[0] + low[0], voxel[1] + low[1], voxel[2] + low[2])

    points = tuple(
        Keypoint(point.name, shifted(point.voxel), point.lps, point.score, point.shown) for point in finding.keypoints
    )
    return replace(
        finding,
        center_voxel=shifted(finding.center_voxel),
        box_voxel=(shifted(finding.box_voxel[0]), shifted(finding.box_voxel[1])),
        k=finding.k + low[0],
        keypoints=points,
    )
