import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.web_pubsub import messages
from emulators.web_pubsub.errors import ClientMessageError
from emulators.web_pubsub.messages import Data, DataType, Publication, SendToGroup, SequenceAck

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def decoded(**fields: Any) -> messages.ClientMessage:
    """What a message with these properties says."""
    return messages.decode(json.dumps(fields).encode())


@given(documents.filter(lambda document: document is not None), st.text(), st.none() | st.text())
def test_json_passes_through_unchanged(document: Any, group: str, user: str | None) -> None:
    """JSON that one client publishes is what another receives."""
    if not group.strip():
        return
    message = decoded(type="sendToGroup", group=group, dataType="json", data=document)
    assert isinstance(message, SendToGroup)
    frame = json.loads(Publication(message.data, group=message.group, sender=user).numbered(7))
    assert frame == {
        "type": "message",
        "from": "group",
        "group": group,
        "fromUserId": user,
        "dataType": "json",
        "data": document,
        "sequenceId": 7,
    }


@given(st.binary())
def test_bytes_pass_through_unchanged(content: bytes) -> None:
    """Bytes travel as base64, and raw clients get them bare."""
    text = base64.b64encode(content).decode()
    message = decoded(type="sendToGroup", group="a", dataType="binary", data=text)
    assert isinstance(message, SendToGroup)
    assert message.data == Data(DataType.BINARY, content)
    assert json.loads(Publication(message.data).encoded())["data"] == text


@given(st.text())
def test_text_passes_through_unchanged(content: str) -> None:
    """Text travels as a JSON string."""
    if not content.isprintable():
        return
    message = decoded(type="sendToGroup", group="a", dataType="TEXT", data=content)
    assert isinstance(message, SendToGroup)
    assert json.loads(Publication(message.data).encoded())["data"] == content


def test_types_are_read_in_any_case() -> None:
    """The service does not mind how the type is written."""
    assert decoded(type="SEQUENCEACK", sequenceId=3) == SequenceAck(3)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": 1},
        {"type": "shout"},
        {"type": "invoke", "invocationId": "1", "target": "event"},
        {"type": "streamData", "streamId": "1"},
        {"type": "joinGroup"},
        {"type": "joinGroup", "group": ""},
        {"type": "joinGroup", "group": "x" * 1025},
        {"type": "joinGroup", "group": "a", "ackId": -1},
        {"type": "joinGroup", "group": "a", "ackId": 2**64},
        {"type": "joinGroup", "group": "a", "ackId": True},
        {"type": "joinGroup", "group": "a", "ackId": "1"},
        {"type": "sendToGroup", "group": "a"},
        {"type": "sendToGroup", "group": "a", "data": None},
        {"type": "sendToGroup", "group": "a", "dataType": "text", "data": 1},
        {"type": "sendToGroup", "group": "a", "dataType": "binary", "data": "*"},
        {"type": "sendToGroup", "group": "a", "dataType": "protobuf", "data": ""},
        {"type": "sendToGroup", "group": "a", "data": 1, "noEcho": "yes"},
        {"type": "sendToGroup", "group": "a", "data": 1, "ttlSeconds": 301},
        {"type": "sendToGroup", "group": "a", "data": 1, "metadata": {"a": "b"}},
        {"type": "event", "data": 1},
        {"type": "event", "event": "1st", "data": 1},
        {"type": "event", "event": "a"},
        {"type": "sequenceAck"},
        {"type": "sequenceAck", "sequenceId": "1"},
    ],
)
def test_what_does_not_follow_the_subprotocol_is_refused(fields: dict[str, Any]) -> None:
    """A missing or mistyped property, or a message that is not served, is an error with a sentence."""
    with pytest.raises(ClientMessageError, match=r"\.$"):
        decoded(**fields)


@given(st.binary(max_size=40) | documents.map(json.dumps).map(str.encode))
def test_any_bytes_are_a_message_or_refused(payload: bytes) -> None:
    """Nothing that a client sends does anything but make a message or an error."""
    with suppress(ClientMessageError):
        messages.decode(payload)
