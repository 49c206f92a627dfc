"""Everything that lies over the images of a stack: objects of the study, results of models, explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.app.live_results import live_layers
from medview.app.picture import SegmentationLayer
from medview.app.results import result_key

if TYPE_CHECKING:
    from medview.app.picture import PaintedLayer
    from medview.app.viewport_state import ViewportView
    from medview.app.workspace import Workspace


def labels_over(workspace: Workspace, view: ViewportView) -> list[SegmentationLayer]:
    """Segmentations to draw, those of the study's objects first; none while all overlays are hidden.

    What the reader drew alone is seen also while the study is to be read before what models say.
    """
    stack = view.stack
    if stack is None or not (workspace.ai_visible or workspace.read_first.hides):
        return []
    results = [
        SegmentationLayer(
            result_key(result),
            result.segmentation,
            view.overlay_styles.get(result_key(result)) or workspace.overlay_style(result),
        )
        for result in workspace.results.of(stack.id)
        if result.segmentation is not None
        and result.segmentation.time == view.time
        and (workspace.ai_visible or result.provenance.how == "manual")
    ]
    results += _on_top(workspace, view)
    if not workspace.ai_visible:
        return results
    explained = workspace.explanations.layers(stack.id, view.time)
    return [*workspace.overlays.layers(stack), *results, *live_layers(workspace, view), *explained]


def _on_top(workspace: Workspace, view: ViewportView) -> list[SegmentationLayer]:
    """Segmentations of a second series that lies on top, by place; none where it is shown elsewhere than its files say."""
    fusion = view.fusion
    if fusion is None or not fusion.visible or not fusion.placement.is_identity:
        return []
    from medview.app.overlay_layers import PlacedLabels

    return [
        PlacedLabels(
            result_key(result),
            result.segmentation,
            view.overlay_styles.get(result_key(result)) or workspace.overlay_style(result),
        )
        for result in workspace.results.of(fusion.stack.id)
        if result.segmentation is not None
        and result.segmentation.geometry is not None
        and result.segmentation.time == fusion.time
        and (workspace.ai_visible or result.provenance.how == "manual")
    ]


def painted_over(workspace: Workspace, view: ViewportView) -> list[PaintedLayer]:
    """Outlines and washes of objects, and the map of an explanation; none while all overlays are hidden."""
    stack = view.stack
    if not workspace.ai_visible or stack is None:
        return []
    return [*workspace.overlays.painted(stack), *workspace.explanations.painted(stack.id, view.time)]
