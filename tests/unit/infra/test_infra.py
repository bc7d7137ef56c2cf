import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.infra import deployment, rights
from tests.unit.infra.deployment import Deployment

PROJECT = Path(__file__).parents[3]
CHECKS: list[Callable[[Deployment], Iterator[str]]] = [
    deployment.settings,
    deployment.parameters,
    deployment.modules,
    deployment.queues,
    deployment.trigger,
    deployment.containers,
    deployment.devices,
    deployment.functions,
    deployment.alert_rules,
    rights.calls,
    rights.roles,
    rights.data_actions,
]
MAIN, FUNCTIONS, ROLES = "infra/main.bicep", "infra/modules/functions.bicep", "infra/modules/roles.bicep"
RULES = "infra/modules/alert-rules.bicep"
SERVICE_BUS, COSMOS = "infra/modules/service-bus.bicep", "infra/modules/cosmos.bicep"

CHANGES = [
    (
        MAIN,
        "AUTH_AUDIENCE: authAudience\n",
        "\n",
        "AUTH_AUDIENCE is declared in shared/settings.py, and nothing sets it",
    ),
    (MAIN, "RETENTION_DAYS: ", "RETENTION: ", "RETENTION is set, and nothing reads it"),
    (MAIN, "settings: {\n", "settings: {\nCOSMOS_KEY: 'x'\n", "COSMOS_KEY is for the local cloud only, and is set"),
    (FUNCTIONS, "union(settings, byIdentity)", "byIdentity", "something else than those given"),
    (MAIN, "param authScope string = ''", "param authRange string = ''", "authRange stands in main.bicep only"),
    ("infra/main.parameters.json", '"${AUTH_SCOPE}"', '"openid"', "authScope is not one environment variable"),
    (MAIN, "name: 'id-${environmentName}', ", "", "main.bicep gives identity.bicep no name"),
    (FUNCTIONS, "maximumInstanceCount: maximumInstances", "", "functions.bicep does not use its parameter maximumInst"),
    ("infra/modules/web.bicep", "output name", "output more string = 'x'\noutput name", "nothing uses the output more"),
    (SERVICE_BUS, "../service-bus.json", "../other.json", "the queues are not those of infra/service-bus.json"),
    (SERVICE_BUS, "item.Properties.MaxDeliveryCount", "3", "MaxDeliveryCount of the queue alerts is not deployed"),
    ("infra/service-bus.json", '"LockDuration": "PT1M"', '"LockDuration": "PT30S"', "is locked for 30 s only"),
    ("infra/service-bus.json", '"MaxDeliveryCount": 10', '"MaxDeliveryCount": 3', "must not be given up"),
    ("host.json", '"autoCompleteMessages": true', '"autoCompleteMessages": false', "nobody completes messages"),
    ("host.json", '"maxMessageBatchSize": 32', '"maxMessageBatchSize": 1000', "they would be too few"),
    (COSMOS, "resource: container }", "resource: union(container, {}) }", "a container is not deployed as"),
    ("infra/modules/notification-hubs.bicep", "'90.00", "'30.00", "does not forget devices after the 90 days"),
    ("function_app.py", "async def deliver(", "async def send(", "kept ready for the function deliver, which"),
    ("function_app.py", 'queue_name="alerts"', 'queue_name="alarms"', "triggered by the queue alarms, which"),
    (RULES, "name: 'backlog'", "name: 'stuck'", "the rule belfry-stuck stands in alert-rules.bicep only"),
    (RULES, "name: 'backlog'", "name: 'stuck'", "the rule belfry-backlog stands in docs/operations.md only"),
    (RULES, "severity: 3", "severity: 4", "the chapter belfry-retries does not say: Severity 4"),
    (ROLES, "scope: serviceBus::poison", "scope: serviceBus::alerts", "lets the functions send at serviceBus::poison"),
    (
        ROLES,
        "serviceBusDataOwner)\n  }",
        "serviceBusDataSender)\n  }",
        "lets the functions count at serviceBus::alerts",
    ),
    (ROLES, "scope: insights", "scope: storage", "nothing needs the role `report`"),
    (
        ROLES,
        "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
        "090c5cfd-751d-490a-894a-3ce6f1109419",
        "smaller role would do for `park`",
    ),
    (ROLES, "items/upsert'", "items/*'", "does not allow sqlDatabases/containers/items/upsert"),
    (
        ROLES,
        "containers/executeQuery'",
        "containers/executeStoredProcedure'",
        "executeStoredProcedure, which nothing needs",
    ),
    (
        "shared/azure/cosmos/people.py",
        ".upsert_item(",
        ".delete_all_items_by_partition_key(",
        "calls delete_all_items_by_",
    ),
    (
        "shared/azure/web_pubsub.py",
        ".user_exists(user)",
        ".close_all_connections()",
        "calls close_all_connections of azure",
    ),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_what_is_deployed_is_what_the_code_expects(check: Callable[[Deployment], Iterator[str]]) -> None:
    """Each of these keeps a promise between infra/ and the application; what it says names what is broken."""
    assert list(check(Deployment(PROJECT))) == []


@pytest.mark.parametrize(("file", "old", "new", "complaint"), CHANGES)
def test_a_change_on_one_side_alone_is_told(file: str, old: str, new: str, complaint: str, tmp_path: Path) -> None:
    """The checks have teeth: in a copy with one thing changed they say just what is wrong."""
    for name in ("infra", "shared/azure"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("function_app.py", "host.json", "pyproject.toml", "docs/operations.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    text = (tmp_path / file).read_text()
    assert old in text, "the example is out of date"
    (tmp_path / file).write_text(text.replace(old, new))
    changed = Deployment(tmp_path)
    complaints = [words for check in CHECKS for words in check(changed)]
    assert any(complaint in words for words in complaints), complaints
