"""What infra/ deploys held against the code: each function says, in sentences, where the two do not agree."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from shared.delivery.deliver import STEP_SECONDS
from shared.push.devices import STALE
from shared.settings import DECLARED
from tests.unit.infra.bicep import Bicep, Object, Text, read

LOCAL_ONLY: Final = {
    "SERVICE_BUS_CONNECTION": "Azure goes by identity",
    "COSMOS_KEY": "Azure goes by identity",
    "WEB_PUBSUB_CONNECTION": "Azure goes by identity",
}
"""Settings that nothing sets in Azure."""
NOT_OURS: Final = {
    "AzureWebJobsStorage__blobServiceUri": "where the host keeps its leases",
    "AzureWebJobsStorage__credential": "that the host goes there by identity",
    "AzureWebJobsStorage__clientId": "and by which",
    "SERVICE_BUS_CONNECTION__credential": "that the trigger goes by identity",
    "SERVICE_BUS_CONNECTION__clientId": "and by which",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "where host and worker report",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "that they do so by identity",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "that the worker reports itself",
}
"""Settings that shared/settings.py does not declare."""
LEAST_DELIVERIES: Final = 10
"""Only an instance that is stopped, or cannot reach the queue, gives a message back: that is nothing wrong with it."""
SUBSTITUTED: Final = re.compile(r"\$\{[A-Z_]+(=[^{}]*)?\}")
"""What azd can fill in; braces in a default end it."""


@dataclass(frozen=True)
class Deployment:
    """The project's folder, or a changed copy of it."""

    root: Path

    @cached_property
    def main(self) -> Bicep:
        """The file that deploys all others."""
        return read(self.root / "infra/main.bicep")

    @cached_property
    def modules(self) -> dict[str, Bicep]:
        """The others, by the names that main.bicep gives them."""
        declared = self.main.of("module")
        return {name: read(self.root / "infra" / module.kind) for name, module in declared.items()}

    @cached_property
    def queues(self) -> dict[str, dict[str, Any]]:
        """What the local Service Bus starts with."""
        configuration = self.json("infra/service-bus.json")["UserConfig"]["Namespaces"][0]
        return {queue["Name"]: queue["Properties"] for queue in configuration["Queues"]}

    @cached_property
    def application(self) -> dict[str, ast.Module]:
        """Every module of shared/azure/, the only ones that know an SDK, by their paths."""
        paths = sorted((self.root / "shared/azure").rglob("*.py"))
        return {str(path.relative_to(self.root)): ast.parse(path.read_text()) for path in paths}

    def json(self, name: str) -> Any:
        """A JSON file."""
        return json.loads((self.root / name).read_text())


def settings(deployment: Deployment) -> Iterator[str]:
    """Each setting that is declared is set, and each that is set is read."""
    declared = {declaration.key for declaration in DECLARED}
    given = deployment.main.of("module")["functions"].body.object("params", "settings").properties
    added = deployment.modules["functions"].of("var")["byIdentity"].body.properties
    for key in sorted(declared - given.keys() - added.keys() - LOCAL_ONLY.keys()):
        yield f"{key} is declared in shared/settings.py, and nothing sets it"
    for key in sorted((given.keys() | added.keys()) - declared - NOT_OURS.keys()):
        yield f"{key} is set, and nothing reads it"
    for key in sorted(LOCAL_ONLY.keys() & (given.keys() | added.keys())):
        yield f"{key} is for the local cloud only, and is set"
    merged = deployment.modules["functions"].of("resource")["app"].body.declarations["appSettings"].body
    if merged.text("properties") != "union(settings, byIdentity)":
        yield "the app's settings are something else than those given and those by identity"


def parameters(deployment: Deployment) -> Iterator[str]:
    """main.bicep and its parameters file name the same, and azd can fill it in."""
    file = deployment.json("infra/main.parameters.json")["parameters"]
    declared = deployment.main.of("param")
    for name in sorted(declared.keys() ^ file.keys()):
        where = "main.bicep" if name in declared else "main.parameters.json"
        yield f"the parameter {name} stands in {where} only"
    for name, entry in file.items():
        if not SUBSTITUTED.fullmatch(entry["value"]):
            yield f"the parameter {name} is not one environment variable: {entry['value']}"


def modules(deployment: Deployment) -> Iterator[str]:
    """Nothing is handed over that nobody uses, and nothing is missing."""
    for name, module in deployment.modules.items():
        given = deployment.main.of("module")[name].body.object("params").properties
        for parameter, declared in module.of("param").items():
            # Without its declaration, and without keys of objects that are called the same.
            rest = re.sub(rf"(?m)(^\s*|[{{,]\s*){parameter}\s*:|^param\s+{parameter}\b", "", module.text)
            if not re.search(rf"\b{parameter}\b", rest):
                yield f"{module.path.name} does not use its parameter {parameter}"
            if parameter not in given and declared.value is None:
                yield f"main.bicep gives {module.path.name} no {parameter}"
        for parameter in sorted(given.keys() - module.of("param").keys()):
            yield f"{module.path.name} has no parameter {parameter}"
        for output in module.of("output"):
            if not re.search(rf"\b{name}!?\.outputs\.{output}\b", deployment.main.text):
                yield f"nothing uses the output {output} of {module.path.name}"
    for path in sorted((deployment.root / "infra/modules").glob("*.bicep")):
        if path not in {module.path for module in deployment.modules.values()}:
            yield f"nothing deploys {path.name}"


def queues(deployment: Deployment) -> Iterator[str]:
    """The queues in Azure are those of the local Service Bus."""
    module = deployment.modules["serviceBus"]
    if module.of("var")["definition"].value != Text("loadJsonContent('../service-bus.json')"):
        yield "the queues are not those of infra/service-bus.json"
    queue = module.of("resource")["queue"].body
    if queue.loop != "for item in queues" or queue.text("name") != "item.Name":
        yield "not all queues of infra/service-bus.json are deployed"
    deployed = {key: queue.text("properties", key) for key in queue.object("properties").properties}
    for name, properties in deployment.queues.items():
        for key, value in properties.items():
            if deployed.get(key[0].lower() + key[1:]) != f"item.Properties.{key}" and value != "":
                yield f"{key} of the queue {name} is not deployed as infra/service-bus.json has it"


def trigger(deployment: Deployment) -> Iterator[str]:
    """host.json and the queue fit each other, and the time that `deliver` takes."""
    locked = _seconds(deployment.queues["alerts"]["LockDuration"])
    # Once for keeping and once for telling, and what is left for scheduling again.
    if locked < 2 * STEP_SECONDS + 10:
        yield f"a batch may take {2 * STEP_SECONDS:g} s, and a message of `alerts` is locked for {locked:g} s only"
    if deployment.queues["alerts"]["MaxDeliveryCount"] < LEAST_DELIVERIES:
        yield f"a message that {LEAST_DELIVERIES} instances lost when they were stopped must not be given up"
    options = deployment.json("host.json")["extensions"]["serviceBus"]
    if not options["autoCompleteMessages"]:
        yield "nobody completes messages: deliver does not, and host.json tells the host not to"
    if options["prefetchCount"]:
        yield "messages that are fetched in advance are locked while they wait, and may be delivered twice"
    if not 1 <= options["maxMessageBatchSize"] <= 100:
        yield "instances are counted by the size of a batch: of more than 100 messages they would be too few"


def containers(deployment: Deployment) -> Iterator[str]:
    """The containers in Azure are those of the local Cosmos DB."""
    module = deployment.modules["cosmos"]
    if module.of("var")["definition"].value != Text("loadJsonContent('../cosmos.json')"):
        yield "the containers are not those of infra/cosmos.json"
    database = module.of("resource")["account"].body.declarations["database"].body
    container = database.declarations["containers"].body
    if container.loop != "for container in definition.containers" or container.text("name") != "container.id":
        yield "not all containers of infra/cosmos.json are deployed"
    given = container.object("properties").properties
    if set(given) != {"resource"} or container.text("properties", "resource") != "container":
        yield "a container is not deployed as infra/cosmos.json has it"


def devices(deployment: Deployment) -> Iterator[str]:
    """The hub forgets a device when the application does."""
    hub = deployment.modules["notificationHubs"].of("resource")["namespace"].body.declarations["hub"].body
    if hub.text("properties", "registrationTtl") != f"'{STALE.days}.00:00:00'":
        yield f"the hub does not forget devices after the {STALE.days} days that the application says"


def functions(deployment: Deployment) -> Iterator[str]:
    """What is kept ready is there, and Python is the one that the project asks for."""
    names = {function.name for function in _functions(deployment)}
    text = deployment.modules["functions"].text
    for name in re.findall(r"'function:(\w+)'", text):
        if name not in names:
            yield f"instances are kept ready for the function {name}, which function_app.py does not have"
    version = re.search(r"python', version: '([\d.]+)'", text)
    if not version or f'requires-python = ">={version[1]}"' not in (deployment.root / "pyproject.toml").read_text():
        yield "the functions run on another Python than pyproject.toml asks for"
    for queue in triggering_queues(deployment):
        if queue not in deployment.queues:
            yield f"function_app.py is triggered by the queue {queue}, which infra/service-bus.json does not have"


def alert_rules(deployment: Deployment) -> Iterator[str]:
    """An operator who is woken by a rule finds its chapter, and in it what the rule says; no query is left over."""
    module = deployment.modules["rules"]
    document = (deployment.root / "docs/operations.md").read_text()
    chapters = dict(re.findall(r"(?ms)^## (belfry-[\w-]+)\n(.*?)(?=^## |\Z)", document))
    rules = dict[str, Object]()
    for table in ("metricRules", "queryRules"):
        rows = module.of("var")[table].value
        assert isinstance(rows, list)
        rules |= {f"belfry-{row.text('name').strip("'")}": row for row in rows if isinstance(row, Object)}
    for name in sorted(rules.keys() ^ chapters.keys()):
        where = "alert-rules.bicep" if name in rules else "docs/operations.md"
        yield f"the rule {name} stands in {where} only"
    for name in sorted(rules.keys() & chapters.keys()):
        said = f"Severity {rules[name].text('severity')}. {rules[name].text('meaning').strip("'").rstrip('.')}"
        if said not in " ".join(chapters[name].split()):
            yield f"the chapter {name} does not say: {said}"
    for query in sorted((deployment.root / "infra/queries").glob("*.kql")):
        if f"../queries/{query.name}" not in module.text:
            yield f"no rule asks {query.name}"


def triggering_queues(deployment: Deployment) -> Iterator[str]:
    """The queues that function_app.py is triggered by."""
    for function in _functions(deployment):
        for decorator in function.decorator_list:
            for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
                if keyword.arg == "queue_name" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def _functions(deployment: Deployment) -> Iterator[ast.AsyncFunctionDef]:
    tree = ast.parse((deployment.root / "function_app.py").read_text())
    yield from (node for node in tree.body if isinstance(node, ast.AsyncFunctionDef))


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)S)?", duration)
    assert found, f"{duration} is not read here"
    return timedelta(minutes=int(found[1] or 0), seconds=int(found[2] or 0)).total_seconds()
