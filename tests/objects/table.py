"""The table of kinds × readers as Markdown, and the same as text in docs/dicom-objects.md."""

from __future__ import annotations

from pathlib import Path

from tests.objects.made import KINDS, Objects
from tests.objects.placeless import is_placeless
from tests.objects.readers import READERS, WAIVED, program

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dicom-objects.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"

Cells = dict[tuple[str, str], str | None]
"""(kind, reader) → "" where all is as written, else what is not; None where the reader is not installed."""


def check_all(made: Objects) -> Cells:
    """Hold every object beside every reader that is for it."""
    cells: Cells = {}
    for name, (needs, check, kinds) in READERS.items():
        there = needs is None or program(needs) is not None
        for kind in kinds:
            if kind not in made.files or (name == "dcmqi" and kind.startswith("seg") and is_placeless(made)):
                continue  # dcmqi needs a place in the patient
            cells[kind, name] = _said(check, kind, made) if there else None
    return cells


def _said(check: object, kind: str, made: Objects) -> str:
    try:
        return check(kind, made)  # type: ignore[operator,no-any-return]
    except Exception as error:  # noqa: BLE001 - what a reader cannot read is a line of the table
        return f"{type(error).__name__}: {error}"


def markdown(cells: Cells) -> str:
    """The table: yes, – where a reader is not for that kind, else what it says."""
    lines = ["| | " + " | ".join(READERS) + " |", "| --- |" + " --- |" * len(READERS)]
    for kind, title in KINDS.items():
        row = []
        for name in READERS:
            said = cells.get((kind, name), "–" if (kind, name) not in cells else None)
            waived = any(one == kind for one, _part, _reason in WAIVED) and name == "dciodvfy"
            row.append(
                "yes¹" if said == "" and waived else "yes" if said == "" else "not installed" if said is None else said
            )
        lines.append(f"| {title} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def documented() -> dict[tuple[str, str], str]:
    """(kind, reader) → the cell in docs/dicom-objects.md."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    titles = {title: kind for kind, title in KINDS.items()}
    return {(titles[row[0]], name): cell for row in rows[2:] for name, cell in zip(rows[0][1:], row[1:], strict=True)}
