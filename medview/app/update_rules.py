"""Whether this medview may ask for newer versions at all; cheap, because menus ask it all the time. The asking is in `updates`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from medview.core.policy import policy
from medview.core.resources import resource_path

WhyNot = Literal["", "unconfigured", "forbidden"]


def built_source() -> Path:
    """The file with whom to ask that a build may hold (`packaging/build.py --updates`); a checkout has none."""
    return resource_path("updates", "source.json")


@lru_cache(maxsize=1)
def names_a_source() -> bool:
    """Whether the build or the policy of this computer names whom to ask."""
    return policy().updates is not None or built_source().is_file()


def why_no_updates(fixed: Mapping[str, Any]) -> WhyNot:
    """Why it cannot be asked here, "" where it can. ``fixed``: the settings that the policy fixes; fixed off is forbidden."""
    if policy().forbids("updates") or fixed.get("update_check") is False:
        return "forbidden"
    return "" if names_a_source() else "unconfigured"
