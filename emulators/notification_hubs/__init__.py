"""Azure Notification Hubs on this machine. README.md says what it does and what it does not."""
