"""Points and masks that come beside boxes; the points of a person as COCO lists them, and the lines that join them."""

from __future__ import annotations

from medview.inference.importing.draft import Draft, Question
from medview.inference.importing.ports import InputFace, plain_name

COCO_POINTS = [
    "nose",
    *(f"{side} {part}" for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
      for side in ("left", "right")),
]  # fmt: skip
"""What networks of persons are mostly trained on, in its order."""
COCO_BONES = [(0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12),
              (11, 13), (13, 15), (12, 14), (14, 16)]  # fmt: skip


def beside_boxes(draft: Draft, used: set[str], face: InputFace) -> None:
    """Masks [n, 1, h, w] and points [n, points, 3] as of torchvision's Mask and Keypoint R-CNN; others are told."""
    left = [port for port in draft.graph.outputs if port.name not in used]
    ranks = {port.name: len(port.shape or ()) for port in left}
    masks = next((port for port in left if ranks[port.name] == 4 and port.type == "float"), None)
    points = next(
        (port for port in left if ranks[port.name] == 3 and "mask" not in plain_name(port) and port.type == "float"),
        None,
    )
    if points is not None and "keypoint" not in plain_name(points) and (points.shape or (0,))[-1] != 3:
        points = None
    if face.dimensions != 2:
        masks = points = None
    # Others' masks are of the box alone, 28 × 28 or so.
    if masks is not None and draft.output["layout"] == "xyxy" and _is_whole(masks.shape or (), face):
        draft.output["masks_output"] = masks.name
    elif points is not None:
        draft.output["keypoints_output"] = points.name
        count = (points.shape or (None,) * 3)[1]
        question = Question(
            "points",
            "output.points",
            f"Which points does each finding have ({points.name})? Their names in their order, or how many there are.",
            (),
            "17",
            "17",
        )
        given = draft.answer("output.points")
        text = given if given is not None else str(count) if count is not None else draft.ask(question, str) or "17"
        names = [name.strip() for name in text.split(",")]
        if text.isdigit():
            people = int(text) == len(COCO_POINTS)
            names = list(COCO_POINTS) if people else [f"point {n + 1}" for n in range(int(text))]
        draft.output["keypoints"] = {"names": names}
    told = {draft.output.get("masks_output"), draft.output.get("keypoints_output")}
    lost = [port.name for port in left if "mask" in plain_name(port) and port.name not in told]
    if lost:
        draft.notes.append(f"The masks of the findings ({', '.join(lost)}) are left out; boxes are shown.")


def _is_whole(shape: tuple[int | None, ...], face: InputFace) -> bool:
    """Whether masks [n, 1, h, w] may be of the whole picture."""
    sizes = zip(shape[2:], face.sizes, strict=True)
    return shape[1] in {None, 1} and all(size is None or size == whole for size, whole in sizes)
