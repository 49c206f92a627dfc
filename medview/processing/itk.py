"""SimpleITK and our arrays; the only place that imports it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError

NOT_HERE = (
    "Registering needs the library SimpleITK, which is not installed here: the package medview-registration brings it."
)


def simple_itk() -> Any:
    """The SimpleITK module, which is untyped and takes 0.2 s to import; raises MedviewError where it is not installed."""
    try:
        import SimpleITK
    except ImportError as error:
        raise MedviewError("registration_not_here", NOT_HERE, exit_code=ExitCode.RUN_FAILED) from error
    return SimpleITK


def itk_image(values: NDArray[np.float32], spacing: tuple[float, ...]) -> Any:
    """A SimpleITK image of ``values`` (k, j, i) or (j, i) with ``spacing`` in the same order, mm."""
    image: Any = simple_itk().GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    image.SetSpacing([float(value) for value in reversed(spacing)])
    return image
