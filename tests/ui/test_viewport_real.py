"""Viewports on real studies: everything that can be opened is painted, and the sides of a real chest are right."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.window import Window
from medview.ui.viewport import ViewportWidget
from medview.ui.viewport_edges import letters_of
from tests.shared import shared_path
from tests.ui.small_study import open_study


def viewport_of(qtbot, desk, size=(420, 380)) -> ViewportWidget:
    widget = ViewportWidget(desk.workspace, desk.workspace.viewports[0])
    qtbot.addWidget(widget)
    widget.resize(*size)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def is_settled(widget) -> bool:
    """Whether the shown slice is there, or it is known that it will not be."""
    shown, volume = widget.shown, widget.volume
    if volume is None or shown is None or shown.k is None:
        return True
    return volume.is_loaded(shown.k) or shown.k in widget.failed_slices()


@pytest.mark.slow
def test_every_stack_of_the_real_studies_is_painted_in_every_way(qtbot, desk) -> None:
    open_study(qtbot, desk, shared_path("data"))
    widget = viewport_of(qtbot, desk)
    state = widget.state
    stacks = unreadable = 0
    for study in desk.workspace.studies:
        for series in study.series:
            for stack in series.stacks:
                state.show(study, series, stack)
                qtbot.waitUntil(lambda: is_settled(widget), timeout=20000)
                for kind in ("axial", "coronal", "sagittal", "acquired"):
                    state.set_plane(kind)
                    widget.repaint()
                for turns in range(4):
                    state.update(rotation=turns, flip=turns % 2 == 0)
                    widget.repaint()
                widget.mouse.position = widget.rect().center().toPointF()
                widget.tell_readout()
                widget.preset(0)
                widget.repaint()
                stacks += 1
                unreadable += widget.shown.k in widget.failed_slices()
    assert stacks > 150
    assert unreadable <= 3  # a damaged codestream says so in its place


def test_the_real_chest_lies_as_its_letters_say(qtbot, desk) -> None:
    """The liver's dome is on the patient's right, the spine behind, in acquired slices and in cuts."""
    open_study(qtbot, desk, shared_path("data/profmcdan+dicom-project/data/767"))
    widget = viewport_of(qtbot, desk, (512, 512))
    state = widget.state
    qtbot.waitUntil(lambda: widget.volume.is_complete, timeout=60000)
    low, high = state.stack.geometry.bounds
    middle = (low + high) / 2
    state.go_to_point((float(middle[0]), float(middle[1]), float(low[2] * 0.62 + high[2] * 0.38)))
    state.update(voi=Window(40, 400))
    for kind in ("acquired", "axial"):
        state.set_plane(kind)
        letters = letters_of(widget.shown, widget.transform, state.stack)
        assert (letters.left, letters.right, letters.top, letters.bottom) == ("R", "L", "A", "P")
        screen = widget.grab().toImage()
        grey = np.array([[screen.pixelColor(x, y).lightness() for x in range(60, 452)] for y in range(150, 420)])
        rows, columns = grey.shape
        front = (grey > 60) & (grey < 230)
        right = front[: rows // 2, int(columns * 0.25) : int(columns * 0.45)].mean()
        left = front[: rows // 2, int(columns * 0.55) : int(columns * 0.75)].mean()
        assert right > left + 0.15
        bone = np.argwhere(grey[:, int(columns * 0.4) : int(columns * 0.6)] == 255)
        assert bone[:, 0].mean() > rows * 0.5
