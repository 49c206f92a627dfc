"""Hanging protocols: their files, what fits which study, and how a layout becomes one. Mammograms lie as they are hung."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.breast import align
from medview.app.hanging_match import fits_study, fitting_protocols, hang, has_word
from medview.app.hanging_protocol import HangingProtocol, protocol_json, protocol_of, read_protocol
from medview.app.hangings import HangingStep, protocol_folder
from medview.app.open_paths import open_all
from medview.app.workspace import Workspace
from medview.core.geometry import Geometry
from medview.core.plane import edge_letters_of_orientation
from medview.core.problem import MedviewError
from medview.core.resources import resource_path
from medview.core.study import PatientIdentity, SeriesContext, Study
from tests.app.test_hanging import series, stack, study
from tests.ui.viewport_doubles import make_workspace

BUILTIN = sorted(resource_path("hanging").glob("*.json"))
ORIENTATIONS = {("R", "CC"): ("P", "L"), ("L", "CC"): ("A", "R"), ("R", "MLO"): ("P", "FL"), ("L", "MLO"): ("A", "FR")}


def builtin(name: str) -> HangingProtocol:
    return read_protocol(resource_path("hanging", f"{name}.json"))


def minimal(**values: Any) -> dict[str, Any]:
    return {"format": 1, "id": "a", "name": "A", "stages": [{"viewports": [{}]}], **values}


def one(name: str, context: SeriesContext, number: int = 1, slices: int = 1, geometry: bool = False) -> Any:
    made = replace(stack(name, slices, 20, geometry), context=context)
    return replace(series(name, made, number), context=context)


def mammograms(date: str = "20260301", flipped: bool = False) -> Study:
    found = []
    for at, ((side, view), orientation) in enumerate(ORIENTATIONS.items()):
        turned = ({"A": "P", "P": "A"}[orientation[0]], orientation[1]) if flipped else orientation
        context = SeriesContext("MG", "BREAST", laterality=side, view_position=view, patient_orientation=turned)
        made = replace(stack(f"{date}{side}{view}", 1, 20, with_geometry=False), context=context)
        found.append(replace(series(f"{date}{side}{view}", made, 9 - at), context=context))
    return study(*found, date=date, uid=date)


def workspace_of(*studies: Study) -> Workspace:
    workspace = make_workspace()
    workspace.studies = studies
    workspace.show_stack(studies[0].series[0].stacks[0], by_reader=False)
    return workspace


@pytest.mark.parametrize("path", BUILTIN, ids=lambda path: path.stem)
def test_what_comes_with_medview_is_read_and_written_the_same(path: Path) -> None:
    protocol = read_protocol(path)
    assert protocol.names["zh_CN"]
    assert all(stage.names.get("zh_CN") for stage in protocol.stages if stage.name)
    assert protocol_of(json.loads(protocol_json(protocol)), str(path)) == protocol


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], "the file"),
        (minimal(format=2), "format"),
        ({"format": 1, "name": "A"}, "id"),
        (minimal(name=""), "name"),
        (minimal(stages=[]), "stages"),
        (minimal(stages=[{"layout": [6, 1], "viewports": [{}]}]), "stages[0].layout"),
        (minimal(stages=[{"layout": [1, 1], "viewports": [{}, {}]}]), "stages[0].viewports"),
        (
            minimal(stages=[{"viewports": [{"series": {"modalities": "CT"}}]}]),
            "stages[0].viewports[0].series.modalities",
        ),
        (minimal(stages=[{"viewports": [{"window": [40, 0]}]}]), "stages[0].viewports[0].window"),
        (minimal(stages=[{"viewports": [{"window": [1e999, 5]}]}]), "stages[0].viewports[0].window"),
        (minimal(stages=[{"viewports": [{"like": 0}]}]), "stages[0].viewports[0].like"),
        (minimal(stages=[{"viewports": [{"over": 0}]}]), "stages[0].viewports[0].over"),
        (minimal(stages=[{"viewports": [{"plane": "up"}]}]), "stages[0].viewports[0].plane"),
        (minimal(stages=[{"viewports": [{"serie": {}}]}]), "stages[0].viewports[0].serie"),
        (minimal(automatic="yes"), "automatic"),
    ],
)
def test_a_file_that_is_wrong_names_the_field(tmp_path: Path, content: Any, field: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(MedviewError) as caught:
        read_protocol(path)
    assert caught.value.code == "bad_protocol"
    assert caught.value.values[:2] == ("wrong.json", field)


@pytest.mark.parametrize("text", ["", "{", '{"format": 1,', "[" * 100_000, "\x00"])
def test_what_is_no_json_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MedviewError, match="the file"):
        read_protocol(path)


@pytest.mark.parametrize(
    ("text", "word", "there"),
    [
        ("t1_mprage_sag", "T1", True),
        ("T10 spine", "T1", False),
        ("AX T2 FLAIR", "flair", True),
        ("ep2d_diff_TRACEW", "diff", True),
        ("T2*_GRE", "T2*", True),
        ("胸部增强扫描", "增强", True),
        ("PRECONTRAST", "contrast", False),
        ("", "T1", False),
    ],
)
def test_words_are_found_as_words(text: str, word: str, there: bool) -> None:
    assert has_word(text, word) is there


def shown(workspace: Workspace) -> list[tuple[str, str]]:
    return [
        (state.stack.context.laterality, state.stack.context.view_position) if state.stack is not None else ("", "")
        for state in workspace.viewports
    ]


@pytest.mark.parametrize("flipped", [False, True], ids=["as hung", "stored the other way round"])
def test_mammograms_hang_back_to_back_with_the_right_breast_on_the_viewer_s_left(flipped: bool) -> None:
    workspace = workspace_of(mammograms(flipped=flipped))
    assert workspace.hangings.hang_opened(workspace.studies)
    assert workspace.layout == (2, 2)
    assert shown(workspace) == [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    for state in workspace.viewports:
        assert state.stack is not None
        view = state.view
        side = state.stack.context.laterality
        assert view.flip is flipped
        state.size = (400.0, 200.0)
        align(state)
        from medview.app.reading import transform_of

        place = state.shown()
        assert place is not None
        transform = transform_of(state.view, place.shape, place.pixel_mm, state.size, 1.0)
        left, _top, right, _bottom = transform.image_rect_on_screen()
        inner = max(left, right) if side == "R" else min(left, right)
        assert inner == pytest.approx(400.0 if side == "R" else 0.0, abs=1.0), "not against the middle"
        letters = edge_letters_of_orientation(state.stack.context.patient_orientation, transform.inverse)
        # The chest wall is posterior: its letter stands at the inner edge.
        assert (letters.right if side == "R" else letters.left) == "P"
        # What the reader moves stays moved when the window changes its size.
        state.update(pan=(3.0, 1.0))
        state.size = (500.0, 200.0)
        align(state)
        assert state.view.pan == (3.0, 1.0)


def test_unknown_orientation_turns_nothing() -> None:
    made = mammograms()
    blind = replace(
        made,
        series=tuple(
            replace(s, stacks=(replace(s.stacks[0], context=replace(s.stacks[0].context, patient_orientation=None)),))
            for s in made.series
        ),
    )
    workspace = workspace_of(blind)
    assert workspace.hangings.hang_opened(workspace.studies)
    assert not any(state.view.flip or state.view.align or state.view.rotation for state in workspace.viewports)


def test_forward_and_back_go_through_every_step_that_fits_and_end_where_they_began() -> None:
    new, old = mammograms(), mammograms("20250301")
    workspace = workspace_of(new, old)
    workspace.hangings.hang_opened((new,))
    seen = []
    steps = len(workspace.hangings.steps())
    assert steps == 6  # five steps, and one series alone
    for _ in range(steps):
        workspace.hangings.go(1)
        seen.append((workspace.layout, tuple(shown(workspace))))
    assert seen[-1][0] == (2, 2)
    assert ((1, 2), (("R", "CC"), ("L", "CC"))) in seen
    assert (1, 1) in {layout for layout, _views in seen}
    priors = [views for layout, views in seen if layout == (2, 2)]
    assert (("R", "MLO"), ("L", "MLO"), ("R", "MLO"), ("L", "MLO")) in priors
    before = workspace.hangings.step
    workspace.hangings.go(1)
    workspace.hangings.go(-1)
    assert workspace.hangings.step == before


def test_priors_are_of_the_same_patient_and_older() -> None:
    new, old = mammograms(), mammograms("20250301")
    stranger = replace(mammograms("20240101"), patient=PatientIdentity("B", "B"))
    stage = builtin("mammography").stages[3]
    hung = hang(stage, new, (old, stranger, new))
    assert [choice[0].date for choice in hung.choices if choice is not None] == ["20260301"] * 2 + ["20250301"] * 2
    assert hang(stage, old, (old, stranger, new)).missing == ("R CC prior", "L CC prior")


def test_a_protocol_that_finds_nothing_says_so_and_leaves_all_as_it_is() -> None:
    workspace = workspace_of(study(one("ct", SeriesContext("CT", "HEAD"), slices=20, geometry=True)))
    before = (workspace.layout, workspace.viewports[0].view)
    assert not workspace.hangings.apply(HangingStep(builtin("mammography")))
    assert (workspace.layout, workspace.viewports[0].view) == before
    assert workspace.notices[-1].code == "hanging_empty"


def test_a_study_that_nothing_fits_stays_and_says_so() -> None:
    workspace = workspace_of(study(one("us", SeriesContext("US"))))
    workspace.hangings.go(1)
    assert workspace.notices[-1].code == "hanging_none"
    assert workspace.layout == (1, 1)


def test_a_step_that_is_not_whole_names_what_is_missing() -> None:
    made = mammograms()
    made = replace(made, series=made.series[:3])
    workspace = workspace_of(made)
    assert not workspace.hangings.hang_opened((made,)), "half a protocol is never hung by itself"
    assert workspace.hangings.apply(HangingStep(builtin("mammography")))
    notice = workspace.notices[-1]
    assert notice.code == "hanging_incomplete"
    assert notice.values[1] == "L MLO"
    assert workspace.viewports[3].stack is None


@pytest.mark.parametrize(
    ("descriptions", "wanted"),
    [
        (
            ("t1_tse_tra", "t2_tse_tra", "t2_tirm_tra_dark-fluid", "ep2d_diff_3scan_trace_ADC", "t1_tse_tra_post"),
            ("t1_tse_tra", "t2_tse_tra", "t2_tirm_tra_dark-fluid", "ep2d_diff_3scan_trace_ADC"),
        ),
        (("Ax T2 FSE", "Ax T1", "Ax T2 FLAIR", "DWI b1000"), ("Ax T1", "Ax T2 FSE", "Ax T2 FLAIR", "DWI b1000")),
    ],
)
def test_sequences_of_mr_find_their_places(descriptions: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    found = [
        one(f"s{at}", SeriesContext("MR", "BRAIN", text), at, 20, geometry=True) for at, text in enumerate(descriptions)
    ]
    hung = hang(builtin("mr-sequences").stages[0], study(*found), ())
    assert hung.is_whole
    assert tuple(choice[2].context.description for choice in hung.choices if choice is not None) == wanted


def test_pet_and_ct_hang_with_their_presets_and_without_the_uncorrected_series() -> None:
    ct = one("ct", SeriesContext("CT", "CHEST", "CT WB"), 1, 30, geometry=True)
    nac = one("nac", SeriesContext("PT", "CHEST", "PET WB NAC"), 2, 30, geometry=True)
    pet = one("pet", SeriesContext("PT", "CHEST", "PET WB"), 3, 30, geometry=True)
    made = study(ct, nac, pet)
    protocols = [builtin(path.stem) for path in BUILTIN]
    assert fitting_protocols(protocols, made, (made,))[0].id == "pet-ct", "what asks for both goes before the CT's"
    hung = hang(builtin("pet-ct").stages[0], made, ())
    assert [choice[2].id for choice in hung.choices if choice is not None] == ["ct", "pet", "ct", "pet"]


@pytest.mark.parametrize("space", ["1.2", "9.9"], ids=["one space", "another space"])
def test_pet_is_laid_over_ct_by_the_protocol_and_only_in_one_space(space: str) -> None:
    found = []
    for at, (name, modality, reference) in enumerate((("ct", "CT", "1.2"), ("pet", "PT", space))):
        context = SeriesContext(modality, "CHEST", name)
        made = one(name, context, at, 30, geometry=True)
        geometry = Geometry.from_directions((30, 512, 512), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0), reference)
        placed = replace(made.stacks[0], geometry=geometry)
        found.append(replace(made, stacks=(placed,)))
    workspace = workspace_of(study(*found))
    assert workspace.hangings.apply(HangingStep(builtin("pet-ct")))
    fused = workspace.viewports[2].view.fusion
    if space == "1.2":
        assert fused is not None
        assert fused.stack.id == "pet"
        assert workspace.hangings.proposal("mine").stages[0].viewports[2].over == 1
    else:
        assert fused is None
        assert workspace.notices[-1].code == "fusion_other_space"


def test_a_chest_of_two_views_and_one_with_its_prior() -> None:
    def chest(date: str, *views: str) -> Study:
        found = [one(date + view, SeriesContext("DX", "CHEST", view_position=view)) for view in views]
        return study(*found, date=date, uid=date)

    new, old = chest("20260301", "LL", "PA"), chest("20250301", "PA")
    stage = builtin("chest-x-ray").stages
    first = hang(stage[0], new, (new, old))
    assert [choice[2].context.view_position for choice in first.choices if choice is not None] == ["PA", "LL"]
    second = hang(stage[1], new, (new, old))
    assert [choice[0].date for choice in second.choices if choice is not None] == ["20260301", "20250301"]
    hand = study(one("hand", SeriesContext("DX", "HAND", view_position="PA")))
    assert not fits_study(builtin("chest-x-ray").study, hand)


def test_a_layout_becomes_a_protocol_that_finds_the_same_series_again() -> None:
    found = [
        one(f"s{at}", SeriesContext("MR", "BRAIN", text), at, 20, geometry=True)
        for at, text in enumerate(("Ax T1", "Ax T2", "Ax T2 FLAIR"))
    ]
    workspace = workspace_of(study(*found))
    workspace.set_layout(2, 2)
    for at, which in enumerate((1, 2, 0, 0)):
        workspace.viewports[at].show(workspace.studies[0], found[which], found[which].stacks[0])
    workspace.viewports[3].set_plane("coronal")
    proposal = workspace.hangings.proposal("Head / my way")
    assert proposal.id == "head-my-way"
    assert proposal.study.modalities == ("MR",)
    kept = workspace.hangings.keep(proposal)
    assert Path(kept.path).parent == protocol_folder()
    hung = hang(kept.stages[0], workspace.studies[0], workspace.studies)
    assert [choice[2].id for choice in hung.choices if choice is not None] == ["s1", "s2", "s0", "s0"]
    workspace.set_layout(1, 1)
    assert workspace.hangings.apply(HangingStep(kept))
    assert workspace.layout == (2, 2)
    assert workspace.viewports[3].plane_kind == "coronal"
    workspace.history.undo()
    assert workspace.layout == (1, 1)
    workspace.hangings.remove(kept)
    assert kept.id not in {one.id for one in workspace.hangings.protocols}


def test_a_broken_file_in_the_folder_hides_no_other() -> None:
    workspace = workspace_of(study(one("ct", SeriesContext("CT"), slices=20, geometry=True)))
    protocol_folder().mkdir(parents=True)
    (protocol_folder() / "broken.json").write_text('{"format": 1, "id": "x"', encoding="utf-8")
    (protocol_folder() / "good.json").write_text(json.dumps(minimal()), encoding="utf-8")
    workspace.hangings.read()
    assert {"a", "ct", "mammography"} <= {one.id for one in workspace.hangings.protocols}
    assert [Path(fault.path or "").name for fault in workspace.hangings.faults] == ["broken.json"]


def test_the_slices_of_a_stack_say_how_they_run() -> None:
    from medview.app.hanging_match import acquired_orientation

    assert acquired_orientation(stack("a", 5)) == "axial"
    assert acquired_orientation(stack("a", 5, with_geometry=False)) == ""
    assert np.isfinite(stack("a", 5).geometry.normal).all()  # type: ignore[union-attr]


# ---------------------------------------------------------------------- mammograms by code, tomosynthesis, one scale


def coded_file(folder: Path, name: str, code: str, *modifiers: str, text: str = "", side: str = "R") -> None:
    from pydicom.dataset import Dataset

    from tests.phantoms.dicom_series import make_series

    (data,) = make_series(values=np.full((1, 12, 16), 100), name=name, modality="MG")
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID"):
        data.pop(keyword, None)
    data.SeriesInstanceUID = "1.2.77"
    data.ImageLaterality, data.ViewPosition, data.PatientOrientation = side, text, ["P", "F"]
    data.ViewCodeSequence = [Dataset()]
    view = data.ViewCodeSequence[0]
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = code, "SCT", "view"
    view.ViewModifierCodeSequence = []
    for modifier in modifiers:
        one = Dataset()
        one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning = modifier, "SCT", "modifier"
        view.ViewModifierCodeSequence.append(one)
    folder.mkdir(exist_ok=True)
    data.save_as(folder / f"{name}.dcm", enforce_file_format=True)


def test_views_are_told_by_their_codes_whatever_the_text_says(tmp_path: Path) -> None:
    coded_file(tmp_path, "a", "399162004")
    coded_file(tmp_path, "b", "R-10226", text="CC")
    coded_file(tmp_path, "c", "399162004", "399209000", "R-102D6")
    coded_file(tmp_path, "d", "12345", text="AT")
    found = {
        (context.view_position, context.view_modifiers)
        for study in open_all([str(tmp_path)]).studies
        for one in study.series
        for context in (stack.context for stack in one.stacks)
    }
    assert found == {("CC", ()), ("MLO", ()), ("CC", ("ID", "M")), ("AT", ())}


def test_the_codes_are_those_of_the_standard() -> None:
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    from medview.dicom.breast_views import MODIFIER_OF_CODE, VIEW_OF_CODE

    for cid, table in ((4014, VIEW_OF_CODE), (4015, MODIFIER_OF_CODE)):
        for name in cid_concepts[cid]["SCT"]:
            assert any(code in table for code, (_, cids) in concepts["SCT"][name].items() if cid in cids), name


def mammogram(name: str, side: str, view: str, slices: int = 1, mm: float = 0.1, **values: Any) -> Any:
    context = SeriesContext("MG", "BREAST", laterality=side, view_position=view, **values)
    made = replace(
        stack(name, slices, 20, with_geometry=False),
        context=context,
        pixel_spacing=(mm, mm),
        spacing_kind="detector",
    )
    return replace(series(name, made, 1), context=context)


def test_the_plain_single_image_is_hung_before_magnified_ones_tomosynthesis_and_what_is_for_processing() -> None:
    known = {"patient_orientation": ("P", "F")}
    raw = (("sop_class", "1.2.840.10008.5.1.4.1.1.1.2.1"),)
    made = study(
        mammogram("tomo", "R", "CC", 30, **known),
        mammogram("raw", "R", "CC", extra=raw, **known),
        mammogram("spot", "R", "CC", view_modifiers=("S", "M"), **known),
        mammogram("implant", "R", "CC", view_modifiers=("ID",), **known),
        mammogram("lateral", "R", "ML", **known),
        mammogram("plain", "R", "CC", **known),
        mammogram("oblique", "R", "MLO", **known),
        *(mammogram(f"left{view}", "L", view, **known) for view in ("CC", "MLO")),
    )
    protocol = builtin("mammography")
    assert [choice[2].id for choice in hang(protocol.stages[0], made, (made,)).choices if choice] == [
        "plain", "leftCC", "oblique", "leftMLO",
    ]  # fmt: skip
    (tomo,) = [stage for stage in protocol.stages if stage.name == "Tomosynthesis: CC"]
    first = hang(tomo, made, (made,)).choices[0]
    assert first is not None
    assert first[2].id == "tomo"


def test_both_breasts_have_one_scale_until_the_reader_zooms() -> None:
    from medview.app.breast import align_together
    from medview.app.reading import transform_of

    made = study(
        *(mammogram(f"{side}{view}", side, view, 1, mm, patient_orientation=("P" if side == "R" else "A", "F"))
          for side, mm in (("R", 0.1), ("L", 0.07)) for view in ("CC", "MLO")),
    )  # fmt: skip
    workspace = workspace_of(made)
    for state in workspace.viewports:
        state.size = (400.0, 300.0)
    assert workspace.hangings.hang_opened(workspace.studies)

    def scales() -> list[float]:
        return [
            transform_of(state.view, state.shown().shape, state.shown().pixel_mm, state.size, 1.0).scale
            for state in workspace.viewports
        ]

    for state in workspace.viewports:
        state.size = (400.0, 300.0)
    align_together(workspace.viewports)
    assert max(scales()) == pytest.approx(min(scales()))
    # Still against the middle: the inner border of each lies on the viewport's.
    for state in workspace.viewports:
        place = state.shown()
        left, _, right, _ = transform_of(
            state.view, place.shape, place.pixel_mm, state.size, 1.0
        ).image_rect_on_screen()
        inner = max(left, right) if state.view.align == "right" else min(left, right)
        assert inner == pytest.approx(400.0 if state.view.align == "right" else 0.0, abs=1.0)
    workspace.viewports[1].update(zoom=3.0)
    align_together(workspace.viewports)
    assert workspace.viewports[1].view.zoom == 3.0


def test_true_size_needs_millimetres_of_the_file_and_of_the_monitor() -> None:
    from medview.app.reading import transform_of, true_size

    workspace = workspace_of(study(mammogram("a", "R", "CC", mm=0.07)))
    state = workspace.viewports[0]
    true_size(state, 4.0)
    place = state.shown()
    scale = transform_of(state.view, place.shape, place.pixel_mm, state.size, 1.0).scale
    assert scale == pytest.approx(4.0)  # device px for each mm
    with pytest.raises(MedviewError, match="monitor"):
        true_size(state, 0.0)
    blind = workspace_of(study(one("x", SeriesContext("OT"))))
    with pytest.raises(MedviewError, match="file does not say"):
        true_size(blind.viewports[0], 4.0)
