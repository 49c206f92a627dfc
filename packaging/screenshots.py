"""Makes the pictures of the README: docs/screenshots/*.png, without a screen.

    python packaging/screenshots.py [--ct FOLDER] [--size W H]

The demo study is made on the spot. ``--ct`` names a folder with a real chest CT for the picture in four viewports;
without it the one in ../shared/data is taken where there is one, else that picture is left as it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

if TYPE_CHECKING:
    from medview.ui.application import Desk

FOLDER = ROOT / "docs" / "screenshots"
CHEST_CT = ROOT.parent / "shared" / "data" / "profmcdan+dicom-project" / "data" / "767"
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


def ct_picture(size: tuple[int, int], folder: Path) -> None:
    """A real chest CT in four viewports with the lungs that the built-in network found."""
    from medview.inference.package import open_package

    desk = make_desk(size)
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    wait(desk, lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning)
    stack = workspace.active_viewport.stack
    assert stack is not None
    wait(desk, lambda: workspace.loader.volume(stack).is_complete)
    workspace.show_three_planes()
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

    desk = make_desk(size)
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    wait(desk, lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning)
    stack = workspace.active_viewport.stack
    assert stack is not None
    wait(desk, lambda: workspace.loader.volume(stack).is_complete)
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
    parser.add_argument("--size", nargs=2, type=int, default=(1600, 1000), metavar=("W", "H"))
    arguments = parser.parse_args()
    size = (arguments.size[0], arguments.size[1])
    demo_picture(size, "demo")
    demo_picture(size, "demo-light", theme="light")
    demo_picture(size, "demo-chinese", language="zh_CN")
    if arguments.ct.is_dir():
        ct_picture(size, arguments.ct)
        planes_picture(size, arguments.ct)
        solid_picture(size, arguments.ct)
    else:
        print(f"{arguments.ct} is not there: the picture of a chest CT is left as it is", file=sys.stderr)


if __name__ == "__main__":
    main()
