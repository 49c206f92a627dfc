"""The language of the window: which one, and Qt's translators for it."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from medview.core.resources import resource_path

LANGUAGES: tuple[tuple[str, str], ...] = (("en", "English"), ("zh_CN", "简体中文"))
"""Languages that medview speaks, with their own names."""

_installed: list[QTranslator] = []


def resolved_language(chosen: str) -> str:
    """The language for a settings' choice; ``auto`` follows the system."""
    if chosen != "auto":
        return chosen
    for name in QLocale.system().uiLanguages():
        if name.startswith("zh"):
            return "zh_CN"
        if name.startswith("en"):
            return "en"
    return "en"


def speak(app: QApplication, chosen: str) -> str:
    """Make the application speak a language from now on; widgets that exist already keep their words."""
    language = resolved_language(chosen)
    while _installed:
        app.removeTranslator(_installed.pop())
    # Numbers and dates follow the language where the reader chose one, else the system.
    QLocale.setDefault(QLocale.system() if chosen == "auto" else QLocale(language))
    if language == "en":
        return language
    folders = (
        (f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        (f"medview_{language}", str(resource_path("translations"))),
    )
    for name, folder in folders:
        translator = QTranslator(app)
        if translator.load(name, folder):
            app.installTranslator(translator)
            _installed.append(translator)
    return language
