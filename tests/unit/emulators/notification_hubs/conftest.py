import base64
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emulators.notification_hubs.database import Database
from emulators.notification_hubs.encryption import public_bytes
from tests.unit.emulators.notification_hubs.house import House


@pytest.fixture
def house() -> Iterator[House]:
    """One that holds nothing yet."""
    database = Database(":memory:")
    yield House(database)
    database.close()


@pytest.fixture(scope="session")
def browser_channel() -> dict[str, str]:
    """A browser's subscription at a push service on this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    return {
        "endpoint": "http://localhost:9/push/1",
        "p256dh": base64.urlsafe_b64encode(public_bytes(key.public_key())).decode().rstrip("="),
        "auth": base64.urlsafe_b64encode(bytes(16)).decode().rstrip("="),
    }
