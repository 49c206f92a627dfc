"""What outputs of every kind say in a manifest: classes with their codes and colours, and what is still to be applied."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from medview.inference.manifest_steps import Strict

Activation = Literal["none", "softmax", "sigmoid"]
"""What medview applies to the raw output. ``none``: the graph has done it already, or argmax needs nothing."""

Byte = Annotated[int, Field(ge=0, le=255)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class CodedConcept(Strict):
    """A code for export (PS3.3 8.8); SNOMED CT unless ``scheme`` says otherwise."""

    value: str = Field(min_length=1)
    meaning: str = Field(min_length=1, max_length=64)
    scheme: str = "SCT"


class LabelEntry(Strict):
    """One class: ``index`` is the network's channel or number, ``value`` what the label map will hold (default: index).

    ``category`` and ``type`` are the codes of a DICOM segment (anatomical structure / lung).
    """

    index: NonNegativeInt
    name: str = Field(min_length=1)
    value: PositiveInt | None = None
    colour: tuple[Byte, Byte, Byte] | None = None
    category: CodedConcept | None = None
    type: CodedConcept | None = None


def refuse_repeats(labels: tuple[LabelEntry, ...]) -> None:
    """Raise ValueError where two classes have the same index or value."""
    for what, numbers in (
        ("index", [label.index for label in labels]),
        ("value", [label.value for label in labels if label.value is not None]),
    ):
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"labels: the same {what} twice")
