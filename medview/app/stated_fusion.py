"""A second series over the pictures of a report, as it lies over them on the screen: colours, their values, both names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medview.app.fusion import CHECKER_PX, shares, suv_window
from medview.app.scales import default_scale
from medview.app.value_bar import Bar
from medview.core.display import FusedSample, resolve_window, sample_slice
from medview.core.fusion import checker_region, cut_over, swipe_region
from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.core.statement import StatedFusion, Statement
from medview.kernels.lettering import text_extent, write_text
from medview.kernels.lines import draw_polyline

if TYPE_CHECKING:
    from medview.app.fusion import Fusion
    from medview.app.shown_slice import ShownSlice
    from medview.app.workspace import Workspace
    from medview.core.progress import Progress
    from medview.core.registration import Placement
    from medview.core.study import FrameSource, Stack, Study
    from medview.core.volume import Volume
    from medview.core.window import Voi

_SAME = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_LIGHT, _DARK, _DANGER = (225, 228, 232), (0, 0, 0), (255, 110, 100)
_LEAST_PX = 200
"""A smaller picture has no room for a bar."""
DOUBTS = {
    "unverified": "other frame of reference, place not verified",
    "unsure": "registered by medview, not accepted",
    "by_hand": "moved by hand",
}
"""What is burnt into the picture of a series whose place is not its files' own."""


def fusions_of(workspace: Workspace, study: Study) -> tuple[StatedFusion, ...]:
    """What lies over the stacks of ``study`` on the screen, the active viewport first."""
    known = {stack.id for series in study.series for stack in series.stacks}
    active = workspace.active_viewport
    found: dict[str, StatedFusion] = {}
    for state in (active, *workspace.viewports):
        stack, fusion = state.stack, state.view.fusion
        if stack is None or stack.id not in known or stack.id in found or fusion is None or not fusion.visible:
            continue
        found[stack.id] = stated_fusion(workspace, stack, fusion, fusion.placement, doubts_of(fusion))
    return tuple(found.values())


def doubts_of(fusion: Fusion) -> tuple[str, ...]:
    """Why its place is not to be relied upon, as in `DOUBTS`."""
    sure = fusion.registered is None or fusion.registered.sure
    parts = (("unverified", fusion.unverified), ("unsure", not sure), ("by_hand", fusion.by_hand))
    return tuple(name for name, holds in parts if holds)


def stated_fusion(
    workspace: Workspace, stack: Stack, fusion: Fusion, placement: Placement, doubts: tuple[str, ...]
) -> StatedFusion:
    """A series over ``stack`` as it is drawn, at a place of its own."""
    colours = workspace.colour_maps.get(fusion.colour_map) or workspace.colour_maps.all[0]
    return StatedFusion(
        stack, fusion.stack, fusion.time, placement, colours.table, shares(fusion), fusion.opacity, fusion.voi,
        fusion.mode, fusion.swipe, doubts,
    )  # fmt: skip


def title_of(stack: Stack) -> str:
    """A series as a picture names it."""
    context = stack.context
    return visible_text(" ".join(part for part in (context.modality, context.description) if part), 60) or "?"


class FusedPictures:
    """What lies over the pictures of one statement; each series is read once."""

    def __init__(self, statement: Statement, progress: Progress) -> None:
        self._known = {one.stack.id: one for one in statement.fusions}
        self._progress = progress
        self._volumes: dict[tuple[str, int], Volume | MedviewError] = {}

    def over(self, stack: Stack) -> StatedFusion | None:
        """What lies over a stack."""
        return self._known.get(stack.id)

    def failure(self, one: StatedFusion) -> MedviewError | None:
        """Why it could not be read, after it was asked for."""
        found = self._volumes.get((one.over.id, one.time))
        return found if isinstance(found, MedviewError) else None

    def sample(self, one: StatedFusion, shown: ShownSlice) -> FusedSample | None:
        """It on each pixel of a shown slice; None where nothing of it is there, or it cannot be read."""
        read = self._read(one)
        if isinstance(read, MedviewError) or shown.plane is None:
            return None
        volume, voi = read
        found = cut_over(volume, shown.plane, _SAME, shown.shape, one.placement)
        if found is None:
            return None
        region = None
        if one.mode == "swipe":
            region = swipe_region(shown.shape, 0, shown.shape[1], one.swipe)
        elif one.mode == "checkerboard":
            region = checker_region(shown.shape, 0, 0, max(2, round(CHECKER_PX * max(shown.shape) / 640)))
        return FusedSample(sample_slice(found[0], found[1], shown.shape), voi, one.table, one.shares, region)

    def _read(self, one: StatedFusion) -> tuple[Volume, Voi] | MedviewError:
        key = (one.over.id, one.time)
        if key not in self._volumes:
            from medview.app.headless import load_whole

            try:
                self._volumes[key] = load_whole(one.over, one.time, self._progress)
            except MedviewError as error:  # one slice that cannot be read shall not take the report away
                self._volumes[key] = error
        volume = self._volumes[key]
        if isinstance(volume, MedviewError):
            return volume
        voi = one.voi or suv_window(default_scale(one.over))
        return volume, voi or resolve_window(one.over, volume, volume.shape[0] // 2, time=one.time)

    def annotate(self, picture: NDArray[np.uint8], one: StatedFusion) -> None:
        """Name both series at the top and draw the bar of the upper one at the right of (h, w, 4) RGBA, in place."""
        from medview.formats.picture_writing import write_lines

        read = self._read(one)
        assert not isinstance(read, MedviewError)
        rows, columns = picture.shape[:2]
        words = [(6.0, 4.0, f"{title_of(one.stack)} + {title_of(one.over)} {round(one.opacity * 100)} %", _LIGHT)]
        words += [(6.0, 26.0 + 22 * number, f"! {DOUBTS[name]}", _DANGER) for number, name in enumerate(one.doubts)]
        if min(rows, columns) >= _LEAST_PX:
            words.append(_draw_bar(picture, _bar(one, read[1])))
        write_lines(picture, words)


def _draw_bar(picture: NDArray[np.uint8], bar: Bar) -> tuple[float, float, str, tuple[int, int, int]]:
    """Draw colours and numbers left of the orientation letter; returns the unit, to be written above."""
    rows, columns = picture.shape[:2]
    high, wide = round(rows * 0.4), max(8, columns // 64)
    top, left = (rows - high) // 2, columns - wide - columns // 16
    strip = bar.colours()[::-1][np.linspace(0, 255, high).round().astype(int)]
    picture[top : top + high, left : left + wide, :3] = strip[:, None]
    corners = [(left - 1, top - 1), (left + wide, top - 1), (left + wide, top + high), (left - 1, top + high)]
    draw_polyline(picture, np.array(corners, np.float64), True, _LIGHT, 1)
    scale = max(rows, columns) / 1300
    for share, text in bar.ticks():
        number = text.replace("\u2212", "-")
        width, height, _base = text_extent(number, scale)
        y = round(top + high * (1 - share))
        draw_polyline(picture, np.array([(left - 5, y), (left - 1, y)], np.float64), False, _LIGHT, 1)
        write_text(picture, number, (left - 8 - width, y + height // 2), _LIGHT, _DARK, scale)
    return left - columns / 16, top - max(18.0, rows / 26), bar.unit, _LIGHT


def _bar(one: StatedFusion, voi: Voi) -> Bar:
    scale = default_scale(one.over)
    if scale is not None and len(scale.slopes) == 1 and not scale.table:
        slope, intercept = scale.line()
        return Bar(
            one.table, voi, False, " ".join(part for part in (scale.label, scale.unit) if part), slope, intercept
        )
    unit = one.over.unit
    return Bar(one.table, voi, False, "" if unit in {None, "stored"} else str(unit))


def nearest_frame(one: StatedFusion, shown: ShownSlice) -> FrameSource | None:
    """The image of the upper series that lies nearest to the middle of a shown slice; None without places."""
    geometry, plane = one.over.geometry, shown.plane
    if geometry is None or plane is None:
        return None
    middle = plane.plane_to_patient(((shown.shape[1] - 1) / 2, (shown.shape[0] - 1) / 2))
    k = round(float(geometry.patient_to_voxel(one.placement.inverse.points(middle))[0]))
    at = one.time * one.over.shape[0] + k
    return one.over.frames[at] if 0 <= k < one.over.shape[0] and at < len(one.over.frames) else None
