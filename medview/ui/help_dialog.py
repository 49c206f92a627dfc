"""The help: a page for each menu made from the table of commands, pages of running text, one line to search it all."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QTextBrowser, QTreeWidgetItem, QWidget

from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import Command, keys_of
from medview.app.hand_profiles import keys_in_use
from medview.app.help_texts import ABOUT, PAGES, HelpPage
from medview.ui.listen import listen
from medview.ui.mouse_text import mouse_lines
from medview.ui.searched_tree import SearchedTree
from medview.ui.shortcuts_dialog import keys_text
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.ui.actions import CommandActions

PAGE_ROLE = Qt.ItemDataRole.UserRole
PLACE_ROLE = Qt.ItemDataRole.UserRole + 1
RUN = "run"
MOUSE_PAGE = "mouse"


def _title(command: Command) -> str:
    return translate("Command", command.title).rstrip("…")


class HelpDialog(QDialog):
    """Topics at the left, the page at the right; a command's name on a page runs it."""

    def __init__(self, workspace: Workspace, actions: CommandActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Help", "Help"))
        self.resize(920, 640)
        self._workspace, self._actions = workspace, actions
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        split = QSplitter()
        row.addWidget(split)
        self.found = SearchedTree(
            (translate("Help", "Topic"),), translate("Help", "Search in all pages"), translate("Help", "Topics")
        )
        self.tree = self.found.tree
        self.tree.setHeaderHidden(True)
        self.tree.currentItemChanged.connect(self._follow)
        split.addWidget(self.found)
        self.page = QTextBrowser()
        self.page.setObjectName("page")
        self.page.setAccessibleName(translate("Help", "Page"))
        self.page.setOpenLinks(False)
        self.page.anchorClicked.connect(self._run)
        split.addWidget(self.page)
        split.setSizes([300, 600])
        listen(self, workspace.settings_changed, self._show_again)
        self._fill()
        self.tree.setCurrentItem(self.found.rows()[0])

    def _fill(self) -> None:
        group = self.found.add_group(translate("Help", "Read first"))
        for page in PAGES:
            # The words of the page are searched with its title.
            self._add(
                group, translate("Help", page.title), page.id, "", [translate("Help", p) for p in page.paragraphs]
            )
        self._add(
            group, translate("Help", "Mouse, touch and pen"), MOUSE_PAGE, "", [does for _, does in self._mouse_lines()]
        )
        for menu, title in MENUS:
            group = self.found.add_group(translate("Menu", title).replace("&", "").split("(")[0])
            for command in COMMANDS:
                if command.menu == menu:
                    about = [translate("Help", ABOUT[command.id])] if command.id in ABOUT else []
                    self._add(group, _title(command), menu, command.id, about)
        self.tree.expandAll()

    def _add(self, group: QTreeWidgetItem, title: str, page: str, place: str, words: list[str]) -> None:
        item = QTreeWidgetItem([title])
        item.setData(0, PAGE_ROLE, page)
        item.setData(0, PLACE_ROLE, place)
        self.found.also_search(item, " ".join(words))
        group.addChild(item)

    def _mouse_lines(self) -> list[tuple[str, str]]:
        return mouse_lines(self._workspace.settings)

    # ------------------------------------------------------------------ the page

    def _show_again(self) -> None:
        self._follow(self.tree.currentItem())

    def _follow(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        if item is None or item.data(0, PAGE_ROLE) is None:
            return
        page, place = str(item.data(0, PAGE_ROLE)), str(item.data(0, PLACE_ROLE) or "")
        written = next((one for one in PAGES if one.id == page), None)
        if written is not None:
            body = self._written(written)
        elif page == MOUSE_PAGE:
            body = self._mouse()
        else:
            body = self._commands(page, place)
        theme = current_theme()
        style = (
            f"<style>h2 {{ color: {theme.text}; }} td {{ padding: 3px 14px 3px 0; vertical-align: top; }}"
            f" .key {{ color: {theme.secondary}; }} .about {{ color: {theme.secondary}; }}"
            f" a {{ color: {theme.accent}; text-decoration: none; }} .here {{ background: {theme.selected}; }}</style>"
        )
        self.page.setHtml(style + body)
        if place:
            self.page.scrollToAnchor(place)

    def _written(self, page: HelpPage) -> str:
        paragraphs = "".join(f"<p>{escape(translate('Help', one))}</p>" for one in page.paragraphs)
        return f"<h2>{escape(translate('Help', page.title))}</h2>{paragraphs}"

    def _mouse(self) -> str:
        rows = "".join(f"<tr><td>{escape(what)}</td><td>{escape(does)}</td></tr>" for what, does in self._mouse_lines())
        return f"<h2>{escape(translate('Help', 'Mouse, touch and pen'))}</h2><table>{rows}</table>"

    def _commands(self, menu: str, place: str) -> str:
        title = translate("Menu", dict(MENUS)[menu]).replace("&", "").split("(")[0]  # type: ignore[index]
        rebound = keys_in_use(self._workspace.settings)
        rows = []
        for command in COMMANDS:
            if command.menu != menu:
                continue
            about = translate("Help", ABOUT[command.id]) if command.id in ABOUT else ""
            here = ' class="here"' if command.id == place else ""
            rows.append(
                f'<tr{here}><td><a name="{command.id}"></a><a href="{RUN}:{command.id}">{escape(_title(command))}</a>'
                f'<br><span class="about">{escape(about)}</span></td>'
                f'<td class="key">{escape(keys_text(keys_of(command, rebound)))}</td></tr>'
                if about
                else f'<tr{here}><td><a name="{command.id}"></a><a href="{RUN}:{command.id}">'
                f"{escape(_title(command))}</a></td>"
                f'<td class="key">{escape(keys_text(keys_of(command, rebound)))}</td></tr>'
            )
        return f"<h2>{escape(title)}</h2><table>{''.join(rows)}</table>"

    def _run(self, link: QUrl) -> None:
        """Run the command whose name was clicked, where it can be run now."""
        command_id = link.path()
        if link.scheme() == RUN and any(one.id == command_id for one in COMMANDS):
            self._actions.refresh()
            self._actions[command_id].trigger()
