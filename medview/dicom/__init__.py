"""DICOM files to core values and back: scan, catalogue, decode, assemble, export."""
