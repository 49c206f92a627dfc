"""Small parts that the panels are put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QPixmap, QValidator
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from medview.ui.icons import icon
from medview.ui.text import translate

GAP = 8
PANEL_MARGIN = 12
FIELD_ROOM = 6
DECIMAL_MARKS = ".,٫"


def panel_column(widget: QWidget) -> QVBoxLayout:
    """The column of a panel, on the 4 px grid."""
    widget.setObjectName("panel")
    column = QVBoxLayout(widget)
    column.setContentsMargins(PANEL_MARGIN, PANEL_MARGIN, PANEL_MARGIN, PANEL_MARGIN)
    column.setSpacing(GAP)
    return column


def title_label(text: str) -> QLabel:
    """Heads a section of a panel."""
    label = QLabel(text)
    label.setObjectName("title")
    label.setIndent(0)
    return label


def text_label(text: str = "", role: str = "", selectable: bool = False) -> QLabel:
    """Running text that wraps inside its panel and never makes it wider; ``role`` as in the theme."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)  # file names and descriptions are no markup
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    # Not "Minimum": then it asks for the height that it has at its narrowest, in Chinese a line for each letter, and a dialog
    # with one long sentence is higher than the screen.
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    if role:
        label.setObjectName(role)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def rule() -> QFrame:
    """A line between sections."""
    line = QFrame()
    line.setObjectName("rule")
    return line


class WholeField(QSpinBox):
    """A whole number whose figures keep clear of the frame, which no style sheet can give them."""

    def __init__(self) -> None:
        super().__init__()
        self.lineEdit().setTextMargins(FIELD_ROOM, 0, FIELD_ROOM, 0)


class RealField(QDoubleSpinBox):
    """A number whose figures keep clear of the frame. Point and comma both are its decimal mark, whichever the region writes.

    Qt takes the other one for a mark between thousands and leaves it out: 12.5 typed in Germany, or 12,5 in England, became 125.
    A double-click chooses the whole number: Qt's the figures on one side of the mark, so that −900 typed over 0.0 became 0.9.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lineEdit().setTextMargins(FIELD_ROOM, 0, FIELD_ROOM, 0)
        self.lineEdit().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.lineEdit() and event.type() == QEvent.Type.MouseButtonDblClick:
            self.selectAll()
            return True
        return super().eventFilter(watched, event)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return super().validate(self._with_own_mark(text), position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(self._with_own_mark(text))

    def _with_own_mark(self, text: str) -> str:
        """The text with the region's decimal mark; one with several marks stays, and is refused."""
        body = text.removesuffix(self.suffix()).removeprefix(self.prefix())
        found = [letter for letter in body if letter in DECIMAL_MARKS]
        own = self.locale().decimalPoint()
        if len(found) != 1 or found[0] == own:
            # Two marks are never one number: as they are, Qt would leave one out.
            return text if len(found) < 2 else text.replace(".", own).replace(",", own)
        return text.replace(body, body.replace(found[0], own), 1)


def icon_button(name: str, tip: str, clicked: Callable[[], object], checkable: bool = False) -> QToolButton:
    """A small button with an icon; its tooltip says what it does."""
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setCheckable(checkable)
    button.clicked.connect(lambda _on=False: clicked())
    return button


class Disclosure(QToolButton):
    """A line with a caret that shows and hides what stands below it."""

    def __init__(self, title: str, shown: QWidget, is_open: bool = False) -> None:
        super().__init__()
        self.setObjectName("disclosure")
        self.setText(title)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setCheckable(True)
        self._shown = shown
        self.toggled.connect(self._turn)
        self.setChecked(is_open)
        self._turn(is_open)

    def _turn(self, is_open: bool) -> None:
        self.setIcon(icon("caret-down" if is_open else "caret-right", "secondary"))
        self._shown.setVisible(is_open)


class Zoomed(Protocol):
    """What can be shown larger and smaller."""

    def zoom_by(self, factor: float) -> None:
        """Larger by a factor."""
        ...

    def fit_width(self) -> None:
        """As wide as the view."""
        ...


def zoom_buttons(shown: Zoomed, step: float) -> tuple[QToolButton, QToolButton, QToolButton]:
    """Smaller, larger, and as wide as the view."""
    return (
        icon_button("magnifying-glass-minus", translate("Pdf", "Smaller"), lambda: shown.zoom_by(1 / step)),
        icon_button("magnifying-glass-plus", translate("Pdf", "Larger"), lambda: shown.zoom_by(step)),
        icon_button("arrows-out", translate("Pdf", "As wide as the view"), shown.fit_width),
    )


class Swatch(QWidget):
    """A colour that can be clicked."""

    clicked = Signal()
    SIZE = 14

    def __init__(self, colour: tuple[int, int, int], tip: str = "") -> None:
        super().__init__()
        self._colour = QColor(*colour)
        self.setFixedSize(self.SIZE, self.SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def set_colour(self, colour: tuple[int, int, int]) -> None:
        """Show another colour."""
        self._colour = QColor(*colour)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(self.rect(), 3, 3)
        painter.end()


def swatch_icon(colour: tuple[int, int, int]) -> QIcon:
    """A colour before words that stay legible in any theme."""
    picture = QPixmap(20, 20)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(1, 1, 18, 18, 5, 5)
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)


SCROLL_BAR_PX = 12
FRAME_ROOM = (16, 64)
"""Px that a window's frame and the desktop's bars may take beside it."""


def room_on_screen(dialog: QWidget) -> QSize:
    """How large a dialog may be."""
    free = dialog.screen().availableGeometry()
    return QSize(free.width() - FRAME_ROOM[0], free.height() - FRAME_ROOM[1])


def fit_into_screen(dialog: QWidget) -> None:
    """No dialog is larger than its screen, as on a small one or at 300 %; one that needs more is scrolled, but for its buttons."""
    room = room_on_screen(dialog)
    dialog.ensurePolished()
    wished = dialog.size() if dialog.testAttribute(Qt.WidgetAttribute.WA_Resized) else dialog.sizeHint()
    least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
    if least.width() > room.width() or least.height() > room.height():
        _scroll(dialog)
        wished += QSize(SCROLL_BAR_PX, 0)
    dialog.resize(wished.boundedTo(room))


def show_fitted(dialog: QWidget) -> None:
    """Show a dialog, no larger than its screen."""
    fit_into_screen(dialog)
    dialog.show()


def _scroll(dialog: QWidget) -> None:
    """Put what a dialog holds into an area that scrolls, all but a last row of buttons."""
    column = dialog.layout()
    if column is None:
        return
    last = column.itemAt(column.count() - 1) if isinstance(column, QVBoxLayout) else None
    buttons = column.takeAt(column.count() - 1) if last is not None and isinstance(last.layout(), QHBoxLayout) else None
    dialog.setMinimumSize(0, 0)
    inside = QWidget()
    inside.setLayout(column)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inside)
    outer = QVBoxLayout(dialog)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area, 1)
    row = None if buttons is None else buttons.layout()
    if isinstance(row, QHBoxLayout):
        row.setContentsMargins(PANEL_MARGIN, 0, PANEL_MARGIN, PANEL_MARGIN)
        outer.addLayout(row)


def focus_of(window: QWidget) -> QWidget | None:
    """The widget of a window that has the focus, or would have it if the window were in front."""
    return window.focusWidget()


def empty(layout_owner: QVBoxLayout) -> None:
    """Take everything out of a column."""
    while layout_owner.count():
        item = layout_owner.takeAt(0)
        if item is None:
            continue
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        inner = item.layout()
        if isinstance(inner, QVBoxLayout):
            empty(inner)
