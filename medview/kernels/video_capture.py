"""Pictures out of a video stream in memory, by the FFmpeg that OpenCV carries."""

from __future__ import annotations

import io
import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def can_read_streams() -> bool:
    """Whether this installation's OpenCV was built with an FFmpeg that reads from memory."""
    try:
        return cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBufferedBackends()
    except AttributeError:
        return False


class VideoCapture:
    """A stream that is decoded forward. The stream's ``read`` must never raise: an exception there ends the process.

    ``options`` are FFmpeg's, as ``name;value|name;value``. Raises ValueError where the stream cannot be opened.
    """

    def __init__(self, stream: io.BufferedIOBase, options: str) -> None:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        threads = min(2, os.cpu_count() or 1)
        # OpenCV's stubs call the stream's type by a name that exists in C++ only.
        source: Any = stream
        try:
            self._capture: Any = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
        except cv2.error as error:
            raise ValueError(str(error.err)) from error
        if not self._capture.isOpened():
            raise ValueError("the stream is damaged, or of a coding that is not read")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        self.rows = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.columns = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))

    def grab(self) -> bool:
        """Decode the next picture; False at the end."""
        return bool(self._capture.grab())

    def picture(self) -> NDArray[np.uint8] | None:
        """(rows, columns, 3) RGB of what was grabbed, in the matrix and range that the stream declares."""
        there, picture = self._capture.retrieve()
        if not there or picture.ndim != 3:
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    @property
    def time_ms(self) -> float:
        """Time of what was grabbed, as the container tells it; without a container mostly 0."""
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC))

    @property
    def announced(self) -> int:
        """Pictures that the container says it holds, nonsense where there is none."""
        return int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))

    def seek(self, time_ms: float) -> None:
        """Go somewhere near a time; what is grabbed next tells where."""
        self._capture.set(cv2.CAP_PROP_POS_MSEC, time_ms)
