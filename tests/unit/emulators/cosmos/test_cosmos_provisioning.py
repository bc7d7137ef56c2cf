import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulators.cosmos.errors import ConfigurationError
from emulators.cosmos.provisioning import read_layout
from tests.unit.emulators.cosmos.signed import Account

KEY = {"paths": ["/a"], "kind": "Hash", "version": 2}


def layout(folder: Path, *containers: Any, **members: Any) -> Path:
    """A file of containers."""
    file = folder / "containers.json"
    file.write_text(json.dumps({"database": "belfry", "containers": containers, **members}))
    return file


def shown(account: Account, container: str) -> dict[str, Any]:
    """A container as clients see it."""
    return dict(orjson.loads(account.send("GET", f"/dbs/belfry/colls/{container}").body))


def test_the_repositorys_own_file_is_right() -> None:
    """What the cloud is given can be made here."""
    with Account() as account:
        account.engine.provision(read_layout(Path("infra/cosmos.json")))
        assert shown(account, "alerts")["partitionKey"]["paths"] == ["/audience"]
        assert shown(account, "people")["defaultTtl"] == -1


def test_provisioning_again_changes_what_differs_and_keeps_the_rest(tmp_path: Path) -> None:
    """A container whose settings are the same stays untouched; another time to live or index is taken over."""
    with Account() as account:
        account.engine.provision(read_layout(layout(tmp_path, {"id": "x", "partitionKey": KEY})))
        before = shown(account, "x")
        account.engine.provision(read_layout(layout(tmp_path, {"id": "x", "partitionKey": KEY})))
        assert shown(account, "x") == before
        account.engine.provision(read_layout(layout(tmp_path, {"id": "x", "partitionKey": KEY, "defaultTtl": 7})))
        assert shown(account, "x")["defaultTtl"] == 7
        assert shown(account, "x")["_rid"] == before["_rid"]
        account.engine.provision(read_layout(layout(tmp_path, {"id": "x", "partitionKey": KEY})))
        assert "defaultTtl" not in shown(account, "x")
        with pytest.raises(ConfigurationError, match=r"'x'.*partition key"):
            account.engine.provision(read_layout(layout(tmp_path, {"id": "x", "partitionKey": {"paths": ["/b"]}})))


@pytest.mark.parametrize(
    ("containers", "members", "where"),
    [
        ([{"id": "x", "partitionKey": KEY, "defaultTTL": 7}], {}, r"containers\[0\]: unknown key 'defaultTTL'"),
        ([{"id": "x", "partitionKey": {**KEY, "path": "/a"}}], {}, r"containers\[0\].partitionKey: unknown key 'path'"),
        ([{"id": "x", "partitionKey": KEY, "indexingPolicy": {"included": []}}], {}, r"containers\[0\]: .*'included'"),
        ([{"id": "x"}], {}, r"containers\[0\]: .*partition"),
        (["x"], {}, r"containers\[0\]: not an object"),
        ([], {"containers": {}}, "'containers' is not an array"),
        ([], {"database": 7}, "'database'"),
        ([], {"databases": []}, "unknown key 'databases'"),
    ],
)
def test_a_wrong_file_is_refused_by_its_key(
    tmp_path: Path, containers: list[Any], members: dict[str, Any], where: str
) -> None:
    """The message names the file and the key that is wrong."""
    with pytest.raises(ConfigurationError, match=where) as refusal:
        read_layout(layout(tmp_path, *containers, **members))
    assert "containers.json" in str(refusal.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, and one that is not JSON."""
    with pytest.raises(ConfigurationError, match=r"nowhere.json: No such file"):
        read_layout(tmp_path / "nowhere.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"broken.json: not JSON"):
        read_layout(tmp_path / "broken.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ConfigurationError, match=r"list.json: not an object"):
        read_layout(tmp_path / "list.json")
