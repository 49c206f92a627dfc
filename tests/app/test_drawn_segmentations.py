"""Segmentations that a reader drew or edited, written as DICOM SEG: valid, read by others voxel by voxel, honest about who made them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pydicom
import pytest

from medview.dicom.seg_write import write_segmentation_object
from medview.dicom.segmentation_read import open_segmentation, read_segmentation
from tests.app.statements_made import whole_statement
from tests.app.test_written_reports import errors, tool


@pytest.mark.parametrize("kind", ["binary", "fractional", "labelmap"])
@pytest.mark.parametrize("how", ["manual", "semiautomatic"])
def test_what_a_reader_drew_says_so_and_is_read_back(
    how: Literal["manual", "semiautomatic"], kind: Literal["binary", "fractional", "labelmap"], tmp_path: Path
) -> None:
    stated = whole_statement(tmp_path / "in").results[0]
    segmentation, stack = stated.result.segmentation, stated.stack
    assert segmentation is not None
    made = replace(stated.result.provenance, how=how, reader="Wang^Li", package_id="edit-1")
    made = replace(made, package_name="Drawn by Wang" if how == "manual" else "Lungs 1.0, edited by Wang")
    if how == "manual":
        made = replace(made, package_version="", package_sha256="", model_sha256="", research_only=False)
    path = tmp_path / "seg.dcm"
    write_segmentation_object(path, segmentation, stack.frames, made, kind)
    data = pydicom.dcmread(path)
    segments = [one for one in data.SegmentSequence if one.SegmentNumber]  # a label map says what 0 is, too
    assert {one.SegmentAlgorithmType for one in segments} == {how.upper()}
    assert data.ContentCreatorName == "Wang^Li"
    assert "Wang" in data.SeriesDescription
    for one in segments:
        assert ("SegmentationAlgorithmIdentificationSequence" in one) == (how == "semiautomatic")
    if kind != "labelmap":  # dicom3tools does not know that object yet
        assert errors(path) == []
    # The same label is known again when it is saved once more.
    again = tmp_path / "again.dcm"
    write_segmentation_object(again, segmentation, stack.frames, made, kind)
    uids = [[one.get("TrackingUID") for one in pydicom.dcmread(one).SegmentSequence] for one in (path, again)]
    assert uids[0] == uids[1] != [None] * len(uids[0])
    # medview's own reader.
    back = read_segmentation(open_segmentation(str(path)), None)
    found = np.concatenate(
        [
            one.geometry.voxel_to_patient(np.argwhere(one.labels > 0).astype(float))
            for one in back.segmentations
            if one.geometry is not None
        ]
    )
    assert segmentation.geometry is not None
    wanted = segmentation.geometry.voxel_to_patient(np.argwhere(segmentation.labels > 0).astype(float))
    assert sorted(map(tuple, np.round(found, 2).tolist())) == sorted(map(tuple, np.round(wanted, 2).tolist()))
    if kind == "binary":
        out = tmp_path / "itk"
        out.mkdir()
        words = [tool("segimage2itkimage"), "--inputDICOM", str(path), "--outputDirectory", str(out), "-t", "nii"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        import nibabel

        count = sum(int((np.asarray(nibabel.load(one).dataobj) > 0).sum()) for one in out.glob("*.nii.gz"))
        assert count == int((segmentation.labels > 0).sum())
