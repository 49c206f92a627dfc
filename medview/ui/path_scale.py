"""The distance along the path, above a picture that is straightened along it."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPen

from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import ViewTransform
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import SCALE

_STEPS_MM = (1, 2, 5, 10, 20, 50, 100, 200)
_LEAST_PX = 46.0
"""Between two numbers."""


def draw_path_scale(canvas: Canvas, shown: ShownSlice, transform: ViewTransform) -> None:
    """A tick with its distance in mm from the path's beginning, along the picture's first row, where it is seen."""
    surface = shown.surface
    if surface is None:
        return
    px_per_mm = transform.scale
    step = next((mm for mm in _STEPS_MM if mm * px_per_mm >= _LEAST_PX), _STEPS_MM[-1])
    small, painter = canvas.fonts.small, canvas.painter
    count = int(surface.length_mm / step + 1e-9)
    lines: list[QLineF] = []
    words: list[tuple[QRectF, str]] = []
    for number in range(count + 1):
        column = number * step / surface.step_mm
        x, y = transform.image_to_screen(column, -0.5)
        far_x, far_y = transform.image_to_screen(column, 0.5)
        length = max(((far_x - x) ** 2 + (far_y - y) ** 2) ** 0.5, 1e-9)
        out_x, out_y = (x - far_x) / length, (y - far_y) / length
        # Where the picture is larger than the viewport the scale stays inside.
        x, y = min(max(x, 0.0), canvas.width), min(max(y, 22.0), canvas.height)
        lines.append(QLineF(x, y, x + 6 * out_x, y + 6 * out_y))
        text = f"{number * step} mm" if number == count else f"{number * step}"
        place = QRectF(0, 0, small.width(text), small.height)
        place.moveCenter(QLineF(x, y, x + 14 * out_x, y + 14 * out_y).p2())
        if number == count:
            place.moveRight(min(place.right(), canvas.width - 2.0))
            words = [one for one in words if not one[0].intersects(place)]
        if place.left() >= 0.0 and place.right() <= canvas.width:
            words.append((place, text))  # half a number is another one
    for pen in (QPen(QColor(0, 0, 0, 170), 3), QPen(SCALE, 1)):
        painter.setPen(pen)
        painter.drawLines(lines)
    for place, text in words:
        canvas.words(place.left(), place.top(), text, SCALE, small)
