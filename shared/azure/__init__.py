"""The Azure services: one file for each, the only place that knows its SDK."""
