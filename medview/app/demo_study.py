"""The demo study: a chest CT phantom, made on the spot and kept as DICOM for the next start."""

from __future__ import annotations

import shutil
from pathlib import Path

from medview.core.folders import user_folder
from medview.core.problem import MedviewError
from medview.core.progress import Progress, no_progress

# Counts up whenever the phantom changes, so that an old one is not shown for a new one.
DEMO_VERSION = 2


def demo_folder() -> Path:
    """Where the demo study lies (or will lie)."""
    return user_folder() / "demo" / f"chest-phantom-{DEMO_VERSION}"


def ensure_demo_study(progress: Progress = no_progress) -> Path:
    """Return the folder with the demo study, making it where it is not there yet (about ten seconds).

    The files appear all at once: they are written into a temporary folder beside, then renamed. Two
    starts at the same time are fine, the later one's work is thrown away. Raises MedviewError
    ``cannot_write`` where the user's data folder does not take it, Cancelled where nobody wants it.
    """
    target = demo_folder()
    if target.is_dir():
        return target
    from medview.dicom.write_ct import CtDescription, write_ct_series
    from medview.files.left_overs import temporary_folder
    from medview.phantom.demo import DEMO_SEED, demo_chest

    # A failed write must be told before ten seconds of work, not after.
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_folder(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        phantom = demo_chest(lambda done: progress("demo phantom", round(100 * done), 100))
        description = CtDescription(
            patient_name="Phantom^Chest",
            patient_id="PHANTOM-1",
            uid_seed=f"medview demo chest {DEMO_VERSION} {DEMO_SEED}",
            study_description="Demo: computed chest phantom",
            series_description="Chest phantom 2.5 mm",
        )
        write_ct_series(
            temporary,
            phantom.hu,
            phantom.spacing,
            phantom.origin,
            description,
            lambda done, total: progress("demo study", done, total),
        )
        try:
            temporary.replace(target)
        except OSError:
            if not target.is_dir():  # not a start beside us that was faster
                raise
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _cannot_write(target: Path, error: OSError) -> MedviewError:
    return MedviewError(
        "cannot_write", f"The demo study cannot be kept in {target}: {error.strerror or error}", str(target)
    )
