"""Foreign networks become packages: what their files say is read as data, what they cannot say is asked for."""
