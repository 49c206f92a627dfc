"""How large an image becomes when it is resized: each library's own rounding."""

from __future__ import annotations

from medview.inference.manifest_steps import Resize


def sizes_kept(step: Resize, shape: tuple[int, ...], full: list[int], named: list[int]) -> list[int]:
    """Sizes where all ``named`` axes are resized by the smaller factor, so that they fit into ``full``."""
    inner = list(full)
    factor = min(full[axis] / shape[axis] for axis in named)
    for axis in named:
        exact = shape[axis] * factor
        # The slack keeps exact ratios exact.
        whole = int(exact + 1e-9) if step.rounding == "down" else round(exact)
        inner[axis] = min(full[axis], max(1, whole))
    return inner


def sizes_covering(step: Resize, shape: tuple[int, ...], full: list[int], named: list[int]) -> list[int]:
    """Sizes where all ``named`` axes are resized by the larger factor, or the shorter one to ``step.shorter``."""
    inner = list(full)
    factor = max((step.shorter or full[axis]) / shape[axis] for axis in named)
    for axis in named:
        # torchvision cuts the fraction off; the slack keeps exact ratios exact.
        inner[axis] = max(full[axis], int(shape[axis] * factor + 1e-9))
    return inner


def shorter_side(shape: tuple[int, ...], shorter: int, longest: int | None, multiple: int = 1) -> list[int]:
    """Rows and columns after bringing the shorter to ``shorter`` but none beyond ``longest``, with DETR's rounding.

    Both are cut down to multiples of ``multiple``.
    """
    low, high = min(shape), max(shape)
    exact = float(shorter)
    if longest is not None and high / low * shorter > longest:
        exact = longest * low / high
        shorter = round(exact)
    sides = list(shape) if low == shorter else [shorter if n == low else int(exact * n / low) for n in shape]
    return [side - side % multiple for side in sides]
