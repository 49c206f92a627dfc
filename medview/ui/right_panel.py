"""The panel at the right with its four tabs; each is built when it is first looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from medview.app.settings import LIMITS
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.workspace import Workspace

LEAST_WIDTH, MOST_WIDTH = (int(one) for one in LIMITS["right_width"])

FINDINGS, AI, IMAGE, DETAILS = range(4)
_PARTS = {
    FINDINGS: (
        "decision_form",
        "following_panel",
        "overlay_cards",
        "correction_panel",
        "worklist_panel",
        "findings_panel",
    ),
    AI: ("following_panel", "ai_panel"),
    IMAGE: ("histogram", "slab_panel", "solid_panel", "fusion_panel", "filter_panel", "image_panel"),
    DETAILS: ("following_panel", "details_panel"),
}
"""Modules of each tab, what others are made of first."""


class RightPanel(QWidget):
    """Findings, AI, Image, Details."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self.setObjectName("right")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setMaximumWidth(MOST_WIDTH)
        self.setAccessibleName(translate("RightPanel", "Panel"))
        self._workspace = workspace
        self._shell = shell
        self._ready = False
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setExpanding(True)
        self.tabs.setDrawBase(False)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for at, title in enumerate(
            (
                translate("RightPanel", "Findings"),
                translate("RightPanel", "AI"),
                translate("RightPanel", "Image"),
                translate("RightPanel", "Details"),
            )
        ):
            self.tabs.addTab(title)
            self.tabs.setTabToolTip(at, f"{title}  (Alt+{at + 1})")
        self.pages = QStackedWidget()
        self._made: dict[int, QWidget] = {}
        for _ in range(4):
            self.pages.addWidget(QWidget())
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        self.tabs.setCurrentIndex(workspace.settings.right_tab)
        self.tabs.currentChanged.connect(self._turn)
        self.setFocusProxy(self.tabs)

    @property
    def parts(self) -> tuple[str, ...]:
        """Modules that the tab in front is made of."""
        return tuple(f"medview.ui.{name}" for name in _PARTS[self.tabs.currentIndex()])

    def get_ready(self) -> None:
        """Build the tab that is in front; until then nothing of the panels is imported."""
        if not self._ready:
            self._ready = True
            self._turn(self.tabs.currentIndex())

    def show_tab(self, at: int) -> None:
        """Bring a tab to the front."""
        self.get_ready()
        self.tabs.setCurrentIndex(at)

    def page(self, at: int) -> QWidget:
        """The content of a tab."""
        if at not in self._made:
            made = _make(at, self._workspace, self._shell)
            area = QScrollArea()
            area.setObjectName("panel")
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setWidget(made)
            self._made[at] = made
            old = self.pages.widget(at)
            self.pages.insertWidget(at, area)
            if old is not None:
                self.pages.removeWidget(old)
                old.deleteLater()
        return self._made[at]

    def _turn(self, at: int) -> None:
        if not self._ready:
            return
        self.page(at)
        self.pages.setCurrentIndex(at)
        if self._workspace.settings.right_tab != at:
            self._workspace.change_settings(right_tab=at)


def _make(at: int, workspace: Workspace, shell: Shell) -> QWidget:
    """A panel; only its own module is imported, since the Image panel's libraries alone take a fifth of a second."""
    if at == FINDINGS:
        from medview.ui.findings_panel import FindingsPanel

        return FindingsPanel(workspace, shell)
    if at == AI:
        from medview.ui.ai_panel import AiPanel

        return AiPanel(workspace, shell)
    if at == IMAGE:
        from medview.ui.image_panel import ImagePanel

        return ImagePanel(workspace, shell)
    from medview.ui.details_panel import DetailsPanel

    return DetailsPanel(workspace, shell)
