"""The Qt window: draws the state of the application and forwards events to it."""
