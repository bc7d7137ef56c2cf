"""The local cloud: the Azure services that Belfry uses, on a laptop, without Docker and without a network.

Each package below is one service. It serves the official SDKs unmodified and never imports the application.
"""
