"""Looks at a viewport at the scale that QT_SCALE_FACTOR gives this process, and prints what it saw as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from medview.app import reading
from medview.app.tools import Tool
from medview.core.window import Window
from medview.ui.viewport import ViewportWidget
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, whole_picture


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def hover(widget: QWidget, at: tuple[float, float]) -> None:
    point = QPointF(*at)
    no = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, point, widget.mapToGlobal(point), no, no, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def main() -> None:
    application = QApplication([])
    shape = (3, 40, 44)
    stored = np.random.default_rng(5).integers(1024, 1024 + 256, shape).astype(np.int16)
    workspace = make_workspace()
    workspace.viewports[0].show(*make_study(workspace, stored, axial_geometry(shape, (2.0, 1.5, 0.75))))
    window = QWidget()
    window.resize(503, 407)
    widget = ViewportWidget(workspace, workspace.viewports[0], window)
    widget.setGeometry(13, 7, 479, 391)  # at a quarter or half of a device pixel where the scale is broken
    window.show()
    application.processEvents()
    state = widget.state
    state.update(k=1, voi=Window(128, 256), zoom=1.9, pan=(2.0, -3.0), rotation=1, flip=True)
    ratio = widget.devicePixelRatioF()

    found: dict[str, Any] = {"ratio": ratio}
    wrong = 0
    for i in range(14, 30):
        for j in range(14, 26):
            hover(widget, widget.transform.image_to_screen(i + 0.3, j - 0.3))
            if widget.readout is not None and widget.readout.state == "value":
                wrong += widget.readout.value != int(stored[1, j, i]) - 1024
            else:
                wrong += 1
    found["wrong_values"] = wrong

    screen = pixels(widget.grab().toImage())
    composed = whole_picture(widget)
    h, w = composed.shape[:2]
    found["sizes"] = [list(screen.shape[:2]), [h, w]]
    inner = (slice(int(h * 0.3), int(h * 0.7)), slice(int(w * 0.25), int(w * 0.75)))
    found["grab_equals_composed"] = bool(np.array_equal(screen[inner][..., :3], composed[inner][..., :3]))

    # Inside of its window the viewport lies between device pixels; nothing may be scaled or dropped there.
    whole = pixels(window.grab().toImage())
    best = 999
    for dy in range(int(7 * ratio) - 1, int(7 * ratio) + 3):
        for dx in range(int(13 * ratio) - 1, int(13 * ratio) + 3):
            part = whole[inner[0].start + dy : inner[0].stop + dy, inner[1].start + dx : inner[1].stop + dx, :3]
            best = min(best, int(np.abs(part.astype(int) - composed[inner][..., :3]).max()))
    found["window_differs_by"] = best

    reading.reset(state)
    reading.one_to_one(state)
    application.processEvents()
    one = whole_picture(widget, Window(127.5, 256))
    expected = np.clip(stored[1].astype(int) - 1024, 0, 255)
    rows = one[..., 0][:, (one[..., 0] > 0).any(axis=0)]
    found["one_to_one_columns"] = int(rows.shape[1])
    left, _top, right, _bottom = widget.transform.image_rect_on_screen()
    found["one_to_one_device_px"] = [round((right - left) * ratio, 6), round(left * ratio, 6) % 1, expected.shape[1]]

    reading.fit(state)
    workspace.tools.choose(Tool.RULER)
    a, b = (widget.transform.image_to_screen(*at) for at in ((10, 12), (30, 12)))
    start, end = QPoint(round(a[0]), round(a[1])), QPoint(round(b[0]), round(a[1]))
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(widget, end)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    mark = workspace.measurements.of("stack-1")[0]
    length = widget.measured(mark).length
    found["ruler_mm"] = length.value
    found["ruler_expected_mm"] = (end.x() - start.x()) / widget.transform.scale
    print(json.dumps(found))


if __name__ == "__main__":
    main()
