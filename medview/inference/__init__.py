"""Model packages, matching, and the way from a volume through a network back onto the source geometry."""
