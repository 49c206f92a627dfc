"""NIfTI, NRRD, MHA, pictures and archives to core values and back."""
