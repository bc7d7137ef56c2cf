"""The container `people`, partitioned by user: profile, marks, devices."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from azure.core import MatchConditions
from azure.cosmos import CosmosDict
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from shared.azure.calling import calling
from shared.azure.cosmos.database import PEOPLE, SERVICE, CosmosDatabase
from shared.errors import TransientError
from shared.inbox.people import DEVICE_PREFIX, MARK_PREFIX, PROFILE_ID, KeptMark, KeptProfile
from shared.inbox.profile import Profile
from shared.push.devices import STALE, Device

_OURS: Final = "!belfry"
"""A partition that no user can have: their ids have no exclamation mark."""
_KEY_ID: Final = "sync-key"

_MARKS = "SELECT * FROM c WHERE c.kind = 'mark' AND ARRAY_CONTAINS(@ids, c.id)"
_DEVICES = "SELECT * FROM c WHERE c.kind = 'device'"
_OPEN_MARKS = "SELECT * FROM c WHERE c.kind = 'mark' AND (c.at > @readUpTo OR c.read = false)"


class CosmosPeople:
    """A `PeopleStore`.

    Args:
        database: where the container is.
        retention: seconds until a mark is forgotten: as long as an alert.
    """

    def __init__(self, database: CosmosDatabase, retention: int) -> None:
        self._database = database
        self._retention = retention
        self._key: bytes | None = None

    async def profile(self, user: str) -> KeptProfile:
        """See `PeopleStore`."""
        document = await self._read(user, PROFILE_ID)
        if document is None:
            return KeptProfile(Profile(), None)
        return KeptProfile(_from_document(document, Profile), document["_etag"])

    async def save_profile(self, user: str, profile: Profile, version: str | None) -> bool:
        """See `PeopleStore`."""
        fields = msgspec.to_builtins(profile)
        return await self._save({**fields, "id": PROFILE_ID, "user": user, "kind": "profile"}, version)

    async def mark(self, user: str, card: str) -> tuple[KeptMark, str] | None:
        """See `PeopleStore`."""
        document = await self._read(user, MARK_PREFIX + card)
        return None if document is None else (_from_document(document, KeptMark), document["_etag"])

    async def save_mark(self, user: str, mark: KeptMark, version: str | None) -> bool:
        """See `PeopleStore`."""
        fields = msgspec.to_builtins(mark)
        document = {**fields, "id": MARK_PREFIX + mark.card, "user": user, "kind": "mark", "ttl": self._retention}
        return await self._save(document, version)

    async def marks(self, user: str, cards: Sequence[str]) -> dict[str, KeptMark]:
        """See `PeopleStore`."""
        if not cards:
            return {}
        found = await self._query(user, _MARKS, {"@ids": [MARK_PREFIX + card for card in cards]}, KeptMark)
        return {mark.card: mark for mark in found}

    async def open_marks(self, user: str, read_up_to: str) -> list[KeptMark]:
        """See `PeopleStore`."""
        return await self._query(user, _OPEN_MARKS, {"@readUpTo": read_up_to}, KeptMark)

    async def devices(self, user: str) -> list[Device]:
        """See `DeviceStore`."""
        return await self._query(user, _DEVICES, {}, Device)

    async def save_device(self, user: str, device: Device) -> str:
        """See `DeviceStore`."""
        fields = msgspec.to_builtins(device)
        seconds = int(STALE.total_seconds())
        document = {**fields, "id": DEVICE_PREFIX + device.installation, "user": user, "kind": "device", "ttl": seconds}
        async with calling(SERVICE):
            saved = await (await self._database.container(PEOPLE)).upsert_item(document, no_response=True)
            return _version(saved)

    async def tag_device(
        self,
        user: str,
        installation: str,
        tags: Sequence[str],
        *,
        roles: Sequence[str] | None = None,
        version: str | None = None,
    ) -> str | None:
        """See `DeviceStore`."""
        changes = {"/tags": tags} | ({} if roles is None else {"/roles": roles})
        async with calling(SERVICE):
            container = await self._database.container(PEOPLE)
            try:
                changed = await container.patch_item(
                    DEVICE_PREFIX + installation,
                    user,
                    [{"op": "set", "path": path, "value": value} for path, value in changes.items()],
                    **_if_unchanged(version),
                    no_response=True,
                )
            except (CosmosResourceNotFoundError, CosmosAccessConditionFailedError):
                return None
            return _version(changed)

    async def remove_device(self, user: str, installation: str, version: str | None = None) -> None:
        """See `DeviceStore`."""
        async with calling(SERVICE):
            container = await self._database.container(PEOPLE)
            with suppress(CosmosResourceNotFoundError, CosmosAccessConditionFailedError):
                await container.delete_item(DEVICE_PREFIX + installation, user, **_if_unchanged(version))

    async def everything(self, user: str) -> AsyncIterator[dict[str, Any]]:
        """See `PeopleStore`."""
        async with calling(SERVICE, seconds=60):
            container = await self._database.container(PEOPLE)
            async for document in container.query_items("SELECT * FROM c", partition_key=user):
                yield document

    async def erase(self, user: str) -> int:
        """See `PeopleStore`."""
        async with calling(SERVICE, seconds=60):
            return await self._database.erase_partition(PEOPLE, user)

    async def sync_key(self) -> bytes:
        """The key that sync tokens are sealed with: made once, at random, and kept beside what it protects."""
        if self._key is None:
            document = await self._read(_OURS, _KEY_ID)
            if document is None:
                secret = secrets.token_hex(32)
                await self._save({"id": _KEY_ID, "user": _OURS, "kind": "key", "secret": secret}, None)
                document = await self._read(_OURS, _KEY_ID)  # another worker may have been first
            if document is None:
                raise TransientError("the key of the sync tokens cannot be read back")
            self._key = bytes.fromhex(document["secret"])
        return self._key

    async def _query[T: msgspec.Struct](
        self, user: str, query: str, parameters: Mapping[str, Any], kind: type[T]
    ) -> list[T]:
        async with calling(SERVICE):
            container = await self._database.container(PEOPLE)
            documents = container.query_items(
                query,
                parameters=[{"name": name, "value": value} for name, value in parameters.items()],
                partition_key=user,
            )
            return [_from_document(document, kind) async for document in documents]

    async def _read(self, user: str, identifier: str) -> Mapping[str, Any] | None:
        async with calling(SERVICE):
            container = await self._database.container(PEOPLE)
            try:
                return await container.read_item(identifier, user)
            except CosmosResourceNotFoundError:
                return None

    async def _save(self, document: dict[str, Any], version: str | None) -> bool:
        async with calling(SERVICE):
            container = await self._database.container(PEOPLE)
            try:
                if version is None:
                    await container.create_item(document, no_response=True)
                else:
                    await container.replace_item(
                        document["id"],
                        document,
                        etag=version,
                        match_condition=MatchConditions.IfNotModified,
                        no_response=True,
                    )
            except (CosmosResourceExistsError, CosmosAccessConditionFailedError, CosmosResourceNotFoundError):
                return False
        return True


def _if_unchanged(version: str | None) -> dict[str, Any]:
    return {} if version is None else {"etag": version, "match_condition": MatchConditions.IfNotModified}


def _version(answer: CosmosDict) -> str:
    """Of the item that an answer without a body is about."""
    return str(answer.get_response_headers()["etag"])


def _from_document[T: msgspec.Struct](document: Mapping[str, Any], kind: type[T]) -> T:
    return msgspec.convert({name: document[name] for name in kind.__struct_encode_fields__ if name in document}, kind)
