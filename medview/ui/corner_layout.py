"""Where the corners' words lie: broken and cut so that no two corners meet, and what is left between them for the scales."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF, Qt

from medview.ui.canvas import Canvas, Face, Line, Segment
from medview.ui.corner_text import Corners
from medview.ui.viewport_style import MARGIN, SECONDARY, SLIDER_REACH

MIDDLE = 16.0
"""Px that the orientation letter in the middle of an edge needs."""
HIGHEST = 0.4
"""Share of a viewport's height that the lines of one corner may take."""
LEAST_SCALE = 40.0


TINY = 200.0
"""Px of width below which a corner tells whole lines only: what is cut there tells nothing."""
MOST_BROKEN = 200


@dataclass(slots=True)
class Broken:
    """What was fitted before: lines by their words and the room that they had, and whole corners."""

    lines: dict[tuple[object, ...], tuple[Line, ...]] = field(default_factory=dict)
    same: dict[int, tuple[Line, float, tuple[Line, ...]]] = field(default_factory=dict)
    """The same by the very line, which most lines of a slice are that the one before had too."""
    corners: dict[str, tuple[tuple[Line, ...], float, int, tuple[Line, ...]]] = field(default_factory=dict)
    """By name: lines, room and rows, and how they were fitted into them."""


def fitted(canvas: Canvas, corners: Corners, known: Broken | None = None) -> Corners:
    """The corners as they fit: too long lines are broken where they have gaps, then cut; what does not fit below is left out.

    The first lines of the upper corners and the last of the lower ones stay, they are nearest to the edge. ``known`` is
    filled and used again: of the lines of two slices most are the same.
    """
    room = canvas.width / 2 - MIDDLE - MARGIN
    rows = max(1, int(canvas.height * HIGHEST / canvas.fonts.text.height))
    right = room - SLIDER_REACH
    known = known or Broken()
    if len(known.lines) > MOST_BROKEN:
        known.lines.clear()
    if len(known.same) > MOST_BROKEN:
        known.same.clear()
    # Where all stands at one side the right corners hold what the left ones do elsewhere, and keep of it the same.
    alone = not corners.top_left and not corners.bottom_left
    made = (
        corners.top_left if alone else _corner("top_left", canvas, corners.top_left, room, rows, known),
        _corner("top_left" if alone else "top_right", canvas, corners.top_right, right, rows, known),
        corners.bottom_left if alone else _corner("bottom_left", canvas, corners.bottom_left, room, rows, known),
        _corner("bottom_left" if alone else "bottom_right", canvas, corners.bottom_right, right, rows, known),
    )
    before = (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
    return corners if all(a is b for a, b in zip(made, before, strict=True)) else Corners(*made)


def _corner(
    name: str, canvas: Canvas, lines: tuple[Line, ...], room: float, rows: int, known: Broken
) -> tuple[Line, ...]:
    before = known.corners.get(name)
    if before is not None and before[0] is lines and before[1:3] == (room, rows):
        return before[3]
    if canvas.width >= TINY and len(lines) <= rows and canvas.fonts.lines.widest(lines, canvas.line_width) <= room:
        made = lines
    else:
        whole = _whole_lines(name, canvas, lines, room, known) if canvas.width < TINY else lines
        made = _kept(canvas, whole, room, rows, known, from_top=name.startswith("top"))
    known.corners[name] = (lines, room, rows, made)
    return made


def _whole_lines(name: str, canvas: Canvas, lines: tuple[Line, ...], room: float, known: Broken) -> tuple[Line, ...]:
    """The lines of a corner of a tiny viewport: those that fit as they are, or without the word before their value.

    The name stays also where it is cut, and the place, which stands at the end of its line, without what stands before it.
    """
    found: list[Line] = []
    for at, line in enumerate(lines):
        rows = _in_room(canvas, line, room, known)
        if len(line) > 1 and line[-1].text.lstrip().startswith("/") and rows[0] not in (line, line[1:]):
            line = line[:-1]  # the number of an image, without of how many
            rows = _in_room(canvas, line, room, known)
        row = rows[-1] if name == "bottom_right" else rows[0]
        said = "".join(part.text for part in row).strip()
        whole = "".join(part.text for part in line).strip()
        ends_so = whole.endswith(said) or whole.removesuffix(" mm").endswith(said)
        if (name == "top_left" and at == 0) or (said and ends_so and (len(rows) == 1 or name == "bottom_right")):
            found.append(row)
    return tuple(found)


def _kept(
    canvas: Canvas,
    lines: tuple[Line, ...],
    room: float,
    rows: int,
    known: Broken,
    *,
    from_top: bool,
) -> tuple[Line, ...]:
    """The lines of a corner, no wider than ``room`` and no more than ``rows``.

    Where there are too many rows, what stood at the end of broken lines goes first, so that no line is told by half of its
    figures; then whole lines, the ones that are farthest from the edge.
    """
    fitting = [_in_room(canvas, line, room, known) for line in lines]
    if len(lines) <= rows and all(
        len(group) == 1 and group[0] is line for group, line in zip(fitting, lines, strict=True)
    ):
        return lines
    groups = [list(group) for group in fitting]
    order = groups if from_top else groups[::-1]
    for group in reversed(order):
        while len(group) > 1 and sum(map(len, groups)) > rows:
            group.pop()
    while len(order) > 1 and sum(map(len, order)) > rows:
        order.pop()
    return tuple(line for group in (order if from_top else order[::-1]) for line in group)


def _in_room(canvas: Canvas, line: Line, room: float, known: Broken) -> tuple[Line, ...]:
    same = known.same.get(id(line))
    if same is not None and same[0] is line and same[1] == room:
        return same[2]
    key = (room, *((part.text, part.bold) for part in line))
    made = known.lines.get(key)
    if made is None:
        made = known.lines[key] = tuple(_broken(canvas, line, room))
    known.same[id(line)] = (line, room, made)
    return made


def _broken(canvas: Canvas, line: Line, room: float) -> list[Line]:
    """A line in rows that fit; it may be broken before a segment that begins with a gap."""
    if canvas.line_width(line) <= room:
        return [line]
    pieces: list[list[Segment]] = [[]]
    for part in line:
        if (part.text.startswith("  ") or part.text == " ") and pieces[-1]:
            pieces.append([part])
        else:
            pieces[-1].append(part)
    rows: list[list[Segment]] = []
    for piece in pieces:
        if rows and canvas.line_width((*rows[-1], *piece)) <= room:
            rows[-1] += piece
        else:
            rows.append([replace(piece[0], text=piece[0].text.lstrip()), *piece[1:]])
    return [_cut(canvas, tuple(part for part in row if part.text), room) for row in rows]


def _cut(canvas: Canvas, line: Line, room: float) -> Line:
    """A line that is too long: without the word before its value, else cut with an ellipsis."""
    if len(line) > 1 and line[0].colour == SECONDARY and canvas.line_width(line[1:]) <= room < canvas.line_width(line):
        return line[1:]
    kept: list[Segment] = []
    left = room
    for part in line:
        face: Face = canvas.fonts.bold if part.bold else canvas.fonts.text
        width = face.width(part.text)
        if width > left:
            words = face.metrics.elidedText(part.text, Qt.TextElideMode.ElideRight, max(left, 8.0))
            kept.append(replace(part, text=words))
            break
        kept.append(part)
        left -= width
    return tuple(kept)


def corner_rects(canvas: Canvas, corners: Corners) -> list[QRectF]:
    """Where the corners' words lie, so that everything else keeps clear of them."""
    step = canvas.fonts.text.height
    rects = []
    for lines, right, bottom in (
        (corners.top_left, False, False),
        (corners.top_right, True, False),
        (corners.bottom_left, False, True),
        (corners.bottom_right, True, True),
    ):
        if not lines:
            continue
        width = canvas.fonts.lines.widest(lines, canvas.line_width)
        height = step * len(lines)
        x = canvas.width - SLIDER_REACH - MARGIN - width if right else MARGIN
        y = canvas.height - MARGIN - height if bottom else MARGIN
        rects.append(QRectF(x, y, width, height))
    return rects


def draw_corners(canvas: Canvas, corners: Corners) -> None:
    """Draw the lines of all corners."""
    step = canvas.fonts.text.height
    right = canvas.width - SLIDER_REACH - MARGIN
    for name, lines, align_right, top in (
        ("top_left", corners.top_left, False, MARGIN),
        ("top_right", corners.top_right, True, MARGIN),
        ("bottom_left", corners.bottom_left, False, canvas.height - MARGIN - step * len(corners.bottom_left)),
        ("bottom_right", corners.bottom_right, True, canvas.height - MARGIN - step * len(corners.bottom_right)),
    ):

        def draw(
            on: Canvas, lines: tuple[Line, ...] = lines, align_right: bool = align_right, top: float = top
        ) -> None:
            for row, line in enumerate(lines):
                on.line(right if align_right else MARGIN, top + row * step, line, align_right=align_right)

        canvas.again(name, lines, draw)


def scale_spans(
    canvas: Canvas, taken: list[QRectF], band: float, *, on_right: bool = False
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Free (from, to) px for the scale at the bottom, which is ``band`` px high with its label, and for the upright one.

    The upright one lies at the left, or with ``on_right`` at the right.

    Each is around the middle of its edge; (0, 0) where nothing fits.
    """
    across = _free((0.0, canvas.width), [(r.left(), r.right()) for r in taken if r.bottom() > canvas.height - band])
    beside = [r for r in taken if (r.right() > canvas.width - SLIDER_REACH - 22 if on_right else r.left() < 22)]
    upright = _free((0.0, canvas.height), [(r.top(), r.bottom()) for r in beside])
    return across, upright


def _free(whole: tuple[float, float], taken: list[tuple[float, float]]) -> tuple[float, float]:
    middle = (whole[0] + whole[1]) / 2
    low = max([whole[0], *(end for _, end in taken if end <= middle)])
    high = min([whole[1], *(start for start, _ in taken if start >= middle)])
    if any(start < middle < end for start, end in taken):
        return (0.0, 0.0)
    return (low + 8, high - 8) if high - low - 16 >= LEAST_SCALE else (0.0, 0.0)
