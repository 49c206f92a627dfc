"""What is done to a whole label at once, in the background: each as a step that can be taken back.

The work is done on a copy of the part of the label map that it concerns. Where the labels were changed meanwhile, what it gives is
dropped and that is said, so that it never takes a stroke away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.app.brush_stroke import values_in_range
from medview.app.label_settings import WorkSettings
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.finding import Segmentation
from medview.core.label_edit import edit_between

if TYPE_CHECKING:
    from medview.app.correction import Correction
    from medview.app.shown_slice import ShownSlice
    from medview.app.workspace import Workspace
    from medview.core.progress import Progress
    from medview.core.volume import Volume

BoolArray = NDArray[np.bool_]
Labels = NDArray[np.unsignedinteger]
Corner = tuple[int, int, int]
Answer = tuple[Corner, Labels, Labels] | None
"""First voxel of a part of the label map, that part before and after; None where there is nothing to do."""

Operation = Literal["holes", "smooth", "largest", "islands", "between", "add", "subtract", "intersect", "clear"]

TITLES: dict[Operation, str] = {
    "holes": QT_TRANSLATE_NOOP("Step", "Fill holes"),
    "smooth": QT_TRANSLATE_NOOP("Step", "Smooth"),
    "largest": QT_TRANSLATE_NOOP("Step", "Keep the largest part"),
    "islands": QT_TRANSLATE_NOOP("Step", "Remove islands"),
    "between": QT_TRANSLATE_NOOP("Step", "Fill between slices"),
    "add": QT_TRANSLATE_NOOP("Step", "Add another label"),
    "subtract": QT_TRANSLATE_NOOP("Step", "Take another label away"),
    "intersect": QT_TRANSLATE_NOOP("Step", "Keep what is in another label"),
    "clear": QT_TRANSLATE_NOOP("Step", "Clear the label"),
}
GROW = QT_TRANSLATE_NOOP("Step", "Grow a region")


@dataclass(frozen=True, eq=False)
class OtherLabel:
    """A label of any segmentation on the same voxels."""

    title: str
    segmentation: Segmentation
    value: int


def box_of(labels: Labels, value: int) -> tuple[Corner, Corner] | None:
    """First voxel of a label and the one behind its last; None where there is none."""
    low, high = [labels.shape[0], labels.shape[1], labels.shape[2]], [0, 0, 0]
    for k in range(len(labels)):
        where = labels[k] == value
        rows = np.flatnonzero(where.any(axis=1))
        if not len(rows):
            continue
        columns = np.flatnonzero(where.any(axis=0))
        low = [min(low[0], k), min(low[1], int(rows[0])), min(low[2], int(columns[0]))]
        high = [k + 1, max(high[1], int(rows[-1]) + 1), max(high[2], int(columns[-1]) + 1)]
    if high[0] == 0:
        return None
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def part_of(labels: Labels, value: int, margin: tuple[int, int, int] = (0, 0, 0)) -> tuple[Corner, Labels] | None:
    """A copy of the part of a label map around a label."""
    box = box_of(labels, value)
    if box is None:
        return None
    low = [max(0, first - more) for first, more in zip(box[0], margin, strict=True)]
    high = [min(size, last + more) for last, more, size in zip(box[1], margin, labels.shape, strict=True)]
    part = labels[low[0] : high[0], low[1] : high[1], low[2] : high[2]].copy()
    return (low[0], low[1], low[2]), part


def with_mask(part: Labels, value: int, mask: BoolArray, over_all: bool) -> Labels:
    """The part with the label exactly where ``mask`` says; other labels are painted over only where that is allowed."""
    after = part.copy()
    after[(part == value) & ~mask] = 0
    after[mask & ((part == 0) | over_all)] = value
    return after


def axis_of(shown: ShownSlice | None, correction: Correction) -> int:
    """The voxel axis (0 k, 1 j, 2 i) that the slices shown are stacked along."""
    geometry = correction.segmentation.geometry
    if shown is None or shown.plane_kind == "acquired" or shown.normal is None or geometry is None:
        return 0
    directions = np.array([geometry.normal, geometry.column_direction, geometry.row_direction])
    return int(np.argmax(np.abs(directions @ shown.normal)))


def spacing_of(correction: Correction) -> tuple[float, float, float]:
    """(dk, dj, di) in mm; px where nothing says what a pixel is."""
    geometry = correction.segmentation.geometry
    if geometry is not None:
        return geometry.spacing
    return (1.0, *correction.pixel_mm)


def operate(
    workspace: Workspace,
    operation: Operation,
    settings: WorkSettings,
    shown: ShownSlice | None = None,
    other: OtherLabel | None = None,
) -> None:
    """Do something to the label that is worked on. Holes and gaps are looked for slice by slice as they are ``shown``."""
    corrections = workspace.corrections
    correction = corrections.target
    if correction is None or (operation in {"add", "subtract", "intersect"} and other is None):
        return
    labels, value = correction.labels, corrections.value
    over_all = corrections.brush.over == "all"
    spacing, axis = spacing_of(correction), axis_of(shown, correction)

    def work(progress: Progress) -> Answer:
        if other is not None:
            return _combined(labels, value, operation, other, over_all)
        return _changed(labels, value, operation, settings, spacing, axis, over_all, progress)

    _run(workspace, correction, work, TITLES[operation])


def _changed(
    labels: Labels,
    value: int,
    operation: Operation,
    settings: WorkSettings,
    spacing: tuple[float, float, float],
    axis: int,
    over_all: bool,
    progress: Progress,
) -> Answer:
    from medview.processing import label_operations as does

    reach = [int(np.ceil(3 * settings.smooth_mm / step)) + 1 for step in spacing]
    margin = (reach[0], reach[1], reach[2]) if operation == "smooth" else (0, 0, 0)
    found = part_of(labels, value, margin)
    if found is None:
        return None
    corner, part = found
    mask = part == value
    if operation == "holes":
        new = does.holes_filled(does.holes_filled(mask), axis)
    elif operation == "smooth":
        new = does.smoothed(mask, spacing, settings.smooth_mm)
    elif operation == "largest":
        new = does.largest_part(mask)
    elif operation == "islands":
        voxel = float(np.prod(spacing)) / 1000
        new = does.without_islands(mask, max(2, int(np.ceil(settings.island_ml / voxel - 1e-9))))
    elif operation == "between":
        new = does.between_slices(mask, axis, spacing, progress)
    else:
        new = np.zeros_like(mask)
    return corner, part, with_mask(part, value, new, over_all)


def _combined(labels: Labels, value: int, operation: Operation, other: OtherLabel, over_all: bool) -> Answer:
    theirs = other.segmentation.labels
    whole = labels.copy() if theirs is labels else labels
    mine, others = box_of(whole, value), box_of(theirs, other.value)
    boxes = [box for box in ((mine, others) if operation == "add" else (mine,)) if box is not None]
    if not boxes:
        return None
    low = np.min([box[0] for box in boxes], axis=0)
    high = np.max([box[1] for box in boxes], axis=0)
    index = tuple(slice(int(first), int(last)) for first, last in zip(low, high, strict=True))
    part = whole[index].copy()
    mask, given = part == value, theirs[index] == other.value
    new = {"add": mask | given, "subtract": mask & ~given, "intersect": mask & given}[operation]
    # What belongs to the other label of the same map is taken over: that is what adding it means.
    takes = over_all or theirs is labels
    return (int(low[0]), int(low[1]), int(low[2])), part, with_mask(part, value, new, takes)


def _seed_in_slab(shown: ShownSlice, volume: Volume, x: float, y: float) -> tuple[int, int, int] | None:
    """The voxel whose value is seen at image (x, y) of a maximum or minimum; None for a mean and where nothing is there."""
    slab, geometry = shown.slab, volume.geometry
    if slab is None or geometry is None or shown.plane is None or slab.projection == "mean":
        return None
    step = min(geometry.spacing) / 2
    depths = np.arange(-slab.thickness_mm / 2, slab.thickness_mm / 2 + step / 2, step)
    places = shown.plane.plane_to_patient((x, y)) + depths[:, None] * shown.plane.normal
    voxels = np.unique(np.floor(geometry.patient_to_voxel(places) + 0.5).astype(int), axis=0)
    best: tuple[float, tuple[int, int, int]] | None = None
    for k, j, i in voxels.tolist():
        if not all(0 <= at < size for at, size in zip((k, j, i), volume.shape, strict=True)) or not volume.is_loaded(k):
            continue
        value = float(volume.transform.apply(volume.stored[k, j, i], k))
        value = value if slab.projection == "max" else -value
        if best is None or value > best[0]:
            best = (value, (k, j, i))
    return None if best is None else best[1]


def grow(workspace: Workspace, shown: ShownSlice, volume: Volume, x: float, y: float, flat: bool = False) -> bool:
    """Grow a region from image (x, y) over values like the one that lies there; False where nothing can grow.

    ``flat``: only over voxels that the slice shown goes through, whichever way it is cut.
    """
    from medview.core.brush import layer_of
    from medview.core.plane import plane_of_slice

    corrections = workspace.corrections
    correction = corrections.target
    if correction is None or volume.is_colour:
        return False
    geometry, brush, value = correction.segmentation.geometry, corrections.brush, corrections.value
    shape = volume.shape
    if shown.slab is not None:
        found = _seed_in_slab(shown, volume, x, y)
        if found is None:
            text = "A region grows from one place: the mean of a slab is of none. Show its maximum, its minimum or one slice."
            workspace.tell("grow_in_mean", text)
            return False
        seed = found
    elif shown.plane_kind == "acquired":
        seed = (shown.k or 0, int(np.floor(y + 0.5)), int(np.floor(x + 0.5)))
    elif geometry is None or shown.plane is None:
        return False
    else:
        at = np.floor(geometry.patient_to_voxel(shown.plane.plane_to_patient((x, y))) + 0.5).astype(int)
        seed = (int(at[0]), int(at[1]), int(at[2]))
    if not all(0 <= at < size for at, size in zip(seed, shape, strict=True)) or not volume.is_loaded(seed[0]):
        return False
    low, high = brush.limits
    if not brush.limited:
        here = float(volume.transform.apply(volume.stored[seed], seed[0]))
        low, high = here - brush.tolerance, here + brush.tolerance
    labels, over_all = correction.labels, brush.over == "all"
    middle = None
    if geometry is not None:
        middle = plane_of_slice(geometry, seed[0]).plane_to_patient((seed[2], seed[1]))
    spacing = spacing_of(correction)
    on_cut = None
    if flat and geometry is not None and shown.plane_kind != "acquired" and shown.normal is not None:
        through = shown.image_to_patient(x, y) if shown.slab is None else None
        on_cut = layer_of(geometry, shown.normal, seed, through)

    def in_range(k: int) -> BoolArray:
        if not volume.is_loaded(k) or (flat and on_cut is None and k != seed[0]):
            return np.zeros(shape[1:], dtype=np.bool_)
        where = values_in_range(volume, k, low, high)
        if on_cut is not None:
            where &= on_cut(k)
        if not over_all:
            where &= (labels[k] == 0) | (labels[k] == value)
        return where & _near(k)

    def _near(k: int) -> BoolArray:
        rows = (np.arange(shape[1]) - seed[1]) * spacing[1]
        columns = (np.arange(shape[2]) - seed[2]) * spacing[2]
        depth = (k - seed[0]) * spacing[0]
        if geometry is not None and middle is not None:
            depth = float((geometry.origins[k] - geometry.origins[seed[0]]) @ geometry.normal)
        return np.asarray(rows[:, None] ** 2 + columns[None, :] ** 2 + depth**2 <= brush.reach_mm**2)

    def work(progress: Progress) -> Answer:
        from medview.processing.label_operations import grown

        corner, mask = grown(in_range, shape, seed, progress)
        if not mask.size:
            return None
        index = tuple(slice(first, first + size) for first, size in zip(corner, mask.shape, strict=True))
        part = labels[index].copy()
        return corner, part, with_mask(part, value, mask | (part == value), over_all)

    _run(workspace, correction, work, GROW)
    return True


def _run(workspace: Workspace, correction: Correction, work: Callable[[Progress], Answer], what: str) -> None:
    from medview.jobs.queue import Lane

    version = correction.version

    def done(answer: Answer) -> None:
        if workspace.corrections.get(correction.id) is not correction:
            return
        if answer is None:
            text = "Nothing was changed: the label is empty there."
            workspace.tell("label_empty", text)
            return
        if correction.version != version or workspace.corrections.is_painting:
            text = "The labels were changed meanwhile, so nothing was done. Try it again."
            workspace.tell("labels_changed", text, severity="warning")
            return
        corner, before, after = answer
        shape = correction.labels.shape
        edit = edit_between(before, after, corner, (shape[0], shape[1], shape[2]))
        if edit is None:
            workspace.tell("label_same", "Nothing was changed: there is nothing of that kind.")
        else:
            workspace.corrections.do_edit(correction, edit, what)

    job: Any = workspace.jobs.submit(
        "label", work, Lane.ANALYSIS, on_done=done, on_failed=workspace.tell_error, supersedes=f"label:{correction.id}"
    )
    workspace.background.remember(job)


def other_labels(workspace: Workspace, correction: Correction, value: int) -> list[OtherLabel]:
    """Labels that can be combined with the one that is worked on: of all segmentations on the same voxels."""
    found: list[OtherLabel] = []
    for result in workspace.results.of(correction.stack_id):
        segmentation = result.segmentation
        if segmentation is None or segmentation.labels.shape != correction.labels.shape:
            continue
        own = result.provenance.package_id == correction.id
        if not own and segmentation.time != correction.segmentation.time:
            continue
        for label in segmentation.meanings:
            if own and label.value == value:
                continue
            title = label.name if own else f"{label.name} ({result.provenance.package_name})"
            found.append(OtherLabel(title, segmentation, label.value))
    return found
