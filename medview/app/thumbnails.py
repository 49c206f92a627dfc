"""Small pictures of series for the strip, made in the background from one frame each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.core.study import Stack
from medview.core.volume import ModalityTransform, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from medview.core.study import FrameSource

THUMBNAIL_PX = 96


def thumbnail_frame(stack: Stack) -> int:
    """Index of the frame that stands for a stack: the middle of its first time point."""
    return stack.shape[0] // 2


def make_thumbnail(
    stack: Stack,
    read: Callable[[FrameSource], NDArray[Any]],
    edge: int = THUMBNAIL_PX,
) -> NDArray[np.uint8]:
    """(edge, edge, 4) RGBA picture of the stack's middle frame, the whole frame on black, its file's window.

    ``read`` gives a frame's stored values; it decides in which process a codec runs. Raises MedviewError.
    """
    from medview.core.display import compose_picture, declared_window, percentile_window
    from medview.kernels.sample2d import sample_region

    at = thumbnail_frame(stack)
    stored = read(stack.frames[at])
    transform = stack.transform.part(at, at + 1)
    if transform.lut is None and len(transform.slopes) > 1:
        transform = ModalityTransform(transform.slopes[:1], transform.intercepts[:1])
    volume = Volume(stored[None], transform, None, stack.unit, stack.padding, stack.inverted)
    values = volume.modality_slice(0)
    if values.dtype.kind != "u" or values.ndim == 2:
        values = values.astype(np.float32)
    aspect = _pixel_aspect(stack)
    rows, columns = stored.shape[:2]
    step = max(rows * aspect, columns) / edge
    # Screen pixel (x, y) of the thumbnail to image (x, y): the whole frame in the middle.
    affine = np.array(
        [
            [step, 0.0, (columns - 1) / 2 - step * (edge - 1) / 2],
            [0.0, step / aspect, (rows - 1) / 2 - step / aspect * (edge - 1) / 2],
        ]
    )
    sampled, coverage = sample_region(values, affine, (edge, edge))
    # The file's window is that of the frame shown: in MR each slice may have its own.
    voi = declared_window(stack, at) or percentile_window(volume, 0)
    return compose_picture(sampled, coverage, voi, stack.inverted)


def _pixel_aspect(stack: Stack) -> float:
    if stack.geometry is not None:
        return stack.geometry.spacing[1] / stack.geometry.spacing[2]
    if stack.pixel_spacing is not None:
        return stack.pixel_spacing[0] / stack.pixel_spacing[1]
    return stack.pixel_aspect
