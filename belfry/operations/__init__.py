"""What operators do, apart from how it is shown: see to what could not be delivered, and check a deployment."""
