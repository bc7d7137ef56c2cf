"""A local Cosmos DB (NoSQL API): the part of the service that an inbox needs, served to the official SDK unmodified.

The way of a request is the order of the rooms: `server` (sockets) → `engine` (authorisation and routing) → `resources`,
`items`, `batch`, `change_feed` or `queries` → `store` (SQLite). Everything below `server` is free of sockets and of
asyncio; time comes from a clock that is handed in.
"""
