"""Every kind of DICOM object that medview writes, held beside every program that can read it: a table in docs/dicom-objects.md.

``python -m tests.objects`` writes the objects for a phantom and prints the table; with folders, for the series in them.
"""
