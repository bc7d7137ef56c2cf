"""What the functions' identity may do held against what the code asks of the services."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from azure.cosmos import aio as cosmos
from azure.messaging.webpubsubservice import aio as web_pubsub
from azure.servicebus import aio as service_bus

from tests.unit.infra.bicep import Object
from tests.unit.infra.deployment import Deployment, triggering_queues

_ITEMS: Final = "sqlDatabases/containers/items"
_CONTAINERS: Final = "sqlDatabases/containers"
COSMOS: Final[dict[str, frozenset[str]]] = {
    "read": frozenset({"readMetadata"}),  # of a container; the SDK asks for it before anything else, too
    "create_item": frozenset({f"{_ITEMS}/create"}),
    "read_item": frozenset({f"{_ITEMS}/read"}),
    "replace_item": frozenset({f"{_ITEMS}/replace"}),
    "upsert_item": frozenset({f"{_ITEMS}/upsert"}),
    "patch_item": frozenset({f"{_ITEMS}/replace", f"{_ITEMS}/read"}),  # has no action of its own
    "delete_item": frozenset({f"{_ITEMS}/delete"}),
    "query_items": frozenset({f"{_CONTAINERS}/executeQuery"}),
    "query_items_change_feed": frozenset({f"{_CONTAINERS}/readChangeFeed"}),
    "execute_item_batch": frozenset(),  # those of its operations, which stand in the source
    "get_database_client": frozenset(),
    "get_container_client": frozenset(),
    "close": frozenset(),
}
"""The data actions of each call."""
BATCHED: Final = frozenset({"create", "upsert", "replace", "delete", "read"})
"""Operations that a transactional batch may have."""
SERVICE_BUS: Final[dict[str, frozenset[tuple[str, str]]]] = {
    "send_messages": frozenset({("alerts", "send"), ("alerts-poison", "send")}),
    "create_message_batch": frozenset({("alerts", "send"), ("alerts-poison", "send")}),  # opens the link
    "peek_messages": frozenset({("alerts", "receive")}),
    "from_connection_string": frozenset(),
    "get_queue_sender": frozenset(),
    "get_queue_receiver": frozenset(),
    "close": frozenset(),
}
"""The queue and the right of each call."""
WEB_PUBSUB: Final[dict[str, frozenset[str]]] = {
    "send_to_user": frozenset({"service"}),
    "send_to_group": frozenset({"service"}),
    "send_to_all": frozenset({"service"}),
    "add_user_to_group": frozenset({"service"}),
    "remove_user_from_group": frozenset({"service"}),
    "user_exists": frozenset({"service"}),
    "get_client_access_token": frozenset({"service"}),
    "from_connection_string": frozenset(),
    "close": frozenset(),
}
CLIENTS: Final[dict[str, tuple[tuple[type, ...], dict[str, Any]]]] = {
    "azure.cosmos": ((cosmos.CosmosClient, cosmos.DatabaseProxy, cosmos.ContainerProxy), COSMOS),
    "azure.servicebus": (
        (service_bus.ServiceBusClient, service_bus.ServiceBusSender, service_bus.ServiceBusReceiver),
        SERVICE_BUS,
    ),
    "azure.messaging.webpubsubservice": ((web_pubsub.WebPubSubServiceClient,), WEB_PUBSUB),
}
"""Each SDK's classes that talk to the service, and what their methods need."""
NO_CLIENTS: Final = frozenset({"CosmosDict", "ServiceBusMessage", "ServiceBusMessageBatch", "AzureKeyCredential"})

ROLES: Final = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": {"blobs"},  # Storage Blob Data Owner
    "090c5cfd-751d-490a-894a-3ce6f1109419": {"send", "receive", "count"},  # Azure Service Bus Data Owner
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": {"receive"},  # Azure Service Bus Data Receiver
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": {"send"},  # Azure Service Bus Data Sender
    "12cf5a90-567b-43ae-8102-96cf46c7d9b4": {"service"},  # Web PubSub Service Owner
    "4633458b-17de-408a-b874-0445c86b69e6": {"secret"},  # Key Vault Secrets User
    "3913510d-42f4-4e42-8a64-420c390055eb": {"telemetry"},  # Monitoring Metrics Publisher
}
"""What Azure's own roles allow, as far as it matters here."""
PLATFORM: Final = frozenset(
    {
        ("storage", "blobs"),  # its leases, and the package that it runs
        ("serviceBus::alerts", "count"),  # how many instances it needs
        ("insights", "telemetry"),
        ("vault::secret", "secret"),  # the setting that is a reference
    }
)
"""What the platform does as this identity, without any line of ours."""


def calls(deployment: Deployment) -> Iterator[str]:
    """Every call of an SDK is known here, so that somebody has thought of what it needs."""
    for path, service, method in _calls(deployment):
        if method not in CLIENTS[service][1]:
            yield f"{path} calls {method} of {service}: say in tests/unit/infra/rights.py what it needs"
    for path, tree in deployment.application.items():
        for service, name in _imports(tree):
            known = {kind.__name__ for kind in CLIENTS[service][0]} | NO_CLIENTS
            if name[0].isupper() and not name.endswith("Error") and name not in known:
                yield f"{path} imports {name} of {service}: say in tests/unit/infra/rights.py what it needs"


def roles(deployment: Deployment) -> Iterator[str]:
    """The roles allow what is asked for, each on the smallest scope there is, and nothing else."""
    needed = _needed(deployment)
    assigned = dict[tuple[str, str], list[str]]()
    for name, scope, role in _assignments(deployment):
        for right in ROLES[role]:
            assigned.setdefault((scope, right), []).append(name)
        if not any((scope, right) in needed for right in ROLES[role]):
            yield f"nothing needs the role `{name}` in roles.bicep"
        smaller = [other for other, rights in ROLES.items() if rights < ROLES[role]]
        wanted = {right for right in ROLES[role] if (scope, right) in needed}
        if any(wanted <= ROLES[other] for other in smaller):
            yield f"a smaller role would do for `{name}` in roles.bicep"
    for scope, right in sorted(needed - assigned.keys()):
        yield f"nothing in roles.bicep lets the functions {right} at {scope}"
    for (scope, right), names in sorted(assigned.items()):
        if len(names) > 1:
            yield f"{' and '.join(names)} both let the functions {right} at {scope}"


def data_actions(deployment: Deployment) -> Iterator[str]:
    """The role in Cosmos DB, which is ours, has the actions that the calls need, and no other."""
    needed = {"readMetadata"}
    for path, service, method in _calls(deployment):
        if service == "azure.cosmos":
            needed |= COSMOS.get(method, frozenset())
            if method == "execute_item_batch":
                needed |= {f"{_ITEMS}/{operation}" for operation in _batched(deployment, path)}
    permissions = deployment.modules["roles"].of("resource")["documents"].body.at("properties", "permissions")
    assert isinstance(permissions, list)
    assert isinstance(permissions[0], Object)
    prefix = "Microsoft.DocumentDB/databaseAccounts/"
    allowed = {action.removeprefix(prefix) for action in permissions[0].strings("dataActions")}
    for action in sorted(needed - allowed):
        yield f"the role in Cosmos DB does not allow {action}, which the code needs"
    for action in sorted(allowed - needed):
        yield f"the role in Cosmos DB allows {action}, which nothing needs"


def _needed(deployment: Deployment) -> set[tuple[str, str]]:
    """Scope and right of all that happens."""
    needed = set(PLATFORM)
    needed |= {(_scope(deployment, queue), "receive") for queue in triggering_queues(deployment)}
    for _, service, method in _calls(deployment):
        needs = CLIENTS[service][1].get(method, frozenset())
        if service == "azure.servicebus":
            needed |= {(_scope(deployment, queue), right) for queue, right in needs}
        elif service == "azure.messaging.webpubsubservice":
            needed |= {("webPubSub", right) for right in needs}
    return needed


def _assignments(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    """Name, scope and the role's id of each."""
    module = deployment.modules["roles"]
    definitions = module.of("var")["definitions"].body
    for name, resource in module.of("resource").items():
        if resource.kind.startswith("Microsoft.Authorization/roleAssignments@"):
            role = re.search(r"definitions\.(\w+)\)$", resource.body.text("properties", "roleDefinitionId"))
            assert role, f"{name} has no role of the table"
            yield name, resource.body.text("scope"), definitions.text(role[1]).strip("'")


def _scope(deployment: Deployment, queue: str) -> str:
    """What roles.bicep calls a queue."""
    known = deployment.modules["roles"].of("resource")["serviceBus"].body.declarations
    symbols = (symbol for symbol, declared in known.items() if declared.body.text("name") == f"'{queue}'")
    return f"serviceBus::{next(symbols, queue)}"


def _calls(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    """Path, service and method of each call on a client; a method of one's own (`self.send`) is none."""
    for path, tree in deployment.application.items():
        for service in {service for service, _ in _imports(tree)} | _by_folder(path):
            methods = _methods(service)
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
                    receiver = node.func.value
                    if not (isinstance(receiver, ast.Name) and receiver.id in {"self", "cls"}):
                        yield path, service, node.func.attr


@cache
def _methods(service: str) -> frozenset[str]:
    """The public methods of an SDK's clients."""
    names = (name for kind in CLIENTS[service][0] for name, _ in inspect.getmembers(kind, callable))
    return frozenset(name for name in names if not name.startswith("_"))


def _by_folder(path: str) -> set[str]:
    """Modules that get their client from a neighbour import nothing of the SDK."""
    return {"azure.cosmos"} if path.startswith("shared/azure/cosmos/") else set()


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Service and name of each import from an SDK."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for service in CLIENTS:
                if node.module == service or node.module.startswith(service + "."):
                    yield from ((service, alias.name) for alias in node.names)


def _batched(deployment: Deployment, path: str) -> set[str]:
    """The operations of the batches in a module: pairs that begin with the name of one."""
    return {
        str(node.elts[0].value)
        for node in ast.walk(deployment.application[path])
        if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant)
        if node.elts[0].value in BATCHED
    }
