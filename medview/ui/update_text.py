"""How the choice to look for newer versions is worded, in the settings and in its own window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.app.update_rules import why_no_updates
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


def update_check_title() -> str:
    """The title of the setting."""
    return translate("Updates", "Look for a newer medview once a day")


def may_be_chosen(workspace: Workspace) -> bool:
    """Whether the reader may switch it on and off."""
    return not why_no_updates(workspace.fixed) and "update_check" not in workspace.fixed


def update_note(workspace: Workspace) -> str:
    """What it does, or why it cannot be chosen here."""
    why = why_no_updates(workspace.fixed)
    if why == "unconfigured":
        return translate("Updates", "Neither this build nor an administrator says whom to ask: nothing is ever asked.")
    if why == "forbidden":
        return translate("Updates", "The administrator of this computer has switched this off: nothing is ever asked.")
    return translate(
        "Updates", "One signed text is asked for. Nothing about you, this computer or a patient is sent with it."
    )
