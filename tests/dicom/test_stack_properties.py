"""Whatever attributes the images of a series have: every frame is in one stack, once, at its depth, with steps that add up."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from medview.core.progress import no_progress
from medview.dicom.header import InstanceHeader
from medview.dicom.scan import scan_paths
from medview.dicom.stacks import build_stacks
from tests.phantoms.dicom_series import make_series, marker_values, positions_along, save_series


@lru_cache(maxsize=1)
def template() -> InstanceHeader:
    with tempfile.TemporaryDirectory() as folder:
        series = make_series(positions_along(1), values=marker_values((1, 6, 8)), modality="MR")
        save_series(series, Path(folder))
        (header,) = [header for batch in scan_paths([folder], no_progress) for header in batch.headers]
    return header


def some(values):
    return st.one_of(st.none(), st.sampled_from(values))


FRAME = st.fixed_dictionaries(
    {
        "temporal_index": some([1, 2]),
        "trigger_time": some([0.0, 50.0, 50.5]),
        "reference_time": some([0.0, 1000.0]),
        "acquisition_number": some([1, 2, 3]),
        "acquisition_time": st.sampled_from(["", "101010", "20200101101012.5", "junk"]),
        "stack_id": st.sampled_from(["", "1"]),
        "extra_axes": st.sampled_from([(), (("phase", 1),), (("phase", 2),)]),
        "dimension_values": st.sampled_from([(), (1, 1), (1, 2)]),
    }
)
COMMON = st.fixed_dictionaries(
    {
        "echo_time": some([4.0, 8.0]),
        "component": st.sampled_from(["", "M", "P"]),
        "kernel": st.sampled_from(["", "B30f"]),
        "b_value": some([0.0, 1000.0]),
        "diffusion_direction": some([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]),
        "image_type": st.sampled_from([("ORIGINAL", "PRIMARY"), ("DERIVED", "PRIMARY")]),
    }
)
IMAGE = st.tuples(st.integers(0, 4), FRAME, COMMON, some([1, 2, 3, 900]))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(IMAGE, min_size=1, max_size=24), st.randoms(use_true_random=False))
def test_every_frame_is_in_one_stack_at_its_depth(images: list, random) -> None:
    base = template()
    headers = []
    for number, (depth, frame, common, instance) in enumerate(images):
        own = base.frames[0]._replace(
            common=replace(base.frames[0].common, **common),
            position=(-20.0, -18.0, -30.0 + 2.5 * depth),
            **frame,
        )
        headers.append(
            base._replace(path=f"/f{number}", sop_uid=f"1.2.{number}", instance_number=instance, frames=(own,))
        )
    shuffled = list(headers)
    random.shuffle(shuffled)
    built = build_stacks(shuffled)
    assert not built.problems
    shown = [frame.path for stack in built.stacks for frame in stack.frames]
    assert sorted(shown) == sorted(header.path for header in headers)
    assert len({stack.id for stack in built.stacks}) == len(built.stacks)
    depth_of = {header.path: header.frames[0].position[2] for header in headers}
    for stack in built.stacks:
        assert stack.geometry is not None
        assert len(stack.frames) == stack.frame_count
        assert math.prod(len(each.labels) for each in stack.dimensions) == stack.timepoints == len(stack.time_labels)
        assert len(set(stack.time_labels)) == stack.timepoints
        for dimension in stack.dimensions:
            assert dimension.name
            assert len(dimension.values) == len(dimension.labels) == len(set(dimension.labels)) > 1
            assert all(dimension.labels)
        depths = np.array([depth_of[frame.path] for frame in stack.frames]).reshape(stack.timepoints, -1)
        assert np.allclose(depths, stack.geometry.origins[:, 2])
        assert [stack.time_of_steps(stack.steps_of_time(time)) for time in range(stack.timepoints)] == list(
            range(stack.timepoints)
        )
    again = build_stacks(headers).stacks
    assert [stack.id for stack in again] == [stack.id for stack in built.stacks]
    assert [[f.path for f in stack.frames] for stack in again] == [[f.path for f in s.frames] for s in built.stacks]
