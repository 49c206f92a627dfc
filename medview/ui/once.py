"""What a viewport works out once for each picture that it paints, however many parts of the picture ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Painting(Protocol):
    """Something that paints pictures. ``moment`` holds what is known while one is painted, None in between."""

    moment: dict[str, Any] | None


Painter = TypeVar("Painter", bound=Painting)


def once_a_picture(make: Callable[[Painter], T]) -> Callable[[Painter], T]:
    """The method's answer is the same while one picture is painted; between pictures it is asked for each time."""
    name = make.__name__

    @wraps(make)
    def known(self: Painter) -> T:
        moment = self.moment
        if moment is None:
            return make(self)
        if name not in moment:
            moment[name] = make(self)
        found: T = moment[name]
        return found

    return known
