"""A browser that can be pushed to, though the push services of real ones are out of reach."""

import json
from typing import Any, Final

from playwright.async_api import CDPSession, Page, Worker

from tests.browser.visitors import Visitor
from tests.contract.notification_hubs.devices import Browser
from tests.system import eventually

SUBSCRIBING: Final = """(() => {
    const channel = CHANNEL;
    const subscription = {
        endpoint: channel.endpoint,
        options: { applicationServerKey: null },
        toJSON: () => ({ endpoint: channel.endpoint, keys: { p256dh: channel.p256dh, auth: channel.auth } }),
        unsubscribe: () => Promise.resolve(localStorage.removeItem("subscribed") ?? true),
    };
    PushManager.prototype.getSubscription = () =>
        Promise.resolve(localStorage.getItem("subscribed") ? subscription : null);
    PushManager.prototype.subscribe = (options) => {
        localStorage.setItem("subscribed", JSON.stringify(options));
        return Promise.resolve(subscription);
    };
})()"""
"""The push services of browsers are out of reach; in their place this gives out the subscription of a `Browser`."""
IN_TURN: Final = """() => {
    let last = Promise.resolve();
    for (const name of ["showNotification", "getNotifications"]) {
        const work = registration[name].bind(registration);
        const value = (...given) => (last = last.then(() => work(...given), () => work(...given)));
        Object.defineProperty(registration, name, { value });
    }
}"""
"""In the worker: who asks for notifications does so before one is shown, or after. Chromium forgets a notification that
is on its way to the screen while it is asked for those that are there."""
TITLES: Final = "async () => (await registration.getNotifications()).map(each => each.title)"
BELL: Final = 'document.querySelector("belfry-bell").belfry'

CLICK: Final = """async ([tag, action]) => {
    const opened = [];
    const record = (url) => Promise.resolve(void opened.push(url));
    Object.defineProperty(clients, "openWindow", { configurable: true, value: record });
    Object.defineProperty(WindowClient.prototype, "focus", { configurable: true, value: () => Promise.resolve() });
    const [notification] = await registration.getNotifications({ tag });
    const event = new NotificationEvent("notificationclick", { notification, action });
    let work;
    Object.defineProperty(event, "waitUntil", { value: (promise) => (work = promise) });
    dispatchEvent(event);
    await work;
    return opened;
}"""


async def can_subscribe(visitor: Visitor, push: Browser) -> None:
    """Have a push service in reach of a visitor's browser. Call it before a page is opened."""
    channel = push.channel | {"endpoint": push.channel["endpoint"].replace("127.0.0.1", "localhost")}
    await visitor.context.add_init_script(SUBSCRIBING.replace("CHANNEL", json.dumps(channel)))


async def holds(page: Page, condition: str) -> None:
    """Wait until this is so on a page: `wait_for_function` needs one that lets texts be run as scripts."""

    async def so() -> bool:
        return bool(await page.evaluate(condition))

    await eventually(so)


class Device:
    """A person's browser in which pushes are turned on.

    Args:
        push: the push service that it has chosen.
        page: of the shop, signed in.
        worker: its service worker.
        devtools: by which it is handed what the push service gets.
        registration: the service worker's, as the browser calls it.
    """

    def __init__(self, push: Browser, page: Page, worker: Worker, devtools: CDPSession, registration: str) -> None:
        self.push = push
        self.page = page
        self._worker = worker
        self._devtools = devtools
        self._registration = registration

    @classmethod
    async def of(cls, visitor: Visitor, push: Browser) -> "Device":
        """The browser of a visitor who visits the shop and turns pushes on."""
        await can_subscribe(visitor, push)
        page = await visitor.visit("/customer.html")
        devtools = await visitor.context.new_cdp_session(
            await visitor.context.new_page()
        )  # stays when the shop is closed
        registrations: list[dict[str, Any]] = []
        devtools.on(
            "ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"])
        )
        await devtools.send("ServiceWorker.enable")
        await holds(page, f'{BELL}.push.state === "off"')
        await page.evaluate(f"{BELL}.push.enable()")
        [worker] = visitor.context.service_workers
        await worker.evaluate(IN_TURN)
        return cls(push, page, worker, devtools, registrations[0]["registrationId"])

    async def hide(self) -> None:
        """Leave the page open, and look at something else: a Chromium without a window takes all pages for visible."""
        hidden = '{ configurable: true, get: () => "hidden" }'
        await self.page.evaluate(f'Object.defineProperty(document, "visibilityState", {hidden})')
        await self._worker.evaluate(f'Object.defineProperty(WindowClient.prototype, "visibilityState", {hidden})')

    async def take(self, count: int) -> None:
        """Wait for the push with this number, and hand it to the service worker, as a push service does."""
        await self.push.arrived(count)
        origin = self._worker.url.split("/belfry-worker.js")[0]
        message = {"origin": origin, "registrationId": self._registration, "data": self.push.received[count - 1]}
        await self._devtools.send("ServiceWorker.deliverPushMessage", message)

    async def shows(self, *titles: str) -> None:
        """Wait until these are its notifications."""

        async def shown() -> bool:
            found: list[str] = await self._worker.evaluate(TITLES)
            return found == list(titles)

        await eventually(shown)

    async def click(self, card: str, action: str = "") -> list[str]:
        """Click a card's notification, or one of its buttons; returns which windows that opened.

        A browser lets only people do that, and a worker open windows only then: so those are written down.
        """
        opened: list[str] = await self._worker.evaluate(CLICK, [card, action])
        return opened
