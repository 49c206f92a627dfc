"""What a picture says of the explanation that lies over it: the bar of its colours, and the words of its mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medview.app.marks import Mark
from medview.app.value_bar import Bar
from medview.core.window import Window
from medview.ui.explanation_text import explanation_text
from medview.ui.model_text import model_text

if TYPE_CHECKING:
    from medview.core.explanation import Explanation, ValueMap
    from medview.ui.viewport import ViewportWidget


def explanation_bars(widget: ViewportWidget) -> tuple[Bar, ...]:
    """The bar of the map that is drawn; black where the threshold hides it."""
    view = widget.state.view
    if view.stack is None or not widget.workspace.ai_visible:
        return ()
    layer = widget.workspace.explanations.layer(view.stack.id, view.time)
    return () if layer is None else (bar_of_map(layer.map, layer.threshold),)


def bar_of_map(found: ValueMap, threshold: float) -> Bar:
    """The colours of a map with its values, in its unit."""
    from medview.app.explanation_layers import is_drawn, map_table

    table = map_table(found.kind).copy()
    values = np.linspace(found.lower, found.upper, len(table))
    table[~is_drawn(values, threshold, found.kind)] = 0
    window = Window((found.lower + found.upper) / 2, found.upper - found.lower, "LINEAR_EXACT")
    return Bar(table, window, inverted=False, unit=found.unit, title=explanation_text(found.title))


def explained_marks(widget: ViewportWidget) -> list[Mark]:
    """What the picture must bear of the explanation that is drawn, or that it is hidden."""
    view = widget.state.view
    made = None if view.stack is None else widget.workspace.explanations.shown(view.stack.id, view.time)
    if made is None:
        return []
    if not widget.workspace.ai_visible:
        return [] if widget.results() else [Mark("ai_hidden", "ai", ("1",))]
    forced = [Mark("ai_overridden", "warning", one.overrides) for one in made.sources if one.overrides]
    return [Mark("explained", "ai", (method_title(made.method), made.label, *packages_of(made))), *forced]


def method_title(method: str) -> str:
    """The English title of a method."""
    from medview.inference.explaining.methods import method_of

    return method_of(method).title


def packages_of(made: Explanation) -> tuple[str, ...]:
    """Each package with version and the beginning of its hash."""
    return tuple(
        f"{model_text(one.package_name)} {one.package_version} [{one.package_sha256[:8]}]"
        if one.how != "manual"
        else f"{model_text(one.package_name)} ({one.reader})"
        for one in made.sources
    )
