"""What those who run a computer have decided for medview on it: parts that are switched off, settings that are fixed.

One file in a folder that only an administrator can write to; nothing that a reader can set leads elsewhere. A policy that cannot
be read forbids everything that it could have forbidden: a slip in it must not open what it was to close.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from medview.core.problem import ExitCode, MedviewError, Note

if TYPE_CHECKING:
    from medview.core.update import UpdateSource

Part = Literal["export", "ai", "models", "links", "updates"]
"""What can be switched off: anything that writes images, results or reports where the reader says; running networks; bringing
further networks; ``medview://`` links; asking for newer versions, which is all that medview ever connects for."""
PARTS: tuple[Part, ...] = get_args(Part)
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """What is forbidden and what is fixed; without a file nothing is."""

    forbidden: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Values by the names of settings, as the file has them."""
    notes: tuple[Note, ...] = ()
    path: str = ""
    updates: UpdateSource | None = None
    """Who is asked for newer versions here, in the place of whom the build names."""

    def forbids(self, part: str) -> bool:
        """Whether a part of medview is switched off here."""
        return part in self.forbidden

    def refuse(self, part: Part) -> None:
        """Raise MedviewError ``forbidden_here`` where a part is switched off."""
        if part in self.forbidden:
            text = f"The administrator of this computer has switched this off ({part} in {self.path})."
            raise MedviewError("forbidden_here", text, self.path, ExitCode.INPUT_UNUSABLE, (part, self.path))


def policy_path() -> Path:
    """The file of this computer, in a folder of the system."""
    if sys.platform == "win32":
        import ctypes

        # Asked of the system: the variable ProgramData is the reader's to set.
        common_app_data = 0x23
        buffer = ctypes.create_unicode_buffer(260)
        ctypes.windll.shell32.SHGetFolderPathW(None, common_app_data, None, 0, buffer)
        return Path(buffer.value or "C:\\ProgramData") / "medview" / "policy.json"
    if sys.platform == "darwin":
        return Path("/Library/Application Support/medview/policy.json")
    return Path("/etc/medview/policy.json")


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The policy of this computer, read once."""
    return read_policy(policy_path())


def read_policy(path: Path) -> Policy:
    """The policy in a file; no file, no policy.

    ``{"forbid": ["export", …], "settings": {"language": "zh_CN", …}, "updates": {"address": "https://…", "keys": ["…"]}}``
    """
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(LARGEST).decode("utf-8-sig"))
    except FileNotFoundError:
        return Policy()
    except (OSError, ValueError) as error:
        return _closed(path, str(error))
    if not isinstance(content, dict):
        return _closed(path, "it is no JSON object")
    unknown = sorted(set(content) - {"forbid", "settings", "updates"})
    forbid, fixed = content.get("forbid", []), content.get("settings", {})
    if unknown:
        return _closed(path, f"unknown: {', '.join(unknown)}")
    if not isinstance(forbid, list) or not set(map(str, forbid)) <= set(PARTS):
        return _closed(path, f"forbid may hold {', '.join(PARTS)}")
    if not isinstance(fixed, dict):
        return _closed(path, "settings is no JSON object")
    source = None
    if "updates" in content:
        from medview.core.update import sound_source

        try:
            source = sound_source(content["updates"])
        except ValueError as error:
            return _closed(path, str(error))
    return Policy(frozenset(map(str, forbid)), fixed, (), str(path), source)


def _closed(path: Path, why: str) -> Policy:
    text = f"The policy in {path} cannot be followed ({why}); everything that it could switch off is switched off."
    return Policy(frozenset(PARTS), {}, (Note("policy_unreadable", text, (str(path), why)),), str(path))
