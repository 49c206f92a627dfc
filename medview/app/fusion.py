"""A second series laid over the one that a viewport shows, by where both lie in the patient and by nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from medview.app.linking import space_of_stack
from medview.app.opening import find_stack
from medview.core.problem import MedviewError
from medview.core.registration import IDENTITY, Placement, Registered, by_hand
from medview.core.window import Voi, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medview.app.viewport_state import ViewportState
    from medview.core.study import Series, Stack, Study
    from medview.core.value_scale import ValueScale

FusionMode = Literal["blend", "swipe", "checkerboard"]
MODES: tuple[FusionMode, ...] = ("blend", "swipe", "checkerboard")

OPACITY_STEP = 0.1
CHECKER_PX = 48
"""Side of a square of the checkerboard in logical px."""
_SUV_TOP = 7.0


@dataclass(frozen=True, slots=True)
class Fusion:
    """What lies over a viewport's series, and how. ``stack`` is placed by its own geometry, moved by ``shift_mm`` (LPS)."""

    study: Study
    series: Series
    stack: Stack
    time: int = 0
    colour_map: str = "hot-iron"
    voi: Voi | None = None
    """The reader's window of it; None: SUV 0 to 7 where there is SUV, else as a viewport of its own would be windowed."""
    opacity: float = 0.5
    fade: bool = True
    """Whether what is drawn dark by its window is seen less: a wash without uptake would only darken the picture below."""
    mode: FusionMode = "blend"
    swipe: float = 0.5
    """Where the swipe's line stands, as a part of the viewport's width; the series on top lies right of it."""
    visible: bool = True
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    unverified: bool = False
    """Laid over by the reader's wish although the files name different spaces: nothing says that the places agree."""
    registered: Registered | None = None
    """What puts it into the space of the series below, where its own coordinates do not."""
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turned by hand about its middle, about the patient's x, y and z axis."""

    @property
    def placement(self) -> Placement:
        """From where its files say it lies to where it is shown: what registers it, then what the hand did."""
        base = IDENTITY if self.registered is None else self.registered.placement
        if not any(self.turn_deg) and not any(self.shift_mm):
            return base
        middle = (0.0, 0.0, 0.0) if self.stack.geometry is None else self.stack.geometry.bounds.mean(axis=0)
        return base.then(by_hand(self.shift_mm, self.turn_deg, base.points(middle)))

    @property
    def by_hand(self) -> bool:
        """Whether the reader has moved or turned it."""
        return any(self.shift_mm) or any(self.turn_deg)


def why_not(
    study: Study | None, stack: Stack | None, over_study: Study, over: Stack, registered: bool = False
) -> MedviewError | None:
    """Why ``over`` cannot be laid over ``stack``; None where it can. Code ``fusion_other_space`` can be overridden knowingly.

    ``registered``: something says where the one lies in the space of the other.
    """
    if stack is None or study is None:
        return MedviewError("fusion_nothing_below", "There is no series that another could be laid over.")
    if stack.id == over.id:
        return MedviewError("fusion_same", "A series cannot be laid over itself.")
    if study.patient.key != over_study.patient.key:
        return MedviewError("fusion_other_patient", "Series of two patients cannot be laid over each other.")
    if over.components > 1:
        return MedviewError("fusion_colours", "A series of colour pictures cannot be laid over another.")
    if over.geometry is None or stack.geometry is None:
        text = "One of the two series has no place in the patient, so nothing says where they lie over each other."
        return MedviewError("fusion_no_place", text)
    if not registered and not share_space(stack, over):
        text = "The files name different frames of reference: nothing says that the two series lie at the same place."
        return MedviewError("fusion_other_space", text)
    return None


def share_space(a: Stack, b: Stack) -> bool:
    """Whether the files themselves say that two stacks lie in one space."""
    return bool(space_of_stack(a)) and space_of_stack(a) == space_of_stack(b)


def fuse(
    state: ViewportState,
    studies: Sequence[Study],
    stack_id: str,
    knowingly: bool = False,
    registered: Registered | None = None,
) -> Fusion:
    """Lay a stack over what a viewport shows, with the look of the one that lay there before.

    ``registered`` puts it into the space of the series below where the frames of reference differ. ``knowingly``: also where the frames of reference differ; that is marked on the picture for as long as it lasts.
    Raises MedviewError with the reason where it cannot be.
    """
    found = find_stack(studies, stack_id)
    if found is None:
        raise MedviewError("fusion_gone", "The series to lay over is not open any more.")
    study, series, stack = found
    if registered is not None and state.stack is not None and share_space(state.stack, stack):
        registered = None
    reason = why_not(state.study, state.stack, study, stack, registered is not None)
    unverified = reason is not None and reason.code == "fusion_other_space"
    if reason is not None and not (unverified and knowingly):
        raise reason
    before = state.view.fusion
    pet = stack.context.modality in {"PT", "NM"}
    time = state.view.time if state.stack is not None and stack.timepoints == state.stack.timepoints else 0
    fusion = Fusion(
        study,
        series,
        stack,
        time,
        colour_map="hot-iron" if pet else "hot-metal-blue",
        unverified=unverified,
        registered=registered,
    )
    if before is not None and before.stack.context.modality == stack.context.modality:
        look = {name: getattr(before, name) for name in ("colour_map", "opacity", "fade", "mode", "swipe")}
        fusion = replace(fusion, **look)
    state.update(fusion=fusion)
    return fusion


def change_fusion(state: ViewportState, **values: object) -> None:
    """Change how the series on top is drawn; nothing where there is none."""
    fusion = state.view.fusion
    if fusion is not None:
        state.update(fusion=replace(fusion, **values))  # type: ignore[arg-type]


def unfuse(state: ViewportState) -> None:
    """Take the series on top away."""
    state.update(fusion=None)


def step_opacity(state: ViewportState, steps: float) -> None:
    """More (or less) of the series on top."""
    fusion = state.view.fusion
    if fusion is not None:
        opacity = round(min(1.0, max(0.0, fusion.opacity + steps * OPACITY_STEP)), 3)
        change_fusion(state, opacity=opacity, visible=True)


def next_mode(state: ViewportState) -> None:
    """Blended, swiped, as a checkerboard, and from the beginning."""
    fusion = state.view.fusion
    if fusion is not None:
        change_fusion(state, mode=MODES[(MODES.index(fusion.mode) + 1) % len(MODES)], visible=True)


def exchange(state: ViewportState) -> None:
    """What lies on top becomes what lies below, at the same place in the patient."""
    view = state.view
    fusion = view.fusion
    if fusion is None or view.stack is None or view.study is None or view.series is None:
        return
    shown = state.shown()
    middle = None if shown is None else shown.image_to_patient((shown.shape[1] - 1) / 2, (shown.shape[0] - 1) / 2)
    back = fusion.placement.inverse
    below = Fusion(
        view.study,
        view.series,
        view.stack,
        view.time,
        voi=view.voi,
        colour_map="hot-iron" if view.stack.context.modality in {"PT", "NM"} else "hot-metal-blue",
        opacity=fusion.opacity,
        mode=fusion.mode,
        swipe=fusion.swipe,
        unverified=fusion.unverified,
        registered=_other_way(fusion),
    )
    kind = view.plane_kind
    state.show(fusion.study, fusion.series, fusion.stack)
    state.set_plane(kind)
    if middle is not None:
        x, y, z = back.points(middle)
        state.go_to_point((float(x), float(y), float(z)))
    state.update(fusion=below, voi=fusion.voi)


def _other_way(fusion: Fusion) -> Registered | None:
    """What lies below, in the space of what lay on top of it: the way back of all that was done."""
    known = fusion.registered
    if known is None and not fusion.by_hand:
        return None
    back = fusion.placement.inverse
    if known is None or fusion.by_hand:
        return Registered(back, "reader", "" if known is None else known.name)
    return replace(known, placement=back)


def shares(fusion: Fusion) -> np.ndarray:
    """(256,) how much of the series on top is seen at each of its display values, 0 the lowest."""
    if not fusion.fade or fusion.mode != "blend":
        return np.full(256, fusion.opacity if fusion.mode == "blend" else 1.0)
    # From nothing to the full share over the lowest tenth of the window: uptake above it is seen as it is.
    return np.minimum(np.arange(256) / 25.5, 1.0) * fusion.opacity


def suv_window(scale: ValueScale | None) -> Window | None:
    """SUV 0 to 7 in the unit of the values; None without SUV."""
    if scale is None or not scale.id.startswith("suv_") or math.isclose(scale.line()[0], 0.0):
        return None
    return scale.window_of(_SUV_TOP / 2, _SUV_TOP, "SUV 0\u20137")


def keep_up(states: Sequence[ViewportState], studies: Sequence[Study]) -> None:
    """After studies were opened, grown or closed: what is on top is the newest assembly of it, or gone."""
    for state in states:
        fusion = state.view.fusion
        if fusion is None:
            continue
        found = find_stack(studies, fusion.stack.id)
        if found is None:
            unfuse(state)
        elif found[2] is not fusion.stack:
            study, series, stack = found
            change_fusion(state, study=study, series=series, stack=stack, time=min(fusion.time, stack.timepoints - 1))
