"""Where the series on top lies: who says so, moving and turning it by hand, registering it, accepting that or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medview.app.fusion import share_space
from medview.app.registrations import can_be_accepted, is_settled
from medview.core.plain_text import visible_text
from medview.core.registration import Registered
from medview.ui.parts import RealField, text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace

MOST_SHIFT_MM = 500.0
MOST_TURN_DEG = 180.0


class FusionPlace(QWidget):
    """Follows the active viewport; `refresh` is called by the panel that it is in."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._following = False
        self._listed: object = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(text_label(translate("Fusion", "Place by"), "secondary"))
        self.place = QComboBox()
        self.place.setMinimumContentsLength(8)
        self.place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.place.setAccessibleName(translate("Fusion", "What says where the series on top lies"))
        self.place.activated.connect(self._choose)
        column.addWidget(self.place)
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(4)
        for at, (command, words) in enumerate(
            (
                ("fusion.register", translate("Fusion", "Register")),
                ("fusion.accept", translate("Fusion", "Accept")),
                ("fusion.reject", translate("Fusion", "Reject")),
                ("fusion.save_place", translate("Fusion", "Save…")),
            )
        ):
            button = QPushButton(words)
            button.setMinimumWidth(1)
            button.clicked.connect(lambda _on=False, one=command: shell.run_command(one))
            self.buttons[command] = button
            grid.addWidget(button, at // 2, at % 2)
        column.addLayout(grid)
        self.shift = self._figures(
            column,
            translate("Fusion", "Moved by hand (mm to the left, back, head)"),
            (
                translate("Fusion", "To the left"),
                translate("Fusion", "To the back"),
                translate("Fusion", "To the head"),
            ),
            MOST_SHIFT_MM,
            "shift_mm",
        )
        self.turn = self._figures(
            column,
            translate("Fusion", "Turned by hand (degrees about the axes to the left, back, head)"),
            (
                translate("Fusion", "About the axis to the left"),
                translate("Fusion", "About the axis to the back"),
                translate("Fusion", "About the axis to the head"),
            ),
            MOST_TURN_DEG,
            "turn_deg",
        )

    def _figures(
        self, column: QVBoxLayout, caption: str, names: tuple[str, ...], most: float, what: str
    ) -> list[QDoubleSpinBox]:
        column.addWidget(text_label(caption, "secondary"))
        row = QHBoxLayout()
        fields: list[QDoubleSpinBox] = []
        for name in names:
            field: QDoubleSpinBox = RealField()
            field.setRange(-most, most)
            field.setDecimals(1)
            field.setKeyboardTracking(False)
            field.setAccessibleName(name)
            field.setToolTip(name)
            field.setMinimumWidth(1)
            fields.append(field)
            row.addWidget(field, 1)
        for field in fields:
            field.valueChanged.connect(lambda _value, kind=what, three=fields: self._put(kind, three))
        column.addLayout(row)
        return fields

    @property
    def _state(self) -> ViewportState:
        return self._workspace.active_viewport

    def refresh(self) -> None:
        """Show where the series on top of the active viewport lies."""
        state = self._state
        fusion = state.view.fusion
        if fusion is None or state.stack is None or state.study is None:
            return
        self._following = True
        found = self._workspace.registrations.of(fusion.study, fusion.stack, state.study, state.stack)
        known = fusion.registered
        entries: list[Registered | None] = [None, *found]
        if known is not None and known not in entries:
            entries.append(known)
        shares = share_space(state.stack, fusion.stack)
        if self._listed != (entries, shares):
            self._listed = (entries, shares)
            self.place.clear()
            own = translate("Fusion", "Its own files")
            self.place.addItem(own if shares else translate("Fusion", "Its own files (another space)"), None)
            for one in entries[1:]:
                assert one is not None
                self.place.addItem(registered_words(one), one)
        self.place.setCurrentIndex(entries.index(known))
        self.place.setToolTip(self.place.currentText())
        self.buttons["fusion.accept"].setEnabled(can_be_accepted(fusion))
        self.buttons["fusion.reject"].setEnabled(can_be_accepted(fusion))
        self.buttons["fusion.save_place"].setEnabled(is_settled(fusion))
        for fields, values in ((self.shift, fusion.shift_mm), (self.turn, fusion.turn_deg)):
            for field, value in zip(fields, values, strict=True):
                if not (field.hasFocus() and field.lineEdit().isModified()):
                    field.setValue(value)
        self._following = False

    def _choose(self, at: int) -> None:
        if not self._following:
            self._workspace.registrations.choose(self._state, self.place.itemData(at))

    def _put(self, what: str, fields: list[QDoubleSpinBox]) -> None:
        if not self._following:
            values = tuple(round(field.value(), 1) for field in fields)
            self._workspace.registrations.put(self._state, False, **{what: values})


def registered_words(one: Registered) -> str:
    """Who says where a series lies, for a list."""
    name = visible_text(one.name, 40, lines=False)
    if not one.sure:
        return translate("Fusion", "medview, not accepted yet")
    if one.by == "file":
        return name
    if one.by == "medview":
        return translate("Fusion", "medview, accepted by {0}").format(name)
    return translate("Fusion", "By hand, accepted by {0}").format(name)
