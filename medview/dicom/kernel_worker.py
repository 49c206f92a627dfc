"""Where a decoding worker enters that first compiles what decoders need and no earlier process has kept."""

from __future__ import annotations

from medview.dicom.decode_worker import read_source
from medview.kernels import jpeg2000

__all__ = ["prepare", "read_source"]


def prepare() -> None:
    """Some ten seconds of one processor on a machine where it has not run, else half a second."""
    jpeg2000.warm_up()
