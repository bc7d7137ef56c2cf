"""A client of the JSON subprotocols without any comfort: each frame as it came."""

import json
from typing import Any, Protocol, Self

import aiohttp

RELIABLE = "json.reliable.webpubsub.azure.v1"
PLAIN = "json.webpubsub.azure.v1"
PATIENCE = 10.0
"""Seconds after which something that must come has not come."""


class WireClient:
    """One WebSocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.id = ""
        self.reconnection_token = ""
        self.greeting: dict[str, Any] = {}

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, url: str, subprotocol: str | None) -> Self:
        """Connect, and take the greeting of a new connection."""
        protocols = () if subprotocol is None else (subprotocol,)
        client = cls(await session.ws_connect(url, protocols=protocols, autoclose=True))
        if subprotocol in {RELIABLE, PLAIN} and "awps_connection_id" not in url:
            client.greeting = await client.next()
            client.id = client.greeting["connectionId"]
            client.reconnection_token = client.greeting.get("reconnectionToken", "")
        return client

    async def frame(self) -> aiohttp.WSMessage:
        """The next frame."""
        return await self.websocket.receive(PATIENCE)

    async def next(self) -> dict[str, Any]:
        """The next frame, which must be JSON."""
        frame = await self.frame()
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        message: dict[str, Any] = json.loads(frame.data)
        return message

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.websocket.send_str(json.dumps(message))

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message, and return the next frame."""
        await self.send(**message)
        return await self.next()

    async def end(self) -> tuple[int | None, str]:
        """Code and reason of the close, which must come next."""
        frame = await self.frame()
        assert frame.type is aiohttp.WSMsgType.CLOSE, frame
        return frame.data, frame.extra or ""

    def recovery(self) -> str:
        """The query with which this connection can be recovered."""
        return f"?awps_connection_id={self.id}&awps_reconnection_token={self.reconnection_token}"

    def cut(self) -> None:
        """Break the TCP connection."""
        response = self.websocket._response
        assert response.connection is not None
        transport = response.connection.transport
        assert transport is not None
        transport.abort()

    async def close(self) -> None:
        """Close with 1000."""
        await self.websocket.close()


class Connect(Protocol):
    """Opens WebSockets."""

    async def __call__(
        self,
        user: str | None = None,
        *,
        subprotocol: str | None = RELIABLE,
        roles: list[str] | None = None,
        groups: list[str] | None = None,
    ) -> WireClient:
        """Connect a client with these claims."""
