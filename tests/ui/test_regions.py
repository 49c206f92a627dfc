"""Numbers as regions write them: the decimal mark that was typed is never left out, which would make a number ten times too large."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from medview.core.measurement import Measurement, MeasurementPlace, Quantity
from medview.ui.application import Desk
from medview.ui.corner_text import number_text
from medview.ui.measurement_items import place_text, quantity_text, value_text
from medview.ui.parts import RealField
from medview.ui.viewport_marking import MarkEntry, _length
from tests.ui.small_study import active, texts_of

REGIONS = ("en_US", "de_DE", "fr_FR", "de_CH", "zh_CN", "ar_EG")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("typed", "value"),
    [("12.5", 12.5), ("12,5", 12.5), ("1234.5", 1234.5), ("-0,5", -0.5), (".5", 0.5), ("40", 40.0), ("-600", -600.0)],
)
@pytest.mark.parametrize("suffix", ["", " mm", " g/ml"])
def test_point_and_comma_are_both_a_decimal_mark(
    qtbot: QtBot, region: str, typed: str, value: float, suffix: str
) -> None:
    QLocale.setDefault(QLocale(region))
    field = RealField()
    qtbot.addWidget(field)
    field.setRange(-100_000, 100_000)
    field.setDecimals(2)
    field.setSuffix(suffix)
    field.selectAll()
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == value
    shown = field.text().removesuffix(suffix)
    assert field.locale().decimalPoint() in shown, "what is shown is the region's"


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("pasted", ["1.234,5", "1,234.5", "1.2.3", "1,234,567"])
def test_a_number_with_two_marks_is_none(qtbot: QtBot, region: str, pasted: str) -> None:
    QLocale.setDefault(QLocale(region))
    field = RealField()
    qtbot.addWidget(field)
    field.setRange(-10_000_000, 10_000_000)
    state, *_ = field.validate(pasted, 0)  # type: ignore[misc]
    assert state.name == "Invalid"


def test_what_is_typed_after_a_double_click_is_the_number(qtbot: QtBot) -> None:
    """Qt chooses only the figures on one side of the decimal mark: the rest of 0.0 stayed, and −900 became 0.9."""
    QLocale.setDefault(QLocale("en_US"))
    field = RealField()
    qtbot.addWidget(field)
    field.setRange(-1e6, 1e6)
    field.setDecimals(1)
    field.setPrefix("± ")
    field.setSuffix(" mm")
    field.resize(200, 30)
    field.show()
    line = field.lineEdit()
    for typed, value in (("-900", -900.0), ("12.5", 12.5)):
        for x in (20, 30, 40):
            QTest.mouseDClick(line, Qt.MouseButton.LeftButton, pos=QPoint(x, line.height() // 2))
            QTest.keyClicks(line, typed)
            assert field.value() == value


def test_the_length_that_calibrates_is_the_one_that_was_typed(qtbot: QtBot, reading_desk: Desk) -> None:
    marking = active(reading_desk).marking
    stack = active(reading_desk).state.stack
    assert stack is not None
    mark = Measurement("m", "calibration", MeasurementPlace(stack.id), ((10.0, 10.0), (20.0, 10.0)))
    for region in REGIONS:
        QLocale.setDefault(QLocale(region))
        for typed in ("12.5", "12,5"):
            entry = MarkEntry(marking, mark, reading_desk.window)
            qtbot.addWidget(entry)
            lengths: list[float] = []
            marking.written = lambda _mark, text, told=lengths: told.append(_length(text))  # type: ignore[method-assign]
            line = entry.findChild(QLineEdit)
            QTest.keyClicks(line, typed)
            QTest.keyClick(line, Qt.Key.Key_Return)
            assert lengths == [12.5], f"{typed} in {region}"


def test_numbers_in_the_window_have_the_mark_of_the_region(qtbot: QtBot, reading_desk: Desk) -> None:
    length = Quantity(12.34, "mm", "patient")
    for region, mark in (("en_US", "."), ("de_DE", ","), ("zh_CN", "."), ("fr_FR", ",")):
        QLocale.setDefault(QLocale(region))
        assert quantity_text(length).startswith(f"12{mark}3 mm")
        assert value_text(-0.25) == f"\u22120{mark}25"
        assert number_text(1.5) == f"1{mark}5"
        assert place_text((1.25, 0.0, 0.0)).startswith(f"L 1{mark}2")
    QLocale.setDefault(QLocale("de_DE"))
    reading_desk.window.show_tab(3)
    qtbot.waitUntil(lambda: any("1,5 × 1,5" in text for text in texts_of(reading_desk.window)))
    assert not any("1.5" in text for text in texts_of(reading_desk.window))
