"""Contours of label maps as RT structure sets, and reports as documents: valid, in the right study, read again as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medview.core.finding import Label, Segmentation
from medview.core.problem import MedviewError
from medview.dicom.document_write import write_document
from medview.dicom.structure_set import read_structure_set
from medview.dicom.structure_set_write import write_structure_set
from tests.app.statements_made import opened, provenance
from tests.app.test_written_reports import errors


@pytest.mark.parametrize("hole", [False, True])
def test_contours_are_read_back_voxel_by_voxel(hole: bool, tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in")
    labels = np.zeros(stack.shape, np.uint8)
    labels[2:6, 3:14, 4:20] = 1
    labels[3, 12:14, 18:20] = 0
    labels[5, 2, 2] = 1  # a single voxel apart
    labels[4:7, 3:9, 22:26] = 7
    if hole:
        labels[3:5, 6:9, 8:12] = 0
        labels[4, 7, 10] = 1  # an island in the hole
    meanings = (Label(1, "liver", (200, 80, 10)), Label(7, "spleen", (10, 80, 200)), Label(9, "nothing", (1, 2, 3)))
    made = replace(provenance(stack, study.series[0].series_uid), how="semiautomatic", reader="Wang^Li")
    path = tmp_path / "rt.dcm"
    write_structure_set(path, Segmentation(labels, stack.geometry, meanings), stack.frames, made)
    assert [line for line in errors(path) if "CLOSEDPLANAR_XOR" not in line] == []
    data = pydicom.dcmread(path)
    assert data.StudyInstanceUID == study.study_uid
    assert [roi.ROIGenerationAlgorithm for roi in data.StructureSetROISequence] == ["SEMIAUTOMATIC"] * 3
    assert data.OperatorsName == "Wang^Li"
    kinds = {one.ContourGeometricType for one in data.ROIContourSequence[0].ContourSequence}
    assert kinds == {"CLOSEDPLANAR_XOR" if hole else "CLOSED_PLANAR"}
    back = read_structure_set(str(path), stack)
    assert [(part.label.name, part.label.colour) for part in back.parts] == [
        ("liver", (200, 80, 10)), ("spleen", (10, 80, 200)), ("nothing", (1, 2, 3)),
    ]  # fmt: skip
    found = np.zeros(stack.shape, np.uint8)
    for one in back.segmentations:
        assert one.geometry is not None
        assert stack.geometry is not None
        voxels = one.geometry.voxel_to_patient(np.argwhere(one.labels > 0).astype(float))
        at = np.round(stack.geometry.patient_to_voxel(voxels)).astype(int)
        found[tuple(at.T)] = {"liver": 1, "spleen": 7}[one.meanings[0].name]
    assert np.array_equal(found, labels)


def test_a_document_is_valid_and_holds_the_pdf(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in")
    pdf = b"%PDF-1.4\n% nothing\n%%EOF"
    path = tmp_path / "doc.dcm"
    write_document(path, pdf, stack.frames[0].path, study, "medview：报告")
    assert errors(path) == []
    data = pydicom.dcmread(path)
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == pdf
    assert (data.VerificationFlag, data.DocumentTitle) == ("UNVERIFIED", "medview：报告")
    other = replace(study, patient=replace(study.patient, patient_id="somebody else"))
    with pytest.raises(MedviewError) as refused:
        write_document(tmp_path / "no.dcm", pdf, stack.frames[0].path, other, "x")
    assert refused.value.code == "other_patient"
    assert not (tmp_path / "no.dcm").exists()
