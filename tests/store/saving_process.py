"""A process that keeps and discards results, exports, asks for newer versions and backs up until it is killed: it says each one after it counts as written.

python -m tests.store.saving_process FOLDER NAME SEED    MEDVIEW_HOME says where results are kept
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from medview.app.updates import _Kept, _write_kept
from medview.core.finding import InferenceResult, Label, Provenance, Segmentation
from medview.dicom.written_object import save_object
from medview.files.replaced_file import replaced_file
from medview.store.backup import backup
from medview.store.results import forget_result, keep_result
from medview.store.study_store import StudyStore

SERIES = "1.2.3"
SHAPE = (8, 64, 64)


def result_of(name: str, number: int) -> InferenceResult:
    """A label map that holds its own number everywhere."""
    made = Provenance(
        name, name, "1", "ab" * 32, "auto", "cpu", SERIES, "stack", f"2026-11-21T10:00:00.{number:09d}+00:00", 1.0
    )
    labels = np.full(SHAPE, number % 250 + 1, np.uint16)
    return InferenceResult(made, "segmentation", Segmentation(labels, None, (Label(1, str(number), (1, 2, 3)),)))


def object_of(number: int) -> object:
    """A DICOM object that says its number in the head and in every pixel."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = f"1.2.3.{number}"
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.Rows = made.Columns = 256
    made.BitsAllocated = 32
    made.PixelData = np.full((256, 256), number, "<u4").tobytes()
    return made


def save(folder: Path, name: str, seed: int) -> None:
    """Write for ever; a line ``kind number`` for each that is whole."""
    chance = random.Random(seed)
    store = StudyStore(folder / "store")
    sys.stdout.write("open\n")
    sys.stdout.flush()
    number = 0
    while True:
        number += 1
        kind = chance.choice(("result", "discard", "object", "table", "backup", "asked"))
        if kind == "result":
            keep_result(result_of(name, number))
        elif kind == "discard":
            passing = result_of(f"{name}x", number)
            keep_result(passing)
            forget_result(passing)
        elif kind == "asked":  # what is remembered of having asked for a newer version
            _write_kept(_Kept(datetime.now(UTC), {name: (number, "x" * chance.choice((10, 50_000)))}))
        elif kind == "object":
            save_object(object_of(number), folder / f"{name}.dcm")
        elif kind == "table":
            with replaced_file(folder / f"{name}.json") as temporary:
                temporary.write_text(json.dumps([number] * chance.choice((10, 50_000))), encoding="utf-8")
        else:
            backup(folder / f"{name}.medview-backup", store)
        sys.stdout.write(f"{kind} {number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    save(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
