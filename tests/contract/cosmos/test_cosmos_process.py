import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.cosmos import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from emulators.children import Child, NotReadyError
from emulators.cosmos.authorization import WELL_KNOWN_KEY

pytestmark = pytest.mark.local_only(reason="it starts the service with options of its own")

HERE = ["--port", "0", "--ephemeral"]


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The service as `make run` starts it, with the repository's own containers."""
    with Child("emulators.cosmos", HERE) as child:
        yield child.url


def test_the_containers_of_the_repository_are_there_at_start(service: str) -> None:
    """Without options the service has what `infra/cosmos.json` says."""
    with CosmosClient(service, WELL_KNOWN_KEY) as client:
        database = client.get_database_client("belfry")
        assert {container["id"] for container in database.list_containers()} == {"alerts", "people"}


def test_a_wrong_containers_file_ends_it_with_a_sentence(tmp_path: Path) -> None:
    """A typo in the file is named, and the process does not start."""
    file, log = tmp_path / "containers.json", tmp_path / "log"
    file.write_text(json.dumps({"database": "x", "container": []}))
    with pytest.raises(NotReadyError, match="status 1"):
        Child("emulators.cosmos", [*HERE, "--containers", str(file)], log=log).start()
    assert "unknown key 'container'" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_its_state_belongs_to_one_process(tmp_path: Path) -> None:
    """A second process on the same folder does not start, and says why."""
    service = ["--port", "0", "--data", str(tmp_path)]
    second = Child("emulators.cosmos", service, log=tmp_path / "log")
    with Child("emulators.cosmos", service), pytest.raises(NotReadyError, match="does another process use it"):
        second.start()


async def test_statistics_are_open(service: str) -> None:
    """Operators read them without a key."""
    async with aiohttp.ClientSession(service) as session, session.get("/_statistics") as response:
        assert response.status == 200
        assert {"operations", "requestCharge"} == (await response.json()).keys()


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/dbs", {"headers": {"x-ms-date": "x" * 100_000}}, 400),
        ("/dbs/" + "x" * 100_000, {}, 400),
        ("/dbs", {"headers": {"authorization": "x" * 20_000}}, 401),
        ("/dbs/%00%ff/..%2f", {}, 401),
        ("/dbs", {"data": io.BytesIO(b"x" * 6_000_000)}, 401),
    ],
)
async def test_oversized_requests_are_refused(service: str, path: str, request_: dict[str, Any], status: int) -> None:
    """Headers, paths and bodies of any size end in a 4xx, and the service goes on."""
    async with aiohttp.ClientSession() as session:
        async with session.post(service + path, **request_) as response:
            assert response.status == status
        async with session.get(service + "/_statistics") as response:
            assert response.status == 200


def test_an_item_over_the_limit_is_refused(service: str) -> None:
    """2 MB is the service's limit; above it is 413."""
    with CosmosClient(service, WELL_KNOWN_KEY) as client:
        people = client.get_database_client("belfry").get_container_client("people")
        people.create_item({"id": "large", "user": "ann", "text": "x" * 2_000_000}, no_response=True)
        with pytest.raises(CosmosHttpResponseError) as refusal:
            people.create_item({"id": "larger", "user": "ann", "text": "x" * 2_100_000})
    assert refusal.value.status_code == 413


def test_a_client_waits_for_throughput() -> None:
    """Above its request units the service answers 429, and the client's own retries get everything through."""
    with (
        Child("emulators.cosmos", [*HERE, "--throughput", "100"]) as child,
        CosmosClient(child.url, WELL_KNOWN_KEY) as client,
    ):
        people = client.get_database_client("belfry").get_container_client("people")
        began = time.monotonic()
        for number in range(40):
            people.create_item({"id": f"{number}", "user": "ann"})
        assert (
            time.monotonic() - began > 1
        )  # 40 times 5.5 units, of which 100 are there at once and 100 come in a second
        assert len(list(people.read_all_items())) == 40
