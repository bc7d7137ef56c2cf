"""Delivery: keep the alert, tell its people through every channel, try again what failed."""
