"""What models found, drawn on the picture: dashed boxes with label, score, diameter and the package's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from medview.app.decisions import UNDECIDED, Decision
from medview.app.finding_outline import finding_outline, is_central_slice
from medview.app.finding_points import points_on
from medview.app.results import result_key
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import ViewTransform
from medview.core.finding import Finding, InferenceResult
from medview.core.geometry import Geometry
from medview.core.statement import PriorSize
from medview.ui.canvas import Canvas, Face
from medview.ui.model_text import model_text
from medview.ui.prior_choice import short_prior_text
from medview.ui.text import shown_number
from medview.ui.viewport_style import AI_CYAN, AI_VIOLET, SECONDARY

translate = QCoreApplication.translate

_HALO = QColor(0, 0, 0, 150)
SMALL = 280.0
"""Px of width below which a finding tells in a viewport how large it is and nothing more: its name stands in the list."""


def finding_text(finding: Finding, decision: Decision = UNDECIDED) -> str:
    """Label (the reader's where there is one), diameter, then score; a tick where the reader accepted it."""
    tick = "✓ " if decision.verdict == "accepted" else ""
    size = "" if finding.size_mm is None else f"  {shown_number(finding.size_mm, '.1f')} mm"
    return f"{tick}{decision.label or model_text(finding.label)}{size}  {shown_number(finding.score, '.2f')}"


def _short_text(finding: Finding, decision: Decision) -> str:
    """The diameter, or the label where there is none."""
    tick = "✓ " if decision.verdict == "accepted" else ""
    size = "" if finding.size_mm is None else f"{shown_number(finding.size_mm, '.1f')} mm"
    return tick + (size or decision.label or model_text(finding.label))


def draw_findings(
    canvas: Canvas,
    shown: ShownSlice,
    transform: ViewTransform,
    geometry: Geometry | None,
    results: Sequence[tuple[InferenceResult, Sequence[Finding]]],
    *,
    selected: tuple[str, str] = ("", ""),
    decided: Callable[[InferenceResult, Finding], Decision] = lambda _result, _finding: UNDECIDED,
    prior: Callable[[str, float | None], PriorSize | None] = lambda _key, _now: None,
) -> list[QRectF]:
    """Draw the boxes that the slice meets; returns the rectangles of their words, which marks keep clear of.

    A finding that the reader accepted is drawn with solid lines.
    """
    taken: list[QRectF] = []
    for result, findings in results:
        key = result_key(result)
        name = model_text(result.provenance.package_name or result.provenance.package_id)
        for finding in findings:
            corners = finding_outline(finding, shown, geometry)
            if not corners:
                continue
            polygon = QPolygonF([QPointF(*transform.image_to_screen(x, y)) for x, y in corners])
            central = is_central_slice(finding, shown, geometry)
            decision = decided(result, finding)
            accepted = decision.verdict == "accepted"
            _draw_box(canvas.painter, polygon, central, (key, finding.id) == selected, accepted)
            points = points_on(finding.keypoints, shown, geometry)
            if points:
                _draw_points(canvas, transform, finding, points, taken)
            is_small = canvas.width < SMALL
            words = _short_text(finding, decision) if is_small else finding_text(finding, decision)
            lines = [(words, AI_CYAN if central else SECONDARY, canvas.fonts.text)]
            if is_small:
                taken.append(_draw_words(canvas, polygon.boundingRect(), lines, taken))
                continue
            before = prior(f"{key}/{finding.id}", finding.size_mm) if central else None
            if before is not None:
                lines.append((short_prior_text(before), AI_CYAN, canvas.fonts.small))
            if central:
                lines.append((name, AI_VIOLET, canvas.fonts.small))
            taken.append(_draw_words(canvas, polygon.boundingRect(), lines, taken))
    return taken


def _draw_box(painter: QPainter, polygon: QPolygonF, central: bool, selected: bool, accepted: bool) -> None:
    """Cyan and violet dashes by turns over a dark line, solid where accepted; thinner away from the finding's middle."""
    width = 2.4 if selected else 1.8 if central else 1.2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_HALO, width + 1.5))
    painter.drawPolygon(polygon)
    if accepted:
        painter.setPen(QPen(AI_CYAN, width))
        painter.drawPolygon(polygon)
        return
    for colour, offset in ((AI_CYAN, 0.0), (AI_VIOLET, 9.0 / width)):
        pen = QPen(colour, width)
        pen.setDashPattern([7.0 / width, 11.0 / width])
        pen.setDashOffset(offset)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawPolygon(polygon)


def _draw_points(
    canvas: Canvas,
    transform: ViewTransform,
    finding: Finding,
    points: dict[int, tuple[float, float]],
    taken: list[QRectF],
) -> None:
    """Named points as rings with a dot, and the lines between them; a name stands where no other word does."""
    painter = canvas.painter
    places = {n: QPointF(*transform.image_to_screen(x, y)) for n, (x, y) in points.items()}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_HALO, 3.4), (AI_VIOLET, 1.6)):
        painter.setPen(QPen(colour, width))
        for a, b in finding.bones:
            if a in places and b in places:
                painter.drawLine(places[a], places[b])
    for colour, width in ((_HALO, 3.4), (AI_CYAN, 1.6)):
        painter.setPen(QPen(colour, width))
        for place in places.values():
            painter.drawEllipse(place, 3.6, 3.6)
    face = canvas.fonts.small
    for n, place in places.items():
        name = model_text(finding.keypoints[n].name)
        words = QRectF(place.x() + 7, place.y() - face.height - 1, face.width(name), face.height)
        if words.right() > canvas.width - 14:
            words.moveRight(place.x() - 7)
        if any(words.intersects(other) for other in taken):
            continue
        canvas.words(words.left(), words.top(), name, AI_CYAN, face)
        taken.append(words)


def _draw_words(
    canvas: Canvas, box: QRectF, lines: Sequence[tuple[str, QColor, Face]], taken: Sequence[QRectF]
) -> QRectF:
    """Beside the box, at its other side where there is no room, below other words."""
    height = sum(face.height for _, _, face in lines)
    width = max(face.width(words) for words, _, face in lines)
    place = QRectF(box.right() + 6, box.top() - 2, width, height)
    if place.right() > canvas.width - 14:
        place.moveRight(box.left() - 6)
    # Where neither side has room they lie on the box, and nothing of them is cut.
    place.moveLeft(max(4.0, min(place.left(), canvas.width - 14 - width)))
    while any(place.intersects(other) for other in taken):
        place.translate(0, height + 2)
    y = place.top()
    for words, colour, face in lines:
        canvas.words(place.left(), y, words, colour, face)
        y += face.height
    return place
