"""Makes the pictures of the README: docs/screenshots/*.png, without a screen.

    python packaging/screenshots.py [--ct FOLDER] [--network FILE] [--size W H] [--only NAME …]

The demo study is made on the spot. ``--ct`` names a folder with a real chest CT for the picture in four viewports;
without it the one in ../shared/data is taken where there is one, else that picture is left as it is. ``--network``, an ONNX
file that finds lungs slice by slice in HU + 1024, is for the pictures of an import and of a run; it is not installed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

if TYPE_CHECKING:
    from medview.ui.application import Desk

FOLDER = ROOT / "docs" / "screenshots"
CHEST_CT = ROOT.parent / "shared" / "data" / "profmcdan+dicom-project" / "data" / "767"
NETWORK = ROOT.parent / "shared" / "models" / "ct_lung_unet_small" / "model.onnx"
ANSWERS = {
    "name": "Lungs, slice by slice",
    "input.axes": "axial",
    "input.unit": "HU",
    "input.values": "offset:1024+clip:0/4024",
    "input.spacing_mm": "as_is",
    "output.labels": "1:Lung",
    "fits.modalities": "CT",
}
AI_TAB = 1
LONGEST_S = 600.0


def wait(desk: Desk, ready: Callable[[], bool], longest: float = LONGEST_S) -> None:
    """Let the window live until something is so; ends the script where it never is."""
    until = time.monotonic() + longest
    while not ready():
        if time.monotonic() > until:
            sys.exit("the window did not get ready: " + "; ".join(notice.text for notice in desk.workspace.notices))
        desk.app.processEvents()
        time.sleep(0.005)


def settle(desk: Desk, seconds: float = 1.0) -> None:
    """Let thumbnails and panels be drawn."""
    until = time.monotonic() + seconds
    wait(desk, lambda: time.monotonic() > until)


def make_desk(size: tuple[int, int], **settings: object) -> Desk:
    """A window that keeps nothing."""
    from medview.app.settings import Settings, changed
    from medview.ui.application import Desk
    from medview.ui.qt_application import make_application

    desk = Desk(
        make_application(),
        changed(Settings(), **{"language": "en", "hints_dismissed": True, **settings}),
        keep_settings=False,
    )
    desk.window.resize(*size)
    desk.window.show()
    return desk


def keep(desk: Desk, name: str) -> None:
    """Write the picture and close the window."""
    settle(desk)
    FOLDER.mkdir(parents=True, exist_ok=True)
    desk.window.grab().save(str(FOLDER / f"{name}.png"))
    desk.window.close()
    desk.close()
    desk.app.processEvents()
    print(FOLDER / f"{name}.png")


def demo_picture(size: tuple[int, int], name: str, **settings: object) -> None:
    """The demo with its overlay and its list of findings."""
    from medview.ui.demo import Demo

    desk = make_desk(size, **settings)
    shown: list[bool] = []
    demo = Demo(desk.workspace, on_shown=lambda: shown.append(True))
    demo.start()
    wait(desk, lambda: bool(shown))
    desk.window.build_panels()
    keep(desk, name)


def open_ct(size: tuple[int, int], folder: Path) -> tuple[Desk, Any]:
    """A window with a CT that is loaded, and its stack."""
    desk = make_desk(size)
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    wait(desk, lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning)
    stack = workspace.active_viewport.stack
    assert stack is not None
    wait(desk, lambda: workspace.loader.volume(stack).is_complete)
    return desk, stack


def with_dialog(desk: Desk, dialog: Any, name: str, *, right: bool = False) -> None:
    """The window with a dialog in its middle, or at its right side, as it lies on a screen."""
    from PySide6.QtGui import QPainter

    settle(desk)
    picture = desk.window.grab()
    upper = dialog.grab()
    ratio = picture.devicePixelRatio()
    room = picture.width() - upper.width()
    left, top = (room - 8 if right else room / 2) / ratio, (picture.height() - upper.height()) / 2 / ratio
    painter = QPainter(picture)
    painter.drawPixmap(int(left), int(top), upper)
    painter.setPen(desk.window.palette().mid().color())
    painter.drawRect(int(left) - 1, int(top) - 1, int(upper.width() / ratio) + 1, int(upper.height() / ratio) + 1)
    painter.end()
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture.save(str(FOLDER / f"{name}.png"))
    print(FOLDER / f"{name}.png")


def closed(desk: Desk) -> None:
    """Close a window and all of it."""
    desk.window.close()
    desk.close()
    desk.app.processEvents()


def library_picture(size: tuple[int, int], folder: Path) -> None:
    """The packages that are there, with the card of one."""
    from medview.ui.library_dialog import LibraryDialog

    desk, _stack = open_ct(size, folder)
    dialog = LibraryDialog(desk.workspace, desk.window)
    dialog.show()
    settle(desk, 2.0)
    # Where this copy happens to lie is nothing for a picture.
    dialog.details.setPlainText(dialog.details.toPlainText().replace(str(ROOT), "medview"))
    with_dialog(desk, dialog, "models-library")
    dialog.close()
    closed(desk)


def import_picture(size: tuple[int, int], folder: Path, network: Path) -> None:
    """A bare ONNX file: what is known, guessed and asked."""
    from PySide6.QtWidgets import QComboBox

    from medview.ui.import_dialog import ImportDialog

    desk, _stack = open_ct(size, folder)
    dialog = ImportDialog(desk.workspace, str(network), desk.window)
    dialog.show()
    wait(desk, lambda: dialog.draft is not None and len(dialog.fields) > 3)
    for name, text in ANSWERS.items():
        field = dialog.fields.get(name)
        if isinstance(field, QComboBox):
            field.setCurrentText(text)
        elif field is not None:
            field.setText(text)
    settle(desk, 2.0)
    with_dialog(desk, dialog, "models-import")
    dialog.close()
    closed(desk)


def run_picture(size: tuple[int, int], folder: Path, network: Path) -> None:
    """A network that goes slice by slice, a third of the way: what it has decided lies on the images already."""
    from medview.inference.importing.begin import begin_import
    from medview.inference.importing.write import write_package
    from medview.inference.package import open_package

    desk, stack = open_ct(size, folder)
    workspace = desk.workspace
    with tempfile.TemporaryDirectory() as place:
        written = write_package(begin_import(network, ANSWERS), Path(place) / "lungs").folder
        workspace.show_three_planes()
        desk.window.show_tab(AI_TAB)
        job = workspace.run_model(stack, open_package(str(written)))
        assert job is not None
        wait(desk, lambda: any(live.counts[0] * 3 > live.counts[1] > 0 for live in workspace.live.of(stack.id, 0)))
        desk.app.processEvents()
        desk.window.grab().save(str(FOLDER / "models-run.png"))
        print(FOLDER / "models-run.png")
        job.cancel()
        closed(desk)


def explanation_picture(size: tuple[int, int], folder: Path) -> None:
    """How sure the built-in network is of what it calls a lung."""
    from medview.app.explanations import Wish
    from medview.inference.package import open_package

    desk, stack = open_ct(size, folder)
    workspace = desk.workspace
    package = open_package("ct-lungs")
    job = workspace.explanations.ask(stack, Wish("probability", ((package, ()),)), workspace.active_viewport)
    assert job is not None
    wait(desk, lambda: bool(workspace.explanations.of(stack.id)))
    desk.window.run_command("ai.explain")
    settle(desk, 2.0)
    with_dialog(desk, desk.window._dialogs["explain"], "models-explanation", right=True)
    closed(desk)


def ct_picture(size: tuple[int, int], folder: Path) -> None:
    """A real chest CT in four viewports with the lungs that the built-in network found."""
    from medview.inference.package import open_package

    desk, stack = open_ct(size, folder)
    workspace = desk.workspace
    workspace.show_three_planes()
    settle(desk)  # what was kept of an earlier run comes back
    known = {result.provenance.package_id for result in workspace.results.of(stack.id)}
    if "ct-lungs" not in known:
        workspace.run_model(stack, open_package("ct-lungs"))
    wait(desk, lambda: bool(workspace.results.of(stack.id)))
    # Through the middle of the right lung, so that every cut shows some of it.
    segmentation = workspace.results.of(stack.id)[-1].segmentation
    assert segmentation is not None
    assert stack.geometry is not None
    middle = stack.geometry.voxel_to_patient(np.argwhere(segmentation.labels == 1).mean(axis=0))
    for state in workspace.viewports:
        state.go_to_point((float(middle[0]), float(middle[1]), float(middle[2])))
    desk.window.show_tab(0)
    keep(desk, "chest-ct")


def planes_picture(size: tuple[int, int], folder: Path) -> None:
    """The same CT in three planes that were turned, one of them a slab, beside a projection of everything."""
    from medview.app.oblique import turn_by_hand
    from medview.core.slab import Slab

    desk, _stack = open_ct(size, folder)
    workspace = desk.workspace
    workspace.planes.start()
    workspace.planes.turn(0, 1, 0.5)
    workspace.planes.turn(1, 2, 0.3)
    workspace.viewports[1].update(slab=Slab(15.0))
    workspace.viewports[3].set_plane("turning")
    turn_by_hand(workspace.viewports[3], 0.6, -0.2)
    pictures = [frame.viewport.picture.direct for frame in desk.window.grid.frames]
    settle(desk)
    wait(desk, lambda: not any(direct.is_rough or direct.hurried for direct in pictures))
    keep(desk, "planes")


def solid_picture(size: tuple[int, int], folder: Path) -> None:
    """The same CT in three dimensions, with the lungs as surfaces where they were found before, and a box."""
    from medview.app.solid_view import box_around, see_from
    from medview.core.scene import SolidStyle

    desk = make_desk(size)
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    wait(desk, lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning)
    state = workspace.active_viewport
    assert state.stack is not None
    assert state.stack.geometry is not None
    desk.window.build_panels()
    desk.window.run_command("plane.solid")
    desk.window.show_tab(2)
    whole = box_around(state.stack.geometry)
    middle = (whole.low[1] + whole.high[1]) / 2
    state.update(solid=SolidStyle(box=whole.moved(1, upper=False, to=middle - 70, within=whole)))
    see_from(state, "front")
    frame = desk.window.grid.active_frame()
    assert frame is not None
    wait(desk, lambda: frame.viewport.solid.is_ready)
    settle(desk)
    keep(desk, "three-d")


def main() -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ct", type=Path, default=CHEST_CT, help="folder with a chest CT")
    parser.add_argument("--network", type=Path, default=NETWORK, help="a network of lungs, slice by slice")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these pictures")
    parser.add_argument("--size", nargs=2, type=int, default=(1600, 1000), metavar=("W", "H"))
    arguments = parser.parse_args()
    size = (arguments.size[0], arguments.size[1])
    pictures: dict[str, Callable[[], None]] = {
        "demo": lambda: demo_picture(size, "demo"),
        "demo-light": lambda: demo_picture(size, "demo-light", theme="light"),
        "demo-chinese": lambda: demo_picture(size, "demo-chinese", language="zh_CN"),
    }
    of_ct = {
        "chest-ct": ct_picture,
        "planes": planes_picture,
        "three-d": solid_picture,
        "models-library": library_picture,
        "models-explanation": explanation_picture,
    }
    if arguments.ct.is_dir():
        pictures |= {name: partial(make, size, arguments.ct) for name, make in of_ct.items()}
        if arguments.network.is_file():
            pictures["models-import"] = partial(import_picture, size, arguments.ct, arguments.network)
            pictures["models-run"] = partial(run_picture, size, arguments.ct, arguments.network)
    else:
        print(f"{arguments.ct} is not there: the pictures of a chest CT are left as they are", file=sys.stderr)
    with tempfile.TemporaryDirectory() as home:  # what somebody's own runs have kept is no part of the pictures
        os.environ["MEDVIEW_HOME"] = home
        for name in arguments.only or pictures:
            pictures[name]()


if __name__ == "__main__":
    main()
