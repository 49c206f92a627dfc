"""The second generator: a phantom of its own, whose nodules lie where it says."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from tests import phantom_second
from tests.phantom_second import second_chest

pytestmark = pytest.mark.beside


def test_it_shares_nothing_with_the_first() -> None:
    for path in Path(phantom_second.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("medview") for name in names), path
    recipe = Path(__file__).resolve().parents[2] / "packaging" / "training"
    for name in ("samples.py", "pool.py", "train.py", "networks.py", "grids.py"):
        assert "phantom_second" not in (recipe / name).read_text(encoding="utf-8")


def test_nodules_are_denser_than_lung_where_the_truth_says() -> None:
    first = second_chest(4, nodules=5, shape=(120, 170, 170))
    again = second_chest(4, nodules=5, shape=(120, 170, 170))
    assert np.array_equal(first.hu, again.hu)
    assert len(first.nodules) >= 3
    lung = float(np.median(first.hu[first.lungs > 0]))
    assert lung < -700
    for nodule in first.nodules:
        assert 4.0 <= nodule.diameter <= 30.0
        x, y, z = (round((c - o) / s) for c, o, s in zip(nodule.center, first.origin, first.spacing[::-1], strict=True))
        assert first.hu[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2].mean() > lung + 120, nodule
