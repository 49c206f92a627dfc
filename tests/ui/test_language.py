"""English and Simplified Chinese: nothing missing, nothing clipped, names of people as they are written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QRadioButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from medview.app.settings import changed
from medview.core.problem import Note
from medview.core.resources import resource_path
from medview.ui.application import Desk
from medview.ui.messages import note_text
from medview.ui.text import translate
from medview.ui.theme import CJK_FAMILIES, DARK, LIGHT, contrast, dimmed
from medview.ui.translations import speak
from tests.ui.small_study import close_desk, open_desk, open_study

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words that are written alike in both languages: names, units, abbreviations.
ALIKE = re.compile(
    r"^(&?AI|AI: \{names\}|\{0\}: .*|CLAHE|LUT |\{n\} cm|SUV .*|DICOM .*|MPR|MIP|VR|\{0\} · .*|Sobel.*|[^A-Za-z]*)$"
)


def translate_script() -> ModuleType:
    """The script that brings texts into the translators' files."""
    spec = importlib.util.spec_from_file_location("translate_script", ROOT / "packaging" / "translate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def translations() -> dict[tuple[str, str], str]:
    script = translate_script()
    found: dict[tuple[str, str], str] = script.texts(resource_path("translations", "medview_zh_CN.ts"))
    return found


def test_no_text_of_the_code_is_missing() -> None:
    missing = translate_script().missing(resource_path("translations", "medview_zh_CN.ts"))
    assert missing == []


def test_a_missing_text_would_be_seen(tmp_path: Path) -> None:
    ts = tmp_path / "medview_zh_CN.ts"
    whole = resource_path("translations", "medview_zh_CN.ts").read_text(encoding="utf-8")
    ts.write_text(whole.replace("<translation>窗宽</translation>", '<translation type="unfinished" />', 1), "utf-8")
    assert translate_script().missing(ts) == [("ImagePanel", "Width")]


def test_the_compiled_file_is_of_this_source(tmp_path: Path) -> None:
    compiled = tmp_path / "medview_zh_CN.qm"
    translate_script().compile_file(resource_path("translations", "medview_zh_CN.ts"), compiled)
    assert compiled.read_bytes() == resource_path("translations", "medview_zh_CN.qm").read_bytes()


def test_translations_are_chinese_and_keep_their_figures(translations: dict[tuple[str, str], str]) -> None:
    assert len(translations) > 300
    for (context, text), chinese in translations.items():
        if not ALIKE.match(text):
            assert CHINESE.search(chinese), (context, text)
        fields = re.compile(r"\{[a-z0-9]*\}")
        assert sorted(fields.findall(text)) == sorted(fields.findall(chinese)), (context, text)
        assert text.endswith("…") == chinese.endswith("…"), (context, text)
        assert "容积" not in chinese or "Volume" in text or "volume" in text, (context, text)


def test_titles_of_all_filters_are_known_to_the_translators(translations: dict[tuple[str, str], str]) -> None:
    from medview.processing.filters import OPERATIONS

    titles = {operation.title for operation in OPERATIONS.values()}
    titles |= {parameter.title for operation in OPERATIONS.values() for parameter in operation.parameters}
    assert titles <= {text for context, text in translations if context == "Operation"}


def test_the_words_of_the_trade(translations: dict[tuple[str, str], str]) -> None:
    for text, chinese in {
        ("ImagePanel", "Width"): "窗宽",
        ("ImagePanel", "Centre"): "窗位",
        ("AiPanel", "Segmentation"): "分割",
        ("SeriesPanel", "Series"): "序列",
        ("Command", "Axial"): "轴位",
        ("Command", "Coronal"): "冠状位",
        ("Command", "Sagittal"): "矢状位",
        ("Details", "Thickness"): "层厚",
        ("Preset", "Mediastinum"): "纵隔",
    }.items():
        assert translations[text] == chinese


def clipped(window: QWidget) -> list[str]:
    """Texts that are wider than the widget that shows them (labels that wrap: higher)."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel) and widget.text() and widget.pixmap().isNull():
            if widget.wordWrap():
                if widget.heightForWidth(widget.width()) > widget.height() + 2:
                    found.append(f"label {widget.text()}: {widget.heightForWidth(widget.width())} > {widget.height()}")
            elif widget.sizeHint().width() > widget.width() + 1:
                found.append(f"label {widget.text()}")
        elif isinstance(widget, (QPushButton, QCheckBox, QRadioButton)):
            if widget.sizeHint().width() > widget.width() + 1:
                found.append(f"button {widget.text()}: {widget.sizeHint().width()} > {widget.width()}")
        elif isinstance(widget, QToolButton) and widget.text():
            if widget.sizeHint().width() > widget.width() + 1:
                found.append(f"tool {widget.text()}: {widget.sizeHint().width()} > {widget.width()}")
        elif isinstance(widget, QComboBox) and widget.currentText():
            room = widget.width() - 30
            if QFontMetrics(widget.font()).horizontalAdvance(widget.currentText()) > room:
                found.append(f"choice {widget.currentText()}")
    return found


def clipped_at_rest(qtbot: QtBot, window: QWidget) -> list[str]:
    """What is clipped when the window has come to rest, which takes its time on a busy machine."""
    found: list[str] = []
    for _ in range(50):
        qtbot.wait(100)
        found = clipped(window)
        if not found:
            break
    return found


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_is_clipped(qtbot: QtBot, study_folder: Path, language: str, size: tuple[int, int]) -> None:
    from medview.app.settings import Settings
    from medview.processing.chain import FilterStep
    from medview.processing.filters import OPERATIONS

    desk = open_desk(qtbot, changed(Settings(), language=language), size)
    try:
        assert clipped_at_rest(qtbot, desk.window) == []
        open_study(qtbot, desk, study_folder)
        desk.workspace.active_viewport.update(filters=tuple(FilterStep(name) for name in OPERATIONS))
        for tab in range(4):
            desk.window.show_tab(tab)
            assert clipped_at_rest(qtbot, desk.window) == [], f"tab {tab}"
        for show in (desk.window.show_settings, desk.window.show_shortcuts, desk.window.show_about):
            show()
        desk.window.show_jobs()
        desk.window.show_notices()
        desk.window.show_updates()
        for name, dialog in desk.window._dialogs.items():
            assert clipped_at_rest(qtbot, dialog) == [], name
    finally:
        close_desk(qtbot, desk)


def test_the_language_changes_while_the_window_is_open(qtbot: QtBot, reading_desk: Desk) -> None:
    before = reading_desk.window
    view = reading_desk.workspace.active_viewport.view
    reading_desk.workspace.change_settings(language="zh_CN")
    qtbot.waitUntil(lambda: reading_desk.window is not before, timeout=5000)
    assert reading_desk.window.actions_["study.open"].text() == "打开文件夹…"
    assert reading_desk.workspace.active_viewport.view is view, "what was shown is still shown"
    frame = reading_desk.window.grid.active_frame()
    assert frame is not None
    assert frame.viewport.isVisible()
    reading_desk.workspace.change_settings(language="en")
    qtbot.waitUntil(lambda: reading_desk.window.actions_["study.open"].text() == "Open folder…", timeout=5000)


def test_names_of_people_are_kept(qtbot: QtBot, reading_desk: Desk) -> None:
    from medview.ui.corner_text import person_name

    assert person_name("Doe^Jane") == "Doe, Jane"
    assert person_name("Wang^XiaoDong=王^小东") == "Wang, XiaoDong"


def test_messages_are_told_in_the_readers_language(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    desk.workspace.change_settings(language="zh_CN")
    qtbot.waitUntil(lambda: translate("Command", "Quit") == "退出", timeout=5000)
    (tmp_path / "readme.txt").write_text("nothing")
    open_study(qtbot, desk, tmp_path)
    words = [label.text() for label in desk.window.notices.findChildren(QLabel)]
    assert f"在 {tmp_path} 中未找到影像。" in words
    desk.workspace.change_settings(language="en")
    qtbot.waitUntil(lambda: translate("Command", "Quit") == "Quit", timeout=5000)


def test_every_code_a_reader_can_meet_has_words_in_both_languages() -> None:
    """Codes of notes, problems and errors in the code are looked for in the table of messages."""
    from medview.ui.message_table import TEMPLATES

    pattern = re.compile(r"(?:MedviewError|Note|Problem|_unusable|_damaged)\(\s*(?:[a-z_.]+,\s*)?\"([a-z_0-9]+)\"")
    codes = set()
    headless = {
        "headless",
        "rendering",
        "rendered_cut",
        "rendered_fusion",
        "rendered_solid",
        "rendered_window",
        "statement_files",
        "backup",
        "channel_choice",
        "exporting",
        "model_result",
        "infer_command",
        "explain_command",
        "object_inspection",
    }
    for path in (ROOT / "medview").rglob("*.py"):
        if path.parent.name not in {"phantom", "cli"} and path.stem not in headless:
            codes |= set(pattern.findall(path.read_text(encoding="utf-8")))
    assert len(codes) > 20
    assert codes - set(TEMPLATES) == set()


def test_the_font_has_the_characters(desk: Desk, translations: dict[tuple[str, str], str]) -> None:
    families = QApplication.font().families()
    assert any(family in families for family in CJK_FAMILIES["linux"])
    characters = {letter for text in translations.values() for letter in text if CHINESE.match(letter)}
    fonts = []
    for family in families:
        font = QApplication.font()
        font.setFamilies([family])
        fonts.append(QFontMetrics(font))
    missing = [letter for letter in sorted(characters) if not any(font.inFontUcs4(ord(letter)) for font in fonts)]
    assert missing == []


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_ground(theme: object) -> None:
    for ground in ("window", "panel", "raised"):
        for role in ("text", "secondary", "warning", "danger", "ai", "done"):
            assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.5, (role, ground)
    assert contrast(theme.text, theme.selected) >= 4.5  # type: ignore[attr-defined]
    assert contrast(theme.on_accent, theme.accent) >= 4.5  # type: ignore[attr-defined]


def test_dimming_leaves_the_image_black_and_darkens_the_rest() -> None:
    dark = dimmed(DARK)
    assert dark.image == DARK.image == "#000000"
    assert contrast(dark.text, "#000000") < contrast(DARK.text, "#000000")


def test_words_among_the_figures_of_a_sentence_are_translated_too(qapp: QApplication) -> None:
    speak(qapp, "zh_CN")
    told = note_text(Note("unit_missing", "The model wants HU; the series has no unit.", ("HU", "no unit")))
    assert told == "模型需要 HU；本序列：无单位。"
    several = Note(
        "plane_wrong", "The slices are axial; the model is for sagittal, coronal.", ("axial", "sagittal, coronal")
    )
    assert not re.search("[a-z]", note_text(several))
    speak(qapp, "en")
    assert note_text(several) == several.text
