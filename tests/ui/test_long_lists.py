"""Lists of hundreds of rows are there at once and whole a moment later; numbers among words are drawn as figures."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from medview.ui.canvas import HALO, Canvas, Face, Fonts, Line, Segment
from medview.ui.row_filling import AT_ONCE, RowFilling
from medview.ui.viewport_style import READER


def test_a_long_list_is_filled_by_and_by_and_in_order(qtbot: QtBot) -> None:
    tree = QTreeWidget()
    qtbot.addWidget(tree)
    filling, made = RowFilling(tree), []

    def row(at: int) -> QTreeWidgetItem:
        made.append(at)
        return QTreeWidgetItem([str(at)])

    filling.fill(500, row)
    assert made == list(range(AT_ONCE))
    filling.up_to(70)
    assert made == list(range(70))
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 500, timeout=20_000)
    assert [tree.topLevelItem(at).text(0) for at in range(500)] == [str(at) for at in range(500)]
    # What is filled anew while it is being filled holds nothing of before.
    filling.fill(300, row)
    filling.fill(3, row)
    qtbot.wait(20)
    assert tree.topLevelItemCount() == 3


def test_words_with_figures_look_as_they_do_in_one_piece(qapp: QApplication) -> None:
    face = Face(qapp.font())
    fonts = Fonts(face, face, face, face)
    text, colour = "Mean 123.4 HU   SD 5.6", QColor(255, 220, 0)

    def drawn(one_piece: bool) -> tuple[float, QPixmap]:
        picture = QPixmap(400, 40)
        picture.fill(QColor(90, 90, 90))
        painter = QPainter(picture)
        canvas = Canvas(painter, 400, 40, fonts)
        width = face.width(text)
        if one_piece:
            painter.drawPixmap(canvas._corner(10, 5), face.picture(text, colour, 1.0))
        else:
            width = canvas.words(10, 5, text, colour)
        painter.end()
        return width, picture

    (width, parts), (whole_width, whole) = drawn(False), drawn(True)
    assert abs(width - whole_width) < 1.0
    a, b = parts.toImage(), whole.toImage()
    lit = [
        {x for x in range(400) for y in range(40) if image.pixelColor(x, y).red() > 150 > image.pixelColor(x, y).blue()}
        for image in (a, b)
    ]
    assert lit[0]
    assert min(lit[0]) - 10 < 2 * HALO + 2
    # No letter is more than a pixel from where it is in one piece.
    assert all({x - 1, x, x + 1} & lit[1] for x in lit[0])
    assert all({x - 1, x, x + 1} & lit[0] for x in lit[1])


def test_a_line_that_is_drawn_again_looks_the_same_and_another_one_is_itself(qapp: QApplication) -> None:
    face = Face(qapp.font())
    fonts = Fonts(face, face, face, face)

    def line_of(number: int) -> Line:
        return (
            Segment("Image ", QColor(160, 170, 180)),
            Segment(f"{number}", QColor(255, 220, 0)),
            Segment(" / 60", READER),
        )

    def drawn(line: Line, right: bool) -> QImage:
        picture = QPixmap(200, 40)
        picture.fill(QColor(90, 90, 90))
        painter = QPainter(picture)
        Canvas(painter, 200, 40, fonts).line(190.3 if right else 10.6, 5, line, align_right=right)
        painter.end()
        return picture.toImage()

    for right in (False, True):
        line, like, other = line_of(12), line_of(12), line_of(13)
        first = drawn(line, right)
        assert first != drawn(other, right)
        # The second time it is one picture from then on.
        assert all(drawn(line, right) == first for _ in range(3))
        assert drawn(like, right) == first
        # So many others that no picture of it is left, and what is made at its address is not taken for it.
        for number in range(20, 120):
            kept = line_of(number)
            assert drawn(kept, right) == drawn(line_of(number), right) != first
        assert drawn(line, right) == first


def test_words_beside_marks_look_as_they_do_in_one_piece_also_from_right_to_left(qapp: QApplication) -> None:
    face = Face(qapp.font())
    fonts = Fonts(face, face, face, face)
    white = QColor(255, 255, 255)

    def columns(text: str, ratio: float, by_qt: bool) -> set[int]:
        picture = QPixmap(round(420 * ratio), round(40 * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(0, 0, 0))
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if by_qt:
            painter.setFont(face.font)
            painter.setPen(white)
            painter.drawText(QPointF(10, 5 + face.ascent), text)
        else:
            Canvas(painter, 420, 40, fonts, ratio).plain_lines(10, 5, [text], [white])
        painter.end()
        image = picture.toImage()
        return {x for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).red() > 120}

    for text in ("Mean 123.4 HU   SD 5.6", "Min \u22121023   Max 1954   Median 52.5", "", "平均 12.3", "שלום 123 אב"):
        for ratio in (1.0, 1.5, 2.0):
            ours, qt = columns(text, ratio, False), columns(text, ratio, True)
            near = {x + step for x in qt for step in range(-round(1.5 * ratio), round(1.5 * ratio) + 1)}
            assert bool(ours) == bool(qt) == bool(text)
            assert ours <= near
            assert not text or max(qt) - max(ours) <= 2 * ratio
        assert abs(face.letters_width(text) - face.width(text)) < 1.5
    # Other figures in as many places take no other room, and what is kept has a bound.
    assert face.letters_width("12.3 mm") == face.letters_width("45.6 mm")
    for number in range(1500):
        face.letters(f"note {chr(0x4E00 + number)}", white, 1.0)
    assert len(face._letters) <= 600
