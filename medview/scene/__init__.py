"""Volumes and surfaces as pictures in three dimensions: VTK, in a process of its own that no window ever imports."""
