"""Choosing a colour map: a list with a strip of each map's colours, and taking one from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from medview.app.colour_maps import choose_map
from medview.core.colour_map import ColourMap
from medview.core.problem import MedviewError
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

STRIP = QSize(64, 12)


def map_title(one: ColourMap) -> str:
    """What a map is called: built-in ones in the reader's language, own ones as their file."""
    return translate("ColourMap", one.title) if not one.id.startswith("file:") else one.title


def map_icon(one: ColourMap) -> QIcon:
    """The colours of a map from left to right."""
    at = np.linspace(0, 255, STRIP.width()).round().astype(int)
    row = np.full((STRIP.height(), STRIP.width(), 4), 255, np.uint8)
    row[..., :3] = one.table[at][None, :, ::-1]
    image = QImage(row.data, STRIP.width(), STRIP.height(), QImage.Format.Format_RGB32)
    return QIcon(QPixmap.fromImage(image))


class ColourChoice(QComboBox):
    """All colour maps, the reader's own last."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__()
        self._workspace = workspace
        self._filled: tuple[str, ...] = ()
        self.setIconSize(STRIP)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def show_map(self, id_: str) -> None:
        """Choose an entry without saying so; the list is made when it is first shown."""
        maps = self._workspace.colour_maps.all
        ids = tuple(one.id for one in maps)
        if ids != self._filled:
            self._filled = ids
            self.clear()
            for one in maps:
                self.addItem(map_icon(one), map_title(one), one.id)
        self.setCurrentIndex(max(0, self.findData(id_)))


def ask_for_colour_map(parent: QWidget, workspace: Workspace) -> None:
    """Ask for a file, keep it among the maps and draw the active viewport with it; what is wrong with it is said."""
    path, _kind = QFileDialog.getOpenFileName(
        parent,
        translate("ColourMap", "Add a colour map"),
        workspace.settings.last_folder,
        translate("ColourMap", "Colour maps") + " (*.csv *.lut *.txt)",
    )
    if path:
        take_colour_map(workspace, path)


def take_colour_map(workspace: Workspace, path: str) -> bool:
    """Keep a file among the maps and draw the active viewport with it; False (and said) where it is no map."""
    try:
        made = workspace.colour_maps.add(path)
    except MedviewError as error:
        workspace.tell_error(error)
        return False
    workspace.touched = True
    choose_map(workspace.active_viewport, made.id)
    return True
