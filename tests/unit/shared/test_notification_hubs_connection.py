import base64
import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.azure.notification_hubs.connection import Connection, SharedAccessKey
from shared.errors import SettingsError

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive


def fields(token: str) -> dict[str, str]:
    """The parts of a token, decoded."""
    scheme, _, text = token.partition(" ")
    assert scheme == "SharedAccessSignature"
    return {name: values[0] for name, values in parse_qs(text, strict_parsing=True, keep_blank_values=True).items()}


def test_a_token_is_what_the_official_client_makes() -> None:
    """The token of @azure/notification-hubs 2.1 for this key and second."""
    key = SharedAccessKey("RootManageSharedAccessKey", "SAS_KEY_VALUE")
    assert key.sign("https://Ring.servicebus.windows.net/", datetime.fromtimestamp(1_795_152_345, UTC)) == (
        "SharedAccessSignature sr=https%3A%2F%2Fring.servicebus.windows.net%2F"
        "&sig=vYQlSiVm9rhnbIS%2BBbT0eZaTaTS7wJ%2FqWak5QkPm0SI%3D&se=1795152345&skn=RootManageSharedAccessKey"
    )


@given(PRINTABLE, PRINTABLE, MOMENTS)
def test_every_part_of_a_token_can_be_read_back(name: str, key: str, expires: datetime) -> None:
    """Whatever characters the name and the resource have, they are separated by none of them."""
    resource = f"https://example.com/{name}"
    read = fields(SharedAccessKey(name, key).sign(resource, expires))
    assert read.keys() == {"sr", "sig", "se", "skn"}
    assert (read["sr"], read["skn"], read["se"]) == (resource.lower(), name, str(int(expires.timestamp())))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 as RFC 2104 writes it down."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


@given(PRINTABLE, PRINTABLE, MOMENTS)
def test_a_signature_is_over_what_is_sent(name: str, key: str, expires: datetime) -> None:
    """The resource as it is encoded in the token, a line feed, and the expiry; the key's text is the key."""
    token = SharedAccessKey(name, key).sign("https://example.com/", expires)
    resource, _, rest = token.partition("sr=")[2].partition("&sig=")
    second = rest.partition("&se=")[2].partition("&")[0]
    assert resource == "https%3A%2F%2Fexample.com%2F"
    assert base64.b64decode(fields(token)["sig"]) == hmac_sha256(key.encode(), f"{resource}\n{second}".encode())


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Endpoint=sb://Ring.servicebus.windows.net/", "https://ring.servicebus.windows.net/"),
        ("Endpoint=sb://ring.servicebus.windows.net", "https://ring.servicebus.windows.net/"),
        (" endpoint = https://ring.servicebus.windows.net:443/ ", "https://ring.servicebus.windows.net:443/"),
        ("Endpoint=sb://localhost:8090;UseDevelopmentEmulator=true", "http://localhost:8090/"),
        ("Endpoint=sb://127.0.0.1:8090/;UseDevelopmentEmulator=True", "http://127.0.0.1:8090/"),
        ("Endpoint=sb://[::1]:8090/;UseDevelopmentEmulator=true", "http://[::1]:8090/"),
        ("Endpoint=http://localhost:8090/;UseDevelopmentEmulator=false", "https://localhost:8090/"),
    ],
    ids=str,
)
def test_a_connection_string_says_where_the_service_is(text: str, url: str) -> None:
    """By TLS always, but for a service on this machine that is said to be one for development."""
    connection = Connection.parse(f"{text};SharedAccessKeyName=n;SharedAccessKey=a=b==;")
    assert connection == Connection(url, SharedAccessKey("n", "a=b=="))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no Endpoint and no SharedAccessKeyName and no SharedAccessKey"),
        ("SharedAccessKeyName=n;SharedAccessKey=hush", "has no Endpoint"),
        ("Endpoint=sb://a;SharedAccessKeyName=n", "has no SharedAccessKey"),
        ("Endpoint=sb://a;SharedAccessKeyName=;SharedAccessKey=hush", "has no SharedAccessKeyName"),
        ("Endpoint=example.com;SharedAccessKeyName=n;SharedAccessKey=hush", "Endpoint .* is not a URL"),
        ("Endpoint=sb://a:port;SharedAccessKeyName=n;SharedAccessKey=hush", "Endpoint .* is not a URL"),
        ("Endpoint=sb://[a;SharedAccessKeyName=n;SharedAccessKey=hush", "Endpoint .* is not a URL"),
        (
            "Endpoint=sb://example.com;SharedAccessKeyName=n;SharedAccessKey=hush;UseDevelopmentEmulator=true",
            "UseDevelopmentEmulator .* is for this machine",
        ),
    ],
    ids=str,
)
def test_a_wrong_connection_string_is_refused_by_part(text: str, problem: str) -> None:
    """The message names what is missing or wrong, and keeps the key to itself."""
    with pytest.raises(SettingsError, match=problem) as refusal:
        Connection.parse(text)
    assert "hush" not in str(refusal.value)
