"""The place of a CAD's finding is drawn with a sign of its own kind."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication

from medview.ui.report_mark_items import _draw_symbol

ABOVE, BELOW, RIGHT, MIDDLE, BETWEEN = (20, 12), (20, 28), (28, 20), (20, 20), (14, 14)
"""(x, y) of places around a sign in the middle of 40 × 40 px; between: up and left at 8.5 px."""


def drawn(symbol: str) -> np.ndarray:
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(QPen(QColor(255, 255, 255), 1.0))
    _draw_symbol(painter, symbol, QPointF(20, 20))  # type: ignore[arg-type]
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(40, 40, 4)[..., 0] > 0


@pytest.mark.parametrize(
    ("symbol", "there", "empty"),
    [
        ("cross", (MIDDLE,), (ABOVE, BELOW, RIGHT, BETWEEN)),
        ("asterisk", (MIDDLE, ABOVE, BELOW), (RIGHT,)),
        ("triangle", (ABOVE,), (MIDDLE, BELOW, RIGHT)),
        ("diamond", (ABOVE, BELOW, RIGHT), (MIDDLE, BETWEEN)),
        ("circle", (ABOVE, BELOW, RIGHT, BETWEEN), (MIDDLE,)),
    ],
)
def test_each_sign_has_its_shape(
    qapp: QApplication, symbol: str, there: tuple[tuple[int, int], ...], empty: tuple[tuple[int, int], ...]
) -> None:
    del qapp
    found = drawn(symbol)
    assert [bool(found[y - 1 : y + 2, x - 1 : x + 2].any()) for x, y in there] == [True] * len(there)
    assert [bool(found[y - 1 : y + 2, x - 1 : x + 2].any()) for x, y in empty] == [False] * len(empty)
