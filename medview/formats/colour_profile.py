"""ICC profiles: colours of a device to those of the screen (sRGB), by LittleCMS."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RGBArray = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ColourProfile:
    """What a profile makes of colours; ``name`` is its own description."""

    name: str
    transform: Any

    def to_srgb(self, rgb: RGBArray) -> RGBArray:
        """(h, w, 3) of the device to sRGB."""
        from PIL import Image, ImageCms

        picture = Image.fromarray(np.ascontiguousarray(rgb), "RGB")
        converted = ImageCms.applyTransform(picture, self.transform)
        return np.asarray(converted, dtype=np.uint8) if converted is not None else rgb


def colour_profile(data: bytes) -> ColourProfile | None:
    """The profile in ``data``; None where it is sRGB itself, so that nothing is to be done.

    Raises ValueError for bytes that are no profile, or one of no RGB device.
    """
    from PIL import ImageCms

    try:
        source = ImageCms.getOpenProfile(io.BytesIO(data))
        space = source.profile.xcolor_space.strip()
        name = (ImageCms.getProfileDescription(source) or "").strip()
        if space != "RGB":
            raise ValueError(f"it is for {space or 'unknown'} colours")
        target = ImageCms.createProfile("sRGB")
        # PS3.3 C.11.15: input devices; colours beyond those of the screen are cut, white stays white.
        transform = ImageCms.buildTransform(
            source, target, "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        )
    except (ImageCms.PyCMSError, OSError, TypeError) as error:
        raise ValueError(str(error) or "it cannot be read") from error
    profile = ColourProfile(name, transform)
    return None if _changes_nothing(profile) else profile


def _changes_nothing(profile: ColourProfile) -> bool:
    """Whether colours come out as they went in, but for rounding: a profile of sRGB by whatever name."""
    steps = np.linspace(0, 255, 18).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(18, -1, 3)
    return int(np.abs(profile.to_srgb(cube).astype(int) - cube).max()) <= 2
