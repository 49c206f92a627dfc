"""Files that are not DICOM ↔ core values: volumes (NIfTI, NRRD, MHA) and pictures (PNG, JPEG, TIFF), read and written."""
