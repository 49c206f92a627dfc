"""One picture of a volume in three dimensions without a window: what ``medview render --three-d`` writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medview.app.headless import Choice, checked_time, load_whole
from medview.app.model_result import read_model_result
from medview.app.object_inspection import overlay_on
from medview.app.shown_slice import sides_are_known
from medview.app.solid_grid import check_solid
from medview.app.solid_process import SolidProcess, check_installed
from medview.app.solid_surfaces import SolidLabel, labels_of, part_of
from medview.app.solid_view import box_around, camera_of, look_of, preset_of, scene_of, turned_axes_of
from medview.app.view_transform import ViewTransform
from medview.core.display import OverlayStyle
from medview.core.person_name import shown_person_name
from medview.core.plane import edge_letters, oblique_plane
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.scene import ClipBox, SolidStyle
from medview.core.solid_presets import PRESETS, presets_of
from medview.core.study import Stack
from medview.formats.picture_writing import write_png, write_text

LARGEST_SIDE = 4096


@dataclass(frozen=True, slots=True)
class SolidWish:
    """What is asked: ``azimuth`` and ``elevation`` in degrees from the front, ``clip`` as (x, y, z) low and high LPS mm."""

    preset: str
    azimuth: float = 0.0
    elevation: float = 0.0
    time: int | None = None
    clip: tuple[float, float, float, float, float, float] | None = None
    size: tuple[int, int] = (800, 800)
    text: bool = False
    model_result: str | None = None
    overlay: str | None = None


def render_solid(choice: Choice, wish: SolidWish, path: str, progress: Progress = no_progress) -> dict[str, Any]:
    """Draw and write ``path`` (.png); returns what was drawn, JSON-ready. Raises MedviewError."""
    policy().refuse("export")
    study, series, stack = choice
    check_solid(stack)
    check_installed()
    geometry = stack.geometry
    assert geometry is not None, "checked"
    style = SolidStyle(_checked_preset(wish.preset, stack), box=_checked_box(wish.clip, stack))
    if not all(16 <= side <= LARGEST_SIDE for side in wish.size):
        text = f"The size {wish.size[0]} {wish.size[1]} cannot be drawn: each side is 16 to {LARGEST_SIDE}."
        raise MedviewError("bad_size", text, exit_code=ExitCode.BAD_USE)
    if not -360 <= wish.azimuth <= 360 or not -90 <= wish.elevation <= 90:
        text = "--azimuth is -360 to 360 degrees, --elevation -90 to 90."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    time = checked_time(stack, wish.time)
    result = read_model_result(wish.model_result, stack) if wish.model_result is not None else None
    labels = _labels(wish, stack)
    if result is not None and result.segmentation is not None:
        labels += labels_of("model", result.segmentation, result.segmentation.meanings, OverlayStyle())
    u, v = turned_axes_of(wish.azimuth, wish.elevation)
    plane = oblique_plane(geometry, u, v, float(np.cross(u, v) @ geometry.bounds.mean(axis=0)))
    transform = ViewTransform.build(plane.size, (plane.spacing[1], plane.spacing[0]), (wish.size[0], wish.size[1]))
    camera = camera_of(plane, transform)
    volume = load_whole(stack, time, progress)
    process = SolidProcess()
    try:
        process.put_volume(volume, progress)
        assert process.values is not None
        assert process.grid is not None
        made: dict[str, float] = {}
        for label in labels:
            part = part_of(label)
            if part is not None:
                made[label.name] = round(process.put_surface(label.key, part)[1] / 1000, 4)
        look = look_of(style, stack, process.values)
        picture, _, _ = process.draw(scene_of(style, camera, look, labels))
        step = process.grid.step
    finally:
        process.close()
    marks = [f"Reduced {step}x" if step > 1 else "", "Clipped by a box" if style.box is not None else ""]
    if wish.text:
        patient, context = study.patient, stack.context
        letters = edge_letters(plane, transform.inverse)
        known = sides_are_known(stack)
        words = (letters.left, letters.right, letters.top, letters.bottom) if known else ("", "", "", "")
        number = "" if series.number is None else str(series.number)
        picture = write_text(
            picture,
            [
                ("top_left", (shown_person_name(patient.told_name), patient.patient_id, patient.birth_date)),
                ("top_right", (study.description, f"{study.date} {study.time[:6]}")),
                ("bottom_left", (*marks, preset_of(style, stack).title)),
                (
                    "bottom_right",
                    (
                        result.said_by if result is not None else "",
                        context.lossy,
                        f"{context.modality} {number} {context.description}".strip(),
                    ),
                ),
                *((side, (one,)) for side, one in zip(("left", "right", "top", "bottom"), words, strict=True)),  # type: ignore[list-item]
            ],
        )
    write_png(path, picture)
    return {
        "output": path,
        "stack": stack.id,
        "time": time,
        "three_d": style.preset,
        "azimuth": wish.azimuth,
        "elevation": wish.elevation,
        "clip": None if style.box is None else [*style.box.low, *style.box.high],
        "reduced": step,
        "surfaces": made,
        "surfaces_unit": "ml",
        "size": [picture.shape[1], picture.shape[0]],
    }


def _checked_preset(name: str, stack: Stack) -> str:
    fitting = presets_of(stack.context.modality, stack.unit)
    if name in {"auto", ""}:
        return fitting[0].id
    if name not in PRESETS:
        text = f"There is no preset {name}; there are {', '.join(PRESETS)}."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    if not PRESETS[name].relative and stack.unit != "HU":
        text = f"The preset {name} is in Hounsfield units, and the values of stack {stack.id} are not: use mr or mip."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    return name


def _checked_box(clip: tuple[float, ...] | None, stack: Stack) -> ClipBox | None:
    if clip is None:
        return None
    assert stack.geometry is not None
    all_there = box_around(stack.geometry)
    try:
        box = ClipBox((clip[0], clip[1], clip[2]), (clip[3], clip[4], clip[5]))
    except ValueError as error:
        text = "--clip takes the low x, y, z and then the high ones, in LPS mm."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE) from error
    if any(box.high[axis] < all_there.low[axis] or box.low[axis] > all_there.high[axis] for axis in range(3)):
        raise MedviewError("outside_volume", "The box of --clip lies outside the volume.")
    return box


def _labels(wish: SolidWish, stack: Stack) -> tuple[SolidLabel, ...]:
    """Those of the object that is laid over it."""
    if wish.overlay is None:
        return ()
    overlay = overlay_on(wish.overlay, stack)
    meanings = tuple(part.label for part in overlay.parts)
    found: tuple[SolidLabel, ...] = ()
    for number, one in enumerate(overlay.segmentations):
        found += labels_of(f"overlay#{number}", one, meanings, OverlayStyle())
    if not found:
        text = f"{wish.overlay} holds no labels with a place in the patient that could be surfaces."
        raise MedviewError("no_overlay", text, wish.overlay)
    return found
