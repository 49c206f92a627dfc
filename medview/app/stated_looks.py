"""How a reader looks at the images of an open study, as presentation states can say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medview.app import reading
from medview.app.colour_maps import colours_of, is_turned
from medview.app.presented import active_state
from medview.core.presentation_state import DisplayedArea
from medview.core.statement import StatedLook

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.app.view_transform import ViewTransform
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import FrameSource, Stack, Study
    from medview.core.window import Voi


def looks_of(workspace: Workspace, study: Study, device_ratio: float = 1.0) -> tuple[StatedLook, ...]:
    """How the stacks of ``study`` on the screen are looked at, the active viewport first; cuts give window and polarity alone."""
    active = workspace.active_viewport
    viewports = [active, *(one for one in workspace.viewports if one is not active)]
    known = {stack.id for series in study.series for stack in series.stacks}
    here = [one for one in viewports if one.stack is not None and one.stack.id in known]
    here.sort(key=lambda one: not _is_acquired(one))  # stable: as they are on the screen
    return tuple(look for one in here for look in _looks_of_viewport(workspace, one, device_ratio))


def _is_acquired(state: ViewportState) -> bool:
    shown = state.shown()
    return shown is not None and shown.plane_kind == "acquired" and shown.slab is None


def _looks_of_viewport(workspace: Workspace, state: ViewportState, device_ratio: float) -> list[StatedLook]:
    view, stack, shown = state.view, state.stack, state.shown()
    if stack is None or shown is None:
        return []
    colours, turned = colours_of(view, workspace.colour_maps) is not None, is_turned(view)
    inverse = (stack.inverted != view.invert) != turned
    if not _is_acquired(state):
        return [StatedLook(stack, view.voi, inverse, left_out=("colours",) if colours else ())]
    # A viewport mirrors, then turns; a state turns, then mirrors.
    rotation = (-view.rotation if view.flip else view.rotation) % 4
    area = _area(state, shown, device_ratio)
    parts = (
        ("colours", colours or (view.presentation is not None and view.presentation.palette is not None)),
        ("filters", bool(state.filters_applied)),
        ("fusion", view.fusion is not None and view.fusion.visible),
    )
    left_out = tuple(name for name, is_there in parts if is_there)
    presented = active_state(view, shown)
    changed = view.voi is not None or inverse != stack.inverted or rotation or view.flip or area is not None
    on_screen = (view.time, shown.k or 0) if changed or presented is not None else None
    plain = StatedLook(stack, view.voi, inverse, rotation, view.flip, area, on_screen, None, left_out)
    if presented is None:
        return [plain]
    if not presented.is_colour and view.colour_map is None:
        inverse = presented.inverse != view.invert
    return [
        StatedLook(stack, view.voi, inverse, rotation, view.flip, area, on_screen, presented, left_out),
        plain,
    ]


def _area(state: ViewportState, shown: ShownSlice, device_ratio: float) -> DisplayedArea | None:
    """The part of the image that the viewport shows; None where it shows all of it as large as it goes."""
    view = state.view
    fitted = view.pixel_scale is None and view.zoom == state.aligned_zoom
    if fitted and view.pan in {(0.0, 0.0), state.aligned_pan}:
        return None
    transform = reading.transform_of(view, shown.shape, shown.pixel_mm, state.size, device_ratio)
    (left, right), (top, bottom) = _seen(transform)
    rows, columns = shown.shape
    # What is seen of the image, no black beside it: programs take areas beyond the image badly, dciodvfy for an error.
    first = (max(1, round(left + 0.5) + 1), max(1, round(top + 0.5) + 1))
    last = (min(columns, round(right + 0.5)), min(rows, round(bottom + 0.5)))
    if last[0] < first[0] or last[1] < first[1]:
        return None
    if view.pixel_scale is not None:
        return DisplayedArea({}, first, last, "MAGNIFY", magnification=view.pixel_scale)
    return DisplayedArea({}, first, last)


def _seen(transform: ViewTransform) -> tuple[tuple[float, float], tuple[float, float]]:
    """(from, to) image x and y of the viewport's corners; integers are pixel centres."""
    width, height = transform.viewport
    a, b = transform.screen_to_image(0, 0), transform.screen_to_image(width, height)
    return (min(a[0], b[0]), max(a[0], b[0])), (min(a[1], b[1]), max(a[1], b[1]))


def unsaid_windows(told: Sequence[tuple[Stack, FrameSource]]) -> dict[FrameSource, Voi]:
    """The windows that pictures are drawn with where neither reader nor file says one: presets, else percentiles of the pixels."""
    from medview.app.headless import load_frames
    from medview.core.display import declared_window, percentile_window

    found: dict[FrameSource, Voi] = {}
    middle: dict[tuple[str, int], Voi] = {}
    for stack, frame in told:
        if stack.components > 1:
            continue
        at = stack.frames.index(frame)
        known = declared_window(stack, at)
        if known is None:
            # As in the window: that of the middle slice where slices belong together, else the frame's own.
            reference = stack.shape[0] // 2 if stack.geometry is not None else at
            key = (stack.id, reference)
            if key not in middle:
                middle[key] = percentile_window(load_frames(stack, [reference])[0], 0)
            known = middle[key]
        found[frame] = known
    return found
