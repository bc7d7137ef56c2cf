"""Belfry, the application: what happens to an alert between its producer and its people.

The way of an alert is the order of the rooms: `wire` (bytes to alert and back), `alert` and `audience` (what it is and
whom it is for), `card` (how it is kept and seen), `delivery` (keep it, tell people, try again). The way of a request:
`api` (routes, problems), `identity` (who asks), `inbox` (what they see), `push` (what their phones are told). Both are
traced and counted by `telemetry`. `azure` holds the Azure services, each in the only place that knows its SDK;
`composition` puts the parts together.
"""
