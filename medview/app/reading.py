"""What a reader does to a viewport: one function per action, the same for mouse, keys, menus and panels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from medview.app.presets import Preset, preset_by_digit
from medview.app.shown_slice import PlaneKind
from medview.app.view_transform import Point, ViewTransform
from medview.app.viewport_state import TEXT_MODES, ViewportState, ViewportView
from medview.core.colour_map import GREY, INVERTED_GREY
from medview.core.problem import MedviewError
from medview.core.window import Voi, VoiFunction, VoiLut, Window

if TYPE_CHECKING:
    from medview.core.finding import Finding
    from medview.core.value_scale import ValueScale

WINDOW_GAIN = 1 / 160
"""Share of the width that one logical px of a drag changes: between the peers' 1/80 and 1/250."""
ZOOM_STEP = 1.2
"""Factor of one wheel notch or key press."""
ZOOM_DRAG = 1 / 160
"""Natural logarithm of the zoom for one logical px of a drag."""
MOST_DEVICE_PX = 64.0
"""Largest zoom: device px for one image pixel."""
LEAST_ZOOM = 0.1
"""Smallest zoom, as a factor on fit."""
FAST_SCROLL = 10
"""Slices for one step with Shift."""

# ---------------------------------------------------------------------- slices


def scroll(state: ViewportState, steps: int) -> None:
    """Go ``steps`` slices on (back, if negative); stops at the ends. Each step counts, however fast they come."""
    state.go_to_index(state.slice_index + steps)


def scroll_to(state: ViewportState, index: int) -> None:
    """Go to a slice by its 0-based place."""
    state.go_to_index(index)


def first_slice(state: ViewportState) -> None:
    """Go to the first slice."""
    state.go_to_index(0)


def last_slice(state: ViewportState) -> None:
    """Go to the last slice."""
    state.go_to_index(state.slice_count - 1)


def active_dimension(state: ViewportState) -> int | None:
    """Which of the stack's dimensions keys move; None where there is one time point only."""
    stack = state.stack
    if stack is None or stack.timepoints < 2:
        return None
    last = len(stack.named_dimensions) - 1
    chosen = state.view.dimension
    return last if chosen is None else min(chosen, last)


def next_dimension(state: ViewportState) -> None:
    """Let keys move the next of the stack's dimensions, after the last one the first."""
    active = active_dimension(state)
    if active is not None and state.stack is not None:
        state.update(dimension=(active + 1) % len(state.stack.named_dimensions))


def go_to_step(state: ViewportState, dimension: int, step: int) -> None:
    """Go to a step of one dimension (echo, phase …), staying at the slice and at the steps of the others."""
    stack = state.stack
    if stack is None or stack.timepoints < 2:
        return
    steps = list(stack.steps_of_time(min(state.view.time, stack.timepoints - 1)))
    steps[dimension] = max(0, min(step, len(stack.named_dimensions[dimension].labels) - 1))
    state.update(time=stack.time_of_steps(tuple(steps)), dimension=dimension)


def step_time(state: ViewportState, steps: int, round_again: bool = False) -> None:
    """Go on along the active dimension (back, if negative); stops at the ends, or begins again."""
    active, stack = active_dimension(state), state.stack
    if active is None or stack is None:
        return
    step = stack.steps_of_time(min(state.view.time, stack.timepoints - 1))[active] + steps
    if round_again:
        step %= len(stack.named_dimensions[active].labels)
    go_to_step(state, active, step)


def go_to_finding(state: ViewportState, finding: Finding) -> None:
    """Show the slice that a finding of this stack is best seen on, in the plane that is shown."""
    stack = state.stack
    if stack is None:
        return
    if finding.center_lps is not None and stack.geometry is not None:
        state.go_to_point(finding.center_lps)
        if state.view.plane_kind == "acquired":
            state.update(k=max(0, min(finding.k, stack.shape[0] - 1)))
    else:
        state.update(k=max(0, min(finding.k, stack.shape[0] - 1)), plane_kind="acquired")


def set_plane(state: ViewportState, kind: PlaneKind) -> None:
    """Show the acquired slices or an axial, sagittal or coronal cut near what is shown now."""
    state.set_plane(kind)


# ---------------------------------------------------------------------- window


def window_of(voi: Voi) -> Window:
    """A window to start a drag from; a LUT gives the range of values that it covers."""
    if isinstance(voi, VoiLut):
        width = float(max(len(voi.entries), 1))
        return Window(voi.first + width / 2, width, "LINEAR")
    return voi


def window_by_drag(start: Voi, right: float, up: float, inverted: bool = False, sensitivity: float = 1.0) -> Window:
    """The window after a drag of ``right`` and ``up`` logical px from where the window was ``start``.

    Right is wider, up is brighter, also where the picture is ``inverted``. The gain is relative to the width, so
    that a narrow window is set as finely as a wide one; the result depends on the whole drag only, not on its steps.
    A LINEAR window's width is never below 1 (the standard forbids it).
    """
    window = window_of(start)
    gain = WINDOW_GAIN * sensitivity
    width = window.width * math.exp(max(-12.0, min(12.0, right * gain)))
    width = max(width, 1.0 if window.function == "LINEAR" else window.width * 1e-4)
    width = min(width, 1e7 if window.function == "LINEAR" else window.width * 1e6)
    center = window.center + (up if inverted else -up) * gain * window.width
    return Window(_tidy(center, width), _tidy(width, width), window.function)


def _tidy(value: float, width: float) -> float:
    """Whole numbers where a window is tens of units wide: nobody reads fractions of a HU."""
    return float(round(value)) if width >= 20 else round(value, 3 - math.floor(math.log10(max(width, 1e-9))))


def set_window(state: ViewportState, voi: Voi | None) -> None:
    """Take a window chosen by the reader; None gives the choice back to the file."""
    state.update(voi=voi)


def take_preset(state: ViewportState, preset: Preset) -> None:
    """Take a preset's window, and for PET its polarity: uptake dark on white, whatever the file says.

    Colours that the reader chose stay.
    """
    if preset.inverted and state.stack is not None and state.view.colour_map in {None, GREY, INVERTED_GREY}:
        dark = GREY if state.stack.inverted else INVERTED_GREY
        state.update(voi=preset.window, colour_map=dark, invert=False)
    else:
        state.update(voi=preset.window)


def preset_by_key(
    digit: int,
    modality: str,
    unit: str | None,
    *,
    file_vois: Sequence[Voi],
    now: Voi,
    automatic: Callable[[], Voi],
    edited: Mapping[str, tuple[tuple[str, float, float], ...]] | None = None,
    suv: ValueScale | None = None,
) -> Voi | Preset | None:
    """The window behind a digit key: 0 automatic, 1 and 2 the file's, 3 to 9 the modality's; None where there is none.

    Where a modality has no fixed numbers, 3 to 6 make the width ×0.5, ×0.75, ×1.5, ×2 and 7 and 8 move the center by
    a quarter of the width. ``suv``: the scale that those of PET are given in; a preset that brings its own polarity
    is returned whole, for :func:`take_preset`.
    """
    if digit == 0:
        return automatic()
    if digit in {1, 2}:
        return file_vois[digit - 1] if digit <= len(file_vois) else None
    preset = preset_by_digit(str(digit), modality, unit, edited, suv)
    if preset is not None:
        return preset if preset.inverted else preset.window
    if unit in {"HU", "SUV"} or suv is not None:
        return None
    window = window_of(now)
    factors = {3: 0.5, 4: 0.75, 5: 1.5, 6: 2.0}
    least = 1.0 if window.function == "LINEAR" else 1e-9
    if digit in factors:
        return Window(window.center, max(window.width * factors[digit], least), window.function)
    moves = {7: -0.25, 8: 0.25}
    if digit in moves:
        return Window(window.center + moves[digit] * window.width, window.width, window.function)
    return None


def with_function(voi: Voi, function: VoiFunction) -> Window:
    """The window with the same center and width in another function; a LINEAR one is never narrower than 1."""
    window = window_of(voi)
    if function == "LINEAR" and window.width < 1:
        function = "LINEAR_EXACT"
    return Window(window.center, window.width, function)


def invert(state: ViewportState) -> None:
    """Swap black and white, or back."""
    state.update(invert=not state.view.invert)


# ---------------------------------------------------------------------- zoom and pan


def transform_of(
    view: ViewportView,
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
    viewport: tuple[float, float],
    device_ratio: float,
) -> ViewTransform:
    """Image ↔ screen for a viewport of ``viewport`` (width, height) logical px."""
    return ViewTransform.build(
        shape, pixel_mm, viewport, device_ratio, view.zoom, view.pixel_scale, view.pan, view.rotation, view.flip
    )


def zoom_about(state: ViewportState, transform: ViewTransform, factor: float, at: Point) -> None:
    """Zoom by ``factor``; what is under the screen point ``at`` stays there."""
    most = MOST_DEVICE_PX / (min(transform.pixel_mm) * transform.device_ratio)
    least = min(LEAST_ZOOM * transform.fit, transform.scale)
    scale = max(least, min(transform.scale * factor, max(most, transform.scale)))
    kept = transform.screen_to_image(*at)
    view = state.view
    zoomed = ViewTransform.build(
        transform.shape,
        transform.pixel_mm,
        transform.viewport,
        transform.device_ratio,
        scale / transform.fit,
        None,
        view.pan,
        view.rotation,
        view.flip,
    )
    state.update(zoom=scale / transform.fit, pixel_scale=None, pan=zoomed.pan_mm_at(*kept, screen=at))


def pan_by(state: ViewportState, transform: ViewTransform, right: float, down: float) -> None:
    """Move the picture by logical px on the screen."""
    x, y = transform.inverse[:, :2] @ np.array([right, down])
    pan_x, pan_y = state.view.pan
    state.update(pan=(pan_x - float(x) * transform.pixel_mm[1], pan_y - float(y) * transform.pixel_mm[0]))


def fit(state: ViewportState) -> None:
    """Show the whole slice as large as it goes."""
    state.update(zoom=1.0, pixel_scale=None, pan=(0.0, 0.0))


def true_size(state: ViewportState, px_per_mm: float) -> None:
    """Show the patient as large as he is, on a monitor with ``px_per_mm`` device px for a mm.

    Raises MedviewError ``no_true_size`` where the file does not say what a pixel is in mm, or the monitor not how large it is.
    """
    shown = state.shown()
    if shown is None:
        return
    if shown.measure_mm is None:
        text = "The file does not say how large a pixel is: there is no true size."
        raise MedviewError("no_true_size", text)
    if not 1.0 <= px_per_mm <= 60.0:
        text = "The monitor does not say how large it is: there is no true size."
        raise MedviewError("no_true_size_monitor", text)
    state.update(pixel_scale=px_per_mm * min(shown.measure_mm), pan=(0.0, 0.0))


def one_to_one(state: ViewportState) -> None:
    """Show one image pixel on one pixel of the screen."""
    state.update(pixel_scale=1.0, pan=(0.0, 0.0))


# ---------------------------------------------------------------------- orientation


def rotate(state: ViewportState, quarter_turns: int) -> None:
    """Turn the picture clockwise by quarter turns (counter-clockwise, if negative)."""
    state.update(rotation=(state.view.rotation + quarter_turns) % 4)


def flip_horizontally(state: ViewportState) -> None:
    """Mirror the picture left to right as it is seen now; orientation letters follow."""
    state.update(rotation=-state.view.rotation % 4, flip=not state.view.flip)


def flip_vertically(state: ViewportState) -> None:
    """Mirror the picture top to bottom as it is seen now; orientation letters follow."""
    state.update(rotation=(2 - state.view.rotation) % 4, flip=not state.view.flip)


# ---------------------------------------------------------------------- the rest


def toggle_original(state: ViewportState) -> None:
    """Before / after: take the filters off the picture or put them back on."""
    state.update(show_original=not state.view.show_original)


def cycle_text(state: ViewportState) -> None:
    """Corner text: all, without patient data, none."""
    at = TEXT_MODES.index(state.view.text_mode)
    state.update(text_mode=TEXT_MODES[(at + 1) % len(TEXT_MODES)])


def reset(state: ViewportState) -> None:
    """Everything about the picture as it was when the series was opened; slice, plane and filters stay."""
    fresh = ViewportView()
    state.update(
        voi=None,
        zoom=fresh.zoom,
        pixel_scale=None,
        pan=fresh.pan,
        rotation=0,
        flip=False,
        invert=False,
        colour_map=None,
        show_bar=None,
        show_original=False,
        presentation=None,
    )


def reset_filters(state: ViewportState) -> None:
    """Take all filters off for good."""
    state.update(filters=(), filtered=None, show_original=False)


def toggle_measure_filtered(state: ViewportState) -> None:
    """Take readouts and statistics from the filtered picture, or from the unfiltered values again."""
    state.update(measure_filtered=not state.view.measure_filtered)
