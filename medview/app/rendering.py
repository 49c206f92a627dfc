"""One picture of a stack without a window: what ``medview render`` writes, composed by what the viewport composes with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from medview.app.colour_maps import map_for_render
from medview.app.colour_profiles import read_colour_profile
from medview.app.file_drawings import drawn_source
from medview.app.finding_points import draw_points, points_described, points_on
from medview.app.headless import Choice, checked_time, load_frames, load_whole
from medview.app.model_result import (
    FindingBox,
    ModelResult,
    finding_boxes,
    finding_colour,
    labels_on,
    read_model_result,
)
from medview.app.object_inspection import described_notes, overlay_on
from medview.app.overlay_layers import label_layers, painted_layers
from medview.app.presented import PresentationLayer, presented_slice, presented_voi
from medview.app.rendered_cut import CutWish, cut_at
from medview.app.rendered_fusion import FusionWish, RenderedFusion, fusion_on
from medview.app.rendered_window import described_window, window_of_reader, window_words
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import orientation_matrix
from medview.core.colour_map import INVERTED_GREY, ColourMap
from medview.core.cut import Slice, acquired_slice
from medview.core.display import (
    Overlay,
    OverlayStyle,
    PictureBox,
    SampledSlice,
    compose_picture,
    declared_window,
    draw_labels,
    percentile_window,
    resolve_window,
    sample_labels,
    sample_slice,
)
from medview.core.graphics import FrameGraphics
from medview.core.overlay import StudyOverlay
from medview.core.person_name import shown_person_name
from medview.core.plane import (
    EdgeLetters,
    Plane,
    PlaneKind,
    anatomical_plane,
    edge_letters,
    edge_letters_of_orientation,
    plane_of_frame,
    plane_of_slice,
    plane_range,
)
from medview.core.policy import policy
from medview.core.presentation_state import PresentationState
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.slab import Slab, project_labels
from medview.core.study import FrameSource, Stack
from medview.core.volume import Volume
from medview.core.window import Voi, Window
from medview.dicom.decode_worker import read_source
from medview.formats.colour_profile import ColourProfile
from medview.formats.picture_writing import Corner, write_png, write_text

LARGEST_SIDE = 16384

log = logging.getLogger(__name__)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RenderWish:
    """What is to be drawn: a ``frame`` (0-based, sorted) or a ``plane`` at ``position_mm``; ``size`` is (w, h)."""

    time: int | None = None
    frame: int | None = None
    plane: PlaneKind | None = None
    position_mm: float | None = None
    window: tuple[float, float] | None = None
    size: tuple[int, int] | None = None
    text: bool = False
    model_result: str | None = None
    graphics: bool = True
    """Whether what the file itself draws over a frame (overlay planes …) is drawn too."""
    icc: bool = True
    """Whether colours are drawn through the file's ICC profile."""
    overlay: str | None = None
    """A segmentation, structure set, dose or parametric map to lay over it."""
    overlay_map: str | None = None
    presentation_state: str | None = None
    """A softcopy presentation state that says how the frame is shown."""
    cut: CutWish = field(default_factory=CutWish)
    """A slab, an oblique plane."""
    colour_map: str | None = None
    """Id of a colour map or a file with one; None: grey, as the file says, PET too."""
    fusion: FusionWish | None = None
    """A second series to lay over it."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """What is drawn before it meets the output's pixels."""

    slice: Slice
    voi: Voi
    inverted: bool
    k: int | None
    time: int
    pixel_mm: tuple[float, float]
    """(per row, per column), or px where nothing is known."""
    reach_mm: float
    graphics: FrameGraphics | None = None
    presentation: PresentationLayer | None = None
    profile: ColourProfile | None = None
    colour_map: ColourMap | None = None
    slab: Slab | None = None
    fusion: RenderedFusion | None = None


def render_stack(choice: Choice, wish: RenderWish, path: str, progress: Progress = no_progress) -> dict[str, Any]:
    """Draw and write ``path`` (.png); returns what was drawn, JSON-ready.

    Raises MedviewError: no_such_frame, no_such_time, no_geometry, outside_volume, bad_window, bad_size, cannot_write …
    """
    policy().refuse("export")
    _, _, stack = choice
    reader_window = window_of_reader(wish.window)
    size = _checked_size(wish.size)
    colours = _colour_map(wish.colour_map, stack)
    fused = fusion_on(wish.fusion, choice[0], stack, progress)
    if wish.plane is None and wish.position_mm is not None:
        raise MedviewError("bad_use", "--position needs --plane.", exit_code=ExitCode.BAD_USE)
    if wish.plane is not None and wish.frame is not None:
        raise MedviewError("bad_use", "--frame and --plane exclude each other.", exit_code=ExitCode.BAD_USE)
    wish.cut.checked(frame=wish.frame, plane=wish.plane, position_mm=wish.position_mm)
    is_cut = wish.plane is not None or wish.cut.normal is not None
    if wish.presentation_state is not None and (is_cut or wish.cut.slab is not None):
        text = "A presentation state belongs to images as they were acquired: use --frame."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    result = read_model_result(wish.model_result, stack) if wish.model_result is not None else None
    overlay = overlay_on(wish.overlay, stack, wish.overlay_map) if wish.overlay is not None else None
    if is_cut:
        piece = _cut_piece(stack, wish, reader_window, progress)
    else:
        piece = _frame_piece(stack, wish, reader_window, progress)
    profile, profile_said = _profile(stack, wish)
    piece = replace(piece, profile=profile, colour_map=colours, fusion=fused)
    matrix = _screen_to_slice(piece, size)
    shape = piece.slice.values.shape[:2] if size is None else (size[1], size[0])
    if piece.presentation is not None:
        matrix, shape = _presented_view(piece, piece.presentation, size)
    found = _findings_on(piece, result, matrix)
    picture = _composed(
        piece, result, found, matrix, (shape[0], shape[1]), sampled=piece.presentation is not None or size is not None
    )
    pointed = _draw_keypoints(picture, piece, result, matrix)
    if overlay is not None:
        picture = _with_overlay(picture, overlay, piece, stack, matrix)
    if piece.presentation is not None:
        bgra = np.ascontiguousarray(picture[..., [2, 1, 0, 3]])
        piece.presentation.draw(bgra, _shown(piece), matrix)
        picture = np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])
    if wish.text:
        marks = [*((one.box.box[0], one.box.box[1], one.words) for one in found), *pointed]
        picture = write_text(picture, _texts(choice, piece, wish, result, matrix), marks)
    write_png(path, picture)
    return {
        "output": path,
        "stack": stack.id,
        "time": piece.time,
        "frame": piece.k,
        "plane": "oblique" if wish.cut.normal is not None else wish.plane,
        **wish.cut.described(piece.slice.plane),
        "position_mm": wish.position_mm if not is_cut else _position(piece, wish),
        "window": described_window(piece.voi),
        "colour_profile": profile_said,
        "colour_map": None if colours is None else colours.id,
        "fusion": None if fused is None else fused.described() | {"window": described_window(fused.voi)},
        "graphics": piece.graphics is not None,
        "notes": described_notes(overlay, piece.presentation.state if piece.presentation is not None else None),
        "size": [picture.shape[1], picture.shape[0]],
    }


def _position(piece: _Piece, wish: RenderWish) -> float | None:
    if wish.position_mm is not None or piece.slice.plane is None:
        return wish.position_mm
    return float(piece.slice.plane.normal @ np.asarray(piece.slice.plane.origin))


def _colour_map(name: str | None, stack: Stack) -> ColourMap | None:
    if name is None:
        return None
    if stack.components > 1:
        text = f"Stack {stack.id} holds colours; a colour map is for grey values."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    return map_for_render(name)


def _checked_size(size: tuple[int, int] | None) -> tuple[int, int] | None:
    if size is not None and not all(1 <= side <= LARGEST_SIDE for side in size):
        raise MedviewError(
            "bad_size",
            f"The size {size[0]} {size[1]} cannot be drawn: each side is 1 to {LARGEST_SIDE}.",
            exit_code=ExitCode.BAD_USE,
        )
    return size


# What is drawn -------------------------------------------------------------------------------------------------------


def _frame_piece(stack: Stack, wish: RenderWish, reader_window: Voi | None, progress: Progress) -> _Piece:
    time = checked_time(stack, wish.time)
    depth = stack.shape[0]
    k = depth // 2 if wish.frame is None else wish.frame
    if not 0 <= k < depth:
        raise MedviewError(
            "no_such_frame",
            f"Stack {stack.id} has no frame {k}: they are counted from 0 to {depth - 1}.",
            values=(stack.id, str(k), str(depth - 1)),
        )
    voi = reader_window or declared_window(stack, time * depth + k)
    reference = depth // 2 if stack.geometry is not None else k
    needed = [k] if voi is not None or reference == k else [k, reference]
    volumes = load_frames(stack, [time * depth + at for at in needed], progress)
    if voi is None:
        voi = percentile_window(volumes[-1], 0)
    plane = _frame_plane(stack, k, time)
    shown = replace(acquired_slice(volumes[0], 0), plane=plane, k=k)
    slab = wish.cut.slab_of(stack)
    if slab is not None:
        assert plane is not None
        whole = load_whole(stack, time, progress)
        piece = _Piece(cut_at(whole, plane, slab), voi, stack.inverted, k, time, _frame_pixel(stack), _reach(stack))
        return replace(piece, slab=slab)
    graphics = _graphics(stack, time * depth + k, progress, wish) if wish.graphics else None
    piece = _Piece(shown, voi, stack.inverted, k, time, _frame_pixel(stack), _reach(stack), graphics)
    return _presented(piece, stack, volumes[0], time * depth + k, wish)


def _profile(stack: Stack, wish: RenderWish) -> tuple[ColourProfile | None, str | None]:
    """The profile to draw colours with, and what is to be said of it: its name, that it is sRGB, off or unusable."""
    if not stack.profile_path:
        return None, None
    if not wish.icc:
        return None, "not used"
    try:
        profile = read_colour_profile(stack.profile_path)
    except ValueError as error:
        return None, f"unusable: {error}"
    return (None, "sRGB") if profile is None else (profile, profile.name or "unnamed")


def _graphics(stack: Stack, frame: int, progress: Progress, wish: RenderWish) -> FrameGraphics | None:
    if stack.graphics_of(frame) is None:
        return None
    source = drawn_source(stack, frame, _state(wish, stack.frames[frame]))
    if source is None:
        return None
    try:
        if not source.needs_codec:
            return FrameGraphics(np.asarray(read_source(source, None)))
        from medview.jobs.pool import decode_pool

        with decode_pool() as pool:
            progress("load", 0, 1)
            return FrameGraphics(pool.read(source))
    except MedviewError as error:
        # The image is there all the same; that something over it is missing is said.
        log.warning("what the file draws over the frame cannot be read: %s", error)
        return None


def _frame_plane(stack: Stack, k: int, time: int) -> Plane | None:
    if stack.geometry is not None:
        return plane_of_slice(stack.geometry, k)
    frame = time * stack.shape[0] + k
    if stack.planes is None or frame >= len(stack.planes):
        return None
    return plane_of_frame(stack.planes[frame], (stack.shape[1], stack.shape[2]))


def _frame_pixel(stack: Stack) -> tuple[float, float]:
    if stack.geometry is not None:
        return (stack.geometry.spacing[1], stack.geometry.spacing[2])
    return stack.pixel_spacing or (stack.pixel_aspect, 1.0)


def _reach(stack: Stack) -> float:
    return 0.5 * stack.geometry.spacing[0] if stack.geometry is not None else 0.5


def _cut_piece(stack: Stack, wish: RenderWish, reader_window: Voi | None, progress: Progress) -> _Piece:
    slab = wish.cut.slab_of(stack)
    if wish.plane is None:
        return _piece_on(wish.cut.plane_of(stack), stack, wish, reader_window, slab, progress)
    geometry = stack.geometry
    if geometry is None:
        raise MedviewError(
            "no_geometry",
            f"Stack {stack.id} has no common geometry, so it cannot be cut: use --frame.",
            values=(stack.id,),
        )
    if stack.shape[0] < 2:
        raise MedviewError(
            "single_slice", f"Stack {stack.id} is a single slice, which cannot be cut: use --frame.", values=(stack.id,)
        )
    low, high = plane_range(geometry, wish.plane)
    position = (low + high) / 2 if wish.position_mm is None else wish.position_mm
    if not low <= position <= high:
        raise MedviewError(
            "outside_volume",
            f"{position:g} mm lies outside the volume: {wish.plane} cuts go from {low:.2f} to {high:.2f} mm.",
            values=(f"{position:g}", wish.plane, f"{low:.2f}", f"{high:.2f}"),
        )
    plane = anatomical_plane(geometry, wish.plane, position)
    return _piece_on(plane, stack, wish, reader_window, slab, progress)


def _piece_on(
    plane: Plane, stack: Stack, wish: RenderWish, reader_window: Voi | None, slab: Slab | None, progress: Progress
) -> _Piece:
    time = checked_time(stack, wish.time)
    volume = load_whole(stack, time, progress)
    shown = cut_at(volume, plane, slab)
    voi = reader_window or resolve_window(stack, volume, _nearest_k(volume, plane), time=time)
    spacing = (plane.spacing[1], plane.spacing[0])
    return _Piece(shown, voi, stack.inverted, None, time, spacing, plane.spacing[0] / 2, slab=slab)


def _nearest_k(volume: Volume, plane: Plane) -> int:
    """The slice that the middle of the cut lies on or next to."""
    assert volume.geometry is not None
    h, w = plane.size
    k = volume.geometry.patient_to_voxel(plane.plane_to_patient(((w - 1) / 2, (h - 1) / 2)))[0]
    return int(np.clip(round(float(k)), 0, volume.shape[0] - 1))


# How it is drawn -----------------------------------------------------------------------------------------------------


def _screen_to_slice(piece: _Piece, size: tuple[int, int] | None) -> FloatArray:
    """Output (x, y) → slice (x, y): one to one, or the whole slice in true proportion in the middle of ``size`` (w, h)."""
    if size is None:
        return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    rows, columns = piece.slice.values.shape[:2]
    mm_y, mm_x = piece.pixel_mm
    step = max(columns * mm_x / size[0], rows * mm_y / size[1])
    scale_x, scale_y = step / mm_x, step / mm_y
    return np.array(
        [
            [scale_x, 0.0, (columns - 1) / 2 - scale_x * (size[0] - 1) / 2],
            [0.0, scale_y, (rows - 1) / 2 - scale_y * (size[1] - 1) / 2],
        ]
    )


def _findings_on(piece: _Piece, result: ModelResult | None, matrix: FloatArray) -> list[FindingBox]:
    """Findings that the picture meets, in its own pixels."""
    if result is None or result.time != piece.time:
        return []
    found = finding_boxes(result.findings, piece.slice.plane, piece.k, piece.reach_mm)
    return [replace(one, box=_on_screen(one.box, matrix)) for one in found]


def _draw_keypoints(
    picture: NDArray[np.uint8], piece: _Piece, result: ModelResult | None, matrix: FloatArray
) -> list[tuple[float, float, str]]:
    """Draw the named points of findings over the RGBA picture; returns where their names go."""
    words = []
    for finding in result.findings if result is not None and result.time == piece.time else ():
        points, bones = points_described(finding)
        inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
        seen = points_on(points, _shown(piece), None, piece.reach_mm)
        places = {n: inverse @ (x, y, 1.0) for n, (x, y) in seen.items()}
        spots = {n: (float(x), float(y)) for n, (x, y) in places.items()}
        draw_points(picture, bones, spots, finding_colour(finding))
        words += [(x + 6, y - 2, points[n].name) for n, (x, y) in spots.items()]
    return words


def _composed(
    piece: _Piece,
    result: ModelResult | None,
    found: Sequence[FindingBox],
    matrix: FloatArray,
    shape: tuple[int, int],
    *,
    sampled: bool,
) -> NDArray[np.uint8]:
    source = piece.slice
    drawn = (
        sample_slice(source, matrix, shape)
        if sampled
        else SampledSlice(source.values, source.coverage, source.missing, source.padding)
    )
    overlays: list[Overlay] = []
    segmentation = result.segmentation if result is not None and result.time == piece.time else None
    if segmentation is not None:
        labels = labels_on(segmentation, source.plane, piece.k)
        if piece.slab is not None and source.plane is not None and segmentation.geometry is not None:
            labels = project_labels(segmentation.labels, segmentation.geometry, source.plane, piece.slab)
        if labels is not None:
            on_screen = sample_labels(labels, matrix, shape) if sampled else labels
            overlays.append((on_screen, segmentation.meanings, OverlayStyle()))
    colour = drawn.values.ndim == 3
    if colour and piece.profile is not None:
        drawn = replace(drawn, values=piece.profile.to_srgb(drawn.values))
    palette = piece.presentation.state.palette if piece.presentation is not None else None
    chosen = piece.colour_map
    turned = chosen is not None and chosen.id == INVERTED_GREY
    return compose_picture(
        drawn.values,
        drawn.coverage,
        piece.voi if not colour or isinstance(piece.voi, Window) else None,
        piece.inverted != turned,
        padding=drawn.padding,
        overlays=overlays,
        colour_map=palette if chosen is None else None if chosen.is_grey else chosen.table,
        boxes=[one.box for one in found],
        missing=drawn.missing,
        graphics=_sampled_graphics(piece.graphics, matrix, shape, sampled=sampled),
        fused=None if piece.fusion is None else piece.fusion.sample(source.plane, matrix, shape),
    )


def _shown(piece: _Piece) -> ShownSlice:
    kind = "acquired" if piece.k is not None else "axial"
    shape = piece.slice.values.shape[:2]
    return ShownSlice((shape[0], shape[1]), piece.pixel_mm, piece.slice.plane, None, "none", cast("Any", kind), piece.k)


def _state(wish: RenderWish, source: FrameSource) -> PresentationState | None:
    """The wished presentation state, None where there is none or it is about other images."""
    if wish.presentation_state is None:
        return None
    from medview.dicom.presentation_state import read_presentation_state

    state = read_presentation_state(wish.presentation_state)
    return state if state.applies_to(source.sop_uid, source.frame) else None


def _presented(piece: _Piece, stack: Stack, volume: Volume, frame: int, wish: RenderWish) -> _Piece:
    """A frame as the wished presentation state shows it."""
    if wish.presentation_state is None:
        return piece
    source = stack.frames[frame]
    state = _state(wish, source)
    if state is None:
        text = f"{wish.presentation_state} says nothing of frame {piece.k} of {stack.id}."
        raise MedviewError("state_of_other_images", text, wish.presentation_state, values=(str(piece.k), stack.id))
    pixels = getattr(source, "pixels", None)
    bits, signed = (pixels.bits_stored, pixels.signed) if pixels is not None else (16, False)
    voi = presented_voi(state, source.sop_uid, source.frame, bits, signed, volume.is_colour)
    layer = PresentationLayer(state, source.sop_uid, source.frame)
    values = presented_slice(state, volume, 0, piece.slice)
    chosen = window_of_reader(wish.window) or voi
    return replace(
        piece,
        slice=values,
        voi=chosen if chosen is not None else piece.voi,
        inverted=state.inverse if chosen is voi and voi is not None else piece.inverted,
        presentation=layer,
    )


def _presented_view(
    piece: _Piece, layer: PresentationLayer, size: tuple[int, int] | None
) -> tuple[FloatArray, tuple[int, int]]:
    """Output (x, y) → slice (x, y), and the output's (h, w): the displayed area, turned and mirrored."""
    state = layer.state
    rows, columns = piece.slice.values.shape[:2]
    area = state.area_of(layer.sop_uid, layer.frame)
    first, last = (area.first, area.last) if area is not None else ((1, 1), (columns, rows))
    extent = (last[0] - first[0] + 1, last[1] - first[1] + 1)
    if min(extent) < 1 or max(extent) > LARGEST_SIDE:
        text = f"{state.path} cannot be applied as a presentation state: its displayed area is empty or too large."
        raise MedviewError("unusable_presentation_state", text, state.path)
    turned = state.view_rotation % 2 == 1
    mm_y, mm_x = piece.pixel_mm
    linear = orientation_matrix(state.view_rotation, state.flip)
    if size is None:
        width, height = (extent[1], extent[0]) if turned else extent
    else:
        width, height = size
        across, down = extent[0] * mm_x, extent[1] * mm_y
        step = max((down if turned else across) / width, (across if turned else down) / height)
        linear = linear @ np.diag([mm_x / step, mm_y / step])
    inverse = np.linalg.inv(linear)
    middle = np.array([(first[0] + last[0]) / 2 - 1, (first[1] + last[1]) / 2 - 1])
    shift = middle - inverse @ np.array([(width - 1) / 2, (height - 1) / 2])
    return np.concatenate([inverse, shift[:, None]], axis=1), (height, width)


def _with_overlay(
    picture: NDArray[np.uint8], overlay: StudyOverlay, piece: _Piece, stack: Stack, matrix: FloatArray
) -> NDArray[np.uint8]:
    """The picture with an object of the study over it, drawn as the viewport draws it."""
    kind = "acquired" if piece.k is not None else "axial"
    shape = piece.slice.values.shape[:2]
    shown = ShownSlice(
        (shape[0], shape[1]), piece.pixel_mm, piece.slice.plane, None, "none", cast("Any", kind), piece.k
    )
    style = OverlayStyle(opacity=0.0 if overlay.contours else 0.45 if overlay.wash is not None else 0.35)
    bgra = np.ascontiguousarray(picture[..., [2, 1, 0, 3]])
    for layer in label_layers("overlay", overlay, style):
        labels = layer.labels_on(shown)
        drawn = None if labels is None else sample_labels(labels, matrix, (bgra.shape[0], bgra.shape[1]))
        if drawn is not None:
            draw_labels(bgra, drawn, layer.segmentation.meanings, style)
    for painted in painted_layers("overlay", overlay, style, _reach(stack)):
        painted.draw(bgra, shown, matrix)
    return np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])


def _sampled_graphics(
    graphics: FrameGraphics | None, matrix: FloatArray, shape: tuple[int, int], *, sampled: bool
) -> NDArray[np.uint8] | None:
    if graphics is None:
        return None
    return graphics.sampled(matrix, shape) if sampled else graphics.rgba


def _on_screen(box: PictureBox, matrix: FloatArray) -> PictureBox:
    x0, y0, x1, y1 = box.box
    scale_x, scale_y = matrix[0, 0], matrix[1, 1]
    return replace(
        box,
        box=(
            float((x0 - matrix[0, 2]) / scale_x),
            float((y0 - matrix[1, 2]) / scale_y),
            float((x1 - matrix[0, 2]) / scale_x),
            float((y1 - matrix[1, 2]) / scale_y),
        ),
    )


# Words ---------------------------------------------------------------------------------------------------------------


def _texts(
    choice: Choice, piece: _Piece, wish: RenderWish, result: ModelResult | None, matrix: FloatArray
) -> list[tuple[Corner, Sequence[str]]]:
    study, series, stack = choice
    patient, context = study.patient, stack.context
    number = "" if series.number is None else str(series.number)
    place = (
        f"{wish.plane or 'oblique'} {_position(piece, wish):.1f} mm"
        if piece.k is None
        else f"{(piece.k or 0) + 1} / {stack.shape[0]}"
    )
    if stack.timepoints > 1:
        for dimension, step in zip(stack.named_dimensions, stack.steps_of_time(piece.time), strict=True):
            place += f"   {dimension.name} {step + 1} / {len(dimension.labels)}  {dimension.labels[step]}"
    letters = _letters(piece, context.patient_orientation, matrix)
    texts: list[tuple[Corner, Sequence[str]]] = [
        ("top_left", (shown_person_name(patient.told_name), patient.patient_id, patient.birth_date)),
        (
            "top_right",
            (study.description, f"Acc. {study.accession}" if study.accession else "", f"{study.date} {study.time[:6]}"),
        ),
        ("bottom_left", (wish.cut.words(), window_words(piece.voi) if stack.components == 1 else "", place)),
        (
            "bottom_right",
            (
                *(result.classes[:5] if result is not None else ()),
                result.said_by if result is not None else "",
                context.lossy,
                f"{context.modality} {number} {context.description}".strip(),
            ),
        ),
        ("left", (letters.left,)),
        ("right", (letters.right,)),
        ("top", (letters.top,)),
        ("bottom", (letters.bottom,)),
    ]
    return texts


def _letters(piece: _Piece, orientation: tuple[str, str] | None, matrix: FloatArray) -> EdgeLetters:
    if piece.slice.plane is not None:
        return edge_letters(piece.slice.plane, matrix)
    return edge_letters_of_orientation(orientation, matrix) if orientation is not None else EdgeLetters()
