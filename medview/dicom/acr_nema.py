"""The size of an image, also as files from before DICOM say it (ACR-NEMA 300-1985 and 300-1988)."""

from __future__ import annotations

from medview.dicom import tags
from medview.dicom.elements import RawInstance
from medview.dicom.header import as_integer, as_short, as_text


def grid_of(raw: RawInstance) -> tuple[int, int, int]:
    """(rows, columns, frames at least 1).

    The planes of an ACR-NEMA volume are its frames, where the file has pixels for all of them. LibIDO, a toolbox of
    those years, wrote the number of columns as rows and the other way round.
    """
    get = raw.values.get
    rows, columns = as_short(get(tags.ROWS)), as_short(get(tags.COLUMNS))
    frames = max(1, as_integer(get(tags.NUMBER_OF_FRAMES)) or 1)
    if tags.RECOGNITION_CODE in raw.values and as_text(get(tags.RECOGNITION_CODE)).startswith("ACRNEMA_LIBIDO"):
        rows, columns = columns, rows
    planes = as_short(get(tags.PLANES))
    if planes > 1 and tags.NUMBER_OF_FRAMES not in raw.values and as_short(get(tags.IMAGE_DIMENSIONS)) == 3:
        cells = rows * columns * planes * max(1, as_short(get(tags.SAMPLES)))
        if raw.pixel_length is not None and 8 * raw.pixel_length >= cells * as_short(get(tags.BITS_ALLOCATED)):
            frames = planes
    return rows, columns, frames
