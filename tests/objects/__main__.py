"""``python -m tests.objects [FOLDER …]``: the table for a phantom, or for the largest stack in each folder."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from medview.app.open_paths import open_all
from tests.objects.made import KINDS, write_all
from tests.objects.table import check_all, markdown
from tests.phantoms.dicom_series import make_series, save_series


def main(folders: list[str]) -> int:
    """Print a table for each folder; 1 where any cell says what is not as it was written."""
    bad = False
    with tempfile.TemporaryDirectory(prefix="medview-objects-") as name:
        for number, folder in enumerate(folders or [str(save_series(make_series(), Path(name) / "phantom"))]):
            study, series, stack = max(
                (
                    (study, series, stack)
                    for study in open_all([folder]).studies
                    for series in study.series
                    for stack in series.stacks
                    if stack.geometry is not None and stack.frames and stack.frames[0].sop_uid
                ),
                key=lambda one: one[2].frame_count,
            )
            made = write_all(study, series, stack, Path(name) / f"out{number}")
            cells = check_all(made)
            bad = bad or any(cell for cell in cells.values())
            print(f"\n{folder}: {series.context.modality} {'×'.join(str(size) for size in stack.shape)}\n")
            print(markdown(cells))
            for kind, why in made.refused.items():
                print(f"\n{KINDS[kind]}: not written ({why})")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
