"""Where one space of the patient lies in another: transforms of points between frames of reference (PS3.3 C.20.2)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import Note

if TYPE_CHECKING:
    from medview.core.study import Stack

Vector = tuple[float, float, float]
RegisteredBy = Literal["file", "medview", "reader"]

RIGID_TOLERANCE = 5e-3
"""How far the columns of a rigid matrix may be from unit length and right angles: printed digits are few."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An affine transform of LPS mm to LPS mm: the 16 numbers of its 4×4 matrix, row by row."""

    values: tuple[float, ...]

    @staticmethod
    def of(matrix: ArrayLike) -> Placement:
        """Raises ValueError where the matrix is no affine one that keeps left and right apart."""
        found = np.asarray(matrix, dtype=np.float64).reshape(4, 4)
        if not np.all(np.isfinite(found)):
            raise ValueError("it holds numbers that are none")
        if np.abs(found[3] - (0, 0, 0, 1)).max() > 1e-6:
            raise ValueError("its last row is not 0 0 0 1")
        volume = float(np.linalg.det(found[:3, :3]))
        if abs(volume) < 1e-6:
            raise ValueError("it makes the patient flat")
        if volume < 0:
            raise ValueError("it exchanges left and right")
        return Placement(tuple(float(value) for value in found.ravel()))

    @property
    def matrix(self) -> FloatArray:
        """(4, 4)."""
        return np.array(self.values, dtype=np.float64).reshape(4, 4)

    @property
    def is_identity(self) -> bool:
        """Whether nothing is moved."""
        return self.values == IDENTITY.values

    @property
    def is_rigid(self) -> bool:
        """Whether lengths and angles stay what they are."""
        turn = self.matrix[:3, :3]
        return bool(np.abs(turn.T @ turn - np.eye(3)).max() <= RIGID_TOLERANCE)

    def points(self, points: ArrayLike) -> FloatArray:
        """(…, 3) LPS mm of the one space, in the other."""
        matrix = self.matrix
        return np.asarray(np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3])

    def directions(self, vectors: ArrayLike) -> FloatArray:
        """(…, 3) directions, not places, of the one space in the other."""
        return np.asarray(np.asarray(vectors, dtype=np.float64) @ self.matrix[:3, :3].T)

    def then(self, other: Placement) -> Placement:
        """First this transform, then ``other``."""
        return Placement.of(other.matrix @ self.matrix)

    @property
    def inverse(self) -> Placement:
        """The way back."""
        if self.is_identity:
            return self
        back = np.linalg.inv(self.matrix)
        back[3] = (0, 0, 0, 1)
        return Placement.of(back)

    def moves(self, point: ArrayLike) -> float:
        """How far (mm) a point is moved."""
        return float(np.linalg.norm(self.points(point) - np.asarray(point, dtype=np.float64)))

    @property
    def turned_deg(self) -> float:
        """By how many degrees the space is turned, about whatever axis."""
        u, _, v = np.linalg.svd(self.matrix[:3, :3])
        return math.degrees(math.acos(max(-1.0, min(1.0, (float(np.trace(u @ v)) - 1) / 2))))


IDENTITY = Placement((1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))


def by_hand(shift_mm: Vector, turn_deg: Vector = (0.0, 0.0, 0.0), about: ArrayLike = (0.0, 0.0, 0.0)) -> Placement:
    """Turned about the patient's x, then y, then z axis through the LPS point ``about``, then moved by LPS mm."""
    if not any(turn_deg) and not any(shift_mm):
        return IDENTITY
    turn = np.eye(3)
    for axis, degrees in enumerate(turn_deg):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        step = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        step[a, a], step[a, b], step[b, a], step[b, b] = c, -s, s, c
        turn = step @ turn
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    middle = np.asarray(about, dtype=np.float64)
    matrix[:3, 3] = middle - turn @ middle + np.asarray(shift_mm, dtype=np.float64)
    return Placement.of(matrix)


def placed(geometry: Geometry, placement: Placement, frame_of_reference: str | None = None) -> Geometry:
    """The grid where ``placement`` puts it."""
    name = geometry.frame_of_reference if frame_of_reference is None else frame_of_reference
    if placement.is_identity:
        return (
            geometry
            if name == geometry.frame_of_reference
            else Geometry(geometry.shape, geometry.affine, name, geometry.slice_origins)
        )
    origins = None if geometry.slice_origins is None else placement.points(geometry.slice_origins)
    return Geometry(geometry.shape, placement.matrix @ geometry.affine, name, origins)


@dataclass(frozen=True, eq=False)
class RegisteredImages:
    """One of the spaces that a registration object brings together: those of a frame of reference, or certain images."""

    frame_of_reference: str
    instances: frozenset[str]
    placement: Placement
    """From there into the object's own frame of reference."""


@dataclass(frozen=True, eq=False)
class RegistrationObject:
    """A Spatial Registration of a file; ``refused`` says why nothing is moved by it."""

    path: str
    sop_uid: str
    sop_class: str
    patient: tuple[str, str]
    frame_of_reference: str
    title: str
    date: str
    images: tuple[RegisteredImages, ...] = ()
    refused: Note | None = None
    creator: str = ""
    """Who says so."""
    automatic: bool = False
    """Whether it came from the content of the images, not from a hand."""

    def into_own(self, stack: Stack) -> Placement | None:
        """From where a stack's files say it lies into the object's frame of reference; None where it says nothing of it."""
        own = "" if stack.geometry is None else stack.geometry.frame_of_reference
        shown = {frame.sop_uid for frame in stack.frames}
        named = next((one for one in self.images if one.instances & shown), None)
        if named is None and own:
            # Images named one by one in the object's own space say nothing of others that lie in it too.
            same = [one for one in self.images if one.frame_of_reference == own]
            named = next((one for one in same if own != self.frame_of_reference or not one.instances), None)
        if named is not None:
            return named.placement
        return IDENTITY if own and own == self.frame_of_reference else None


@dataclass(frozen=True, slots=True)
class Registered:
    """What puts one stack into the space of another, and who says so."""

    placement: Placement
    by: RegisteredBy
    name: str
    """The file, or who registered."""
    sure: bool = True
    """False for what medview computed and no reader has accepted."""
    uid: str = ""
    """SOP Instance UID of the object; "" where it is in no file."""


def between(objects: Iterable[RegistrationObject], over: Stack, below: Stack) -> tuple[Registered, ...]:
    """How ``over`` comes to lie in the space of ``below`` after each object that knows both, the newest first."""
    found: list[tuple[str, Registered]] = []
    for one in objects:
        if one.refused is not None:
            continue
        there, here = one.into_own(over), one.into_own(below)
        if there is None or here is None or (there.is_identity and here.is_identity):
            continue
        try:
            way = there.then(here.inverse)
        except (ValueError, np.linalg.LinAlgError):
            continue
        found.append((one.date, Registered(way, "file", one.title or one.path, uid=one.sop_uid)))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True))
