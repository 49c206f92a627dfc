"""A process that is timed from its start to a picture on the screen: an empty window, medview, or napari.

``python start_probe.py empty|medview|napari [FOLDER]``; the environment's START holds the parent's monotonic clock at
the moment of starting. Prints one line of JSON with the seconds it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def report(**more: object) -> None:
    """Print the seconds since START and end the process at once: what comes after the picture is not measured."""
    print(json.dumps({"seconds": time.monotonic() - float(os.environ["START"]), **more}), flush=True)
    os._exit(0)


def empty() -> None:
    """The floor: a PySide6 window with a pyqtgraph picture in it, painted once."""
    import numpy as np
    import pyqtgraph as pg
    from PySide6.QtWidgets import QApplication

    app = QApplication([])

    class Window(pg.GraphicsLayoutWidget):  # type: ignore[misc]
        def paintEvent(self, event: object) -> None:
            super().paintEvent(event)
            report()

    window = Window()
    window.addViewBox().addItem(pg.ImageItem(np.zeros((8, 8), np.uint8)))
    window.resize(1280, 800)
    window.show()
    app.exec()


def medview(folder: str) -> None:
    """The program as a reader starts it with a folder; done when a viewport has painted an image's pixels."""
    from medview.ui.viewport import ViewportWidget

    original = ViewportWidget.__init__

    def watched(self: ViewportWidget, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        self.painted.connect(lambda stack_id, k: report(stack=stack_id, k=k))

    ViewportWidget.__init__ = watched  # type: ignore[method-assign]
    sys.argv = ["medview", "open", "--new-window", folder]
    from medview.cli.__main__ import main

    main()


def napari(folder: str) -> None:
    """The peer, with the quickest loader that its documentation leads to: pydicom, sorted by position."""
    from pathlib import Path

    import napari as peer
    import numpy as np
    import pydicom

    slices = [pydicom.dcmread(path) for path in Path(folder).iterdir()]
    slices.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    volume = np.stack([one.pixel_array for one in slices])
    viewer = peer.Viewer()
    viewer.add_image(volume)
    from qtpy.QtCore import QTimer

    QTimer.singleShot(0, report)
    peer.run()


if __name__ == "__main__":
    if sys.argv[1] == "empty":
        empty()
    else:
        {"medview": medview, "napari": napari}[sys.argv[1]](sys.argv[2])
