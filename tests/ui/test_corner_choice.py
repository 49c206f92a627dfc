"""The corners' text: chosen for each modality, never touching what else is at the edges, without what tells who it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from medview.app.corner_items import BY_ID, CORNERS, DEFAULT, ITEMS, layout_for, sound_layout, tells_who
from medview.app.marks import Mark
from medview.app.settings import Settings, load_settings, save_settings
from medview.ui.application import Desk
from medview.ui.corner_dialog import CornerDialog
from medview.ui.corner_items import LINES, item_title
from medview.ui.corner_layout import corner_rects, fitted, scale_spans
from medview.ui.corner_text import corner_lines, date_text, mark_text, person_name
from medview.ui.translations import speak
from tests.ui.small_study import active
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, open_viewport

CTRL = Qt.KeyboardModifier.ControlModifier


def viewport(qtbot: QtBot, size: tuple[int, int] = (400, 300), settings: Settings | None = None, **values: Any) -> Any:
    workspace = make_workspace(settings)
    shape = (20, 24, 24)
    made = make_study(workspace, np.full(shape, 1024, dtype=np.int16), axial_geometry(shape), **values)
    workspace.viewports[0].show(*made)
    return open_viewport(qtbot, workspace, size)


def words(widget: Any, **choice: Any) -> dict[str, list[str]]:
    corners = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=20, **choice)
    return {corner: ["".join(part.text for part in line) for line in getattr(corners, corner)] for corner in CORNERS}


def test_every_item_has_a_name_and_lines_and_every_default_exists() -> None:
    assert set(LINES) == set(BY_ID)
    assert all(item_title(one.id) for one in ITEMS)
    assert {item for items in DEFAULT.values() for item in items} <= set(BY_ID)


def test_without_patient_data_nothing_tells_who_it_is(qtbot: QtBot) -> None:
    widget = viewport(qtbot, name="DOE^JANE", patient_id="P-1799")
    everything = {"top_left": tuple(BY_ID), "top_right": (), "bottom_left": (), "bottom_right": ()}
    view = widget.state.view
    series = replace(view.series, context=replace(view.stack.context, description="Thorax Doe j. 1 mm"))
    stack = replace(view.stack, context=replace(view.stack.context, description="Thorax Doe j. 1 mm"))
    study = replace(view.study, description="Control for p-1799")
    widget.state.update(study=study, series=series, stack=stack, text_mode="anonymous")
    told = " ".join(words(widget, layout=everything)["top_left"])
    for secret in ("DOE", "Doe", "JANE", "P-1799", "p-1799", "1961", "A-4711", "2024", "St. Example"):
        assert secret not in told, secret
    assert "CT" in told
    widget.state.update(text_mode="full")
    told = " ".join(words(widget, layout=everything)["top_left"])
    assert "P-1799" in told
    assert "Thorax Doe j." in told


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("19990524", "24 May 1999"),
        ("1999.05.24", "24 May 1999"),
        ("0000.00.00", "0000.00.00"),
        ("20240308.5", "8 Mar 2024"),
        ("", ""),
    ],
)
def test_dates_are_read_in_both_ways_of_the_standard(stored: str, shown: str) -> None:
    assert date_text(stored) == shown


def test_a_name_of_carets_alone_is_none() -> None:
    assert person_name("^^^^") == person_name("=^=") == ""


@pytest.mark.parametrize(
    ("told", "shown"),
    [("LOSSY ISO_10918_1 12:1", "Lossy ISO_10918_1 12:1"), ("LOSSY", "Lossy"), ("JPEG", "Lossy JPEG")],
)
def test_lossy_is_said_once(told: str, shown: str) -> None:
    assert mark_text(Mark("lossy", "warning", (told,))) == shown


def test_a_side_is_said_where_there_are_two(qtbot: QtBot) -> None:
    widget = viewport(qtbot)
    stack = widget.state.view.stack
    told = {}
    for side in ("L", "R", "B", "U", ""):
        widget.state.update(stack=replace(stack, context=replace(stack.context, laterality=side)))
        told[side] = words(widget, layout={"top_left": ("side_view",)})["top_left"]
    assert told == {"L": ["left"], "R": ["right"], "B": ["both"], "U": [], "": []}


@pytest.mark.parametrize(
    ("text", "identity", "tells"),
    [
        ("Thorax Doe", ("DOE^JANE", "1"), True),
        ("Thorax", ("DOE^JANE", "17"), False),
        ("王小东复查", ("王小东",), True),
        ("Al", ("Al^Bo",), False),
        ("", ("",), False),
    ],
)
def test_free_text_that_holds_a_name_is_found(text: str, identity: tuple[str, ...], tells: bool) -> None:
    assert tells_who(text, *identity) is tells


@pytest.mark.parametrize("size", [(230, 250), (180, 160), (120, 110), (400, 300), (900, 700)])
def test_in_small_tiles_corners_touch_neither_each_other_nor_the_scales_and_the_letters(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    widget = viewport(qtbot, size, name="VON UND ZU LANGENBERG^MARIA THERESIA MAGDALENA")
    picture = QPixmap(*size)
    painter = QPainter(picture)
    canvas = widget._painting.canvas(painter)
    corners = fitted(
        canvas,
        corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=20),
    )
    rects = corner_rects(canvas, corners)
    band = 15 + canvas.fonts.small.height
    across, upright = scale_spans(canvas, rects, band)
    painter.end()
    for at, one in enumerate(rects):
        assert not any(one.intersects(other) for other in rects[at + 1 :])
        assert one.left() >= 0
        assert one.right() <= size[0]
        assert not (one.left() < size[0] / 2 + 8 and one.right() > size[0] / 2 - 8), "over the letter in the middle"
        if one.bottom() > size[1] - band:
            assert one.right() <= across[0] or one.left() >= across[1] or across == (0.0, 0.0)
        if one.left() < 22:
            assert one.bottom() <= upright[0] or one.top() >= upright[1] or upright == (0.0, 0.0)
    assert widget.grab().width() == size[0]


def test_a_small_tile_keeps_what_matters_most_and_its_picture(qtbot: QtBot) -> None:
    def told(size: tuple[int, int]) -> dict[str, list[str]]:
        widget = viewport(qtbot, size, name="DOE^JANE")
        known = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=20)
        return {name: ["".join(part.text for part in line) for line in getattr(known, name)] for name in CORNERS}

    small, large = told((230, 220)), told((400, 400))
    assert max(len(lines) for lines in small.values()) == 2
    assert small["top_left"] == large["top_left"][:2]
    assert [line for line in small["bottom_left"] if line.startswith(("W ", "Image"))] == small["bottom_left"]
    assert large["top_right"][-1] in small["top_right"], "the date tells the study from its prior"
    assert len(large["bottom_left"]) == 3


def test_small_tiles_of_one_series_tell_once_what_is_the_same_in_all(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace, grid = reading_desk.workspace, reading_desk.window.grid
    workspace.set_layout(4, 4, tiled=True)
    QApplication.processEvents()

    def told(at: int) -> str:
        widget = grid.frames[at].viewport
        assert widget.volume is not None
        assert widget.shown is not None
        corners = widget._painting._corners(widget.volume, widget.shown)
        return "\n".join("".join(part.text for part in line) for name in CORNERS for line in getattr(corners, name))

    first, other = told(0), told(5)
    assert "W " in first
    assert "W " not in other
    assert all(word in other for word in ("Doe", "Image", "mm")), "who it is, which image, where"
    assert len(other.splitlines()) < len(first.splitlines())
    workspace.set_layout(1, 2, tiled=True)
    QApplication.processEvents()
    assert "W " in told(1), "there is room"


def test_a_tiny_tile_tells_whole_lines_only(qtbot: QtBot) -> None:
    widget = viewport(qtbot, (150, 120), name="DOE^JANE MARGARET ELIZABETH")
    known = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=7, count=120)
    made = fitted(widget._painting.canvas(QPainter()), known)
    told = {name: ["".join(part.text for part in line).strip() for line in getattr(made, name)] for name in CORNERS}
    assert told["bottom_left"][-1] in {"8", "8 / 120"}, "without the word"
    assert len(told["bottom_left"]) == 1, "a window that has no room is not told by half"
    assert told["top_left"][0].endswith("\u2026"), "who it is stays, cut if need be"
    others = [line for name in CORNERS[1:] for line in told[name]]
    assert not any("\u2026" in line for line in others)
    assert told["bottom_right"][-1] == "F 75.0", "and where it is"


def test_a_choice_for_a_modality_is_kept_and_nonsense_left_out(tmp_path: Any) -> None:
    chosen = {"CT": {**DEFAULT, "bottom_right": ("kernel", "location")}}
    path = tmp_path / "settings.json"
    save_settings(Settings(corners=chosen), path)
    assert layout_for("CT", load_settings(path)[0].corners)["bottom_right"] == ("kernel", "location")
    assert layout_for("MR", load_settings(path)[0].corners) == DEFAULT
    assert sound_layout({"top_left": ["zoom", "zoom", "nothing"], "top_right": ["zoom"]})["top_left"] == ("zoom",)
    assert sound_layout({"top_left": ["zoom"], "top_right": ["zoom"]})["top_right"] == ()
    with pytest.raises(TypeError):
        sound_layout({"top_left": "zoom"})


def combo(dialog: CornerDialog, item: str) -> QComboBox:
    for row in range(dialog.table.rowCount()):
        if dialog.table.item(row, 0).data(Qt.ItemDataRole.UserRole) == item:
            found = dialog.table.cellWidget(row, 1)
            assert isinstance(found, QComboBox)
            dialog.table.selectRow(row)
            return found
    raise AssertionError(item)


def test_lines_are_chosen_in_the_dialog_and_seen_at_once(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_I, CTRL)
    dialog = reading_desk.window.findChildren(CornerDialog)[0]
    assert dialog.modality.currentData() == "CT"
    qtbot.waitUntil(lambda: not dialog.preview.pixmap().isNull(), timeout=20_000)
    before = dialog.preview.pixmap().toImage()
    box = combo(dialog, "matrix")
    box.setCurrentIndex(box.findData("top_right"))
    box.activated.emit(box.currentIndex())
    assert layout_for("CT", workspace.settings.corners)["top_right"][-1] == "matrix"
    qtbot.waitUntil(lambda: dialog.preview.pixmap().toImage() != before, timeout=20_000)
    widget = active(reading_desk)
    told = words(widget, layout=layout_for("CT", workspace.settings.corners))
    assert told["top_right"][-1] == "64 × 64"
    combo(dialog, "matrix")
    qtbot.mouseClick(dialog.up_button, Qt.MouseButton.LeftButton)
    assert layout_for("CT", workspace.settings.corners)["top_right"][-2] == "matrix"
    qtbot.mouseClick(dialog.default_button, Qt.MouseButton.LeftButton)
    assert workspace.settings.corners == {}


def test_the_ai_mark_speaks_the_language_of_the_window(qapp: QApplication) -> None:
    speak(qapp, "zh_CN")
    told = mark_text(Mark("ai_research", "ai", ("Lungs on CT 1.0.0", "Foreign network 2")))
    assert "Lungs" not in told
    assert "1.0.0" in told
    assert "Foreign network 2" in told, "a name that is not ours stays as it is"


def test_a_window_is_never_told_by_half(qtbot: QtBot) -> None:
    widget = viewport(qtbot, (230, 130))
    picture = QPixmap(230, 130)
    painter = QPainter(picture)
    lines = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=20)
    kept = fitted(widget._painting.canvas(painter), lines).bottom_left
    painter.end()
    told = " ".join("".join(part.text for part in line) for line in kept)
    assert ("W" in told) == ("C" in told), told
    assert "Image" in told, "what is nearest to the edge stays"
