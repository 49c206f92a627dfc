"""Random series within what makers write, whose every frame is known, and what medview makes of them."""
