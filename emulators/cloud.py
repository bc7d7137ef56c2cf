"""The local cloud: every local service as a process of its own, started together and ended together."""

import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from emulators.children import Child
from emulators.settings import read_settings, with_addresses

HOST = "functions_host"
SHOP = "static_web_apps"
WEB_CLIENT = "web/shop/dist"
"""Where the application's folder has the web client, once it is built."""

VAPID_PRIVATE_KEY = "WeR1GRAnHZ4ofLyhs6IZ5tcS0FliovZ-qEh4uRa39EM"
"""For this machine alone, and public like the other keys of the local services. Its other half is in the sample
settings as `VAPID_PUBLIC_KEY`, so that browsers can be pushed to without a step by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One local service, as this table knows it."""

    name: str
    """Its package: `python -m emulators.<name>` runs it."""
    title: str
    """What people call it."""
    port: int
    """Where it listens unless told otherwise."""
    scheme: str = "http"
    """Of its address in settings and connection strings."""
    port_is_implied: bool = False
    """Whether settings may leave its default port out."""
    connection_scheme: str = ""
    """Of its address in connection strings, where that is another."""
    needs: tuple[str, ...] = ()
    """Names of those that have to be ready before it starts."""
    arguments: tuple[str, ...] = ()
    """Its own options; `{application}` stands for the application's folder, `{<name>}` for the address of another."""
    takes_settings: bool = False
    """Whether its environment carries the application's settings."""

    def address(self, port: int | None = None) -> str:
        """Where clients find it, with its own port or another."""
        return f"{self.scheme}://localhost:{port or self.port}"

    def spellings(self) -> tuple[str, ...]:
        """All ways in which settings say its default address."""
        return (self.address(), f"{self.scheme}://localhost") if self.port_is_implied else (self.address(),)

    def moved(self, port: int) -> dict[str, str]:
        """Its address at another port, by each way in which settings say the default one."""
        addresses = dict.fromkeys(self.spellings(), self.address(port))
        if self.connection_scheme:
            connection = replace(self, scheme=self.connection_scheme)
            addresses[connection.address()] = connection.address(port)
        return addresses


COMPONENTS = (
    Component(name="service_bus", title="Service Bus", port=5672, scheme="sb", port_is_implied=True),
    Component(name="cosmos", title="Cosmos DB", port=8081),
    Component(name="web_pubsub", title="Web PubSub", port=8080),
    Component(
        name="notification_hubs",
        title="Notification Hubs",
        port=8090,
        connection_scheme="sb",
        arguments=("--vapid-private-key", VAPID_PRIVATE_KEY),
    ),
    Component(name="identity", title="Sign-in", port=8091),
    Component(
        name=HOST,
        title="Functions host",
        port=7071,
        needs=("service_bus", "cosmos", "web_pubsub", "notification_hubs", "identity"),
        arguments=("--app", "{application}"),
        takes_settings=True,
    ),
    Component(
        name=SHOP,
        title="Web client",
        port=4280,
        needs=(HOST,),
        arguments=(
            *("--folder", f"{{application}}/{WEB_CLIENT}"),
            *("--api", f"{{{HOST}}}"),
            *("--set", "shop.json:issuer={identity}"),
            *("--set", "shop.json:hub={notification_hubs}"),
        ),
    ),
)
"""Everything that `python -m emulators` runs. A new service is a new row."""


def is_built(application: Path = Path()) -> bool:
    """Whether the web client is there to be served; the service runs all the same, and says how to build it."""
    return (application / WEB_CLIENT / "index.html").is_file()


class PortTakenError(Exception):
    """Another program listens where a service has to.

    Args:
        component: the service.
    """

    def __init__(self, component: Component) -> None:
        super().__init__(f"{component.title} needs port {component.port}, and another program has taken it.")
        self.component = component


class Cloud:
    """The running services. Use it as a context manager; all are ready when the block is entered.

    Every child ends with this process, however it ends.

    Args:
        names: which components; all by default.
        free_ports: give each a free port instead of its own, so that several clouds run side by side.
        data: folder of their state, which survives; None keeps it in memory.
        logs: folder that takes each one's standard error, as `<name>.log`; None passes it on to ours.
        application: folder with `function_app.py`, `host.json` and the settings.
        settings: the application's settings, with the addresses of the table in them; None: those of its folder,
            over which this process's environment goes.
        verbose: log every request.
        components: the table itself.

    Raises:
        ValueError: there is no component of such a name.
    """

    def __init__(
        self,
        names: Collection[str] | None = None,
        *,
        free_ports: bool = False,
        data: Path | None = None,
        logs: Path | None = None,
        application: Path = Path(),
        settings: Mapping[str, str] | None = None,
        verbose: bool = False,
        components: Sequence[Component] = COMPONENTS,
    ) -> None:
        known = {component.name: component for component in components}
        if unknown := sorted(set(names or ()) - set(known)):
            raise ValueError(f"There is no service {', '.join(unknown)}; there are {', '.join(known)}.")
        self._known = known
        self._components = tuple(component for component in components if names is None or component.name in names)
        self._free_ports = free_ports
        self._data = data
        self._logs = logs
        self._application = application
        self._settings = settings
        self._verbose = verbose
        self._children: dict[str, Child] = {}

    @property
    def components(self) -> tuple[Component, ...]:
        """What runs here, in the order of the table."""
        return self._components

    @property
    def urls(self) -> dict[str, str]:
        """Where each child listens, by its name."""
        return {name: child.url for name, child in self._children.items()}

    def start(self) -> None:
        """Start everything, side by side where one does not need the other, and wait until all are ready.

        Raises:
            PortTakenError: a port is not free; nothing was started.
            NotReadyError: a service did not come up; everything is ended again.
            SettingsError: there are no settings for the application.
        """
        if not self._free_ports:
            for component in self._components:
                _check_port(component)
        if self._logs:
            self._logs.mkdir(parents=True, exist_ok=True)
        try:
            for stage in self._stages():
                started = [self._add(component.name, component, free_port=self._free_ports) for component in stage]
                for child in started:
                    child.launch()
                for child in started:
                    _wait_ready(child)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything cleanly, in the reverse order."""
        while self._children:
            _, child = self._children.popitem()
            if child.pid:
                child.stop()

    def settings(self) -> dict[str, str]:
        """The application's settings, with the addresses at which the services of this cloud listen.

        Raises:
            SettingsError: none were given, and the application's folder has no usable file of them.
        """
        moved = {
            old: new
            for component in self._known.values()
            if (port := self._port(component)) != component.port
            for old, new in component.moved(port).items()
        }
        return with_addresses(read_settings(self._application) if self._settings is None else self._settings, moved)

    def address(self, component: Component) -> str:
        """Where clients find a component, as settings say it; its default address while it does not run here."""
        return component.address(self._port(component))

    def child(self, name: str) -> Child:
        """The process of a component. It may be killed and started again: it keeps its port."""
        return self._children[name]

    def add_host(self) -> Child:
        """Start one more Functions host on a free port: a competing consumer with the same settings.

        Its name is `functions_host-2`, and so on.

        Raises:
            NotReadyError: it did not come up.
        """
        number = 1 + sum(1 for name in self._children if name.startswith(HOST))
        child = self._add(f"{HOST}-{number}", self._known[HOST], free_port=True)
        child.launch()
        _wait_ready(child)
        return child

    def ended(self) -> list[str]:
        """Names of those that have ended though nobody stopped this cloud."""
        return [name for name, child in self._children.items() if not child.running]

    def restart(self, name: str) -> None:
        """End a component by force, if it runs, and start it again on its port.

        Raises:
            NotReadyError: it did not come up.
        """
        child = self.child(name)
        child.kill()
        child.start()

    def _port(self, component: Component) -> int:
        """Where a component listens; its default port while it does not run here."""
        child = self._children.get(component.name)
        return (urlsplit(child.url).port if child else None) or component.port

    def _stages(self) -> Iterator[list[Component]]:
        """The components in groups, each of which needs only those before it."""
        waiting = list(self._components)
        while waiting:
            names = {component.name for component in waiting}
            stage = [component for component in waiting if names.isdisjoint(component.needs)]
            yield stage
            waiting = [component for component in waiting if component not in stage]

    def _add(self, name: str, component: Component, *, free_port: bool) -> Child:
        state = ["--ephemeral"] if self._data is None else ["--data", str(self._data)]
        verbose = ["--verbose"] if self._verbose else []
        addresses = {other.name: self.address(other) for other in self._known.values()}
        own = [text.format(application=self._application, **addresses) for text in component.arguments]
        child = Child(
            f"emulators.{component.name}",
            ["--port", "0" if free_port else str(component.port), *state, *verbose, *own],
            environment=self.settings() if component.takes_settings else None,
            log=self._logs / f"{name}.log" if self._logs else None,
        )
        self._children[name] = child
        return child

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _wait_ready(child: Child) -> None:
    """Wait until it is ready; from then on it keeps the port that it got, so that a restart does not move it."""
    port = urlsplit(child.wait_ready()).port
    option, _, *rest = child.arguments
    child.arguments = (option, str(port), *rest)


def _check_port(component: Component) -> None:
    try:
        socket.create_server(("127.0.0.1", component.port)).close()
    except OSError as error:
        raise PortTakenError(component) from error
