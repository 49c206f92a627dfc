"""Arrays in, arrays out: cut, resample, window, blend and label, compiled."""
