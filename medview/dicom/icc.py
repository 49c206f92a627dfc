"""The ICC profile of a colour image, of the image itself or of its first optical path (PS3.3 C.11.15, C.8.12.5)."""

from __future__ import annotations

from medview.dicom import tags
from medview.dicom.element_kinds import BYTES, SEQUENCE, STOP
from medview.dicom.elements import Values, read_elements


def has_profile(values: Values) -> bool:
    """Whether a header announces a profile."""
    return tags.ICC_PROFILE in values or any(tags.ICC_PROFILE in item for item in values.get(tags.OPTICAL_PATHS) or ())


def profile_bytes(path: str) -> bytes:
    """The profile in a file, b"" where there is none; raises as :func:`read_elements` does."""
    wanted = {tags.ICC_PROFILE: BYTES, tags.OPTICAL_PATHS: SEQUENCE, tags.TRANSFER_SYNTAX: BYTES, tags.PIXELS: STOP}
    values = read_elements(path, wanted=wanted).values
    own: bytes = values.get(tags.ICC_PROFILE) or b""
    paths = values.get(tags.OPTICAL_PATHS) or [{}]
    return own or paths[0].get(tags.ICC_PROFILE) or b""
