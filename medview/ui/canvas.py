"""What a viewport is painted on: text legible on white bone and black air, drawn once with a halo and kept."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
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
_TOKENS = re.compile(r"[0-9]|[^0-9]+")


@lru_cache(maxsize=_KEPT_WIDTHS)
def _is_turned(text: str) -> bool:
    """Whether any of it is written from right to left."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in text)


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
K = TypeVar("K")
V = TypeVar("V")


class Face:
    """A font with what was measured and drawn with it."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.height = self.metrics.height()
        self.ascent = self.metrics.ascent()
        self._widths: OrderedDict[str, float] = OrderedDict()
        self._pictures: OrderedDict[tuple[str, int, float, bool, bool], QPixmap] = OrderedDict()
        self._pieces: dict[tuple[str, int, float], tuple[QPixmap, float]] = {}
        self._letters: dict[tuple[str, int, float], tuple[QPixmap, float]] = {}

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

    def piece(self, text: str, colour: QColor, ratio: float) -> tuple[QPixmap, float]:
        """A text as it stands in a line, and its advance. Between slices only figures change: they are put together."""
        key = (text, colour.rgba(), ratio)
        known = self._pieces.get(key)
        if known is None:
            if len(self._pieces) >= _KEPT_PICTURES:
                # The first that was made goes. Those that are asked for all the time are made again, and last.
                del self._pieces[next(iter(self._pieces))]
            known = self._pieces[key] = self._make_piece(text, colour, ratio)
        return known

    def letters(self, text: str, colour: QColor, ratio: float) -> Sequence[tuple[QPixmap, float]] | None:
        """Figures and what stands between them as pictures without halos, and their advances.

        To measure and shape a number that was never drawn takes Qt longer than to put it together. None for a text that is written
        from right to left, whose order is not that of its letters.
        """
        shade = colour.rgba()
        found = []
        for token in _TOKENS.findall(text):
            key = (token, shade, ratio)
            known = self._letters.get(key)
            if known is None:
                if _is_turned(token):
                    return None
                if len(self._letters) >= _KEPT_PICTURES:
                    del self._letters[next(iter(self._letters))]
                known = self._letters[key] = (
                    self._draw(token, colour, ratio, halo=False, letters=True),
                    self.width(token),
                )
            found.append(known)
        return found

    def letters_width(self, text: str) -> float:
        """The advance of :meth:`letters`, or of the whole text where there are none."""
        width = 0.0
        for token in _TOKENS.findall(text):
            if _is_turned(token):
                return self.width(text)
            width += self.width(token)
        return width

    def _make_piece(self, text: str, colour: QColor, ratio: float) -> tuple[QPixmap, float]:
        if _FIGURES.issuperset(text):
            return self._number(text, colour, ratio)
        if " " in text and not _DIGITS.isdisjoint(text):
            # Values stand between words that are the same everywhere: only the figures are others.
            return self._parted(text, colour, ratio)
        return self.picture(text, colour, ratio), self.width(text)

    def _number(self, text: str, colour: QColor, ratio: float) -> tuple[QPixmap, float]:
        """A number from figures that are drawn already, first all halos, so that none darkens its neighbour."""
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
        return _at_rest(picture), width

    def _parted(self, text: str, colour: QColor, ratio: float) -> tuple[QPixmap, float]:
        """The words of a text one after the other."""
        words = [self.piece(word, colour, ratio) if word else None for word in text.split(" ")]
        gap = self.width(" ")
        width = sum(one[1] for one in words if one is not None) + gap * (len(words) - 1)
        picture = self._empty(width, ratio)
        painter = QPainter(picture)
        at = 0.0
        for one in words:
            if one is not None:
                painter.drawPixmap(QPointF(round(at * ratio) / ratio, 0), one[0])
                at += one[1]
            at += gap
        painter.end()
        return _at_rest(picture), width

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
    """Widths of lines, and pictures of those that were drawn more than once; what changes with every step has none.

    All by the very line: most lines of a slice are those that the one before had too.
    """

    def __init__(self) -> None:
        self._pictures: dict[tuple[int, float], tuple[Line, QPixmap]] = {}
        self._asked: dict[tuple[int, float], Line] = {}
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
            widest, widths = 0.0, self._widths
            for line in lines:
                there = widths.get(id(line))
                one = there[1] if there is not None and there[0] is line else self.width(line, width)
                widest = max(widest, one)
            known = self._widest[id(lines)] = (lines, widest)
        return known[1]

    def picture(self, line: Line, ratio: float, make: Callable[[Line], QPixmap]) -> QPixmap | None:
        """The picture of this very line; None where it is asked for the first time."""
        key = (id(line), ratio)
        known = self._pictures.get(key)
        if known is not None and known[0] is line:
            return known[1]
        if self._asked.get(key) is not line:
            _put_last(self._asked, key, line)
            return None
        picture = make(line)
        _put_last(self._pictures, key, (line, picture))
        return picture


def _put_last(kept: dict[K, V], key: K, value: V) -> None:
    """Keep one more of the lines; where they are too many the first that was kept goes."""
    kept.pop(key, None)
    if len(kept) >= _KEPT_LINES:
        del kept[next(iter(kept))]
    kept[key] = value


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
        if times == 0:
            # The second time a line is one picture; that is what is worth writing down.
            answer = draw(self)
            self.fonts.trails[name] = (whole, 1, [], answer)
            return answer
        trail = []
        answer = draw(Canvas(self.painter, self.width, self.height, self.fonts, self.ratio, trail))
        self.fonts.trails[name] = (whole, 2, trail, answer)
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
        picture, width = (face or self.fonts.text).piece(text, colour, self.ratio)
        self._put(self._corner(x, y), picture)
        return width

    def plain_lines(self, x: float, y: float, lines: Sequence[str], colours: Sequence[QColor]) -> None:
        """Draw lines below one another without halos, on a ground that is dark already; the last colour is that of all others."""
        face, painter, ratio = self.fonts.text, self.painter, self.ratio
        for row, line in enumerate(lines):
            colour = colours[min(row, len(colours) - 1)]
            top = y + row * face.height
            pieces = face.letters(line, colour, ratio)
            if pieces is None:
                painter.setFont(face.font)
                painter.setPen(colour)
                painter.drawText(QPointF(round(x * ratio) / ratio, round((top + face.ascent) * ratio) / ratio), line)
                continue
            at, down = x - HALO, round((top - HALO) * ratio)
            for picture, width in pieces:
                if ratio == 1:
                    painter.drawPixmap(round(at), down, picture)
                else:
                    painter.drawPixmap(QPointF(round(at * ratio) / ratio, down / ratio), picture)
                at += width

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
        fonts, width = self.fonts, 0.0
        for part in line:
            width += (fonts.bold if part.bold else fonts.text).width(part.text)
        return width

    def line(self, x: float, y: float, line: Line, align_right: bool = False) -> None:
        """Draw segments one after the other from ``x``, or ending at ``x``."""
        if align_right:
            x -= self.line_width(line)
        corner = self._corner(x, y)
        picture = self.fonts.lines.picture(line, self.ratio, self._picture_of)
        if picture is not None:
            self._put(corner, picture)
            return
        # From a whole pixel on, as in the picture of the line: its words must not move when it is kept.
        self._pieces_of(line, corner)

    def _picture_of(self, line: Line) -> QPixmap:
        """A line that stays, as one picture."""
        size = (self.line_width(line) + 2 * HALO + 2, self.fonts.bold.height + 2 * HALO)
        picture = QPixmap(math.ceil(size[0] * self.ratio), math.ceil(size[1] * self.ratio))
        picture.setDevicePixelRatio(self.ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        replace(self, painter=painter, trail=None)._pieces_of(line, QPointF(0, 0))
        painter.end()
        return _at_rest(picture)

    def _pieces_of(self, line: Line, corner: QPointF) -> None:
        """Draw segments one after the other from where the halo of the first begins."""
        fonts, ratio = self.fonts, self.ratio
        x, y = corner.x(), corner.y()
        for part in line:
            picture, width = (fonts.bold if part.bold else fonts.text).piece(part.text, part.colour, ratio)
            self._put(QPointF(round(x * ratio) / ratio, y), picture)
            x += width

    def centred(self, middle: QPointF, text: str, colour: QColor, face: Face | None = None) -> QRectF:
        """Draw text around a point and return the rectangle that it fills."""
        face = face or self.fonts.text
        rect = QRectF(middle.x() - face.width(text) / 2, middle.y() - face.height / 2, face.width(text), face.height)
        self.words(rect.left(), rect.top(), text, colour, face)
        return rect
