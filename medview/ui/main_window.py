"""The one window: series strip, images, right panel, menus, tool bar and status line around the workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QToolBar, QToolButton, QVBoxLayout, QWidget

from medview.app.commands import Context, ViewportActions
from medview.app.hand_profiles import keys_in_use
from medview.app.mark_commands import MARK_MENU
from medview.app.notices import WINDOW
from medview.ui.actions import CommandActions
from medview.ui.ahead import import_ahead
from medview.ui.context_menus import image_menu, show_series_menu
from medview.ui.fusion_menu import add_fusion_list
from medview.ui.hint_strip import HintStrip
from medview.ui.listen import listen
from medview.ui.notice_strip import NoticeStrip
from medview.ui.other_windows import OtherWindows
from medview.ui.parts import focus_of, show_fitted
from medview.ui.right_panel import AI, RightPanel
from medview.ui.series_panel import SeriesPanel
from medview.ui.status_line import StatusLine
from medview.ui.text import translate
from medview.ui.viewport_grid import MakeViewport, ViewportGrid, make_viewport
from medview.ui.window_dialogs import WindowDialogs

if TYPE_CHECKING:
    from medview.app.picture_export import Extent
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult
    from medview.ui.import_dialog import ImportDialog
    from medview.ui.installing import SortedPaths

DOCUMENT_PARTS = (
    "medview.ui.object_text",
    "medview.ui.safe_page",
    "medview.ui.report_view",
    "medview.ui.document_pane",
)
PANELS_AFTER_MS = 1500
"""The panels are built after the first image, or after this long where none comes."""

NARROW = 728
"""Px of a window's width, as on a screen of 1920 at 300 %, below which the strip of series gives way to the right panel."""
WIDTHS_AFTER_MS = 300
"""A panel that rests this long at a width keeps it."""


class MainWindow(WindowDialogs):
    """Draws the workspace and forwards what the reader does; rebuilt when the language changes."""

    def __init__(
        self,
        workspace: Workspace,
        open_demo: Callable[[], None],
        make: MakeViewport = make_viewport,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("medview")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self._workspace = workspace
        self._open_demo = open_demo
        self._dialogs = {}
        self.on_close: Callable[[], None] | None = None

        self.body = QSplitter(Qt.Orientation.Horizontal)
        self.body.setHandleWidth(1)  # Qt takes hold of it some px beside the line too
        self.body.setChildrenCollapsible(False)
        self.series_panel = SeriesPanel(workspace)
        self.grid = ViewportGrid(workspace, make)
        self.right_panel = RightPanel(workspace, self)
        between = QWidget()
        middle = QVBoxLayout(between)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        self.notices = NoticeStrip(workspace, WINDOW, self.run_command)
        middle.addWidget(self.notices)
        self.hints = HintStrip(workspace)
        self.hints.tour_asked.connect(self.show_tour)
        middle.addWidget(self.hints)
        self.images = QSplitter(Qt.Orientation.Horizontal)
        self.images.setChildrenCollapsible(False)
        self.images.addWidget(self.grid)
        middle.addWidget(self.images, 1)
        for at, part in enumerate((self.series_panel, between, self.right_panel)):
            self.body.addWidget(part)
            self.body.setStretchFactor(at, int(part is between))
        self.setCentralWidget(self.body)
        self._widths_soon = QTimer(self)
        self._widths_soon.setSingleShot(True)
        self._widths_soon.setInterval(WIDTHS_AFTER_MS)
        self._widths_soon.timeout.connect(self._keep_widths)
        self.body.splitterMoved.connect(lambda _at, _which: self._widths_soon.start())
        self.grid.empty.open_asked.connect(self.ask_for_folder)
        self.grid.empty.demo_asked.connect(self.open_demo)
        self.grid.empty.recent_asked.connect(self.show_recent)

        self.actions_ = CommandActions(Context(workspace, self), self, self.grid)
        self.grid.run_command = self.run_command
        self.menus = self.actions_.fill_menu_bar(self.menuBar())
        self.mark_menu = self.actions_.menu_of(MARK_MENU, self)
        add_fusion_list(self.menus["image"], workspace, self)
        self.image_menu = image_menu(self.actions_, self.menus, self)
        self.series_panel.list.menu_asked.connect(
            lambda stack, at: show_series_menu(workspace, stack, at, self, self.run_command)
        )
        self.series_panel.list.clicked.connect(lambda _row: self.grid.take_focus())
        self.tool_bar = QToolBar(translate("MainWindow", "Tools"))
        self.tool_bar.setObjectName("tools")
        self.tool_bar.setMovable(False)
        self.tool_bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.actions_.fill_tool_bar(self.tool_bar, self.menus)
        self.addToolBar(self.tool_bar)
        more = self.tool_bar.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setToolTip(translate("MainWindow", "More tools"))
            more.setAccessibleName(more.toolTip())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.status = StatusLine(workspace)
        self.status.jobs_asked.connect(self.show_jobs)
        self.status.notices_asked.connect(self.show_notices)
        self.status.hanging_asked.connect(self.show_hangings)
        self.grid.readout_changed.connect(self.status.set_pointer)
        self.grid.context_requested.connect(self._show_context_menu)
        self.grid.full_screen_asked.connect(self.toggle_full_screen)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setFixedHeight(26)
        bar.addWidget(self.status, 1)

        for signal in (workspace.layout_changed, workspace.active_changed):
            listen(self, signal, self.actions_.refresh)
        for signal in (
            workspace.studies_changed,
            workspace.results_changed,
            workspace.ai_visible_changed,
            workspace.tools.changed,
            workspace.viewport_changed,
        ):
            listen(self, signal, self.actions_.refresh_soon)
        listen(self, workspace.history.changed, self.actions_.refresh_soon)
        listen(self, workspace.links.changed, self.actions_.refresh_soon)
        listen(self, workspace.finding_selected, self.actions_.refresh_soon)
        listen(self, workspace.keeping.changed, self.actions_.refresh_soon)
        self.other_windows = OtherWindows(self, workspace)
        listen(self, workspace.documents.changed, self._follow_document)
        listen(self, workspace.key_images.changed, self.actions_.refresh_soon)
        listen(self, workspace.settings_changed, self._follow_settings)
        listen(self, workspace.channels_asked, self._ask_for_channels)
        listen(self, workspace.loader.slice_loaded, self._first_slice)
        self._panels_built = False
        self._words: bool | None = None
        self._words_need = 0
        """Width in px that the tool bar needs with words beside its icons, once it is known."""
        QTimer.singleShot(PANELS_AFTER_MS, self, self._get_panels_ready)
        self._follow_settings()
        self._follow_document()
        self.actions_.refresh()
        self._restore_place()

    def run_command(self, command_id: str) -> None:
        """Run a command by its id, if it can be run now."""
        self.actions_.refresh()
        self.actions_[command_id].trigger()

    # ------------------------------------------------------------------ following the workspace

    def _follow_settings(self) -> None:
        settings = self._workspace.settings
        self.right_panel.setVisible(settings.right_panel)
        self._lay_widths()
        self.actions_.set_keys(keys_in_use(settings))
        self.actions_.refresh_soon()

    def _lay_widths(self) -> None:
        """Give the panels the widths that the reader gave them; what is left is the images'."""
        settings = self._workspace.settings
        room = self.width() - 2 * self.body.handleWidth()
        left = settings.left_panel and not self._strip_gives_way
        self.series_panel.setVisible(left)
        sides = [settings.left_width * left, settings.right_width * settings.right_panel]
        self.body.setSizes([sides[0], max(room - sum(sides), 1), sides[1]])

    @property
    def _strip_gives_way(self) -> bool:
        """Whether the window is so narrow that one panel only has room beside the images."""
        return self._workspace.settings.right_panel and self.width() < NARROW

    def _keep_widths(self) -> None:
        """Remember how wide the reader made the panels."""
        settings = self._workspace.settings
        left, _images, right = self.body.sizes()
        self._workspace.change_settings(
            left_width=left if self.series_panel.isVisible() else settings.left_width,
            right_width=right if settings.right_panel else settings.right_width,
        )

    def _follow_document(self) -> None:
        """Show the pane of documents beside the images while one is open."""
        is_open = self._workspace.documents.is_open
        if is_open and self.images.count() == 1:
            from medview.ui.document_pane import DocumentPane

            self.images.addWidget(DocumentPane(self._workspace, self.show_tags_of))
            room = max(self.images.width(), 2)
            self.images.setSizes([room // 2, room - room // 2])
        if self.images.count() > 1:
            pane = self.images.widget(1)
            assert pane is not None
            pane.setVisible(is_open)
            if not is_open:
                self.grid.show()
        self.actions_.refresh_soon()

    def _first_slice(self, *_what: object) -> None:
        if not self._panels_built:
            QTimer.singleShot(50, self, self._get_panels_ready)

    def _get_panels_ready(self) -> None:
        """Build the panels, one piece in a turn; then have at hand what a report needs, which opens by itself."""
        if self._panels_built:
            return

        def build() -> None:
            self.build_panels()
            import_ahead(self, DOCUMENT_PARTS, lambda: None)

        import_ahead(self, self.right_panel.parts, build)

    def build_panels(self) -> None:
        """Build the tab in front of the right panel; kept back until the first image is on the screen."""
        if not self._panels_built:
            self._panels_built = True
            self.right_panel.get_ready()

    def viewport(self) -> ViewportActions | None:
        """The active viewport's widget, None while nothing is shown."""
        frame = self.grid.active_frame()
        return cast("ViewportActions", frame.viewport) if frame is not None else None

    # ------------------------------------------------------------------ opening

    def ask_for_folder(self) -> None:
        """Ask for a folder and open it."""
        folder = QFileDialog.getExistingDirectory(
            self, translate("MainWindow", "Open a folder with images"), self._workspace.settings.last_folder
        )
        if folder:
            self.open_paths([folder])

    def ask_for_files(self) -> None:
        """Ask for files and open them."""
        files, _kind = QFileDialog.getOpenFileNames(
            self, translate("MainWindow", "Open images"), self._workspace.settings.last_folder
        )
        if files:
            self.open_paths(files)

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open paths, remembering where they were for the next question."""
        from medview.ui.installing import remember_folder

        self._workspace.open_paths(paths)
        remember_folder(self._workspace, paths[0])

    def open_demo(self) -> None:
        """Open the demo study."""
        self._open_demo()

    def ask_for_package(self) -> None:
        """Ask for a model package or a network and install or import it."""
        path, _kind = QFileDialog.getOpenFileName(
            self,
            translate("MainWindow", "Install a model package"),
            self._workspace.settings.last_folder,
            translate("MainWindow", "Model packages and networks") + " (*.zip manifest.json *.onnx)",
        )
        if path:
            chosen = Path(path)
            self.install_package(str(chosen.parent if chosen.name == "manifest.json" else chosen))

    def install_package(self, path: str) -> None:
        """Install a model package and show what it fits; a foreign network is asked about first."""
        from medview.ui.installing import sort_out

        self.show_tab(AI)
        # What is neither is installed as well, which says what is wrong with it.
        sort_out(
            self._workspace, [path], lambda found: self._install(replace(found, packages=found.packages + found.images))
        )

    def _install(self, found: SortedPaths) -> None:
        from medview.ui.installing import install_in_background

        if found.packages or found.networks:
            self.show_tab(AI)
        for path in found.networks:
            self.import_network(path)
        for path in found.packages:
            install_in_background(self._workspace, path)

    def import_network(self, path: str) -> ImportDialog:
        """Open the questions about a foreign network."""
        from medview.ui.import_dialog import ImportDialog

        dialog = ImportDialog(self._workspace, path, self)
        show_fitted(dialog)
        return dialog

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._take_dropped([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def _show_context_menu(self, at: QPoint) -> None:
        """The menu of the image where the pointer is, over a mark that of the marks."""
        viewport = self.viewport()
        over_mark = viewport is not None and viewport.marking.hovered
        self.actions_.refresh()
        (self.mark_menu if over_mark else self.image_menu).popup(at)

    def _take_dropped(self, paths: list[str]) -> None:
        """Install what is a model package, open everything else."""
        from medview.ui.installing import sort_out

        def take(found: SortedPaths) -> None:
            self._install(found)
            if found.images:
                self.open_paths(found.images)

        sort_out(self._workspace, paths, take)

    # ------------------------------------------------------------------ saving

    def save_picture(self) -> None:
        """Ask how and where what is shown becomes a picture."""
        self._export("picture")

    def export_series(self) -> None:
        """Ask how and where the whole series becomes pictures or a film."""
        self._export("series")

    def _export(self, extent: Extent) -> None:
        from medview.ui.export_dialog import ExportDialog

        show_fitted(ExportDialog(self._workspace, extent, self.grid.size(), self))

    def print_page(self) -> None:
        """Show the page that would be printed."""
        from medview.ui.print_dialog import PrintDialog

        show_fitted(PrintDialog(self._workspace, self.grid.size(), self))

    def save_findings(self) -> None:
        """Ask which files are to be made of marks, findings and decisions, and where."""
        from medview.ui.save_dialog import SaveDialog

        show_fitted(SaveDialog(self._workspace, self))

    def copy_picture(self, named: bool | None = None, whole: bool = False) -> None:
        """Put what the active viewport, or the whole layout, shows on the clipboard; ``named`` None: with the text that is seen."""
        from medview.ui.saving import copy_picture

        copy_picture(self, self._workspace, self.grid, named=named, whole=whole)

    def save_result(self, kind: Literal["nifti", "seg"]) -> None:
        """Save the newest segmentation of the active stack."""
        stack = self._workspace.active_viewport.stack
        results = self._workspace.results.of(stack.id) if stack is not None else ()
        with_labels = [result for result in results if result.segmentation is not None]
        if with_labels:
            self.save_given_result(with_labels[-1], kind)

    def save_given_result(self, result: InferenceResult, kind: Literal["nifti", "seg"]) -> None:
        """Ask where, and save the segmentation of a result there."""
        from medview.ui.saving import save_result

        save_result(self, self._workspace, result, kind)

    def run_suggested_model(self) -> None:
        """Show the AI tab and run what fits best."""
        self.show_tab(AI)
        panel = self.right_panel.page(AI)
        panel.run_best()  # type: ignore[attr-defined]

    # ------------------------------------------------------------------ panels and areas

    def show_tab(self, tab: int) -> None:
        """Bring a tab of the right panel to the front."""
        if not self._workspace.settings.right_panel:
            self._workspace.change_settings(right_panel=True)
        self.build_panels()
        self.right_panel.show_tab(tab)

    def toggle_panel(self, side: Literal["left", "right"]) -> None:
        """Show or hide the series strip or the right panel."""
        name = f"{side}_panel"
        if side == "left" and self._strip_gives_way and self._workspace.settings.left_panel:
            self._workspace.change_settings(right_panel=False)
            return
        self._workspace.change_settings(**{name: not getattr(self._workspace.settings, name)})

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def leave_full_screen(self) -> bool:
        """Go back from the whole screen; False where the window does not fill it."""
        if not self.isFullScreen():
            return False
        self.toggle_full_screen()
        return True

    def choose_layout(self) -> None:
        """Show the picker of grids below the tool bar."""
        from medview.ui.layout_picker import LayoutPicker

        picker = LayoutPicker(self._workspace, self)
        button = self.tool_bar.widgetForAction(self.actions_["layout.choose"])
        below = button if button.isVisible() else self.tool_bar
        picker.show_at(below.mapToGlobal(QPoint(0, below.height())))

    def detach_viewport(self) -> None:
        """Move the active viewport to a window of its own, or back into the grid."""
        from medview.ui.detached import toggle_detached

        toggle_detached(self, self.grid, self.actions_.image_actions())
        for detached in self.grid.detached.values():
            self.actions_.watch_keys(detached)

    def maximise_viewport(self) -> None:
        """Show the active viewport alone, or the whole layout."""
        self._workspace.toggle_maximised()

    def toggle_cine(self, everywhere: bool = False) -> None:
        """Start or stop playing the active viewport."""
        from medview.ui.cine import toggle_cine

        toggle_cine(self, self._workspace, everywhere)

    def next_area(self, step: int) -> None:
        """Move the focus between images, right panel and series strip."""
        frame = self.grid.active_frame()
        areas: list[QWidget] = [frame.viewport if frame is not None else self.grid]
        if self.right_panel.isVisible():
            areas.append(self.right_panel.tabs)
        if self.series_panel.isVisible():
            areas.append(self.series_panel.list)
        focus = focus_of(self)
        at = 0
        for index, area in enumerate((self.grid, self.right_panel, self.series_panel)):
            if focus is not None and (area is focus or area.isAncestorOf(focus)):
                at = min(index, len(areas) - 1)
        areas[(at + step) % len(areas)].setFocus(Qt.FocusReason.TabFocusReason)

    # ------------------------------------------------------------------ the window itself

    def close_window(self) -> None:
        """Close the window and with it medview."""
        self.close()

    def come_forward(self) -> None:
        """Come to the front: another start handed its paths over."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key that nobody took: where a greyed command has it, the status line says why nothing happens."""
        key = QKeySequence(event.keyCombination())
        why = "" if event.isAutoRepeat() else self.actions_.refused(key, self.grid.isAncestorOf(focus_of(self) or self))
        if why:
            self.status.say(why)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_widths()
        if not self._words_need:
            self._words_need = self.actions_.tool_bar_width(self.tool_bar)
        words = event.size().width() >= self._words_need
        if words != self._words:
            self._words = words
            self.actions_.set_tool_bar_words(self.tool_bar, words)

    def _restore_place(self) -> None:
        place = self._workspace.settings.window_geometry
        if place:
            from medview.ui.detached import bring_into_sight

            self.restoreGeometry(QByteArray.fromHex(QByteArray(place.encode())))
            bring_into_sight(self)

    def keep_place(self) -> None:
        """Remember where the window is."""
        place = bytes(self.saveGeometry().toHex().data()).decode()
        self._workspace.change_settings(window_geometry=place)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.keep_place()
        self.grid.bring_all_back()
        for dialog in self._dialogs.values():
            dialog.close()
        if self.on_close is not None:
            self.on_close()
        super().closeEvent(event)
