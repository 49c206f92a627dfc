"""Questions to models in the window: asked, drawn by place, told on the picture, hidden with all AI, never kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medview.core.explanation import Explanation
from medview.core.problem import MedviewError
from medview.ui.application import Desk
from medview.ui.corner_text import mark_text
from medview.ui.explanation_dialog import ExplanationDialog
from medview.ui.explanation_legend import explained_marks, explanation_bars
from medview.ui.explanation_text import TITLES
from tests.ui.small_study import BALL, active
from tests.ui.tiny_packages import segmentation_package


@pytest.fixture
def asking(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> Iterator[tuple[Desk, ExplanationDialog]]:
    """The small study with the questions open and one package to ask."""
    from medview.inference.library import install, remove

    install(segmentation_package(tmp_path / "package"))
    desk = reading_desk
    desk.workspace.active_viewport.update(k=BALL[0])
    desk.window.run_command("ai.explain")
    dialog = desk.window._dialogs["explain"]
    assert isinstance(dialog, ExplanationDialog)
    qtbot.waitUntil(lambda: dialog.model.findText("Bright things 1.0.0") >= 0, timeout=20_000)
    dialog.model.setCurrentIndex(dialog.model.findText("Bright things 1.0.0"))
    dialog._choose_model()
    yield desk, dialog
    remove("bright")


def ask(qtbot: QtBot, desk: Desk, dialog: ExplanationDialog, method: str) -> Explanation:
    dialog.choose_method(method)
    before = len(dialog.cards)
    dialog.ask()
    qtbot.waitUntil(lambda: len(dialog.cards) > before and dialog._job is None, timeout=30_000)
    return dialog.cards[0].made


@pytest.mark.timeout(120)
def test_a_map_is_asked_for_drawn_told_and_hidden(qtbot: QtBot, asking: tuple[Desk, ExplanationDialog]) -> None:
    desk, dialog = asking
    workspace, viewport = desk.workspace, active(desk)
    assert workspace.explanations.of(workspace.active_viewport.stack.id) == (), "off until asked for"  # type: ignore[union-attr]
    assert explained_marks(viewport) == []
    plain = viewport.grab().toImage()
    made = ask(qtbot, desk, dialog, "probability")
    assert made.label == "Bright"
    (layer,) = workspace.explanations.painted(made.stack_id, 0)
    assert layer.map.values[BALL] > 0.9
    qtbot.waitUntil(lambda: viewport.grab().toImage() != plain, timeout=20_000)
    (mark,) = explained_marks(viewport)
    words = mark_text(mark)
    assert "AI explanation, research use" in words
    assert "Bright things 1.0.0" in words
    assert made.sources[0].package_sha256[:8] in words
    (bar,) = explanation_bars(viewport)
    assert bar.ends == (0, 1)
    # Under the pointer: the value of that voxel.
    k, j, i = BALL
    told = workspace.explanations.told_at(made.stack_id, 0, viewport.shown, i, j)  # type: ignore[arg-type]
    assert told == [("Probability", pytest.approx(float(made.maps[0].values[k, j, i])), "")]
    # The one key that hides all AI hides it, and a sign stays.
    desk.window.run_command("ai.toggle")
    assert viewport.painted_layers() == []
    assert explanation_bars(viewport) == ()
    assert [one.code for one in explained_marks(viewport)] == ["ai_hidden"]
    desk.window.run_command("ai.toggle")
    assert viewport.painted_layers()
    # In every cut.
    workspace.active_viewport.set_plane("coronal")
    shown = viewport.shown
    assert shown is not None
    piece = layer.cut(shown)
    assert piece is not None
    assert np.isfinite(piece.values[piece.coverage]).all()
    # No finding, nothing kept.
    assert workspace.results.of(made.stack_id) == ()
    # Who reads first is told nothing of it before.
    workspace.read_first.set_on(True)
    assert dialog.cards == []
    assert not dialog.ask_button.isEnabled()
    workspace.read_first.set_on(False)
    card = dialog.cards[0]
    assert card.threshold is not None
    card.threshold.setValue(100)
    assert workspace.explanations.threshold(made, made.maps[0]) == pytest.approx(0.5)
    card._discard()
    assert workspace.explanations.of(made.stack_id) == ()
    assert viewport.painted_layers() == []


@pytest.mark.timeout(120)
def test_what_cannot_be_answered_is_said_and_asking_goes_on(
    qtbot: QtBot, asking: tuple[Desk, ExplanationDialog]
) -> None:
    desk, dialog = asking
    desk.workspace.active_viewport.update(k=0)
    errors: list[BaseException] = []
    desk.workspace.explanations.failed.connect(lambda _job, error: errors.append(error))
    dialog.choose_method("occlusion")
    dialog.ask()
    qtbot.waitUntil(lambda: bool(errors) and dialog._job is None, timeout=30_000)
    (error,) = errors
    assert isinstance(error, MedviewError)
    assert error.code == "label_absent"
    assert "Bright" in dialog.state.text()
    assert dialog.cards == []
    assert dialog.ask_button.isEnabled()
    dialog.choose_method("compare")
    dialog.ask()
    assert dialog._job is None
    assert dialog.state.text() == "Choose one more model to compare with."
    desk.workspace.active_viewport.update(k=BALL[0])
    made = ask(qtbot, desk, dialog, "occlusion")
    place = made.places[0]
    assert dialog.cards[0].places is not None
    dialog.cards[0]._go(dialog.cards[0].places.topLevelItem(0))  # type: ignore[arg-type]
    assert desk.workspace.active_viewport.slice_index == place.center_voxel[0]


@pytest.mark.timeout(120)
def test_a_question_is_taken_back(qtbot: QtBot, asking: tuple[Desk, ExplanationDialog]) -> None:
    _desk, dialog = asking
    dialog.choose_method("superpixels")
    row = next(row for row in dialog.rows if row.parameter.name == "samples")
    row.field.setValue(20_000)  # type: ignore[union-attr]
    dialog.ask()
    job = dialog._job
    assert job is not None
    qtbot.waitUntil(lambda: job.step is not None and job.step.step == "explain", timeout=30_000)
    dialog.cancel()
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert dialog.state.text() == "The question was taken back."
    assert dialog.cards == []


def test_every_title_of_a_method_can_be_translated() -> None:
    from medview.inference.explaining.methods import METHODS

    titles = {method.title for method in METHODS} | {method.about for method in METHODS}
    for method in METHODS:
        for parameter in method.parameters:
            titles |= {parameter.title, *parameter.choices}
            titles |= {parameter.unit} - {"", "mm", "ml"}
    assert titles <= set(TITLES)
