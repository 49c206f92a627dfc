"""An image that a model made, as a file that opens as a series of its own and says in its name what it is."""

from __future__ import annotations

import re
from pathlib import Path

from medview.core.finding import InferenceResult
from medview.core.folders import private_folder, user_folder
from medview.core.problem import ExitCode, MedviewError


def write_derived_series(result: InferenceResult, folder: Path | None = None) -> Path:
    """Write the result's image as NIfTI and return the file; by default into the user's folder.

    The name tells model and title, because a NIfTI file can hold no mark ("AI denoised - model 1.0 - 3f2a.nii.gz").
    Raises MedviewError ``cannot_write``, or ``no_geometry`` where there is nothing that a volume file could say.
    """
    from medview.formats.writing import write_volume

    image, made = result.image, result.provenance
    if image is None or image.geometry is None:
        raise MedviewError("no_geometry", "The image has no position in the patient; it cannot be a series of its own.")
    folder = user_folder() / "derived" if folder is None else folder
    title, package = (re.sub(r"[^A-Za-z0-9 _.+-]", "", text).strip() for text in (image.title, made.package_id))
    path = folder / f"AI {title or 'image'} - {package} {made.package_version} - {made.input_sha256[:8]}.nii.gz"
    try:
        private_folder(folder)
    except OSError as error:
        text = f"{path} could not be written: {error.strerror or error}."
        raise MedviewError("cannot_write", text, str(path), ExitCode.CANNOT_WRITE) from error
    write_volume(path, image.values, image.geometry)
    return path
