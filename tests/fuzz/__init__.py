"""Damaged files by the thousand: what is made of whole ones, and whether everything that reads them stays alive."""
