"""Questions about what a network said: where it looked, how sure it is, what another one says."""
