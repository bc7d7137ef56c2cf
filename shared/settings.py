"""The settings: each declared once, with its type, its default and its meaning.

A missing or wrong one fails at start and names its key. `python -m scripts.write_settings` puts them into
docs/settings.md.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from shared.errors import SettingsError

_REFERENCE: Final = "@Microsoft.KeyVault("
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _text(value: str) -> str:
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be a URL without query and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must be an https URL; http only on this machine")
    return value


def _hub(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,127}", value):
        raise ValueError("must begin with a letter and have only letters, digits and underscores")
    return value


def _point(value: str) -> str:
    # Its first byte is 4: an uncompressed point.
    if not re.fullmatch(r"B[A-P][A-Za-z0-9_-]{85}=?", value):
        raise ValueError("must be a public key on P-256: 65 bytes in base64url")
    return value.rstrip("=")


def _days(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 3650:  # noqa: PLR2004  # ten years
        raise ValueError("must be a whole number of days from 1 to 3650")
    return int(value)


def _topic_access(value: str) -> dict[str, list[str]]:
    try:
        return msgspec.json.decode(value, type=dict[str, list[str]])
    except msgspec.MsgspecError as error:
        raise ValueError(f"must be a JSON object of lists of roles: {error}") from error


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting."""

    key: str
    meaning: str
    default: str | None
    """None: it is required, or may be absent; the meaning says which."""


def _setting(
    key: str,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    default: str | None = None,
    required: bool = False,
    secret: bool = False,
) -> Any:
    metadata = {"parse": parse, "declaration": Declaration(key, meaning, default), "required": required}
    return field(
        metadata=metadata, default_factory=lambda: None if default is None else parse(default), repr=not secret
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment decides."""

    service_bus_connection: str | None = _setting(
        "SERVICE_BUS_CONNECTION",
        _text,
        "Service Bus connection string; local only, Azure goes by identity.",
        secret=True,
    )
    service_bus_namespace: str | None = _setting(
        "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace",
        _text,
        "Host name of the Service Bus namespace, reached by identity. This or the connection string is required.",
    )
    cosmos_endpoint: str = _setting("COSMOS_ENDPOINT", _url, "URL of the Cosmos DB account. Required.", required=True)
    cosmos_key: str | None = _setting(
        "COSMOS_KEY", _text, "Key of the account; local only, Azure goes by identity.", secret=True
    )
    cosmos_database: str = _setting("COSMOS_DATABASE", _text, "Name of the database.", default="belfry")
    web_pubsub_connection: str | None = _setting(
        "WEB_PUBSUB_CONNECTION",
        _text,
        "Web PubSub connection string; local only, Azure goes by identity.",
        secret=True,
    )
    web_pubsub_endpoint: str | None = _setting(
        "WEB_PUBSUB_ENDPOINT",
        _url,
        "URL of Web PubSub, reached by identity. This or the connection string is required.",
    )
    web_pubsub_hub: str = _setting("WEB_PUBSUB_HUB", _hub, "The hub that clients connect to.", default="belfry")
    notification_hubs_connection: str | None = _setting(
        "NOTIFICATION_HUBS_CONNECTION",
        _text,
        "Notification Hubs connection string, the only key; in Azure a Key Vault reference. Absent: no pushes.",
        secret=True,
    )
    notification_hubs_hub: str = _setting(
        "NOTIFICATION_HUBS_HUB", _hub, "The notification hub that devices are registered with.", default="belfry"
    )
    vapid_public_key: str | None = _setting(
        "VAPID_PUBLIC_KEY",
        _point,
        "Public key of the notification hub's browser credential (VAPID), which browsers subscribe with. Absent: no "
        "pushes to browsers.",
    )
    auth_issuer: str = _setting(
        "AUTH_ISSUER",
        _url,
        "Issuer of the tokens (OpenID Connect), as it names itself. Required.",
        required=True,
    )
    auth_audience: str = _setting("AUTH_AUDIENCE", _text, "Audience that a token must be for. Required.", required=True)
    auth_user_claim: str | None = _setting(
        "AUTH_USER_CLAIM", _text, "Claim with the user's id; absent: `oid`, and `sub` where a token has none."
    )
    auth_roles_claim: str = _setting("AUTH_ROLES_CLAIM", _text, "Claim with the list of roles.", default="roles")
    topic_access: Mapping[str, Sequence[str]] = _setting(
        "TOPIC_ACCESS",
        _topic_access,
        "JSON object: topic pattern → list of roles that may subscribe. `*` in a pattern stands for any characters, as "
        "a role for anyone. Topics that no pattern matches are closed.",
        default="{}",
    )
    retention_days: int = _setting("RETENTION_DAYS", _days, "Days until an alert is forgotten.", default="90")
    identity_client_id: str | None = _setting(
        "AZURE_CLIENT_ID", _text, "Client id of the managed identity, where there are several."
    )


DECLARED: Final[tuple[Declaration, ...]] = tuple(item.metadata["declaration"] for item in fields(Settings))


def load_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment; an empty value is an absent one.

    Raises:
        SettingsError: names each key that is missing or wrong, and why.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for item in fields(Settings):
        declaration: Declaration = item.metadata["declaration"]
        text = environment.get(declaration.key, "").strip()
        if not text:
            if item.metadata["required"]:
                wrong.append(f"{declaration.key} is missing: {declaration.meaning}")
            continue
        if text.startswith(_REFERENCE):
            # Azure hands over what it could not resolve. Without a word here, the first message would fail on it.
            wrong.append(f"{declaration.key} is a Key Vault reference that was not resolved")
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            wrong.append(f"{declaration.key} {error}")
    for connection, address in (
        ("service_bus_connection", "service_bus_namespace"),
        ("web_pubsub_connection", "web_pubsub_endpoint"),
    ):
        if connection not in values and address not in values:
            keys = [item.metadata["declaration"].key for item in fields(Settings) if item.name in (connection, address)]
            wrong.append(f"{' or '.join(keys)} is missing")
    if wrong:
        raise SettingsError(*wrong)
    return Settings(**values)
