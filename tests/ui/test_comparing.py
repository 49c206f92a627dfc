"""The reader's segmentation beside a model's: Dice, volumes and every difference as a list that jumps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medview.app.comparing import comparable
from medview.ui.explanation_card import ExplanationCard
from medview.ui.explanation_legend import packages_of
from tests.ui.small_study import close_desk
from tests.ui.test_corrections import lungs_on, panel_of, ready


@pytest.mark.timeout(120)
def test_what_a_reader_drew_is_held_beside_a_model(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace = desk.workspace
    model = lungs_on(desk)
    assert model.segmentation is not None
    labels = model.segmentation.labels.copy()
    labels[3:9, 20:44, 12:16] = 0  # a quarter of the right lung is not in the reader's
    labels[10, 5:7, 5:7] = 1  # and a spot that the model has not
    made = replace(
        model.provenance, package_id="reader", package_name="Own", package_sha256="12" * 32, how="manual", reader="Wang"
    )
    reader = replace(model, provenance=made, segmentation=replace(model.segmentation, labels=labels))
    other_time = replace(
        reader,
        provenance=replace(made, package_id="later", package_sha256="34" * 32),
        segmentation=replace(model.segmentation, time=1),
    )
    workspace.add_result(model, reader, other_time)
    assert comparable(workspace, model) == (reader,), "another time point shows other voxels"
    panel = panel_of(desk)
    qtbot.waitUntil(lambda: any(one.result is model for one in panel.cards), timeout=20_000)
    card = next(one for one in panel.cards if one.result is model)
    (action,) = card.compare_menu().actions()
    action.trigger()
    stack_id = model.provenance.stack_id
    qtbot.waitUntil(lambda: bool(workspace.explanations.of(stack_id)), timeout=20_000)
    (found,) = workspace.explanations.of(stack_id)
    rows = {row.name: row.values for row in found.table}
    drawn, kept, spot = 6 * 24 * 16, 6 * 24 * 12, 4
    assert rows["Right lung"][0] == pytest.approx(2 * kept / (drawn + kept + spot))
    assert rows["Left lung"][0] == 1.0
    assert [(place.name, place.value) for place in found.places] == [
        ("only Lungs on CT", drawn - kept),
        ("only Own (Wang)", spot),
    ]
    assert found.segmentation is not None
    assert packages_of(found)[1] == "Own (Wang)"
    workspace.explanations.go_to(found, found.places[1])
    assert workspace.active_viewport.slice_index == 10
    qtbot.waitUntil(lambda: bool(desk.window.findChildren(ExplanationCard)), timeout=20_000)
    card_of_both = desk.window.findChildren(ExplanationCard)[0]
    assert card_of_both.places is not None
    assert card_of_both.places.topLevelItemCount() == 2
    close_desk(qtbot, desk)
