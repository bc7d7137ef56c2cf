import pytest

from emulators.service_bus.access import Grants, path_of
from emulators.service_bus.errors import InvalidTokenError, UnauthorizedError
from tests.unit.emulators.service_bus.peer import POLICY, START, token

LATER = START // 1000 + 60


@pytest.mark.parametrize(
    ("audience", "path", "open_"),
    [
        ("sb://localhost/alerts", "alerts", True),
        ("sb://localhost:5672/Alerts", "alerts/$deadletterqueue", True),
        ("sb://localhost/alerts", "alerts/$management", True),
        ("sb://localhost/", "alerts", True),
        ("sb://localhost/alerts", "alerts-poison", False),
        ("sb://localhost/alerts/$management", "alerts", False),
    ],
)
def test_a_token_opens_its_entity_and_what_is_below(audience: str, path: str, open_: bool) -> None:  # noqa: FBT001  # a parameter
    """A token is for the entity it names, or the whole namespace, until it expires."""
    now = START
    grants = Grants(POLICY, lambda: now)
    grants.put_token(audience, "servicebus.windows.net:sastoken", token(audience, LATER))
    assert grants.covers(path) is open_
    assert grants.next_expiry() == LATER * 1000
    now = LATER * 1000
    assert not grants.covers(path)
    with pytest.raises(UnauthorizedError):
        grants.require(path)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (token("sb://localhost/alerts", LATER, key="another"), "InvalidSignature"),
        (token("sb://localhost/alerts", LATER, name="another"), "InvalidSignature"),
        (token("sb://localhost/alerts", LATER).replace(str(LATER), str(LATER + 1)), "InvalidSignature"),
        (token("sb://localhost/alerts", START // 1000), "ExpiredToken"),
        (token("sb://localhost/elsewhere", LATER), "InvalidAudience"),
        ("SharedAccessSignature sr=x", "MalformedToken"),
        ("eyJhbGciOi", "no shared access signature"),
    ],
)
def test_a_wrong_token_opens_nothing(wrong: str, reason: str) -> None:
    """Signature, policy name, expiry, audience and form are checked, and the refusal says which."""
    grants = Grants(POLICY, lambda: START)
    with pytest.raises(InvalidTokenError, match=reason):
        grants.put_token("sb://localhost/alerts", "jwt", wrong)
    assert not grants.covers("alerts")


def test_addresses_are_paths() -> None:
    """Entities are named by a path or by any URI of it."""
    assert path_of("amqps://localhost:5671/Alerts/$management") == "alerts/$management"
    assert path_of("/alerts/") == path_of("alerts") == "alerts"
