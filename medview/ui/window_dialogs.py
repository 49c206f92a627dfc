"""The other windows of the main window: settings, help, lists and dialogs, none of them modal, each made when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMainWindow, QToolBar

from medview.ui.parts import fit_into_screen, show_fitted

if TYPE_CHECKING:
    from medview.app.channel_question import ChannelQuestion
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult
    from medview.ui.actions import CommandActions
    from medview.ui.right_panel import RightPanel
    from medview.ui.series_panel import SeriesPanel
    from medview.ui.viewport_grid import ViewportGrid


class WindowDialogs(QMainWindow):
    """Opens what commands ask for. The parts that it needs are the main window's."""

    _workspace: Workspace
    _dialogs: dict[str, QDialog]
    grid: ViewportGrid
    actions_: CommandActions
    tool_bar: QToolBar
    series_panel: SeriesPanel
    right_panel: RightPanel

    def _show_dialog(self, name: str, make: Callable[[], QDialog]) -> None:
        if name not in self._dialogs:
            self._dialogs[name] = make()
            fit_into_screen(self._dialogs[name])
        dialog = self._dialogs[name]
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show_settings(self) -> None:
        """Open the settings."""
        from medview.ui.settings_dialog import SettingsDialog

        self._show_dialog("settings", lambda: SettingsDialog(self._workspace, self))

    def ask_why(self, result: InferenceResult | None = None) -> None:
        """Open the questions to models, about a result where one is named."""
        from medview.ui.explanation_dialog import ExplanationDialog

        self._show_dialog("explain", lambda: ExplanationDialog(self._workspace, self))
        cast("ExplanationDialog", self._dialogs["explain"]).ask_about(result)

    def show_recent(self) -> None:
        """Open the list of studies that were opened before."""
        from medview.ui.recent_dialog import RecentDialog

        self._show_dialog("recent", lambda: RecentDialog(self._workspace, self))

    def show_shortcuts(self) -> None:
        """Open the page of keys and mouse."""
        from medview.ui.shortcuts_dialog import ShortcutsDialog

        self._show_dialog("shortcuts", lambda: ShortcutsDialog(self._workspace, self))

    def show_help(self) -> None:
        """Open the help pages."""
        from medview.ui.help_dialog import HelpDialog

        self._show_dialog("help", lambda: HelpDialog(self._workspace, self.actions_, self))

    def show_tour(self) -> None:
        """Show the parts of the window one after the other."""
        from medview.ui.tour import Tour

        frame = self.grid.active_frame
        parts = (frame, lambda: self.tool_bar, lambda: self.series_panel, lambda: self.right_panel, self.menuBar)
        Tour(self, parts, lambda: self._workspace.change_settings(hints_dismissed=True))

    def show_corners(self) -> None:
        """Open the choice of the corners' text."""
        from medview.ui.corner_dialog import CornerDialog

        self._show_dialog("corners", lambda: CornerDialog(self._workspace, self))

    def show_palette(self) -> None:
        """Open the line that finds commands."""
        from medview.ui.palette import Palette

        self._show_dialog("palette", lambda: Palette(self._workspace, self.actions_, self))

    def show_about(self) -> None:
        """Open the page about medview."""
        from medview.ui.small_dialogs import AboutDialog

        self._show_dialog("about", lambda: AboutDialog(self))

    def save_diagnostics(self) -> None:
        """Ask where to and write what those who look for a fault need."""
        from medview.ui.diagnostics_saving import save_diagnostics

        save_diagnostics(self, self._workspace)

    def save_backup(self) -> None:
        """Ask where to and write what the reader made."""
        from medview.ui.backup_saving import save_backup

        save_backup(self, self._workspace)

    def open_backup(self) -> None:
        """Ask for a backup and add what it holds."""
        from medview.ui.backup_saving import open_backup

        open_backup(self, self._workspace)

    def show_updates(self) -> None:
        """Open the page about newer versions."""
        from medview.ui.update_dialog import UpdateDialog

        self._show_dialog("updates", lambda: UpdateDialog(self._workspace, self))

    def save_surfaces(self) -> None:
        """Ask where to and write the surfaces of the segmentations that the active viewport shows."""
        from medview.ui.surface_saving import save_surfaces

        save_surfaces(self, self._workspace)

    def show_notices(self) -> None:
        """Open the list of messages and problems."""
        from medview.ui.small_dialogs import NoticesDialog

        self._show_dialog("notices", lambda: NoticesDialog(self._workspace, self))

    def show_tags(self) -> None:
        """Open the tags of the document that is open, else those of the active viewport's file."""
        shown = self._workspace.documents.shown
        self.show_tags_of("" if shown is None else shown.listed.object.path)

    def show_tags_of(self, path: str) -> None:
        """Open the tags of a file; of the active viewport's where none is named."""
        from medview.ui.tag_browser import TagBrowser

        self._show_dialog("tags", lambda: TagBrowser(self._workspace, self))
        browser = cast("TagBrowser", self._dialogs["tags"])
        if path:
            browser.show_path(path)
        else:
            browser.show_viewport()

    def _ask_for_channels(self, question: ChannelQuestion) -> None:
        from medview.ui.channel_dialog import ChannelDialog

        dialog = ChannelDialog(self._workspace, question, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show_fitted(dialog)

    def show_region_histogram(self) -> None:
        """Open the histogram of the selected region."""
        from medview.ui.region_dialog import RegionDialog

        frame = self.grid.active_frame()
        if frame is not None:
            self._show_dialog("region", lambda: RegionDialog(self._workspace, self))
            cast("RegionDialog", self._dialogs["region"]).show_region(frame.viewport)

    def add_colour_map(self) -> None:
        """Ask for a file with a colour map, keep it and draw the active viewport with it."""
        from medview.ui.colour_choice import ask_for_colour_map

        ask_for_colour_map(self, self._workspace)

    def show_line_profile(self) -> None:
        """Open the values along the selected line."""
        from medview.ui.plot_dialog import ProfileDialog

        frame = self.grid.active_frame()
        if frame is not None:
            self._show_dialog("profile", lambda: ProfileDialog(self._workspace, self))
            cast("ProfileDialog", self._dialogs["profile"]).show_line(frame.viewport)

    def show_uptake(self) -> None:
        """Open the volume of uptake around the selected region."""
        from medview.ui.uptake_dialog import UptakeDialog

        frame = self.grid.active_frame()
        if frame is not None:
            self._show_dialog("uptake", lambda: UptakeDialog(self._workspace, self))
            cast("UptakeDialog", self._dialogs["uptake"]).show_region(frame.viewport)

    def show_time_curves(self) -> None:
        """Open the curves of the regions on the slice shown."""
        from medview.ui.plot_dialog import CurveDialog

        frame = self.grid.active_frame()
        if frame is not None:
            self._show_dialog("curve", lambda: CurveDialog(self._workspace, self))
            cast("CurveDialog", self._dialogs["curve"]).show_regions(frame.viewport)

    def show_test_pattern(self) -> None:
        """Fill the monitor that the window is on with the test pattern."""
        from medview.ui.pattern_window import show_test_pattern

        show_test_pattern(self._workspace, self)

    def choose_fusion(self) -> None:
        """Show the list of series that can be laid over the active viewport's."""
        from medview.ui.fusion_menu import show_fusion_menu

        frame = self.grid.active_frame()
        if frame is not None:
            show_fusion_menu(self._workspace, frame.viewport)

    def save_place(self) -> None:
        """Ask where the registration of the series on top is to be saved."""
        from medview.ui.registration_saving import save_place

        save_place(self, self._workspace)

    def share_study(self) -> None:
        """Open the form that writes the study without identity."""
        from medview.ui.share_dialog import ShareDialog

        show_fitted(ShareDialog(self._workspace, self))

    def show_jobs(self) -> None:
        """Open the list of jobs."""
        from medview.ui.small_dialogs import JobsDialog

        self._show_dialog("jobs", lambda: JobsDialog(self._workspace, self))

    def show_hangings(self) -> None:
        """Open the list of hanging protocols."""
        from medview.ui.hanging_dialog import HangingDialog

        self._show_dialog("hangings", lambda: HangingDialog(self._workspace, self))

    def keep_layout(self) -> None:
        """Open the form that makes a hanging protocol of the present layout."""
        from medview.ui.hanging_dialog import open_form

        open_form(self._workspace, None, self)
