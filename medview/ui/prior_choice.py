"""What a finding was on an older study, in words, and the reader's choice of which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medview.ui.corner_text import date_text
from medview.ui.model_text import model_text
from medview.ui.parts import text_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.worklist import WorkItem
    from medview.app.workspace import Workspace
    from medview.core.statement import PriorSize

MOST_CHOICES = 300


def prior_text(prior: PriorSize) -> str:
    """``2 Mar 2025: 5.1 mm → 7.3 mm (▲ +43 %, 245 days, by the reader)``."""
    by = {
        "reader": translate("Prior", "said by the reader"),
        "tracking": translate("Prior", "the same tracking identifier"),
        "name": translate("Prior", "the same name"),
        "place": translate("Prior", "at the same place"),
    }[prior.by]
    days = "" if prior.days is None else translate("Prior", "{0} days").format(prior.days)
    inside = ", ".join(part for part in (prior.told_change, days, by) if part)
    sizes = f"{size_text(prior.before, prior.unit)} → {size_text(prior.now, prior.unit)}"
    return f"{date_text(prior.study_date)}: {sizes} ({inside})"


def short_prior_text(prior: PriorSize) -> str:
    """``▲ +43 %  5.1 mm  2 Mar 2025``, beside a lesion."""
    return f"{prior.told_change}  {size_text(prior.before, prior.unit)}  {date_text(prior.study_date)}".strip()


def size_text(value: float, unit: str) -> str:
    """A size with its unit."""
    digits = (2 if value < 10 else 0) if unit == "ml" else 1
    return f"{shown_number(value, f'.{digits}f')} {unit}"


class PriorChoice(QWidget):
    """Hidden where no older study of the patient is open that has anything of the kind, and nothing was said before."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._priors = workspace.priors
        self._item: WorkItem | None = None
        self._shown: object = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.said = text_label("", "secondary")
        column.addWidget(self.said)
        row = QHBoxLayout()
        caption = QLabel(translate("Prior", "Prior"))
        caption.setObjectName("secondary")
        row.addWidget(caption)
        self.choice = QComboBox()
        self.choice.setAccessibleName(translate("Prior", "The same finding on the prior"))
        self.choice.setToolTip(self.choice.accessibleName())
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(8)
        self.choice.activated.connect(self._choose)
        row.addWidget(self.choice, 1)
        column.addLayout(row)
        self.hide()

    def show_item(self, item: WorkItem | None) -> None:
        """Show what is known of a line of the worklist."""
        self._item = item
        choices = () if item is None else self._priors.choices(item)[:MOST_CHOICES]
        prior = None if item is None else item.prior
        self.setVisible(bool(choices) or prior is not None)
        self.said.setVisible(prior is not None)
        self.said.setText("" if prior is None else prior_text(prior))
        known = None if item is None else self._priors.by_reader(item.key)
        holds = "" if prior is None else prior.key
        if self._shown == (choices, holds, known):
            return
        self._shown = (choices, holds, known)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItem(translate("Prior", "none"), None)
            for one in choices:
                size = size_text(one.before, one.unit)
                self.choice.addItem(f"{model_text(one.label)}  {size}  {date_text(one.study_date)}", one)
                if one.key == holds:
                    self.choice.setCurrentIndex(self.choice.count() - 1)
        self.choice.setEnabled(bool(choices))

    def _choose(self, _at: int) -> None:
        if self._item is not None:
            self._priors.say(self._item, self.choice.currentData())
