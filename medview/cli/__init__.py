"""Arguments to the viewer or to a headless command; the composition root."""
