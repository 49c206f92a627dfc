"""What a detector's confident boxes were like over a whole run: where none lies in what it was shown, they are no answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medview.core.problem import MedviewError, Note
from medview.inference.candidates import Candidates
from medview.inference.manifest_detectors import DetectionOutput
from medview.inference.network import Network

SMALLEST_TENSOR = 8
"""Voxels along a side from which on boxes that all lie in the first voxel are taken for shares of the side."""


class BoxWatch:
    """Counts boxes above the threshold, and those of them that can be meant as they were read.

    A network that puts one box beside the image now and then is usable; one of which no box lies in the image
    answers in other coordinates or another layout than the manifest says, and would come out as "nothing found".
    """

    def __init__(self, output: DetectionOutput, network: Network) -> None:
        self._network = network
        self._in_pixels = getattr(output, "coordinates", "") == "pixels"
        self._seen = self._inside = self._tiny = 0
        self._strangers: set[int] = set()

    def see(self, found: Candidates, shape: Sequence[int]) -> None:
        """Candidates as decoded from a tensor of spatial ``shape``."""
        self._strangers.update(found.strangers)
        self._seen += found.inside_out + len(found.boxes)
        sides = np.asarray(shape, dtype=np.float64)
        low, high = found.boxes[:, 0, -len(sides) :] + 0.5, found.boxes[:, 1, -len(sides) :] + 0.5
        meets = (high > 0) & (low < sides) & (high > low)
        near = (low >= -sides) & (high <= 2 * sides)
        self._inside += int(np.count_nonzero(np.all(meets & near, axis=1)))
        if self._in_pixels and sides.min() >= SMALLEST_TENSOR:
            self._tiny += int(np.count_nonzero(np.all((low >= 0) & (high <= 1), axis=1)))

    def check(self) -> None:
        """Raise MedviewError for boxes that cannot be an answer."""
        fault = self.fault()
        if fault is not None:
            raise fault

    def fault(self) -> MedviewError | None:
        """Why the boxes seen so far cannot be an answer, if they were all; None where they can."""
        if not self._seen:
            return None
        if self._inside == 0:
            text = (
                f"None of the {self._seen} boxes that the network gave lies in the image; the manifest's layout or coordinates "
                "do not fit."
            )
            return self._network.failed("output_out_of_range", text)
        if self._tiny == self._seen:
            text = (
                f"All {self._seen} boxes that the network gave lie between 0 and 1; the manifest promises pixels, not shares "
                "of the image's size."
            )
            return self._network.failed("output_out_of_range", text)
        return None

    def notes(self) -> tuple[Note, ...]:
        """What is worth saying beside the findings."""
        if not self._strangers:
            return ()
        numbers = ", ".join(str(number) for number in sorted(self._strangers))
        text = f"Boxes of classes that the manifest does not name were left out: {numbers}."
        return (Note("classes_unnamed", text, (numbers,)),)
