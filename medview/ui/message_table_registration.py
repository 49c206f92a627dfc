"""What codes about registrations say; part of `message_table`."""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.text import QT_TRANSLATE_NOOP

REGISTRATION_TEMPLATES: Mapping[str, str] = {
    "registered": QT_TRANSLATE_NOOP(
        "Message",
        "Registered: moved by {0} mm and turned by {1} degrees. Check it in three planes, then accept or reject it.",
    ),
    "registration_failed": QT_TRANSLATE_NOOP(
        "Message", "No place was found where the two series are more alike than they are now; nothing was moved."
    ),
    "registration_not_here": QT_TRANSLATE_NOOP(
        "Message",
        "Registering needs the library SimpleITK, which is not installed here: the package medview-registration brings it.",
    ),
    "registration_incomplete": QT_TRANSLATE_NOOP(
        "Message", "One of the two series has slices that cannot be read; it is not registered."
    ),
    "registration_unsure": QT_TRANSLATE_NOOP(
        "Message", "What nobody has accepted is not written: accept where the series on top lies first."
    ),
    "registration_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "registration_deformable_by": QT_TRANSLATE_NOOP(
        "Message",
        "{0} bends one series onto another, by up to {1} mm at the {2} points of its grid. medview moves series as a "
        "whole only, so it is not applied.",
    ),
    "registration_deformable": QT_TRANSLATE_NOOP(
        "Message", "{0} bends one series onto another. medview moves series as a whole only, so it is not applied."
    ),
    "registration_no_space": QT_TRANSLATE_NOOP(
        "Message", "{0} does not say into which frame of reference it registers; it is not applied."
    ),
    "registration_broken": QT_TRANSLATE_NOOP("Message", "{0} is not applied: {1}."),
}
