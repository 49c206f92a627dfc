"""Makes the pictures of docs/reading-room.md and docs/greys-colours-time.md without a screen, from phantoms alone.

python packaging/reading_room_pictures.py
"""

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
        write_pet_and_ct(folder / "petct")
        fusion_picture(folder / "petct")
        pattern_picture()
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


def write_pet_and_ct(folder: Path) -> None:
    """A body with a hot nodule in the right lung, as CT and as PET in one frame of reference."""
    import numpy as np
    import pydicom
    from pydicom.dataset import Dataset

    from medview.dicom.write_ct import CtDescription, write_ct_series

    def body(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
        z, y, x = (
            (np.arange(n).reshape([-1 if at == axis else 1 for at in range(3)]) - (n - 1) / 2) * mm
            for axis, (n, mm) in enumerate(zip(shape, spacing, strict=True))
        )
        lungs = np.zeros(shape, bool)
        for side in (-1, 1):
            lungs |= ((x - side * 75) / 55) ** 2 + (y / 75) ** 2 < 1
        nodule = np.sqrt((x + 80) ** 2 + (y + 10) ** 2 + z**2)
        heart = np.sqrt((x - 15) ** 2 + (y + 20) ** 2 + (z / 2) ** 2)
        inside = ((x / 165) ** 2 + (y / 115) ** 2 + 0 * z) < 1
        spine = np.broadcast_to(x**2 + (y - 85) ** 2 < 16**2, shape)
        return inside, lungs, nodule, heart, spine

    grid, spacing = (60, 200, 240), (2.5, 1.6, 1.6)
    inside, lungs, nodule, heart, spine = body(grid, spacing)
    hu = np.where(inside, 40, -1000).astype(np.int16)
    hu[lungs], hu[spine], hu[heart < 38] = -860, 600, 50
    hu[nodule < 13] = 60
    hu = hu + np.random.default_rng(1).normal(0, 9, grid).astype(np.int16)
    (folder / "ct").mkdir(parents=True)
    (folder / "pet").mkdir()
    told = {"patient_name": "Phantom^Ada", "patient_id": "PX", "uid_seed": "pet and ct", "study_description": "PET/CT"}
    origin = tuple(-(n - 1) / 2 * mm for n, mm in zip(grid[::-1], spacing[::-1], strict=True))
    files = write_ct_series(folder / "ct", hu, spacing, origin, CtDescription(**told, series_description="CT WB 3.0"))
    study = pydicom.dcmread(files[0])

    grid, spacing = (38, 80, 96), (4.0, 4.0, 4.0)
    inside, lungs, nodule, heart, spine = body(grid, spacing)
    uptake = np.where(inside, 1900.0, 0.0)
    uptake[lungs] = 900.0
    uptake += 26_000 * np.exp(-((nodule / 13) ** 2)) + 11_000 * np.exp(-((heart / 32) ** 2))
    origin = tuple(-(n - 1) / 2 * mm for n, mm in zip(grid[::-1], spacing[::-1], strict=True))
    described = CtDescription(**told, series_description="PET WB AC", series_number=2, thickness=4.0)
    for path in write_ct_series(folder / "pet", uptake.astype(np.int16), spacing, origin, described):
        data = pydicom.dcmread(path)
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{data.SOPInstanceUID[:60]}.2"
        data.StudyInstanceUID, data.FrameOfReferenceUID = study.StudyInstanceUID, study.FrameOfReferenceUID
        data.SeriesInstanceUID = f"{data.SeriesInstanceUID[:60]}.2"
        data.Modality, data.Units, data.RescaleIntercept = "PT", "BQML", "0"
        stored = data.pixel_array.astype(np.int32) - 1024  # the writer's own intercept
        data.PixelData = np.clip(stored, 0, 65535).astype("<u2").tobytes()
        data.CorrectedImage, data.DecayCorrection = ["ATTN", "DECY", "SCAT", "NORM"], "START"
        data.SeriesType, data.PatientWeight = ["WHOLE BODY", "IMAGE"], "70"
        dose = Dataset()
        dose.RadiopharmaceuticalStartTime, dose.RadionuclideTotalDose = "110000", "350000000"
        dose.RadionuclideHalfLife = "6586.2"
        data.RadiopharmaceuticalInformationSequence = [dose]
        del data.WindowCenter, data.WindowWidth, data.WindowCenterWidthExplanation
        data.save_as(path, enforce_file_format=True)


def fusion_picture(folder: Path) -> None:
    """PET over CT in three planes, swiped in one, with the uptake of a region, and the PET beside them."""
    from medview.app.fusion import change_fusion, fuse
    from medview.app.tools import Tool
    from medview.core.measurement import Measurement
    from medview.ui.right_panel import IMAGE

    desk = make_desk((1600, 950))
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    wait(desk, lambda: not workspace.is_scanning and workspace.active_viewport.stack is not None)
    settle(desk, 2.0)
    stacks = {stack.context.modality: stack for one in workspace.studies[0].series for stack in one.stacks}
    workspace.set_layout(2, 2)
    for index, modality in enumerate(("CT", "PT", "CT", "CT")):
        workspace.show_stack(stacks[modality], index)
    for index, plane in ((0, "acquired"), (2, "coronal"), (3, "sagittal")):
        state = workspace.viewports[index]
        state.update(fusion=None)
        state.set_plane(plane)
        fuse(state, workspace.studies, stacks["PT"].id)
    workspace.viewports[1].set_plane("acquired")
    workspace.set_active(0)
    workspace.links.point_to(0, workspace.viewports[0].stack.geometry.voxel_to_patient((29.5, 93.0, 69.5)))
    workspace.links.hide_crosshair()
    change_fusion(workspace.viewports[3], mode="swipe")
    viewport = desk.window.grid.active_frame().viewport
    workspace.tools.choose(Tool.WINDOW)
    wait(desk, lambda: viewport.volume is not None and viewport.volume.is_complete)
    x, y, _ = viewport.shown.patient_to_image([-80.0, -10.0, 0.0])
    region = Measurement("uptake", "ellipse", viewport.place(), ((x - 16, y - 16), (x + 16, y + 16)))
    workspace.measurements.add(region)
    desk.window.build_panels()
    desk.window.show_tab(IMAGE)
    settle(desk, 4.0)
    grabbed(desk.window, "fusion")
    desk.window.close()
    desk.close()


def pattern_picture() -> None:
    """The test pattern as on a monitor without a profile."""
    from medview.ui.pattern_window import PatternWindow

    desk = make_desk(SIZE)
    page = PatternWindow(desk.workspace, desk.app.primaryScreen())
    page.setGeometry(0, 0, 1280, 800)
    page.show()
    settle(desk)
    grabbed(page, "pattern")
    page.close()
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
        desk.workspace.set_layout(4, 4, tiled=True)
        settle(desk, 1.5)
        grabbed(window, "tiles")
    window.close()
    desk.close()


if __name__ == "__main__":
    main()
