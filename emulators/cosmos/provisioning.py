"""The databases and containers that stand in a file, made at start as the cloud's template makes them in Azure.

{"database": "…", "containers": [{"id", "partitionKey", "defaultTtl", "indexingPolicy"}, …]}
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from emulators.cosmos.catalogue import Catalogue
from emulators.cosmos.definitions import read_container, read_id
from emulators.cosmos.errors import BadRequestError, ConfigurationError, NotFoundError
from emulators.cosmos.resources import Resources
from emulators.cosmos.values import Document

_MEMBERS: Final = frozenset(("database", "containers"))
_CONTAINER_MEMBERS: Final = frozenset(("id", "partitionKey", "defaultTtl", "indexingPolicy"))
_KEY_MEMBERS: Final = frozenset(("paths", "kind", "version"))


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file asks for.

    Args:
        file: named in messages.
        database: id of the database.
        containers: definitions, checked.
    """

    file: Path
    database: str
    containers: tuple[Document, ...]


def read_layout(file: Path) -> Layout:
    """Read and check a file.

    Raises:
        ConfigurationError: it cannot be read, or a key in it is wrong; the message names the file and the key.
    """
    try:
        raw = orjson.loads(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{file}: not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{file}: not an object")
    _check_members(raw, _MEMBERS, f"{file}:")
    containers = raw.get("containers")
    if not isinstance(containers, list):
        raise ConfigurationError(f"{file}: 'containers' is not an array")
    try:
        name = read_id({"id": raw.get("database")})
    except BadRequestError as error:
        raise ConfigurationError(f"{file}: 'database': {error.message}") from None
    for index, container in enumerate(containers):
        _check_container(container, f"{file}: containers[{index}]")
    return Layout(file, name, tuple(containers))


def provision(layout: Layout, catalogue: Catalogue, resources: Resources, now: int) -> None:
    """Create what is missing; replace containers whose indexing policy or time to live differ.

    Raises:
        ConfigurationError: a container exists with another partition key.
    """
    try:
        catalogue.database(layout.database)
    except NotFoundError:
        resources.create_database({"id": layout.database}, now)
    for wanted in layout.containers:
        try:
            container = catalogue.container(layout.database, wanted["id"])
        except NotFoundError:
            resources.create_container(layout.database, wanted, now)
            continue
        _, shown = read_container(wanted)
        if all(container.body.get(name) == shown.get(name) for name in _CONTAINER_MEMBERS):
            continue
        try:
            resources.replace_container(container, wanted, now)
        except BadRequestError as error:
            raise ConfigurationError(f"{layout.file}: container '{wanted['id']}': {error.message}") from None


def _check_container(raw: Any, where: str) -> None:
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{where}: not an object")
    _check_members(raw, _CONTAINER_MEMBERS, f"{where}:")
    if isinstance(raw.get("partitionKey"), dict):
        _check_members(raw["partitionKey"], _KEY_MEMBERS, f"{where}.partitionKey:")
    try:
        read_container(raw)
    except BadRequestError as error:
        raise ConfigurationError(f"{where}: {error.message}") from None


def _check_members(raw: Document, known: frozenset[str], where: str) -> None:
    for name in raw:
        if name not in known:
            raise ConfigurationError(f"{where} unknown key '{name}'; there are {', '.join(sorted(known))}")
