"""The local Service Bus: queues over AMQP 1.0, as azure-servicebus and @azure/service-bus speak it.

Bytes flow one way through the rooms: `server` (sockets) → `connection` (frames, sessions, links) → `broker` (queues)
→ `store` (SQLite), and nothing is written to a socket before what it acknowledges is committed.
"""
