"""Filters, enhancement and classical segmentation as described operations with typed parameters."""
