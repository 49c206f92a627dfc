"""Makes the pictures of docs/reading-room.md without a screen, from phantoms alone: python packaging/reading_room_pictures.py"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from screenshots import FOLDER, ROOT, make_desk, settle, wait

SIZE = (1500, 940)
DIALOGS = {"corners": (1000, 640), "help": (920, 640)}
"""Sizes that do not fit the small screen that is none."""


def grabbed(widget: object, name: str) -> None:
    """Write what a widget shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"reading-{name}.png"
    widget.grab().save(str(path))  # type: ignore[attr-defined]
    print(path)


def main() -> None:
    """Run the script."""
    sys.path.insert(0, str(ROOT))
    from tests.ui.small_study import write_study
    from tests.ui.test_hanging_in_window import write_mammograms

    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        # Paths on the pictures are nobody's.
        os.chdir(folder)
        os.environ["MEDVIEW_HOME"] = "medview"
        write_mammograms(folder / "mg")
        write_study(folder / "ct")

        desk = make_desk(SIZE)
        desk.workspace.open_paths([str(folder / "mg")])
        wait(desk, lambda: desk.workspace.hangings.step is not None)
        settle(desk, 2.0)
        grabbed(desk.window, "mammography")
        desk.window.close()
        desk.close()

        start_picture()
        for language, name in (("en", ""), ("zh_CN", "-chinese")):
            window_pictures(folder / "ct", language, name)


def start_picture() -> None:
    """The page of the beginning with what was opened last."""
    desk = make_desk(SIZE)
    page = desk.window.grid.empty
    wait(desk, lambda: page.recent is not None and page.recent.isVisible())
    settle(desk)
    grabbed(desk.window, "start")
    desk.window.close()
    desk.close()


def window_pictures(folder: Path, language: str, name: str) -> None:
    """The dialogs of reading in one language, and small tiles."""
    desk = make_desk(SIZE, language=language, export_folder="Pictures")
    desk.workspace.open_paths([str(folder)])
    wait(desk, lambda: desk.workspace.active_viewport.stack is not None and not desk.workspace.is_scanning)
    desk.workspace.set_layout(2, 2)
    settle(desk, 1.5)
    window = desk.window
    window.show_tour()
    settle(desk)
    grabbed(window, f"tour{name}")
    for tour in [one for one in window.children() if one.objectName() == "tour"]:
        tour.end()
    dialogs = (
        ("palette", window.show_palette),
        ("shortcuts", window.show_shortcuts),
        ("corners", window.show_corners),
        ("hangings", window.show_hangings),
        ("help", window.show_help),
    )
    for key, show in dialogs:
        show()
        if key in DIALOGS:
            window._dialogs[key].resize(*DIALOGS[key])
        settle(desk)
        grabbed(window._dialogs[key], f"{key}{name}")  # the window keeps them by name
        window._dialogs[key].hide()
    from medview.ui.export_dialog import ExportDialog
    from medview.ui.print_dialog import PrintDialog

    window.export_series()
    window.print_page()
    settle(desk, 2.0)
    grabbed(window.findChildren(ExportDialog)[0], f"export{name}")
    grabbed(window.findChildren(PrintDialog)[0], f"print{name}")
    if not name:
        desk.workspace.set_layout(3, 4)
        settle(desk, 1.5)
        grabbed(window, "tiles")
    window.close()
    desk.close()


if __name__ == "__main__":
    main()
