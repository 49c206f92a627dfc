"""Bytes of files wherever they lie: on disk, or as members of a ZIP or TAR archive that nobody unpacks."""
