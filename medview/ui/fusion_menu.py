"""The list of series that can be laid over what a viewport shows, with the reason where one cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from medview.app.fusion import fuse, share_space, unfuse, why_not
from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.ui.corner_text import date_text
from medview.ui.messages import message_text
from medview.ui.series_panel import series_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import Series, Stack, Study
    from medview.ui.viewport import ViewportWidget


def candidates(workspace: Workspace, state: ViewportState) -> list[tuple[Study, Series, Stack, MedviewError | None]]:
    """Every other volume of the patient, those that lie in the same space first; and why not, where it cannot be."""
    if state.study is None or state.stack is None:
        return []
    found: list[tuple[Study, Series, Stack, MedviewError | None]] = []
    for study in workspace.studies:
        if study.patient.key != state.study.patient.key:
            continue
        for series in study.series:
            for stack in series.stacks:
                if stack.id != state.stack.id and not series.is_localizer:
                    known = workspace.registrations.of(study, stack, state.study, state.stack)
                    reason = why_not(state.study, state.stack, study, stack, bool(known))
                    found.append((study, series, stack, reason))
    return sorted(found, key=lambda one: (one[3] is not None, one[2].context.modality not in {"PT", "NM"}))


def fill_fusion_menu(menu: QMenu, workspace: Workspace, state: ViewportState, parent: QWidget) -> None:
    """Put the series into a menu; those in another space are asked about, others that cannot be are greyed out."""
    menu.clear()
    menu.setToolTipsVisible(True)
    laid = state.view.fusion
    listed = candidates(workspace, state)
    for study, series, stack, reason in listed:
        date = f"  {date_text(study.date)}" if study is not state.study else ""
        action = QAction(series_title(series, stack).replace("&", "&&") + date, menu)
        action.setCheckable(True)
        action.setChecked(laid is not None and laid.stack.id == stack.id)
        action.setData(stack.id)
        if reason is None and state.stack is not None and not share_space(state.stack, stack):
            known = workspace.registrations.best(state, stack.id)
            if known is not None:
                text = translate("Fusion", "(registered by {0})").format(visible_text(known.name, 40, lines=False))
                action.setText(action.text() + "  " + text.replace("&", "&&"))
        if reason is not None:
            words = message_text(reason.code, reason.text, reason.values)
            action.setToolTip(words)
            if reason.code == "fusion_other_space":
                action.setText(action.text() + "  " + translate("Fusion", "(other frame of reference)"))
            else:
                action.setEnabled(False)
        action.triggered.connect(lambda _on=False, one=stack.id: choose(workspace, state, one, parent))
        menu.addAction(action)
    if not listed:
        none = menu.addAction(translate("Fusion", "No other series of this patient is open"))
        none.setEnabled(False)
    if laid is not None:
        menu.addSeparator()
        menu.addAction(translate("Fusion", "None")).triggered.connect(lambda _on=False: unfuse(state))


def add_fusion_list(image_menu: QMenu, workspace: Workspace, window: QWidget) -> None:
    """Put the list for the active viewport into the menu of fusion; it is filled when it is opened."""
    menu = image_menu.findChild(QMenu, "fusion")
    if menu is None:
        return
    listed = QMenu(translate("Fusion", "Fuse with"), menu)
    listed.aboutToShow.connect(lambda: fill_fusion_menu(listed, workspace, workspace.active_viewport, window))
    menu.insertMenu(menu.actions()[0], listed)


def choose(workspace: Workspace, state: ViewportState, stack_id: str, parent: QWidget) -> None:
    """Lay a series over the one shown; where the spaces differ only after the reader has said so."""
    workspace.touched = True
    try:
        fuse(state, workspace.studies, stack_id, registered=workspace.registrations.best(state, stack_id))
    except MedviewError as error:
        if error.code == "fusion_other_space":
            ask_about_space(workspace, state, stack_id, parent)
        else:
            workspace.tell(error.code, error.text, error.values, "warning")


def ask_about_space(workspace: Workspace, state: ViewportState, stack_id: str, parent: QWidget) -> QMessageBox:
    """Ask whether a series of another space is to be laid over all the same."""
    box = QMessageBox(parent)
    box.setObjectName("fusionSpace")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(translate("Fusion", "Lay a series over this one"))
    box.setText(
        translate(
            "Fusion",
            "The files name different frames of reference: nothing says that the two series lie at the same place.",
        )
    )
    box.setInformativeText(
        translate(
            "Fusion",
            "They can be laid over each other by their own coordinates all the same. The picture is marked for as long as "
            "they are, and you have to judge whether they fit.",
        )
        + _refusals(workspace, state)
    )
    over = box.addButton(translate("Fusion", "Lay it over, marked"), QMessageBox.ButtonRole.AcceptRole)
    register = box.addButton(translate("Fusion", "Register them, then check"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(QMessageBox.StandardButton.Cancel)

    def answered(button: object) -> None:
        if button in {over, register}:
            try:
                fuse(state, workspace.studies, stack_id, knowingly=True)
            except MedviewError as error:
                workspace.tell(error.code, error.text, error.values, "warning")
                return
        if button is register:
            workspace.registrations.register(state)

    box.buttonClicked.connect(answered)
    box.show()
    return box


def _refusals(workspace: Workspace, state: ViewportState) -> str:
    """Registration objects that there are and that are not applied, with the reason."""
    if state.study is None:
        return ""
    notes = workspace.registrations.refusals(state.study)
    return "".join("\n\n" + visible_text(message_text(note.code, note.text, note.values), 300) for note in notes)


def show_fusion_menu(workspace: Workspace, viewport: ViewportWidget) -> QMenu | None:
    """Pop the list up in the viewport, its first series ready for Enter; None where one series alone fits and lies there at once."""
    state = viewport.state
    listed = candidates(workspace, state)
    if len(listed) == 1 and listed[0][3] is None and state.view.fusion is None:
        choose(workspace, state, listed[0][2].id, viewport.window())
        return None
    menu = QMenu(viewport)
    menu.setObjectName("fusionMenu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_fusion_menu(menu, workspace, viewport.state, viewport.window())
    menu.popup(viewport.mapToGlobal(QPoint(viewport.width() // 3, viewport.height() // 4)))
    menu.setActiveAction(next((one for one in menu.actions() if one.isEnabled()), menu.actions()[0]))
    return menu
