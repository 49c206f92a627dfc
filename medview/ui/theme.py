"""Colours, type and the style sheet of the chrome, in a dark and a light theme with the same roles."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from medview.core.resources import resource_path

FONT_PX = 12
CJK_FAMILIES = {
    "win32": ("Microsoft YaHei UI", "Microsoft YaHei", "SimSun"),
    "darwin": ("PingFang SC", "Hiragino Sans GB", "STHeiti"),
    "linux": ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
}


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role, as ``#rrggbb``. Contrast of ``text`` and ``secondary`` on every ground is at least 4.5 : 1."""

    name: str
    window: str
    panel: str
    raised: str
    line: str
    text: str
    secondary: str
    disabled: str
    accent: str
    on_accent: str
    warning: str
    danger: str
    done: str
    ai: str
    selected: str
    """Ground of a chosen row."""
    field: str
    """Ground of what is typed or chosen in."""
    image: str = "#000000"


DARK = Theme(
    "dark", "#16181c", "#1e2126", "#272b31", "#363b43", "#e6e8eb", "#a3a9b3", "#6d737d", "#4c9be8", "#0b0d10",
    "#e0a83c", "#f07470", "#6fbf8a", "#a89cf0", "#243b53", "#16181c",
)  # fmt: skip
LIGHT = Theme(
    "light", "#e4e6ea", "#f3f4f6", "#ffffff", "#c3c8d0", "#1a1d22", "#545b66", "#9096a0", "#1f6fbf", "#ffffff",
    "#855600", "#b3261e", "#1a6b3b", "#5b3fc4", "#c9dff5", "#ffffff",
)  # fmt: skip


WORDS = frozenset({"text", "secondary", "warning", "danger", "done", "ai"})
READABLE = 4.5
"""Least contrast of words (WCAG 2.1, AA)."""


def dimmed(theme: Theme) -> Theme:
    """The theme at half its brightness, words as bright as it takes to read them; the ground of the images is black already."""

    def times(colour: str, share: float) -> str:
        value = QColor(colour)
        return QColor(*(round(part * share) for part in (value.red(), value.green(), value.blue()))).name()

    def shade(name: str) -> str:
        colour, share = getattr(theme, name), 0.5
        ground = times(theme.raised, 0.5)
        while (
            name in WORDS and theme.name == "dark" and share < 1 and contrast(times(colour, share), ground) < READABLE
        ):
            share += 0.02
        return times(colour, share)

    names = [entry.name for entry in fields(Theme) if entry.name not in {"name", "image"}]
    return Theme(theme.name, *(shade(name) for name in names))


def chosen_theme(name: str, dim: bool) -> Theme:
    """The theme of a settings' choice."""
    theme = LIGHT if name == "light" else DARK
    return dimmed(theme) if dim else theme


def contrast(first: str, second: str) -> float:
    """Contrast of two colours (WCAG 2.1, 1.4.3): 1 to 21."""

    def luminance(colour: str) -> float:
        value = QColor(colour)
        parts = [value.redF(), value.greenF(), value.blueF()]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


_current = DARK


def current_theme() -> Theme:
    """The theme that the window wears now."""
    return _current


def reading_font() -> QFont:
    """The system's sans-serif family with families for Chinese behind it, digits of equal width."""
    families = [QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()]
    families += CJK_FAMILIES.get(sys.platform, CJK_FAMILIES["linux"])
    font = QFont()
    font.setFamilies(families)
    font.setPixelSize(FONT_PX)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    if hasattr(font, "setFeature"):
        font.setFeature(QFont.Tag.fromString("tnum"), 1)
    return font


def wear(app: QApplication, theme: Theme) -> None:
    """Give the whole application a theme."""
    global _current  # noqa: PLW0603 - one look for one application
    _current = theme
    QDir.setSearchPaths("medviewicons", [str(resource_path("icons"))])
    app.setFont(reading_font())
    app.setPalette(_palette(theme))
    app.setStyleSheet(style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.window,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.danger,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.secondary,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.window,
    }
    for which, colour in pairs.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.disabled))
    return palette


def style_sheet(theme: Theme) -> str:
    """The chrome's style sheet; sizes on a grid of 4 px."""
    t = theme
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog, QWidget#window {{ background: {t.window}; }}
QWidget {{ color: {t.text}; }}
QWidget:disabled {{ color: {t.disabled}; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px 6px; }}

QMenuBar {{ background: {t.window}; padding: 0 4px; }}
QMenuBar::item {{ padding: 4px 8px; background: transparent; border-radius: 3px; }}
QMenuBar::item:selected {{ background: {t.raised}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.line}; padding: 4px 0; }}
QMenu::item {{ padding: 4px 28px 4px 28px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QMenu::item:disabled {{ color: {t.disabled}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 0; }}
QMenu::indicator {{ width: 12px; height: 12px; left: 8px; }}

QToolBar {{ background: {t.window}; border: none; border-bottom: 1px solid {t.line}; spacing: 2px; padding: 2px 6px; }}
QToolBar::separator {{ background: {t.line}; width: 1px; margin: 6px 5px; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 4px 6px; }}
QToolButton:hover {{ background: {t.raised}; }}
QToolButton:pressed {{ background: {t.line}; }}
QToolButton:checked {{ background: {t.raised}; border-color: {t.accent}; }}
QToolButton:focus {{ border-color: {t.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; qproperty-icon: url(medviewicons:caret-double-right.svg); }}
QToolButton#tight {{ padding: 4px 3px; }}
QToolButton#withMenu {{ padding-right: 18px; }}
QToolButton::menu-button {{ border: none; border-left: 1px solid transparent; width: 16px;
  border-top-right-radius: 4px; border-bottom-right-radius: 4px; }}
QToolButton::menu-button:hover {{ background: {t.line}; border-left-color: {t.line}; }}
QToolButton::menu-arrow {{ image: url(medviewicons:caret-down.svg); width: 8px; height: 8px; }}

QToolButton#disclosure {{ padding: 2px 4px 2px 0; color: {t.secondary}; border: none; }}
QToolButton#disclosure:hover {{ color: {t.text}; background: transparent; }}
QToolButton#disclosure:checked {{ background: transparent; border: none; }}
QToolButton#disclosure:focus {{ color: {t.accent}; }}

QStatusBar {{ background: {t.window}; border-top: 1px solid {t.line}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QToolButton {{ padding: 1px 6px; }}

QWidget#panel, QWidget#strip, QScrollArea#panel, QStackedWidget#panel {{ background: {t.panel}; }}
QWidget#strip {{ border-right: 1px solid {t.line}; }}
QWidget#right {{ background: {t.panel}; border-left: 1px solid {t.line}; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}

QTabWidget::pane {{ border: none; }}
QTabBar {{ background: {t.window}; }}
QTabBar::tab {{ background: {t.window}; color: {t.secondary}; padding: 7px 12px; border: none;
  border-bottom: 2px solid transparent; }}
QWidget#right QTabBar::tab {{ padding: 7px 0; }}
QTabBar::tab:selected {{ color: {t.text}; background: {t.panel}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:focus {{ color: {t.text}; }}

QLabel#title {{ color: {t.secondary}; font-weight: 600; padding-top: 4px; }}
QLabel#secondary {{ color: {t.secondary}; }}
QLabel#heading {{ font-size: 16px; font-weight: 600; }}
QLabel#warning {{ color: {t.warning}; }}
QLabel#danger {{ color: {t.danger}; }}
QLabel#done {{ color: {t.done}; }}
QLabel#ai {{ color: {t.ai}; }}

QPushButton {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 4px; padding: 4px 12px; min-height: 16px; }}
QPushButton:hover {{ border-color: {t.secondary}; }}
QPushButton:pressed {{ background: {t.line}; }}
QPushButton:checked {{ border-color: {t.accent}; background: {t.line}; font-weight: 600; }}
QPushButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled {{ border-color: {t.line}; color: {t.disabled}; background: transparent; }}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton#choice {{ background: {t.field}; text-align: left; padding-left: 9px; }}
QPushButton::menu-indicator {{ image: url(medviewicons:caret-down.svg); width: 10px; height: 10px;
  subcontrol-origin: border; subcontrol-position: right center; right: 7px; }}
QPushButton#primary {{ background: {t.accent}; border-color: {t.accent}; color: {t.on_accent}; font-weight: 600; }}
QPushButton#primary:hover {{ border-color: {t.text}; }}
QPushButton#primary:focus {{ border-color: {t.text}; }}
QPushButton#primary:disabled {{ background: transparent; color: {t.disabled}; border-color: {t.line}; }}
QPushButton#flat {{ background: transparent; border-color: transparent; color: {t.accent}; padding: 2px 6px; }}
QPushButton#flat:hover {{ border-color: {t.line}; }}
QPushButton#flat:focus {{ border-color: {t.accent}; }}

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QKeySequenceEdit {{ background: {t.field}; border: 1px solid {t.line};
  border-radius: 4px; padding: 3px 6px; min-height: 16px; selection-background-color: {t.accent};
  selection-color: {t.on_accent}; placeholder-text-color: {t.secondary}; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{ background: transparent; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QComboBox::down-arrow {{ image: url(medviewicons:caret-down.svg); width: 10px; height: 10px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line};
  selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}

QCheckBox, QRadioButton {{ spacing: 6px; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {t.secondary}; border-radius: 3px; background: {t.field}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url(medviewicons:check.svg); }}
QCheckBox::indicator:disabled {{ border-color: {t.line}; }}
QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {t.secondary}; border-radius: 8px; background: {t.field}; }}
QRadioButton::indicator:checked {{ border: 4px solid {t.accent}; width: 8px; height: 8px; background: {t.on_accent}; }}
QRadioButton:focus {{ color: {t.accent}; }}
QRadioButton#unfit {{ color: {t.secondary}; }}
QCheckBox:focus {{ color: {t.accent}; }}

QSlider::groove:horizontal {{ height: 4px; background: {t.line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.line}; }}
QSlider::handle:horizontal {{ width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: {t.text}; }}
QSlider::handle:horizontal:focus {{ background: {t.accent}; }}
QSlider::handle:horizontal:disabled {{ background: {t.disabled}; }}

QProgressBar {{ background: {t.line}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}

QTreeView, QListView, QTableView, QTreeWidget, QListWidget, QTableWidget {{ background: {t.panel}; border: none;
  alternate-background-color: {t.raised}; selection-background-color: {t.selected}; selection-color: {t.text}; }}
QTreeView::item, QListView::item, QTableView::item {{ padding: 3px 4px; border: none; }}
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected {{ background: {t.selected}; color: {t.text}; }}
QTreeView::item:hover:!selected, QListView::item:hover:!selected {{ background: {t.raised}; }}
QListWidget#recents {{ background: transparent; }}
QListWidget#recents::item {{ border-radius: 4px; }}
QListWidget#recents::item:selected {{ background: {t.raised}; }}
QTreeView:focus, QListView:focus, QTableView:focus {{ border: 1px solid {t.accent}; }}
QListView#strip-list[bare="true"]:focus {{ border: none; }}
QHeaderView::section {{ background: {t.panel}; color: {t.secondary}; border: none; border-bottom: 1px solid {t.line}; padding: 4px; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; border-bottom: 1px solid {t.line}; }}

QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle {{ background: {t.line}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {t.secondary}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none; border: none; width: 0; height: 0; }}

QSplitter::handle {{ background: {t.line}; }}
QFrame#rule {{ background: {t.line}; max-height: 1px; min-height: 1px; border: none; }}
QFrame#card {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px; }}
QWidget#document {{ background: {t.panel}; border-left: 1px solid {t.line}; }}
QTextBrowser#page {{ background: {t.panel}; border: none; border-top: 1px solid {t.line}; padding: 12px 16px; color: {t.text}; }}
QPlainTextEdit {{ background: {t.field}; border: 1px solid {t.line}; border-radius: 3px; padding: 4px; color: {t.text};
  placeholder-text-color: {t.secondary}; }}
QPlainTextEdit#said {{ background: {t.panel}; border: none; padding: 0 8px; }}
QLineEdit[missing="true"] {{ border-color: {t.danger}; color: {t.danger}; }}
QFrame#notice {{ background: {t.raised}; border: none; border-bottom: 1px solid {t.line}; }}
"""
