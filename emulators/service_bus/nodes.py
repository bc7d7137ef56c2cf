"""The nodes that a link can be attached to: queues, their dead letters, `<queue>/$management`, and `$cbs`."""

from collections.abc import Callable, Mapping
from typing import Final

from emulators.service_bus.access import Grants, path_of
from emulators.service_bus.amqp.performatives import Attach, Source, Target, decode_composite
from emulators.service_bus.broker import Broker
from emulators.service_bus.errors import NotAllowedError, NotImplementedByServiceError
from emulators.service_bus.links import ConsumerLink, IncomingLink, Link, LinkSession, MessageTarget, ReplyLink
from emulators.service_bus.management import Reply, respond
from emulators.service_bus.message import BATCH_FORMAT, batched, parse
from emulators.service_bus.queues import Queue
from emulators.service_bus.requests import CBS, MANAGEMENT_SUFFIX, Request, answer, read_request

_SENDER_SETTLES: Final = 1
_ACCEPTED: Final = 202
_SESSION_FILTER: Final = "com.microsoft:session-filter"


class Nodes:
    """Opens the links of one session.

    Args:
        session: what the links are attached to.
        links: those that are attached, by handle; a reply looks for its way among them.
        broker: the queues.
        grants: what the connection may reach.
    """

    def __init__(self, session: LinkSession, links: Mapping[int, Link], broker: Broker, grants: Grants) -> None:
        self._session = session
        self._links = links
        self._broker = broker
        self._grants = grants

    def open(self, attach: Attach) -> Link:
        """The link that the client asks for.

        Raises:
            RefusedError: it cannot have it.
        """
        terminus = decode_composite(attach.source if attach.role else attach.target)
        if not isinstance(terminus, Source | Target) or not terminus.address or terminus.dynamic:
            raise NotImplementedByServiceError("A link needs the address of an entity that exists.")
        path = path_of(terminus.address)
        if path == CBS:
            return self._request_link(attach, path, self._put_token)
        self._grants.require(path)
        if path.endswith(MANAGEMENT_SUFFIX):
            queue = self._broker.queue(path.removesuffix(MANAGEMENT_SUFFIX))
            return self._request_link(
                attach, path, lambda request: respond(queue, request.text("operation"), request.body)
            )
        queue = self._broker.queue(path)
        if isinstance(terminus, Source):
            return self._consumer_link(attach, path, queue, terminus)
        if queue.is_dead_letter:
            raise NotAllowedError("Messages cannot be sent to a dead-letter queue.")
        return IncomingLink(self._session, attach.handle, path, _sender(queue))

    def _consumer_link(self, attach: Attach, path: str, queue: Queue, source: Source) -> ConsumerLink:
        if source.filter and _SESSION_FILTER in source.filter:
            raise NotAllowedError(
                f"A session receiver cannot be created on the entity '{path}', which does not require sessions."
            )
        return ConsumerLink(
            self._session, attach.handle, path, queue, deletes=attach.snd_settle_mode == _SENDER_SETTLES
        )

    def _request_link(self, attach: Attach, path: str, handle: Callable[[Request], Reply]) -> Link:
        if attach.role:
            target = decode_composite(attach.target) if attach.target is not None else None
            return ReplyLink(self._session, attach.handle, path, target.address if isinstance(target, Target) else None)

        def take(message: bytes, _format: int) -> None:
            request = read_request(message)
            self._reply_link(path, request).reply(answer(request, handle))

        return IncomingLink(self._session, attach.handle, path, take)

    def _reply_link(self, path: str, request: Request) -> ReplyLink:
        """The link for the reply: the one that the request names or, if it names none, that of the same node."""
        links = [link for link in self._links.values() if isinstance(link, ReplyLink) and link.path == path]
        named = [link for link in links if link.address == request.reply_to]
        if not links:
            raise NotAllowedError("There is no link to send the reply on.")
        return (named or links)[0]

    def _put_token(self, request: Request) -> Reply:
        if request.text("operation") != "put-token":
            raise NotImplementedByServiceError("The only operation of $cbs is put-token.")
        token = request.body if isinstance(request.body, str) else ""
        self._grants.put_token(request.text("name"), request.text("type"), token)
        return Reply(_ACCEPTED, "Accepted")


def _sender(queue: Queue) -> MessageTarget:
    def take(message: bytes, message_format: int) -> None:
        queue.send(batched(message) if message_format == BATCH_FORMAT else [parse(message)])

    return take
