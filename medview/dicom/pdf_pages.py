"""Pages of an encapsulated PDF as pictures, drawn by PDFium in a worker process: the file may be hostile.

The PDFium that is installed has no JavaScript and no XFA; nothing in a document is run, no link is followed, nothing
is fetched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError

MAX_PIXELS = 40_000_000
MAX_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class PdfSizes:
    """The sizes of all pages of the PDF in a DICOM file; read in a worker process."""

    path: str
    frame: int = 0
    sop_uid: str = ""
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        """(page, 2) float32 widths and heights in points of 1/72 inch, at most `MAX_PAGES`; raises MedviewError."""
        with _opened(self.path) as document:
            count = min(len(document), MAX_PAGES)
            if not count:
                raise MedviewError("bad_pdf", f"{self.path}: the PDF has no pages.", self.path)
            return np.array([document.get_page_size(page) for page in range(count)], np.float32)


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page as a picture; ``frame`` is its 0-based number, ``scale`` px per point."""

    path: str
    frame: int
    scale: float
    sop_uid: str = ""
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        """(rows, columns, 3) RGB uint8; raises MedviewError."""
        with _opened(self.path) as document:
            page = document[self.frame]
            width, height = page.get_size()
            scale = min(self.scale, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
            bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True, no_smoothtext=False)
            picture = np.asarray(bitmap.to_numpy())
            if picture.ndim == 2:
                picture = np.repeat(picture[:, :, None], 3, axis=2)
            return np.ascontiguousarray(picture[:, :, :3])


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    """The PDF in a DICOM file."""
    from medview.dicom.encapsulated_document import document_bytes

    try:
        import pypdfium2
    except ImportError as missing:
        raise MedviewError(
            "pdf_missing", f"{path}: PDFs cannot be drawn here, pypdfium2 is not installed.", path
        ) from missing
    data = document_bytes(path)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = "pdf_locked" if "assword" in str(error) else "bad_pdf"
        reason = "it asks for a password" if code == "pdf_locked" else str(error)
        raise MedviewError(code, f"{path}: the PDF cannot be drawn: {reason}.", path, values=(reason,)) from error
    try:
        yield document
    except pypdfium2.PdfiumError as error:
        raise MedviewError(
            "bad_pdf", f"{path}: the PDF cannot be drawn: {error}.", path, values=(str(error),)
        ) from error
    finally:
        document.close()
