"""Which series of the study is which input of a model that sees several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from medview.ui.model_text import model_text
from medview.ui.parts import text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.channel_question import ChannelQuestion
    from medview.app.workspace import Workspace
    from medview.core.study import Series, Stack


class ChannelDialog(QDialog):
    """A row for each input of the model; the first is the series that the run is asked for."""

    def __init__(self, workspace: Workspace, question: ChannelQuestion, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Channels", "Series for the model"))
        self._workspace = workspace
        self._question = question
        manifest = question.package.manifest
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        name = f"{model_text(manifest.name)} {manifest.version}"
        column.addWidget(
            text_label(translate("Channels", "{0} looks at several series at once. Which is which?").format(name))
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(1, 400)
        column.addLayout(grid)
        grid.addWidget(QLabel(manifest.input.sources[0].name), 0, 0)
        first = QLabel(stack_text(question.series, question.stack))
        first.setObjectName("secondary")
        grid.addWidget(first, 0, 1)
        self.boxes: dict[str, QComboBox] = {}
        for row, one in enumerate(question.channels, start=1):
            label = QLabel(one.source.name)
            box = QComboBox()
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(24)
            box.setAccessibleName(translate("Channels", "Series for {0}").format(one.source.name))
            box.addItem(translate("Channels", "choose…"), "")
            for series, stack, place in one.candidates:
                text = stack_text(series, stack)
                if place == "other":
                    text += "  ·  " + translate("Channels", "another frame of reference")
                box.addItem(text, stack.id)
            box.setCurrentIndex(max(0, box.findData(one.suggested)))
            box.currentIndexChanged.connect(self._follow)
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
            self.boxes[one.source.name] = box
        self.note = text_label("", "warning")
        column.addWidget(self.note)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run_button = self.buttons.addButton(translate("Channels", "Run"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.run_button.setObjectName("primary")
        self.buttons.accepted.connect(self.run)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._follow()
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)

    def chosen(self) -> dict[str, str]:
        """Stack ids by the names of the inputs; "" where none is chosen."""
        return {name: str(box.currentData() or "") for name, box in self.boxes.items()}

    def _follow(self, *_what: object) -> None:
        ids = [self._question.stack.id, *self.chosen().values()]
        twice = len(set(ids)) < len(ids) and all(ids)
        self.note.setText(translate("Channels", "The same series stands for two inputs.") if twice else "")
        self.note.setVisible(twice)
        self.run_button.setEnabled(all(ids) and not twice)

    def run(self) -> None:
        """Queue the run with these series."""
        asked = self._question
        named = [f"{name}={stack_id}" for name, stack_id in self.chosen().items()]
        self.accept()
        self._workspace.run_model(asked.stack, asked.package, asked.device, asked.overrides, named, asks=False)


def stack_text(series: Series, stack: Stack) -> str:
    """A stack in one line: number, modality, description, slices."""
    context = stack.context
    number = "" if series.number is None else f"{series.number}  "
    words = context.description or context.protocol or translate("Channels", "without description")
    images = translate("Channels", "{0} images").format(stack.shape[0])
    return f"{number}{context.modality} {words}  ·  {images}"
