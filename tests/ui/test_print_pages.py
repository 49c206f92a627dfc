"""Pages of a printed report: no row of a table and no picture is cut, no heading stands alone, none is empty."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtWidgets import QApplication

from medview.ui.print_service import print_page

PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def page_of(rows: int, pictures: int) -> str:
    body = "".join(
        f"<tr><td>begin{n}x</td><td>{'words that go on ' * (n % 7 + 2)}<br>middle<br>end{n}x</td></tr>"
        for n in range(rows)
    )
    shown = "".join(
        f'<table><tr><td>top{n}x<br><img src="{PICTURE}" width="200" height="280"><br>below{n}x</td></tr></table>'
        for n in range(pictures)
    )
    return (
        "<style>h2 { margin: 16px 0 5px 0; }</style><h1>Report</h1>"
        f'<h2>Heading one</h2><table width="100%"><thead><tr><th>Head A</th><th>Head B</th></tr></thead>{body}</table>'
        f"<h2>Heading two</h2>{shown}<h2>Heading three</h2><p>last words</p>"
    )


@pytest.mark.parametrize(("rows", "pictures"), [(0, 0), (9, 1), (13, 2), (14, 5), (31, 4)])
def test_nothing_that_belongs_together_is_on_two_pages(
    qapp: QApplication, tmp_path: Path, rows: int, pictures: int
) -> None:
    count = print_page(page_of(rows, pictures), str(tmp_path / "a.pdf"), "Doe Jane", "title")
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    pages = [page.get_textpage().get_text_bounded() for page in document]
    assert len(pages) == count
    where = {word: at for at, text in enumerate(pages) for word in text.split()}
    for first, last, number in (("begin", "end", rows), ("top", "below", pictures)):
        for n in range(number):
            assert where[f"{first}{n}x"] == where[f"{last}{n}x"], f"{first} {n} is cut"
    for at, text in enumerate(pages):
        said = [line.strip() for line in text.splitlines() if line.strip()]
        content = [line for line in said if line not in {"Doe Jane", "medview", f"{at + 1} / {count}"}]
        assert content, f"page {at + 1} is empty"
        assert not content[-1].startswith("Heading"), f"a heading is alone at the bottom of page {at + 1}"
        if any(line.startswith("begin") for line in content):
            assert any("Head A" in line for line in content), "the head of the table is repeated"
