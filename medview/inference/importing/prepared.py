"""Whole preparations that go by the name of a detector: sizes, colours and values in one word."""

from __future__ import annotations

from typing import Any

from medview.inference.importing.answers import GREY, read_values
from medview.inference.importing.draft import Draft
from medview.inference.importing.ports import InputFace

NAMED = ("yolox", "efficientdet", "u2net")


def as_named(draft: Draft, face: InputFace) -> bool:
    """Write the steps where ``input.values`` is one of :data:`NAMED`; False where it is not."""
    name = draft.answer("input.values")
    if name not in NAMED:
        return False
    if name == "u2net":
        size = [int(fixed or 320) for fixed in face.sizes]
        # By the largest value of the slice and not by 255; as rembg resizes.
        draft.input["steps"] = [
            {"step": "resize", "size": size, "kind": "pillow-lanczos"},
            {"step": "min_max", "scope": "slice", "from_zero": True},
            read_values("imagenet")[-1],
        ]
        draft.guess("input.steps", name, "each side by itself, divided by the largest value, as ImageNet")
        return True
    size = [int(fixed or 640) for fixed in face.sizes]
    # Both cut the fraction off the shorter side; what is left over lies at the end.
    resize: dict[str, Any] = {"step": "resize", "size": size, "aspect": "keep", "rounding": "down"}
    if name == "yolox":
        draft.input["channels"] = "bgr"
        draft.input["steps"] = [{**resize, "kind": "opencv-linear", "place": "start", "fill": GREY}]
        why = "blue first, 0 to 255, resized by the longer side, the rest grey"
    else:
        resize.update({"kind": "pillow-bilinear", "place": "none"})
        draft.input["steps"] = [resize, *read_values("imagenet"), {"step": "pad", "size": size}]
        why = "resized by the longer side, as ImageNet, the rest its mean"
    draft.guess("input.steps", name, why)
    return True
