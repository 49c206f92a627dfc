"""A process that lays an HTML page out as PDF: Qt without a screen and without a window, started by jobs and never imported by app."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

if sys.platform == "linux":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)

from medview.ui.page_breaks import settle_pages

RESOLUTION = 1200
UNIT = 96
"""Dots per inch that a page's px mean."""
MARGIN_MM = 15.0
HEAD_PX = 34
FOOT_PX = 26
INK = QColor(90, 94, 100)


class _Page(QTextDocument):
    """Loads nothing but the pictures that it holds itself."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = name if isinstance(name, QUrl) else QUrl(name)
        if url.scheme() == "data" and url.path().startswith("image/png;"):
            return super().loadResource(kind, url)
        return None


class _Printer:
    """Keeps the application that fonts need."""

    def __init__(self) -> None:
        self._application = QGuiApplication.instance() or QGuiApplication(["medview"])

    def serve(self, kind: str, values: Mapping[str, Any], arrays: object) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ARG002
        """Lay out one page."""
        return {"pages": print_page(values["html"], values["path"], values["header"], values["title"])}, {}

    def stop(self) -> None:
        """Nothing to wait for: the process is killed."""


def make_service(_host: object) -> _Printer:
    """The service of this process."""
    return _Printer()


def print_page(html: str, path: str, header: str, title: str) -> int:
    """Write the PDF; returns the number of pages, 0 where the file cannot be written."""
    writer = QPdfWriter(path)
    writer.setTitle(title)
    writer.setCreator("medview")
    writer.setResolution(RESOLUTION)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
        )
    )
    scale = RESOLUTION / UNIT
    width, height = writer.width() / scale, writer.height() / scale
    body = height - HEAD_PX - FOOT_PX
    document = _Page()
    font = QFont()
    font.setPixelSize(12)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    document.setDefaultFont(font)
    document.setUseDesignMetrics(True)
    document.setDocumentMargin(0)
    document.setHtml(html)
    document.setPageSize(QSizeF(width, body))
    settle_pages(document)
    count = document.pageCount()
    painter = QPainter()
    if not painter.begin(writer):
        return 0
    font.setPixelSize(11)
    for number in range(count):
        if number:
            writer.newPage()
        painter.save()
        painter.scale(scale, scale)
        painter.setFont(font)
        painter.setPen(INK)
        painter.drawText(QRectF(0, 0, width, 18), int(Qt.AlignmentFlag.AlignLeft), header)
        painter.drawLine(0, 22, int(width), 22)
        foot = QRectF(0, height - 16, width, 16)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight), f"{number + 1} / {count}")
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), "medview")
        painter.translate(0, HEAD_PX - number * body)
        context = QAbstractTextDocumentLayout.PaintContext()
        # One px less: what begins on the next page must leave no line on this one.
        context.clip = QRectF(0, number * body, width, body - 1)
        painter.setClipRect(context.clip)
        document.documentLayout().draw(painter, context)
        painter.restore()
    painter.end()
    return count
