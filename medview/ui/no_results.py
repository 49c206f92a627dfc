"""What stands in the findings panel where no model has said anything of the images yet: one that is at work, or how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from medview.ui.model_text import model_text
from medview.ui.parts import text_label, title_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medview.app.commands import Shell

_AI = 1


class NoResults(QWidget):
    """``running``: the models that are at work on the images, by name; ``has_images``: there is something to draw on."""

    def __init__(self, shell: Shell, running: Sequence[str], has_images: bool) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        if running:
            names = translate("Findings", ", ").join(model_text(name) for name in running)
            title = translate("Findings", "At work: {0}").format(names)
            text = translate("Findings", "What is found is listed here when the run is done.")
            button = QPushButton(translate("Findings", "Show how far it is"))
        else:
            title = translate("Findings", "No results yet")
            text = translate("Findings", "Run a model on the shown series and its findings are listed here.")
            button = QPushButton(translate("Findings", "Choose a model"))
        self.title = title_label(title)
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        column.addWidget(text_label(text, "secondary"))
        button.clicked.connect(lambda: shell.show_tab(_AI))
        column.addWidget(button)
        if has_images:
            draw = QPushButton(translate("Findings", "Draw a segmentation"))
            draw.clicked.connect(lambda: shell.run_command("segment.new"))
            column.addWidget(draw)
