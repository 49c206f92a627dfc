"""Brings the texts of the window into the translators' files and compiles those.

python packaging/translate.py           update medview_zh_CN.ts from the code, compile it to .qm
python packaging/translate.py --check   say what is missing, write nothing, exit 1 where anything is
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN",)
ROOMS = ("app", "ui")
"""Rooms that hold texts for the reader."""


def tool(name: str) -> str:
    """Path of one of Qt's tools that come with PySide6."""
    beside = shutil.which(f"pyside6-{name}", path=sysconfig.get_path("scripts"))
    found = beside or shutil.which(f"pyside6-{name}")
    if found is None:
        sys.exit(f"pyside6-{name} is not installed; it comes with PySide6-Essentials")
    return found


def sources() -> list[str]:
    """All modules that may hold texts, relative to the repository."""
    return sorted(str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / "medview" / room).rglob("*.py"))


def update(ts: Path) -> None:
    """Bring texts from the code into a file; texts that are gone are dropped, translations stay."""
    command = [tool("lupdate"), *sources(), "-locations", "none", "-no-obsolete", "-target-language", ts.stem[8:]]
    subprocess.run([*command, "-ts", str(ts)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compile_file(ts: Path, qm: Path) -> None:
    """Compile a file; texts without a translation are left out, so that English stands there."""
    # Put in place whole: a window that runs from this folder has the old file mapped, and would read a half one.
    made = qm.with_name(f".{qm.name}.{os.getpid()}")
    try:
        subprocess.run([tool("lrelease"), str(ts), "-qm", str(made)], check=True, stdout=subprocess.DEVNULL)
        made.replace(qm)
    finally:
        made.unlink(missing_ok=True)


def texts(ts: Path) -> dict[tuple[str, str], str]:
    """(context, English) to the translation, "" where it is missing or not finished."""
    found: dict[tuple[str, str], str] = {}
    for context in ET.parse(ts).getroot().iter("context"):  # noqa: S314 - our own file
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            translation = message.find("translation")
            done = translation is not None and translation.get("type") != "unfinished"
            text = translation.text if done and translation is not None else ""
            found[name, message.findtext("source") or ""] = text or ""
    return found


def missing(ts: Path) -> list[tuple[str, str]]:
    """Texts of the code that a file does not translate."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ts.name
        shutil.copyfile(ts, copy)
        update(copy)
        return [key for key, text in texts(copy).items() if not text]


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    left = 0
    for language in LANGUAGES:
        ts = FOLDER / f"medview_{language}.ts"
        if not arguments.check:
            update(ts)
            compile_file(ts, ts.with_suffix(".qm"))
        for context, text in missing(ts):
            print(f"{ts.name}: {context}: {text}")
            left += 1
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
