"""A second series over a rendered picture, as it is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medview.app.colour_maps import map_for_render
from medview.app.fusion import Fusion, shares, suv_window, why_not
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
        found = cut_over(self.volume, plane, matrix, size)
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
        }


def fusion_on(wish: FusionWish | None, study: Study, stack: Stack, progress: Progress) -> RenderedFusion | None:
    """What is asked for, loaded; MedviewError with the reason where the two cannot be laid over each other."""
    if wish is None:
        return None
    if not 0 <= wish.opacity <= 1:
        raise MedviewError("bad_use", "--fuse-opacity is 0 to 1.", exit_code=ExitCode.BAD_USE)
    over_study, series, over = wish.choice
    reason = why_not(study, stack, over_study, over)
    if reason is not None:
        raise reason
    colours = map_for_render(wish.colour_map)
    volume = load_whole(over, 0, progress)
    voi = wish.window or suv_window(default_scale(over))
    if voi is None:
        voi = resolve_window(over, volume, volume.shape[0] // 2)
    fusion = replace(Fusion(over_study, series, over), opacity=wish.opacity, fade=wish.fade)
    return RenderedFusion(fusion, volume, voi, wish.colour_map if colours.id.startswith("file:") else colours.id)
