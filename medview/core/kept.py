"""What is worked out of a thing again and again is kept with it, and goes with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

F = TypeVar("F", bound=Callable[..., Any])


def kept_with_first(make: F) -> F:
    """Each answer is worked out once for a first argument, which compares by identity, and the others, which can be hashed.

    A cache of some length would hold the geometries of studies that were closed long ago, a hundred of them and more.
    """
    kept: WeakKeyDictionary[Any, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()

    @wraps(make)
    def known(first: Any, *rest: Any) -> Any:
        own = kept.get(first)
        if own is None:
            own = kept[first] = {}
        if rest not in own:
            own[rest] = make(first, *rest)
        return own[rest]

    return cast("F", known)
