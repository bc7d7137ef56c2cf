from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import json

from shared.card import StoredAlert
from shared.delivery.escalating import Escalating
from shared.errors import BelfryError
from shared.wire.message import Received, open_parcel
from tests.unit.shared.fakes import ADA, BEN, NOON, stored
from tests.unit.shared.memory import MemoryStore


class Telling:
    """A channel that remembers what it told to whom."""

    name = "push"

    def __init__(self) -> None:
        self.told: dict[str, tuple[str | None, str]] = {}

    async def deliver(self, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        """See `Channel`."""
        self.told |= {str(stored.audience): (stored.alert.title, stored.alert.body) for stored in alerts}
        return [None] * len(alerts)


@pytest.mark.parametrize("to", [["user:ada"], ["user:ada", "user:ben"]])
async def test_a_made_up_round_shows_nobody_elses_alert(store: MemoryStore, to: list[str]) -> None:
    """Who knows the id and the position of an alert that is not for them, and may send, does not so get to read it."""
    private = stored("order-42", 1, title="private", body="very")
    store.put(private)
    fields: dict[str, Any] = {"to": to, "id": "order-42", "title": "mine", "escalate": {"after": "PT1S"}}
    fields["escalate"]["to"] = ["user:ben"]
    properties = {"position": private.position, "escalation": 1}
    parcel = open_parcel(Received(json.encode(fields), "m", NOON, 7, properties=properties))
    channel = Telling()
    await Escalating(store, {"push": channel}, None).round(parcel, NOON)
    assert [alert.alert.title for alert in store.of(BEN)] == (["mine"] if len(to) == 1 else [])
    assert channel.told == {"user:ada": ("mine", ""), "user:ben": ("mine", "")}
    assert [alert.alert.title for alert in store.of(ADA)] == ["private"]
