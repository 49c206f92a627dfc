"""Whether there are images of several patients on the screen is true after every change, although it is not counted each time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.ui.viewport_doubles import make_study, make_workspace


def test_whose_images_are_seen_is_known_with_every_change() -> None:
    workspace = make_workspace()
    stored = np.zeros((3, 4, 5), np.int16)
    jane = make_study(workspace, stored, name="DOE^JANE", patient_id="1", stack_id="one")
    john = make_study(workspace, stored, name="DOE^JOHN", patient_id="2", stack_id="two")
    workspace.set_layout(1, 2)
    left, right = workspace.viewports

    def several() -> bool:
        return workspace.patients.several

    left.show(*jane)
    assert not several()
    right.show(*jane)
    assert not several()
    right.show(*john)
    assert several()
    left.update(k=1)
    assert several()
    left.show(*john)
    assert not several()
    left.show(*jane)
    assert several()
    workspace.toggle_maximised(0)
    assert not several()
    workspace.toggle_maximised(0)
    assert several()
    workspace.set_layout(1, 1)
    assert not several()
    # A report of the other patient beside the images of one.
    documents: Any = workspace.documents
    documents.shown = SimpleNamespace(listed=SimpleNamespace(study=john[0]))
    assert several()
    documents.shown = None
    assert not several()
    right.clear()
    workspace.set_layout(1, 2)
    right.clear()
    assert workspace.patients.keys() == {jane[0].patient.key}
    assert not several()
