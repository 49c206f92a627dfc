"""Where a decoding worker process enters: prepares the codecs and reads one source after the other. No Qt, no pydicom."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from medview.core.problem import MedviewError


def prepare() -> None:
    """Import what decoding needs, so that the first frame does not wait for it."""
    import imagecodecs

    for name in ("jpeg8_decode", "jpegls_decode", "jpeg2k_decode", "packbits_decode"):
        getattr(imagecodecs, name)


def read_source(source: Any, target: NDArray[Any] | None) -> NDArray[Any] | None:
    """Read a FrameSource into ``target``, or with None a source of any size, which is returned.

    Raises MedviewError, also in place of whatever else a reader raises.
    """
    path = str(getattr(source, "path", ""))
    try:
        if target is None:
            values: NDArray[Any] = source.read()
            return values
        if hasattr(source, "read_into"):
            source.read_into(target)
            return None
        from medview.dicom.pixels import place_values

        place_values(source.read(), target)
        return None
    except (MedviewError, KeyboardInterrupt, SystemExit):
        raise
    except ValueError as error:
        raise MedviewError("unusable_pixels", f"{path}: {error}.", path) from error
    except MemoryError as error:
        raise MedviewError("out_of_memory", f"{path}: decoding needs more memory than is allowed.", path) from error
    except OSError as error:
        raise MedviewError(
            "cannot_read", f"{path}: the file cannot be read ({error.strerror or error}).", path
        ) from error
    except BaseException as error:
        raise MedviewError(
            "codec_failed", f"{path}: the pixels cannot be decoded ({type(error).__name__}: {error}).", path
        ) from error
