"""A small shop that shows Belfry at work: what `make run` plays."""
