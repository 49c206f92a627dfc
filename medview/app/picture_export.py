"""Pictures that leave the window: what they are called, what they hold, and how they are written whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from medview.app.viewport_state import ViewportView
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError

if TYPE_CHECKING:
    from medview.core.volume import Volume

Extent = Literal["picture", "layout", "series", "film", "turn"]
"""One viewport, all that are on the screen, every image of the series, the same as a film; a projection turned once around."""
Content = Literal["seen", "stored", "values"]
"""As it is seen, with 8 bits for each colour; the file's own numbers; modality values (HU …)."""
Format = Literal["png", "tiff", "avi"]

EXTENTS: tuple[Extent, ...] = get_args(Extent)
BURNED_IN_MODALITIES = frozenset({"US", "IVUS", "SC", "OT", "XA", "RF", "ES", "GM", "XC", "OP", "SM", ""})
"""Where names are written into the pixels as a habit of the machines."""
MOST_NAME = 60


def formats_of(extent: Extent, content: Content, stored: str = "uint16") -> tuple[Format, ...]:
    """In which formats it can be written; ``stored`` is the numpy type of the stored values."""
    if extent in {"film", "turn"}:
        return ("avi",)
    if content == "stored":
        return ("png", "tiff") if stored.startswith("uint") else ("tiff",)
    return ("png", "tiff") if content == "seen" else ("tiff",)


def picture_name(view: ViewportView, *, named: bool) -> str:
    """A file name without ending for what a viewport shows; nothing of the patient in it unless ``named``.

    Descriptions are free text in which names are found: only the modality and the number of the series stay.
    """
    series = view.series
    parts = [] if view.study is None or not named else [view.study.patient.name or view.study.patient.patient_id]
    if series is not None:
        parts.append(series.context.modality)
        parts.append("" if series.number is None else str(series.number))
        if named:
            parts.append(series.context.description)
    words = [re.sub(r"[^\w.-]+", "-", part).strip("-._") for part in parts]
    return "_".join(word for word in words if word)[:MOST_NAME] or "medview"


def free_folder(parent: str | os.PathLike[str], name: str) -> Path:
    """A folder that is not there yet, so that no picture of an earlier export is replaced or mixed in."""
    wanted = Path(parent) / name
    number = 1
    while wanted.exists():
        number += 1
        wanted = Path(parent) / f"{name}-{number}"
    return wanted


def may_name_patient(view: ViewportView) -> bool:
    """Whether the pixels themselves may tell who it is: the file says so, or it is of a kind that often does."""
    stack = view.stack
    if stack is None:
        return False
    said = stack.context.burned_in.strip().upper()
    if said in {"YES", "NO"} and not stack.graphics:
        return said == "YES"
    return bool(stack.graphics) or stack.components > 1 or stack.context.modality in BURNED_IN_MODALITIES


def value_picture(volume: Volume, k: int, content: Content) -> NDArray[Any]:
    """(j, i) numbers of slice ``k``: the stored ones in their own type, or modality values as int16, else float32.

    Raises MedviewError (values_impossible) for colour and for types that no picture holds.
    """
    if volume.is_colour:
        raise _impossible("the series is in colour, which has no values")
    if content == "stored":
        stored = np.asarray(volume.stored[k])
        if stored.dtype.kind == "b":
            return stored.astype(np.uint8)
        if stored.dtype.itemsize > 2 and stored.dtype.kind in "iu":
            raise _impossible(f"the stored values have {8 * stored.dtype.itemsize} bits")
        return stored.astype(np.int16) if stored.dtype == np.int8 else stored
    return whole_or_float(volume.modality_slice(k))


def whole_or_float(values: NDArray[Any]) -> NDArray[Any]:
    """Values as int16 where that holds them without loss, else as float32."""
    small = values.astype(np.int16) if np.isfinite(values).all() and np.abs(values).max(initial=0) < 32768 else None
    if small is not None and np.array_equal(small, values):
        return small
    return values.astype(np.float32)


def _impossible(why: str) -> MedviewError:
    return MedviewError(
        "values_impossible", f"The values cannot be written: {why}.", "", ExitCode.INPUT_UNUSABLE, (why,)
    )


def write_picture(path: str | os.PathLike[str], values: NDArray[Any]) -> None:
    """Write values (h, w) or BGR (h, w, 3) by the name's ending; raises MedviewError where the format or the disk refuses."""
    policy().refuse("export")
    from medview.files.replaced_file import replaced_file
    from medview.kernels.encoding import picture_bytes

    ending = ".tiff" if Path(path).suffix.lower() in {".tif", ".tiff"} else ".png"
    try:
        data = picture_bytes(ending, values)
    except ValueError as error:
        raise _impossible(str(error)) from error
    with replaced_file(path) as temporary:
        temporary.write_bytes(data)


def grey_or_colour(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w) where a picture (h, w, 3) holds no colour, else the picture."""
    first = bgr[..., 0]
    return first if np.array_equal(first, bgr[..., 1]) and np.array_equal(first, bgr[..., 2]) else bgr


def film_rate(view: ViewportView) -> float:
    """Images a second: the file's, else 15."""
    told = view.stack.context.frame_time_ms if view.stack is not None else None
    return min(max(1000 / told, 0.5), 120.0) if told else 15.0


def same_patient(views: Sequence[ViewportView]) -> bool:
    """Whether all views are of one patient."""
    return len({view.study.patient.key for view in views if view.study is not None}) <= 1
