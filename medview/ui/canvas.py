"""What a viewport is painted on: text legible on white bone and black air, drawn once with a halo and kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

HALO = 2.2
"""Px around the letters that the halo needs."""
_HALO_COLOUR = QColor(0, 0, 0, 235)
_KEPT_PICTURES = 600
_KEPT_WIDTHS = 4000
_KEPT_LINES = 64
_KEPT_DRAWINGS = 24
_LOOSE = 1.4
"""By how much more room two pictures that are put into one may take: what is empty costs as much as what is not."""
_DIGITS = frozenset("0123456789")
_FIGURES = frozenset("0123456789.\u2212\u2007")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line in one colour; units are secondary, values are not."""

    text: str
    colour: QColor
    bold: bool = False


Line = tuple[Segment, ...]
Trail = list[tuple[QPointF, QPixmap]]
"""Pictures and where they were put, in order."""
T = TypeVar("T")


class Face:
    """A font with what was measured and drawn with it."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.height = self.metrics.height()
        self.ascent = self.metrics.ascent()
        self._widths: OrderedDict[str, float] = OrderedDict()
        self._pictures: OrderedDict[tuple[str, int, float, bool, bool], QPixmap] = OrderedDict()
        self._numbers: OrderedDict[tuple[str, int, float], tuple[QPixmap, float]] = OrderedDict()

    def width(self, text: str) -> float:
        """Advance of a text in px."""
        known = self._widths.get(text)
        if known is None:
            known = self._widths[text] = self.metrics.horizontalAdvance(text)
            if len(self._widths) > _KEPT_WIDTHS:
                self._widths.popitem(last=False)
        return known

    def picture(self, text: str, colour: QColor, ratio: float, halo: bool = True, letters: bool = True) -> QPixmap:
        """The text and its halo, or one of them, at a device pixel ratio.

        Its top left corner lies `HALO` px outside of the text's.
        """
        key = (text, colour.rgba(), ratio, halo, letters)
        known = self._pictures.get(key)
        if known is None:
            known = self._pictures[key] = self._draw(text, colour, ratio, halo, letters)
            if len(self._pictures) > _KEPT_PICTURES:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        return known

    def number(self, text: str, colour: QColor, ratio: float) -> tuple[QPixmap, float]:
        """A number like :meth:`picture`, and its advance.

        Numbers change with every step of a drag: they are put together from figures that are drawn already, first all
        halos, so that none darkens its neighbour.
        """
        key = (text, colour.rgba(), ratio)
        known = self._numbers.get(key)
        if known is not None:
            self._numbers.move_to_end(key)
            return known
        width = sum(map(self.width, text))
        picture = self._empty(width, ratio)
        painter = QPainter(picture)
        for halo in (True, False):
            at = 0.0
            for figure in text:
                one = self.picture(figure, colour, ratio, halo=halo, letters=not halo)
                painter.drawPixmap(QPointF(round(at * ratio) / ratio, 0), one)
                at += self.width(figure)
        painter.end()
        picture = _at_rest(picture)
        self._numbers[key] = (picture, width)
        if len(self._numbers) > _KEPT_PICTURES:
            self._numbers.popitem(last=False)
        return picture, width

    def _empty(self, width: float, ratio: float) -> QPixmap:
        """Room for a text of that advance and its halo."""
        picture = QPixmap(math.ceil((width + 2 * HALO + 2) * ratio), math.ceil((self.height + 2 * HALO) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        return picture

    def _draw(self, text: str, colour: QColor, ratio: float, halo: bool, letters: bool) -> QPixmap:
        picture = self._empty(self.width(text), ratio)
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        base = QPointF(HALO, HALO + self.ascent)
        if halo:
            outline = QPainterPath()
            outline.addText(base, self.font, text)
            pen = QPen(_HALO_COLOUR, 2 * HALO - 0.8)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.strokePath(outline, pen)
        if letters:
            painter.setFont(self.font)
            painter.setPen(colour)
            painter.drawText(base, text)
        painter.end()
        return _at_rest(picture)


def _at_rest(picture: QPixmap) -> QPixmap:
    """The same without what painted it: that stays with a picture, and takes 2.4 KB where the word itself takes 5."""
    return picture.copy()


_faces: OrderedDict[str, Face] = OrderedDict()
_KEPT_FACES = 16


def face_of(font: QFont) -> Face:
    """The face of a font, the same for all viewports: each letter is drawn once for all of them."""
    key = font.key()
    known = _faces.get(key)
    if known is None:
        known = _faces[key] = Face(font)
        if len(_faces) > _KEPT_FACES:
            _faces.popitem(last=False)
    return known


def forget_faces() -> None:
    """The language, or the fonts that stand in for others, changed."""
    _faces.clear()


class KeptLines:
    """Pictures of lines that were drawn more than once; those that change with every step are not among them."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._seen: OrderedDict[Hashable, None] = OrderedDict()
        self._same: OrderedDict[tuple[int, float], tuple[Line, QPixmap, float]] = OrderedDict()
        self._widest: dict[int, tuple[tuple[Line, ...], float]] = {}
        self._widths: dict[int, tuple[Line, float]] = {}

    def width(self, line: Line, width: Callable[[Line], float]) -> float:
        """The width of a line; known where this very line was asked for before."""
        known = self._widths.get(id(line))
        if known is None or known[0] is not line:
            if len(self._widths) > _KEPT_LINES:
                self._widths.clear()
            known = self._widths[id(line)] = (line, width(line))
        return known[1]

    def widest(self, lines: tuple[Line, ...], width: Callable[[Line], float]) -> float:
        """The width of the longest of some ``lines``, 0 for none; known where these very lines were asked for before."""
        known = self._widest.get(id(lines))
        if known is None or known[0] is not lines:
            if len(self._widest) > _KEPT_LINES:
                self._widest.clear()
            known = self._widest[id(lines)] = (lines, max(map(width, lines), default=0.0))
        return known[1]

    def of_same(self, line: Line, ratio: float) -> tuple[QPixmap, float] | None:
        """Picture and width of this very line, not only of one like it."""
        known = self._same.get((id(line), ratio))
        return None if known is None or known[0] is not line else known[1:]

    def get(self, key: Hashable) -> QPixmap | None:
        """The picture of a line, None where it was not drawn often enough."""
        return self._pictures.get(key)

    def seen_before(self, key: Hashable) -> bool:
        """Whether the line was asked for lately; it is now."""
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > _KEPT_LINES:
            self._seen.popitem(last=False)
        return False

    def keep_same(self, line: Line, ratio: float, picture: QPixmap, width: float) -> None:
        """Remember the picture of this very line."""
        self._same[(id(line), ratio)] = (line, picture, width)
        if len(self._same) > _KEPT_LINES:
            self._same.popitem(last=False)

    def keep(self, key: Hashable, picture: QPixmap) -> None:
        """Keep the picture of a line."""
        self._pictures[key] = picture
        if len(self._pictures) > _KEPT_LINES:
            self._pictures.popitem(last=False)


class KeptDrawings:
    """Pictures of what is drawn the same again and again (scales, the slider), which takes longer than to copy it."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[Hashable, QPixmap] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], QPixmap]) -> QPixmap:
        """The picture of ``key``, made where it is not there."""
        known = self._pictures.get(key)
        if known is None:
            known = self._pictures[key] = make()
            if len(self._pictures) > _KEPT_DRAWINGS:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        return known


def _joined(trail: Trail, ratio: float) -> Trail:
    """The same pictures in as few as there can be: those that follow one another and lie close together become one."""
    joined: list[tuple[QRectF, Trail]] = []
    for at, picture in trail:
        place = QRectF(at, picture.deviceIndependentSize())
        if joined:
            both = joined[-1][0].united(place)
            if _area(both) <= _LOOSE * (_area(joined[-1][0]) + _area(place)):
                joined[-1] = (both, [*joined[-1][1], (at, picture)])
                continue
        joined.append((place, [(at, picture)]))
    return [part[0] if len(part) == 1 else (place.topLeft(), _one(place, part, ratio)) for place, part in joined]


def _area(place: QRectF) -> float:
    return place.width() * place.height()


def _one(place: QRectF, part: Trail, ratio: float) -> QPixmap:
    """Pictures, which all lie on whole device pixels, as one that fills ``place``."""
    whole = QPixmap(round(place.width() * ratio), round(place.height() * ratio))
    whole.setDevicePixelRatio(ratio)
    whole.fill(Qt.GlobalColor.transparent)
    painter = QPainter(whole)
    for at, picture in part:
        painter.drawPixmap(at - place.topLeft(), picture)
    painter.end()
    return _at_rest(whole)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The four fonts of the image ground, and whole lines and other things that were drawn before."""

    text: Face
    bold: Face
    small: Face
    large: Face
    lines: KeptLines = field(default_factory=KeptLines)
    drawings: KeptDrawings = field(default_factory=KeptDrawings)
    trails: dict[str, tuple[object, int, Trail, object]] = field(default_factory=dict)
    """What was drawn last under a name: for what, how often (up to 3), which pictures where, and what came of it."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A viewport that is being painted: painter, size in logical px and fonts."""

    painter: QPainter
    width: float
    height: float
    fonts: Fonts
    ratio: float = 1.0
    """Device px per logical px."""
    trail: Trail | None = None
    """Where to write down what is drawn."""

    def again(self, name: str, key: object, draw: Callable[[Canvas], T]) -> T:
        """What ``draw`` answers. It draws words, lines and what is kept, and nothing else, and all of it depends on ``key``.

        While that is what it was, the pictures are put where they were put the last time: most of what lies over an image
        is the same from slice to slice.
        """
        whole = (self.width, self.height, self.ratio, key)
        known = self.fonts.trails.get(name)
        times = known[1] if known is not None and known[0] == whole else 0
        if known is not None and times > 1:
            trail = known[2]
            if times == 2:
                trail = _joined(trail, self.ratio)
                self.fonts.trails[name] = (whole, 3, trail, known[3])
            for at, picture in trail:
                self.painter.drawPixmap(at, picture)
            if self.trail is not None:
                self.trail.extend(trail)
            return cast("T", known[3])
        # The second time a line is one picture; that is what is worth writing down.
        trail = []
        answer = draw(Canvas(self.painter, self.width, self.height, self.fonts, self.ratio, trail))
        self.fonts.trails[name] = (whole, times + 1, trail, answer)
        if self.trail is not None:
            self.trail.extend(trail)
        return answer

    def _put(self, at: QPointF, picture: QPixmap) -> None:
        self.painter.drawPixmap(at, picture)
        if self.trail is not None:
            self.trail.append((at, picture))

    def words(self, x: float, y: float, text: str, colour: QColor, face: Face | None = None) -> float:
        """Draw text with its top left corner at (x, y) and return its advance."""
        if not text:
            return 0.0
        face = face or self.fonts.text
        if _FIGURES.issuperset(text):
            picture, width = face.number(text, colour, self.ratio)
            self._put(self._corner(x, y), picture)
            return width
        if " " in text and not _DIGITS.isdisjoint(text):
            # Values stand between words that are the same everywhere: only the figures are others.
            return self._parted(x, y, text, colour, face)
        self._put(self._corner(x, y), face.picture(text, colour, self.ratio))
        return face.width(text)

    def plain_lines(self, x: float, y: float, lines: Sequence[str], colours: Sequence[QColor]) -> None:
        """Draw lines below one another without halos, on a ground that is dark already; the last colour is that of all others.

        Words that were never drawn before take a tenth of the time that they take with a halo.
        """
        face, painter, ratio = self.fonts.text, self.painter, self.ratio
        painter.setFont(face.font)
        left = round(x * ratio) / ratio
        for row, line in enumerate(lines):
            if row < len(colours) and (row == 0 or colours[row] is not colours[row - 1]):
                painter.setPen(colours[row])
            painter.drawText(QPointF(left, round((y + row * face.height + face.ascent) * ratio) / ratio), line)

    def _parted(self, x: float, y: float, text: str, colour: QColor, face: Face) -> float:
        """Draw the words of a text one after the other; return the advance of all."""
        at, gap = x, face.width(" ")
        for number, word in enumerate(text.split(" ")):
            at += gap if number else 0.0
            at += self.words(at, y, word, colour, face)
        return at - x

    def kept(self, key: Hashable, place: QRectF, draw: Callable[[QPainter], None]) -> None:
        """Draw what ``draw`` does inside of ``place``, from a picture once it was done for this ``key`` and size.

        It is drawn as if the place's corner lay on a device pixel, which by less than half of one it may not.
        """
        ratio = self.ratio
        left, top = round(place.left() * ratio) / ratio, round(place.top() * ratio) / ratio
        size = (math.ceil(place.width() * ratio - 1e-6), math.ceil(place.height() * ratio - 1e-6))

        def make() -> QPixmap:
            picture = QPixmap(*size)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHints(self.painter.renderHints())
            painter.translate(-place.left(), -place.top())
            draw(painter)
            painter.end()
            return _at_rest(picture)

        self._put(QPointF(left, top), self.fonts.drawings.get((key, size, ratio), make))

    def _corner(self, x: float, y: float) -> QPointF:
        """On whole device pixels, so that the letters stay as sharp as they were drawn."""
        ratio = self.ratio
        return QPointF(round((x - HALO) * ratio) / ratio, round((y - HALO) * ratio) / ratio)

    def line_width(self, line: Line) -> float:
        """Advance of a line of segments."""
        return self.fonts.lines.width(line, self._width_of)

    def _width_of(self, line: Line) -> float:
        return sum((self.fonts.bold if part.bold else self.fonts.text).width(part.text) for part in line)

    def line(self, x: float, y: float, line: Line, align_right: bool = False) -> None:
        """Draw segments one after the other from ``x``, or ending at ``x``."""
        lines = self.fonts.lines
        same = lines.of_same(line, self.ratio)
        if same is not None:
            self._put(self._corner(x - same[1] if align_right else x, y), same[0])
            return
        width = self.line_width(line)
        if align_right:
            x -= width
        corner = self._corner(x, y)
        key = (self.ratio, *((part.text, part.colour.rgba(), part.bold) for part in line))
        kept = lines.get(key)
        if kept is not None:
            lines.keep_same(line, self.ratio, kept, width)
            self._put(corner, kept)
            return
        if lines.seen_before(key):
            # The same line again: from now on it is one picture.
            size = (width + 2 * HALO + 2, self.fonts.bold.height + 2 * HALO)
            picture = QPixmap(math.ceil(size[0] * self.ratio), math.ceil(size[1] * self.ratio))
            picture.setDevicePixelRatio(self.ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            replace(self, painter=painter, trail=None)._words_of(HALO, HALO, line)
            painter.end()
            picture = _at_rest(picture)
            lines.keep(key, picture)
            self._put(corner, picture)
            return
        # From a whole pixel on, as in the picture of the line: its words must not move when it is kept.
        self._words_of(corner.x() + HALO, corner.y() + HALO, line)

    def _words_of(self, x: float, y: float, line: Line) -> None:
        for part in line:
            x += self.words(x, y, part.text, part.colour, self.fonts.bold if part.bold else self.fonts.text)

    def centred(self, middle: QPointF, text: str, colour: QColor, face: Face | None = None) -> QRectF:
        """Draw text around a point and return the rectangle that it fills."""
        face = face or self.fonts.text
        rect = QRectF(middle.x() - face.width(text) / 2, middle.y() - face.height / 2, face.width(text), face.height)
        self.words(rect.left(), rect.top(), text, colour, face)
        return rect
