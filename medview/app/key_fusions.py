"""What lay over an image when the reader chose it as a key image: kept with it, and in its picture on any later day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medview.app.fusion import MODES, Fusion
from medview.app.opening import find_stack
from medview.app.stated_fusion import DOUBTS, doubts_of, stated_fusion
from medview.core.registration import Placement
from medview.core.window import Window

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.statement import StatedFusion
    from medview.core.study import Stack, Study

GONE = "it is not open"


def fusion_content(fusion: Fusion | None) -> dict[str, Any] | None:
    """What the journal holds of it; None where nothing is seen over the image."""
    if fusion is None or not fusion.visible:
        return None
    voi = fusion.voi
    return {
        "stack_id": fusion.stack.id,
        "time": fusion.time,
        "colour_map": fusion.colour_map,
        "opacity": fusion.opacity,
        "fade": fusion.fade,
        "mode": fusion.mode,
        "swipe": fusion.swipe,
        "window": [voi.center, voi.width, voi.function] if isinstance(voi, Window) else None,
        "placement": list(fusion.placement.values),
        "doubts": list(doubts_of(fusion)),
    }


def remembered_fusion(
    workspace: Workspace, study: Study, stack: Stack, content: dict[str, Any] | None
) -> tuple[StatedFusion | None, str]:
    """What lay over ``stack``, and "" or why it cannot be shown. Nothing of another patient ever is."""
    if not content:
        return None, ""
    found = find_stack(workspace.studies, str(content.get("stack_id", "")))
    if found is None or found[0].patient.key != study.patient.key:
        return None, GONE
    try:
        time, window = int(content["time"]), content.get("window")
        voi = None if window is None else Window(float(window[0]), float(window[1]), window[2])
        mode = next(one for one in MODES if one == content["mode"])
        if not 0 <= time < found[2].timepoints:
            raise ValueError("there is no such time point")
        opacity, swipe = (min(1.0, max(0.0, float(content[name]))) for name in ("opacity", "swipe"))
        colours, fade = str(content["colour_map"]), bool(content["fade"])
        fusion = Fusion(*found, time, colours, voi, opacity, fade, mode, swipe)
        placement = Placement.of(content["placement"])
        doubts = tuple(name for name in DOUBTS if name in content["doubts"])
    except (KeyError, TypeError, ValueError, IndexError, StopIteration) as error:
        return None, str(error) or GONE
    return stated_fusion(workspace, stack, fusion, placement, doubts), ""
