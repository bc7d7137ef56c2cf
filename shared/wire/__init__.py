"""Bytes to alert and back: JSON, CloudEvents, and the messages of the queue."""
