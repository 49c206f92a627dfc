"""The menus of a right click: on the image, on a mark, on a series of the strip; made of commands, complete with their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.ui.actions import CommandActions

IMAGE_MENU = (
    "tool.window", "tool.scroll", "tool.pan", "tool.zoom", "tool.magnifier", "tool.crosshair", "",
    "image.fit", "image.invert", "image.flip", "image.rotate_right", "image.reset", "",
    "@measure", "@image", "@view", "@ai", "",
    "key_image.toggle", "layout.maximise", "hanging.next", "hanging.previous", "",
    "edit.copy", "edit.copy_anonymous", "save.picture", "save.series", "file.print", "",
    "view.text", "tags.show",
)  # fmt: skip
"""Commands by id; "" is a line, "@name" the whole menu of that name, so that nothing is out of reach."""


def image_menu(actions: CommandActions, menus: Mapping[str, QMenu], parent: QWidget) -> QMenu:
    """The menu of the image."""
    menu = actions.menu_of((), parent)
    for entry in IMAGE_MENU:
        if entry.startswith("@"):
            menu.addMenu(menus[entry[1:]])
        elif entry:
            menu.addAction(actions[entry])
        else:
            menu.addSeparator()
    return menu


def show_series_menu(
    workspace: Workspace, stack: Stack, at: QPoint, parent: QWidget, run: Callable[[str], None]
) -> QMenu:
    """Show what can be done with a series of the strip; returns the menu."""
    from medview.app.opening import find_stack

    menu = QMenu(parent)
    menu.setObjectName("seriesMenu")
    menu.aboutToHide.connect(menu.deleteLater)
    menu.addAction(translate("SeriesPanel", "Show in the active viewport"), lambda: workspace.show_stack(stack))
    count = len(workspace.viewports)
    if count > 1:
        where = menu.addMenu(translate("SeriesPanel", "Show in viewport"))
        columns = workspace.layout[1]
        for index in range(count):
            place = translate("SeriesPanel", "{0}: row {1}, column {2}").format(
                index + 1, index // columns + 1, index % columns + 1
            )
            where.addAction(place, partial(workspace.show_stack, stack, index))

    def after_showing(command_id: str) -> Callable[[], None]:
        def act() -> None:
            workspace.show_stack(stack)
            run(command_id)

        return act

    menu.addSeparator()
    menu.addAction(translate("SeriesPanel", "Three planes"), after_showing("layout.planes"))
    menu.addAction(translate("SeriesPanel", "Run the model that fits best"), after_showing("ai.run"))
    menu.addAction(translate("SeriesPanel", "Save as pictures or a film…"), after_showing("save.series"))
    menu.addAction(translate("SeriesPanel", "DICOM tags"), after_showing("tags.show"))
    menu.addSeparator()
    found = find_stack(workspace.studies, stack.id)
    if found is not None:
        menu.addAction(translate("SeriesPanel", "Close the study"), lambda: workspace.close_study(found[0]))
    menu.popup(at)
    return menu
