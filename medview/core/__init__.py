"""Pure values and maths of the viewer: geometry, volumes, planes, windows, results and the protocols between rooms."""
