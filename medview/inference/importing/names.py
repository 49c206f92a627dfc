"""Names of classes: from a network's metadata, or asked for."""

from __future__ import annotations

from medview.inference.importing.answers import read_names
from medview.inference.importing.draft import Draft, Question
from medview.inference.importing.literals import python_literal

NAME_KEYS = ("names", "labels", "classes", "class_names", "label_names", "id2label")


def ask_names(draft: Draft, classes: int | None, suggestion: str = "") -> dict[int, str]:
    """Names of the classes: from the metadata, or asked for."""
    for key in NAME_KEYS:
        text = draft.graph.metadata.get(key)
        if text and "output.labels" not in draft.answers:
            try:
                given = python_literal(text) if text.lstrip()[:1] in "[{(" else text.split(",")
                pairs = given.items() if isinstance(given, dict) else enumerate(given)
                names = {int(index): str(name).strip() for index, name in pairs}
            except (TypeError, ValueError, AttributeError):
                continue
            draft.guess("output.labels", ", ".join(names.values()), f"{key} in the network's metadata")
            return names
    many = (
        f"What are the {classes} classes called, in their order?"
        if classes is not None
        else "What are its classes called?"
    )
    if classes == 1:
        many = "What is the one class called?"
    dense = draft.manifest.get("task") == "segmentation" and classes != 1
    question = Question(
        "labels",
        "output.labels",
        many + (" Name a class background where it means nothing." if dense else ""),
        (),
        suggestion,
        "background,lesion" if dense else "lesion" if classes in {1, None} else "normal,abnormal",
    )
    answered = draft.ask(question, read_names)
    if answered is not None:
        return answered
    return {n: f"class {n}" for n in range(classes or 1)} if classes != 2 else {0: "background", 1: "class 1"}
