"""SimpleITK's filters on our arrays, with progress and cancel; the only place of this room that imports it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Cancelled, Progress


def simple_itk() -> Any:
    """The SimpleITK module, which is untyped and takes 0.2 s to import."""
    import SimpleITK

    return SimpleITK


def itk_image(values: NDArray[np.float32], spacing: tuple[float, ...]) -> Any:
    """A SimpleITK image of ``values`` (k, j, i) or (j, i) with ``spacing`` in the same order, mm."""
    image: Any = simple_itk().GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    image.SetSpacing([float(value) for value in reversed(spacing)])
    return image


def run_itk(itk_filter: Any, image: Any, progress: Progress, step: str) -> NDArray[np.float32]:
    """Execute ``itk_filter`` on ``image``; a Cancelled raised by ``progress`` aborts the filter and goes on to the caller."""
    sitk = simple_itk()
    stopped: list[BaseException] = []

    def report() -> None:
        if stopped:
            return
        try:
            progress(step, round(100 * itk_filter.GetProgress()), 100)
        except BaseException as error:  # noqa: BLE001 - carried across the C++ frames and raised below
            stopped.append(error)
            itk_filter.Abort()

    itk_filter.AddCommand(sitk.sitkProgressEvent, report)
    try:
        result = itk_filter.Execute(image)
    except RuntimeError:
        if stopped:
            raise stopped[0] from None
        raise
    finally:
        itk_filter.RemoveAllCommands()
    if stopped:
        raise stopped[0] if not isinstance(stopped[0], Cancelled) else Cancelled
    progress(step, 100, 100)
    # A copy: a view of a SimpleITK image outlives its memory.
    return np.asarray(sitk.GetArrayFromImage(result), dtype=np.float32)
