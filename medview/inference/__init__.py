"""Model packages, matching, and the way from a volume through a network back onto the source geometry."""

import os

# ONNX Runtime 1.31 keeps a number for this computer in the user's cache folder and sends its maker what is run, unless it finds
# this when it is loaded. It is imported in this package alone.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
