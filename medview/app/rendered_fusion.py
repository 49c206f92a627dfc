"""A second series over a rendered picture, as it is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medview.app.colour_maps import map_for_render
from medview.app.fusion import Fusion, share_space, shares, suv_window, why_not
from medview.app.headless import load_whole
from medview.app.scales import default_scale
from medview.core.display import FusedSample, resolve_window, sample_slice
from medview.core.fusion import cut_over
from medview.core.problem import ExitCode, MedviewError

if TYPE_CHECKING:
    from medview.app.headless import Choice
    from medview.core.geometry import FloatArray
    from medview.core.plane import Plane
    from medview.core.progress import Progress
    from medview.core.registration import Registered
    from medview.core.study import Stack, Study
    from medview.core.volume import Volume
    from medview.core.window import Voi


@dataclass(frozen=True, eq=False)
class FusionWish:
    """Which series lies on top, how much of it (0 to 1), in which colours, in which window (of the unit of its values)."""

    choice: Choice
    opacity: float = 0.5
    colour_map: str = "hot-iron"
    window: Voi | None = None
    fade: bool = True
    registration: str | None = None
    """A registration object that puts it into its place; else one of the same study, where the frames of reference differ."""


@dataclass(frozen=True, eq=False)
class RenderedFusion:
    """What is laid over: its volume, windowed."""

    fusion: Fusion
    volume: Volume
    voi: Voi
    colour_map: str

    def sample(self, plane: Plane | None, matrix: FloatArray, size: tuple[int, int]) -> FusedSample | None:
        """It on ``plane`` at each of the picture's pixels; None where nothing of it is there."""
        if plane is None:
            return None
        found = cut_over(self.volume, plane, matrix, size, self.fusion.placement)
        if found is None:
            return None
        drawn = sample_slice(found[0], found[1], size)
        return FusedSample(drawn, self.voi, map_for_render(self.colour_map).table, shares(self.fusion))

    def described(self) -> dict[str, Any]:
        """JSON-ready; the window is for the caller to describe."""
        return {
            "stack": self.fusion.stack.id,
            "opacity": self.fusion.opacity,
            "low_values_transparent": self.fusion.fade,
            "colour_map": self.colour_map,
            "registered_by": None if self.fusion.registered is None else self.fusion.registered.name,
        }


def fusion_on(wish: FusionWish | None, study: Study, stack: Stack, progress: Progress) -> RenderedFusion | None:
    """What is asked for, loaded; MedviewError with the reason where the two cannot be laid over each other."""
    if wish is None:
        return None
    if not 0 <= wish.opacity <= 1:
        raise MedviewError("bad_use", "--fuse-opacity is 0 to 1.", exit_code=ExitCode.BAD_USE)
    over_study, series, over = wish.choice
    if wish.registration is not None:
        registered: Registered | None = _named(wish.registration, study, stack, over)
    else:
        registered = None if share_space(stack, over) else _registered(study, stack, over_study, over)
    reason = why_not(study, stack, over_study, over, registered is not None)
    if reason is not None:
        raise reason
    colours = map_for_render(wish.colour_map)
    volume = load_whole(over, 0, progress)
    voi = wish.window or suv_window(default_scale(over))
    if voi is None:
        voi = resolve_window(over, volume, volume.shape[0] // 2)
    fusion = replace(Fusion(over_study, series, over, registered=registered), opacity=wish.opacity, fade=wish.fade)
    return RenderedFusion(fusion, volume, voi, wish.colour_map if colours.id.startswith("file:") else colours.id)


def _registered(study: Study, stack: Stack, over_study: Study, over: Stack) -> Registered | None:
    """What objects of the two studies say of where the one lies in the space of the other, the newest."""
    from medview.app.registrations import read_registrations, registration_files, registration_objects
    from medview.core.registration import between

    if study.patient.key != over_study.patient.key:
        return None
    studies = (study,) if study is over_study else (study, over_study)
    known = read_registrations([one for _, one in registration_files(studies)])
    return next(iter(between(registration_objects(studies, known), over, stack)), None)


def _named(path: str, study: Study, stack: Stack, over: Stack) -> Registered:
    """What one object says; MedviewError with the reason where it says nothing of the two."""
    from medview.core.registration import between
    from medview.dicom.registration_read import REGISTRATION_CLASSES, read_registration

    read = read_registration(path)
    if read.sop_class not in REGISTRATION_CLASSES:
        raise MedviewError("registration_unfit", f"{path} is no registration object.", path)
    if read.refused is not None:
        raise MedviewError(read.refused.code, read.refused.text, path, values=read.refused.values)
    found = between([read], over, stack) if read.patient == study.patient.key else ()
    if not found:
        text = f"{path} does not say where one of the two series lies in the space of the other."
        raise MedviewError("registration_unfit", text, path)
    return found[0]
