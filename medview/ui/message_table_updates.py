"""What codes about newer versions say; part of `message_table`."""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.text import QT_TRANSLATE_NOOP

UPDATE_TEMPLATES: Mapping[str, str] = {
    "update_unreachable": QT_TRANSLATE_NOOP(
        "Message", "{0} could not be asked for updates ({1}); nothing was changed."
    ),
    "update_redirected": QT_TRANSLATE_NOOP(
        "Message", "{0} sends on to another address; medview asks no other, nothing is offered."
    ),
    "update_too_large": QT_TRANSLATE_NOOP(
        "Message", "What {0} says of updates is larger than {1} bytes; nothing is offered."
    ),
    "update_unsigned": QT_TRANSLATE_NOOP(
        "Message", "What {0} says of updates is not signed by a key that medview was given; nothing is offered."
    ),
    "update_unreadable": QT_TRANSLATE_NOOP(
        "Message",
        "What {0} says of updates is signed, but not in a form that this version knows; nothing is offered.",
    ),
    "update_expired": QT_TRANSLATE_NOOP(
        "Message",
        "What is said of updates held until {0} only; nothing is offered. Where that is still to come, this "
        "computer's date is wrong.",
    ),
    "update_replayed": QT_TRANSLATE_NOOP(
        "Message", "What is said of updates is older than what was said before; nothing is offered."
    ),
    "update_needed": QT_TRANSLATE_NOOP(
        "Message", "This version of medview ({0}) is no longer looked after; there is {1}."
    ),
    "update_there": QT_TRANSLATE_NOOP("Message", "There is a newer medview: {0}. The Help menu says what is new."),
}
