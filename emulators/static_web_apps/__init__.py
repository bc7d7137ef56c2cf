"""A local Azure Static Web Apps: a folder of files, the rules of its configuration, and a linked back end at `/api`."""
