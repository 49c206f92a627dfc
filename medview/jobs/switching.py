"""How soon a thread hands the interpreter over to others that wait for it."""

from __future__ import annotations

import sys

SWITCH_S = 0.0002
"""With Python's 5 ms a read that has come back waits for longer than it took (600 slices with two threads: a quarter of the time).
The window waits at every turn that Qt takes through Python, of which a first layout has a hundred: while a report of 20,000 items
was read beside it, it stood still for 270 ms."""


def hand_over_soon() -> None:
    """Have threads wait no longer for each other than that; for all of the process, from now on."""
    if sys.getswitchinterval() > SWITCH_S:
        sys.setswitchinterval(SWITCH_S)
