import json
from typing import Any, Final

from playwright.async_api import CDPSession, Page, Worker

from tests.browser.visitors import Visitor, Visitors
from tests.contract.notification_hubs.devices import Browser
from tests.phone import Phone
from tests.system import System, eventually

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
TITLES: Final = "async () => (await registration.getNotifications()).map(each => each.title)"
BELL: Final = 'document.querySelector("belfry-bell").belfry'


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
        channel = push.channel | {"endpoint": push.channel["endpoint"].replace("127.0.0.1", "localhost")}
        await visitor.context.add_init_script(SUBSCRIBING.replace("CHANNEL", json.dumps(channel)))
        page = await visitor.visit("/customer.html")
        devtools = await visitor.context.new_cdp_session(
            await visitor.context.new_page()
        )  # stays when the shop is closed
        registrations: list[dict[str, Any]] = []
        devtools.on(
            "ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"])
        )
        await devtools.send("ServiceWorker.enable")

        async def can_push() -> bool:
            return bool(await page.evaluate(f'{BELL}.push.state === "off"'))

        await eventually(can_push)
        await page.evaluate(f"{BELL}.push.enable()")
        [worker] = visitor.context.service_workers
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


async def test_a_browser_without_the_shop_is_told_and_what_was_read_elsewhere_goes(
    visitors: Visitors, system: System, unique: str
) -> None:
    """From the switch to the notification: subscribed, registered, pushed, encrypted, shown, and taken back."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        answer = await phone.ask("GET", "/devices")
        assert [each["platform"] for each in answer["devices"]] == ["browser"]
        subscribed = await device.page.evaluate("JSON.parse(localStorage.subscribed)")
        assert subscribed == {"userVisibleOnly": True, "applicationServerKey": answer["applicationServerKey"]}
        await device.page.close()

        alert = {"id": unique, "to": [f"user:{unique}"], "title": "Your order is here", "push": "always"}
        async with system.publisher() as publisher:
            await publisher.send(alert)
        await device.take(1)
        await device.shows("Your order is here")
        await phone.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await device.take(2)
        await device.shows()


async def test_the_shop_in_the_background_tells_what_comes_and_takes_back_what_is_read(
    visitors: Visitors, system: System, unique: str
) -> None:
    """Without a push: the tab that leads has heard of it. A push of the same card changes nothing."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.hide()
        alert = {"id": unique, "to": [f"user:{unique}"], "title": "Your order is here", "push": "always"}
        async with system.publisher() as publisher:
            await publisher.send(alert)
        await device.shows("Your order is here")
        await device.take(1)
        await device.shows("Your order is here")
        await phone.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await device.shows()


async def test_who_signs_out_is_pushed_to_no_more(visitors: Visitors, system: System, unique: str) -> None:
    """Neither the browser nor the server knows of the device, and nothing is left on the screen."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.page.evaluate(f"{BELL}.signOut()")
        assert (await phone.ask("GET", "/devices"))["devices"] == []
        assert await device.page.evaluate("localStorage.subscribed ?? null") is None
