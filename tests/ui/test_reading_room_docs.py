"""The tables of docs/reading-room.md and docs/ihe-bir.md: every test that they name exists, every picture is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/reading-room.md", "docs/ihe-bir.md")


@pytest.mark.parametrize("page", PAGES)
def test_what_the_tables_name_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 30
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in named if (ROOT / file).exists()}
    gone = [f"{file}::{name}" for file, name in named if f"def {name}(" not in sources.get(file, "") and name]
    gone += [file for file, _ in named if file not in sources]
    assert gone == []
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", picture


@pytest.mark.parametrize("page", PAGES)
def test_every_row_says_how_far_it_is(page: str) -> None:
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or set(cells[0]) <= {"-"} or cells[0] in {"what", "asked"}:
            continue
        is_open = "**not yet**" in line or cells[1] == "no"
        assert is_open or "`tests/" in line, f"{page}: nothing shows: {cells[0]}"
